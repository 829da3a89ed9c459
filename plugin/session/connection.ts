import type { Principal } from '../auth/authenticator.ts'
import type { Features } from '../protocol/features.ts'
import type { ClientMessage } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import type { ProtocolViolation } from '../protocol/violation.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Congestion } from '../transport/transport.ts'
import { PendingLogins } from './pending-logins.ts'
import { Session } from './session.ts'
import type { ConnectionContext } from './session-host.ts'
import type { SessionLog } from './session-log.ts'

/** The WAMP sessions of a transport, one after another [basic, Transport and Session Lifetime]. */
export class Connection {
  readonly #context: ConnectionContext
  #session: Session

  constructor ({ transport, host, request, authenticators, cookieLogin, visitor, log }: Omit<ConnectionContext, 'logins'>) {
    // By name: a copy of an object has a shape of its own, which all code that reads it has to find out about.
    this.#context = { transport, host, request, authenticators, cookieLogin, visitor, log, logins: new PendingLogins(transport) }
    this.#session = this.#renew()
  }

  /** The open session, or null. */
  get session (): RoutedSession | null {
    return this.#session.state === 'established' ? this.#session : null
  }

  /** The log of the open session, or else of the connection. */
  get log (): SessionLog {
    return this.#session.log
  }

  /** Takes a message of the client, of so many bytes. Never throws. */
  receive (message: ClientMessage, size = 0): void {
    this.#session.receive(message, size)
  }

  /** Handles data that is not a WAMP message: sends ABORT and closes the transport. */
  fail (violation: ProtocolViolation): void {
    this.#session.fail(violation)
  }

  /** Called when the client was too slow for a time. */
  congested (congestion: Congestion): void {
    this.#session.congested(congestion)
  }

  /** Called when the transport has closed. */
  closed (): void {
    this.#session.closed()
  }

  /** Ends the open session with GOODBYE, or the handshake with ABORT, and closes the transport. */
  end (reason: Uri): void {
    this.#session.end(reason)
  }

  /** Ends the open session or handshake, and closes the transport, because the app closes. */
  shutDown (): void {
    this.#session.shutDown()
  }

  /** Opens a session without HELLO and login, and sends WELCOME. The principal's realm and role must exist. */
  admit (principal: Principal, features: Features): RoutedSession {
    this.#session.admit(principal, features)
    return this.#session
  }

  #renew (): Session {
    return new Session(this.#context, () => { this.#session = this.#renew() })
  }
}
