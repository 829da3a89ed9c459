import { errors } from '../plugin/errors.ts'
import { reasons } from '../plugin/protocol/reasons.ts'
import type { Router } from '../plugin/router.ts'

/** An answer to a request that no session serves. */
export interface RefusedRequest { readonly status: number, readonly error: string }

/**
 * The answer to a request whose session could not be opened, or failed before the router received its message; null for other errors. `join` is
 * null if the session is that of the request's user, whose login may have ended.
 */
export function refusedRequest (thrown: unknown, { join, router }: { readonly join: unknown, readonly router: Pick<Router, 'state'> }): RefusedRequest | null {
  if (thrown instanceof errors.WAMP_ERR_INVALID_MESSAGE) return { status: 400, error: thrown.message }
  if (thrown instanceof errors.WAMP_ERR_SESSION_LIMIT) return { status: 429, error: thrown.message }
  if (!(thrown instanceof errors.WAMP_ERR_SESSION_CLOSED)) return null
  // A further port closes before the router does.
  const closes = router.state !== 'open' || thrown.message.endsWith(reasons.systemShutdown)
  return join === null && !closes ? { status: 401, error: 'the login has ended' } : { status: 503, error: thrown.message }
}
