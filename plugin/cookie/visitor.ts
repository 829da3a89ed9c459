import type { Principal } from '../auth/authenticator.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Deletion } from './login.ts'

/** The browser of a connection, as far as its cookie identifies it: the handshake's interface to the tracker. Transports without cookie tracking have none. */
export interface Visitor {
  /** A name for this browser that is stable across reconnects: a hash from which the cookie cannot be derived. For anonymous sessions. */
  readonly pseudonym: string
  /**
   * The current identity of the cookie, as a principal with `authprovider: 'cookie'`, or null. Also null if the store cannot tell:
   * `cookie` is then skipped. Never rejects.
   */
  recall (): Promise<Principal | null>
  /** Called when the router sends a challenge: from now on, a revocation of the user also ends the login that the answer proves. */
  challenged (): void
  /**
   * Attaches an identity, proven by a configured method, to the cookie that was sent on this connection. Resolves once it is stored. If
   * the store fails, this is logged, and the client is still logged in. Never rejects.
   */
  bind (principal: Principal, method: string): Promise<void>
  /** Logs out: deletes all cookies of this login, and ends its other sessions. Never rejects. */
  logout (): Promise<Deletion>
  /** Sets the open session of this connection, or null. The tracker ends a session by `end`, which must send GOODBYE with that reason and close. */
  setSession (session: { readonly viaCookie: boolean, end (reason: Uri): void } | null): void
}
