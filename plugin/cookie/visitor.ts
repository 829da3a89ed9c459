import type { Principal } from '../auth/authenticator.ts'
import type { Uri } from '../protocol/uri.ts'

/**
 * Who is behind a connection, as far as its cookie tells: the handshake's view of the tracker.
 * A transport without cookie tracking has none.
 */
export interface Visitor {
  /** A name for this browser that stays across reconnects: a hash, of no use to who reads it. For anonymous sessions. */
  readonly pseudonym: string
  /**
   * The identity that the cookie holds at this moment, as a principal with `authprovider: 'cookie'`, or null.
   * Also null when the store cannot tell: then `cookie` is skipped. Never rejects.
   */
  recall (): Promise<Principal | null>
  /**
   * Attaches an identity, proven by a configured method, to the cookie that this connection was handed. Resolves once it is
   * stored; a store that fails is logged, and the session comes in all the same. Never rejects.
   */
  bind (principal: Principal, method: string): Promise<void>
  /** Logs out: forgets all cookies of this login, and ends the other sessions that it let in. Never rejects. */
  logout (): Promise<void>
  /**
   * Says which session is open on this connection, or that none is (null). The tracker ends a session by `end`:
   * it must send GOODBYE with that reason, and close.
   */
  occupy (session: { readonly letInByCookie: boolean, end (reason: Uri): void } | null): void
}
