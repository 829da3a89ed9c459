import { isUtf8 } from 'node:buffer'
import type { LoginRecord, StoredRecord } from './cookie-store.ts'

type Fields = Readonly<Record<string, unknown>>

/** Stands for a value that cannot be decoded: another program has written it, or it is damaged. It is not a record. */
export const NOT_A_RECORD: unknown = Object.freeze({})

/** The latest time of a Date, in milliseconds since 1970. */
const LATEST = 8.64e15

/** Reads JSON in UTF-8. Returns `NOT_A_RECORD` for any other value. */
export function readRecord (octets: Buffer): unknown {
  try {
    const value: unknown = isUtf8(octets) ? JSON.parse(octets.toString()) : NOT_A_RECORD
    return typeof value === 'object' && value !== null ? value : NOT_A_RECORD
  } catch {
    return NOT_A_RECORD
  }
}

/** True for a record in the format of this package. */
export function isStoredRecord (value: unknown): value is StoredRecord {
  if (!isObject(value) || !isTime(value.created) || !isLifetime(value.maxAge)) return false
  // Of each record, one of these fields says what it is.
  if ('login' in value) return isText(value.login) && !('used' in value) && !('authid' in value)
  if ('used' in value) return isText(value.used) && isTime(value.lastSeen) && !('authid' in value)
  return isIdentity(value)
}

/** True for fields that contain the identity of a login. */
export function isIdentity (fields: Fields): fields is Fields & Omit<LoginRecord, 'created' | 'maxAge'> {
  return isText(fields.authid) && isText(fields.authrole) && isText(fields.authmethod) && isText(fields.authrealm) && (fields.authextra === undefined || isObject(fields.authextra))
}

function isObject (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for a time from which a Date, and a position among logins, can be made. */
function isTime (value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LATEST
}

function isLifetime (value: unknown): value is number {
  return Number.isFinite(value) && Math.abs(value as number) <= LATEST / 1000
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
