import type { Principal } from '../auth/authenticator.ts'
import type { Id } from '../protocol/id.ts'

/** A session as returned by `sessions`. */
export interface SessionInfo extends Principal {
  /** The session id. */
  readonly session: Id
}

/** Selects sessions. All fields that are set must match. */
export interface SessionFilter {
  /** The session with this id. */
  session?: Id
  /** The sessions with this authid. */
  authid?: string
  /** The sessions with this role. */
  authrole?: string
}

/** True if the session matches the filter. */
export function matchesFilter (filter: SessionFilter, { session, authid, authrole }: SessionInfo): boolean {
  return (filter.session === undefined || filter.session === session) &&
    (filter.authid === undefined || filter.authid === authid) &&
    (filter.authrole === undefined || filter.authrole === authrole)
}
