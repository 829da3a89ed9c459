import type { LoginRecord, StoredRecord } from './cookie-store.ts'

type Fields = Readonly<Record<string, unknown>>

/** True for a record in the format of this package. */
export function isStoredRecord (value: unknown): value is StoredRecord {
  if (!isObject(value) || !Number.isFinite(value.created) || !Number.isFinite(value.maxAge)) return false
  return isText(value.login) || (isText(value.used) && Number.isFinite(value.lastSeen)) || isIdentity(value)
}

/** True for fields that contain the identity of a login. */
export function isIdentity (fields: Fields): fields is Fields & Omit<LoginRecord, 'created' | 'maxAge'> {
  return [fields.authid, fields.authrole, fields.authmethod, fields.authrealm].every(isText) && (fields.authextra === undefined || isObject(fields.authextra))
}

function isObject (value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
