import type { Device } from './cookie-connection.ts'
import type { CookieRecord } from './cookie-store.ts'

/** Which logins are meant: those to which all that is given applies. A cookie is given by its key. */
export interface LoginFilter {
  readonly cookie?: string
  readonly realm?: string
  readonly authid?: string
  readonly authrole?: string
}

/** A login as `find` lists it. */
export interface StoredLogin {
  /** The key of its cookie, which leads to no cookie. */
  readonly cookie: string
  readonly record: CookieRecord
  /** When a browser came with it last, in milliseconds since 1970, as far as this process knows: at first when it logged in. */
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

/** True for a login to which all that is given applies. */
export function isMeant (filter: LoginFilter, cookie: string, { authrealm, authid, authrole }: CookieRecord): boolean {
  return (filter.cookie ?? cookie) === cookie && (filter.realm ?? authrealm) === authrealm &&
    (filter.authid ?? authid) === authid && (filter.authrole ?? authrole) === authrole
}
