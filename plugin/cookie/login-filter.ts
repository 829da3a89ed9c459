import type { Principal } from '../auth/authenticator.ts'
import type { Device } from './cookie-connection.ts'
import type { LoginRecord } from './cookie-store.ts'

/** Which logins are meant: those to which all that is given applies. */
export interface LoginFilter {
  /** The key of a login, as `find` lists it: it stands for all cookies that lead to the login. */
  readonly cookie?: string
  /** The logins of this realm. */
  readonly realm?: string
  /** The logins of this authid. */
  readonly authid?: string
  /** The logins with this role. */
  readonly authrole?: string
}

/** A login as `find` lists it. */
export interface StoredLogin {
  /** Its key, of no use to who reads it. */
  readonly cookie: string
  /** What is stored of it. */
  readonly record: LoginRecord
  /** When it was used last, in milliseconds since 1970, to the minute: at first when it was made. */
  readonly lastSeen: number
  /** How many connections are open by it. */
  readonly connected: number
}

/** A request by which a browser comes. */
export interface Arrival {
  readonly cookieHeader: string | undefined
  /** True if it came by https. */
  readonly secure: boolean
  readonly device?: Device
}

/** True for a login of the user that a principal is. */
export function isUserOf ({ authid, authrealm }: LoginRecord, { authid: user, realm }: Principal): boolean {
  return authid === user && authrealm === realm
}

/** True if two logins of one user give the same rights, and are made in the same way at the same endpoint. */
export function isSameGrant (a: LoginRecord, b: LoginRecord): boolean {
  return a.authrole === b.authrole && a.authmethod === b.authmethod && a.method === b.method && a.endpoint === b.endpoint && JSON.stringify(a.authextra) === JSON.stringify(b.authextra)
}
