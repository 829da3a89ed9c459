import type { Principal } from '../auth/authenticator.ts'
import { checkFilter } from '../did-you-mean.ts'
import { errors } from '../errors.ts'
import type { LoginRecord } from './cookie-store.ts'

/** Selects logins. All fields that are set must match. */
export interface LoginFilter {
  /** The key of a login, as returned by `find`. It selects all cookies of the login. */
  readonly cookie?: string
  /** The logins in this realm. */
  readonly realm?: string
  /** The logins with this authid. */
  readonly authid?: string
  /** The logins with this role. */
  readonly authrole?: string
}

/** A part of the logins that a filter selects, in their order. */
export interface LoginRange {
  /** The place of the login before the first one. @default '' */
  readonly after?: string
  /** The number of logins, at most. @default Infinity */
  readonly most?: number
  /** Units of work of the caller for each login. They are counted in advance, so that searches that end at the same time do not continue in one turn. @default 0 */
  readonly units?: number
  /** False once the logins are no longer needed: the search then stops. */
  readonly isWanted?: () => boolean
}

/** A login as returned by `find`. */
export interface StoredLogin {
  /** The key of the login. Cookies cannot be derived from it. */
  readonly cookie: string
  /** The stored record. */
  readonly record: LoginRecord
  /** The time of the last use, in milliseconds since 1970, to the minute. Initially the time of the login. */
  readonly lastSeen: number
  /** The number of open connections of the login. */
  readonly connected: number
}

/** The browser of a connection, for the list of a user's logins. */
export type Device = Pick<LoginRecord, 'userAgent' | 'address'>

/** The request of a browser. */
export interface Arrival {
  readonly cookieHeader: string | undefined
  /** True if the request arrived by https. */
  readonly secure: boolean
  readonly device?: Device
  /** True if cookies of the request are ignored. None is set either, because it could overwrite that of a login. @default false */
  readonly ignoresCookies?: boolean
}

/** Throws WAMP_ERR_INVALID_OPTION for a filter with an unknown or undefined field. */
export function checkLoginFilter (filter: LoginFilter): void {
  checkFilter(filter, { cookie: 'string', realm: 'string', authid: 'string', authrole: 'string' })
}

/** Throws WAMP_ERR_INVALID_OPTION likewise, and for a filter that selects all logins. */
export function checkSelection (filter: LoginFilter): void {
  checkLoginFilter(filter)
  if (Object.keys(filter).length === 0) throw new errors.WAMP_ERR_INVALID_OPTION('filter', 'must have one of cookie, realm, authid, authrole: without any it would select all logins')
}

/** The part of a login that a filter refers to. */
export interface SelectableLogin {
  readonly key: string
  readonly record: LoginRecord
}

/** True for a login that a filter selects. */
export function isSelected ({ cookie, realm, authid, authrole }: LoginFilter, { key, record }: SelectableLogin): boolean {
  return (cookie === undefined || cookie === key) && (realm === undefined || realm === record.authrealm) &&
    (authid === undefined || authid === record.authid) && (authrole === undefined || authrole === record.authrole)
}

/** True for a user whose logins a filter selects, whatever their keys. */
export function isSelectedUser ({ cookie, realm, authid, authrole }: LoginFilter, user: Pick<Principal, 'realm' | 'authid' | 'authrole'>): boolean {
  return cookie === undefined && (realm === undefined || realm === user.realm) && (authid === undefined || authid === user.authid) &&
    (authrole === undefined || authrole === user.authrole)
}

/** True for a login of the principal's user. */
export function isUserOf ({ authid, authrealm }: LoginRecord, { authid: user, realm }: Pick<Principal, 'authid' | 'realm'>): boolean {
  return authid === user && authrealm === realm
}

/** True for a login of this user with this role. */
export function isSpared (login: LoginRecord, user: Pick<Principal, 'authid' | 'realm' | 'authrole'>): boolean {
  return isUserOf(login, user) && login.authrole === user.authrole
}

/** True if two logins of one user grant the same rights, and were created by the same method at the same endpoint. */
export function isSameGrant (a: LoginRecord, b: LoginRecord): boolean {
  return a.authrole === b.authrole && a.authmethod === b.authmethod && a.method === b.method && a.type === b.type && a.endpoint === b.endpoint && JSON.stringify(a.authextra) === JSON.stringify(b.authextra)
}
