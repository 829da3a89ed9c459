import type { Principal } from '../auth/authenticator.ts'
import type { Features } from '../protocol/features.ts'
import type { ClientMessage } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import type { ProtocolViolation } from '../protocol/violation.ts'
import type { RoutedSession } from '../realm/routed-session.ts'
import type { Congestion } from '../transport/transport.ts'
import { Session } from './session.ts'
import type { ConnectionContext, SessionLog } from './session-host.ts'

/** What a transport carries: WAMP sessions, one after another [basic, Transport and Session Lifetime]. */
export class Connection {
  readonly #context: ConnectionContext
  #session: Session

  constructor (context: ConnectionContext) {
    this.#context = context
    this.#session = this.#renew()
  }

  /** The session that is open, or null. */
  get session (): RoutedSession | null {
    return this.#session.state === 'established' ? this.#session : null
  }

  /** The log of the session that is open, or else of the connection. */
  get log (): SessionLog {
    return this.#session.log
  }

  /** Takes a message of the client, of so many bytes. Never throws. */
  receive (message: ClientMessage, size = 0): void {
    this.#session.receive(message, size)
  }

  /** The client sent what is no message: ABORT, and the transport is closed. */
  fail (violation: ProtocolViolation): void {
    this.#session.fail(violation)
  }

  /** The client did not keep up for a time. */
  congested (congestion: Congestion): void {
    this.#session.congested(congestion)
  }

  /** The transport is gone. */
  closed (): void {
    this.#session.closed()
  }

  /** Ends what is open for a reason of the router's: GOODBYE to a session, ABORT to an attempt. Then the transport closes. */
  end (reason: Uri): void {
    this.#session.end(reason)
  }

  /** Ends what is open, and closes the transport, since the app closes. */
  shutDown (): void {
    this.#session.shutDown()
  }

  /** Opens a session without HELLO, for who needs no login, and sends WELCOME. The principal's realm and role must exist. */
  admit (principal: Principal, features: Features): RoutedSession {
    this.#session.admit(principal, features)
    return this.#session
  }

  #renew (): Session {
    return new Session(this.#context, () => { this.#session = this.#renew() })
  }
}
