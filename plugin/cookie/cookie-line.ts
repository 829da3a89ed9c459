import { isUtf8 } from 'node:buffer'
import { keyOf, loginKeyOf } from './cookie-id.ts'
import type { CookieRecord, StoredRecord } from './cookie-store.ts'
import { isIdentity, isStoredRecord } from './stored-record.ts'

/** The content of a line: records by key, or null for deleted ones. */
export interface CookieLine {
  readonly records: readonly (readonly [key: string, record: StoredRecord | null])[]
  /** True if Crossbar.io wrote the line: it contains the cookie's value and must be replaced. */
  readonly isForeign: boolean
}

/** A byte order mark, and the NULs that a file system may leave in place of lost data. */
const BEFORE_A_LINE = /^[\0\uFEFF]+/
/** Octets: a shorter line is not nested deeply. */
const LONG = 2000

type Fields = Readonly<Record<string, unknown>>

/** A line in our format, including the line feed. */
export function writeLine (key: string, record: StoredRecord | null): string {
  return `${JSON.stringify(record === null ? { sha256: key, deleted: true } : { sha256: key, ...record })}\n`
}

/** Reads a line of our format or of Crossbar.io's. Returns null if it is neither. */
export function readLine (octets: Buffer): CookieLine | null {
  try {
    // Octets that are not UTF-8 would become other names.
    if (!isUtf8(octets)) return null
    const text = octets.toString().replace(BEFORE_A_LINE, '')
    const given: unknown = JSON.parse(text)
    if (typeof given !== 'object' || given === null) return null
    const fields = given as Fields
    const line = 'sha256' in fields ? readOurs(fields) : readForeign(fields)
    if (line !== null && text.length > LONG) for (const [key, record] of line.records) writeLine(key, record)
    return line
  } catch {
    // It is no JSON, or nested so deeply that it cannot be written again, which would prevent the file from being rewritten.
    return null
  }
}

function readOurs ({ sha256, deleted, ...record }: Fields): CookieLine | null {
  if (typeof sha256 !== 'string') return null
  if (deleted === true) return { records: [[sha256, null]], isForeign: false }
  return isStoredRecord(record) ? { records: [[sha256, record]], isForeign: false } : null
}

/**
 * Each line contains the complete state of a cookie at that time, so later lines replace earlier ones. A cookie that is not bound, or is
 * bound to an anonymous user or to no realm, has no record here.
 */
function readForeign (fields: Fields): CookieLine | null {
  const { status, created: time, max_age: maxAge, authid, authrole, authmethod, authrealm, authextra } = fields
  const value = fields.cbtid ?? fields.id
  if (typeof value !== 'string') return null
  const key = keyOf(value)
  const login = loginKeyOf(key)
  const created = typeof time === 'string' ? Date.parse(time) : NaN
  const record = { created, maxAge, authid, authrole, authmethod, authrealm }
  if (status === 'deleted' || authmethod === 'anonymous' || !isIdentity(record) || !isStoredRecord(record)) return { records: [[key, null], [login, null]], isForeign: true }
  const extra = ownExtra(authextra)
  const cookie: CookieRecord = { created, maxAge: record.maxAge, login }
  return { records: [[key, cookie], [login, extra === undefined ? record : { ...record, authextra: extra }]], isForeign: true }
}

/** Drops Crossbar.io's own entries in authextra (its process, the peer's address). */
function ownExtra (authextra: unknown): Record<string, unknown> | undefined {
  if (typeof authextra !== 'object' || authextra === null) return undefined
  const entries = Object.entries(authextra).filter(([name]) => !name.startsWith('x_cb_'))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
