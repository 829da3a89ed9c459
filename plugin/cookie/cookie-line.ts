import { keyOf } from './cookie-id.ts'
import type { CookieRecord } from './cookie-store.ts'

/** A line of a cookie file: a record, or that there is none any more. */
export interface CookieLine {
  readonly key: string
  readonly record: CookieRecord | null
  /** Crossbar.io wrote it: it holds the cookie's value, and must not stay. */
  readonly isForeign: boolean
}

/** Our form of a line, with its end. */
export function writeLine (key: string, record: CookieRecord | null): string {
  return `${JSON.stringify(record === null ? { sha256: key, deleted: true } : { sha256: key, ...record })}\n`
}

/** Reads a line of ours, or one that Crossbar.io wrote. Null if it is neither. */
export function readLine (line: string): CookieLine | null {
  let given: unknown
  try {
    given = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof given !== 'object' || given === null) return null
  const fields = given as Readonly<Record<string, unknown>>
  return 'sha256' in fields ? readOurs(fields) : readForeign(fields)
}

function readOurs ({ sha256, deleted, ...record }: Readonly<Record<string, unknown>>): CookieLine | null {
  if (typeof sha256 !== 'string') return null
  if (deleted === true) return { key: sha256, record: null, isForeign: false }
  return isRecord(record) ? { key: sha256, record, isForeign: false } : null
}

function isRecord (record: Readonly<Record<string, unknown>>): record is Readonly<Record<string, unknown>> & CookieRecord {
  const { created, maxAge, authid, authrole, authmethod, authrealm } = record
  return Number.isFinite(created) && Number.isFinite(maxAge) &&
    [authid, authrole, authmethod, authrealm].every((text) => typeof text === 'string' && text !== '')
}

/**
 * One line says all about a cookie at that time, so later ones replace earlier ones. A cookie that is not bound, that was
 * bound to nobody in particular, or to no realm, has no record here.
 */
function readForeign (fields: Readonly<Record<string, unknown>>): CookieLine | null {
  const { status, created, max_age: maxAge, authid, authrole, authmethod, authrealm, authextra } = fields
  const value = fields.cbtid ?? fields.id
  if (typeof value !== 'string') return null
  const key = keyOf(value)
  const record = { created: typeof created === 'string' ? Date.parse(created) : NaN, maxAge, authid, authrole, authmethod, authrealm }
  if (status === 'deleted' || authmethod === 'anonymous' || !isRecord(record)) return { key, record: null, isForeign: true }
  const extra = ownExtra(authextra)
  return { key, record: extra === undefined ? record : { ...record, authextra: extra }, isForeign: true }
}

/** What Crossbar.io put into authextra on its own (its process, the peer's address) is nobody's business. */
function ownExtra (authextra: unknown): Record<string, unknown> | undefined {
  if (typeof authextra !== 'object' || authextra === null) return undefined
  const entries = Object.entries(authextra).filter(([name]) => !name.startsWith('x_cb_'))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
