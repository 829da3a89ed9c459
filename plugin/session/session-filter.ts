import type { Principal } from '../auth/authenticator.ts'
import type { Id } from '../protocol/id.ts'

/** A session as `sessions` lists it. */
export interface SessionInfo extends Principal {
  /** The session id. */
  readonly session: Id
}

/** Which sessions are meant: those to which all that is given applies. */
export interface SessionFilter {
  /** The session of this id. */
  session?: Id
  /** The sessions of this authid. */
  authid?: string
  /** The sessions of this role. */
  authrole?: string
}

/** True for a session that the filter means. */
export function isMeant (filter: SessionFilter, { session, authid, authrole }: SessionInfo): boolean {
  return (filter.session === undefined || filter.session === session) &&
    (filter.authid === undefined || filter.authid === authid) &&
    (filter.authrole === undefined || filter.authrole === authrole)
}
