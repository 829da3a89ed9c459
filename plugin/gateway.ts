import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Authenticator } from './auth/authenticator.ts'
import type { Codec } from './codec/codec.ts'
import type { Visitor } from './cookie/visitor.ts'
import type { ClientMessage } from './protocol/message.ts'
import type { ProtocolViolation } from './protocol/violation.ts'
import type { Router } from './router.ts'
import type { Connection } from './session/connection.ts'
import type { Batches } from './transport/batches.ts'
import type { Framing } from './transport/framing.ts'
import { Admission } from './transport/admission.ts'
import type { AdmissionLimits, Rejection } from './transport/admission.ts'
import { Heartbeat } from './transport/heartbeat.ts'
import type { Link } from './transport/link.ts'
import { RemoteTransport } from './transport/remote-transport.ts'
import type { ConnectionLimits } from './transport/remote-transport.ts'
import type { Congestion, TransportListener, TransportLog } from './transport/transport.ts'

/** A browser that is tracked by a cookie while it is connected. */
interface TrackedVisitor extends Visitor {
  leave (): void
}

/** The connections that end with a port, in addition to those of the router. */
interface PortConnections {
  /** False when the port is closing or closed. */
  readonly isOpen: boolean
  add (connection: Connection): void
  delete (connection: Connection): void
}

/** An accepted connection of a client. */
export interface Arrival {
  readonly link: Link
  readonly codec: Codec
  readonly framing: Framing
  /** Null if each received message arrives alone. */
  readonly batches: Batches | null
  /** The upgrade request, or null if there is none, or if no authenticator needs it. */
  readonly request: FastifyRequest | null
  readonly authenticators: ReadonlyMap<string, Authenticator>
  /** True if the login of the cookie may answer HELLO. */
  readonly cookieLogin: boolean
  readonly visitor: TrackedVisitor | null
  /** The connections of a further port, or null. */
  readonly port: PortConnections | null
  readonly log: FastifyBaseLogger
  /** Called when the connection has ended and its messages have been processed: it counts until then. */
  readonly leave: () => void
}

/** Seconds after which a client may retry that was rejected because of the state of the router. */
const RETRY_AFTER = 5
/** The rejection of clients while the router shuts down. */
export const SHUTTING_DOWN: Rejection = { status: 503, error: 'the router is shutting down', retryAfter: RETRY_AFTER }
const FULL: Rejection = { status: 503, error: 'limits.sessionsOfRealm: there are too many sessions', retryAfter: RETRY_AFTER }

/** The parts of one connection. */
interface Parts {
  readonly transport: RemoteTransport
  readonly connection: Connection
  readonly visitor: TrackedVisitor | null
  readonly leave: () => void
}

/** Connects the links of remote peers to the router, over every kind of transport. */
export class Gateway {
  readonly #router: Router
  readonly #admission: Admission
  readonly #heartbeat: Heartbeat
  readonly #limits: ConnectionLimits

  /** `pingInterval` is in milliseconds, 0 for no pings. */
  constructor (router: Router, { pingInterval, limits }: { readonly pingInterval: number, readonly limits: ConnectionLimits & AdmissionLimits }) {
    this.#router = router
    this.#admission = new Admission(limits)
    this.#heartbeat = new Heartbeat(pingInterval)
    this.#limits = limits
  }

  /**
   * Admits a client that is about to connect, and returns a function to call when it has left, unless it is passed to `accept`, or the reason for
   * rejecting the client. The address may be unknown.
   */
  admit (address: string | undefined): Rejection | (() => void) {
    if (this.#router.state !== 'open') return SHUTTING_DOWN
    return this.#router.isFull ? FULL : this.#admission.enter(address)
  }

  /** Accepts the connection of an admitted client, which may have sent data already. */
  accept ({ link, codec, framing, batches, request, authenticators, cookieLogin, visitor, port, log, leave }: Arrival): void {
    const transport = new RemoteTransport({ link, codec, framing, batches, limits: this.#limits })
    const connection = this.#router.connect({ transport, request, authenticators, cookieLogin, visitor, log })
    this.#heartbeat.add(transport)
    transport.listen(new Listener({ transport, connection, visitor, leave }, this, port))
    // Last, because the connection is ended at once if the port is closing.
    port?.add(connection)
  }

  /** Stops the heartbeat. */
  close (): void {
    this.#heartbeat.close()
  }

  /** Called when a connection has ended. */
  left ({ transport, connection, visitor, leave }: Parts, port: PortConnections | null): void {
    this.#heartbeat.delete(transport)
    connection.closed()
    port?.delete(connection)
    this.#router.disconnected(connection)
    visitor?.leave()
    leave()
  }
}

/** Passes what a transport receives to its connection. A class: closures of each connection's own take more memory. */
class Listener implements TransportListener {
  readonly #parts: Parts
  readonly #gateway: Gateway
  readonly #port: PortConnections | null

  constructor (parts: Parts, gateway: Gateway, port: PortConnections | null) {
    this.#parts = parts
    this.#gateway = gateway
    this.#port = port
  }

  get log (): TransportLog { return this.#parts.connection.log }

  receive (message: ClientMessage, size: number): void { this.#parts.connection.receive(message, size) }

  fail (violation: ProtocolViolation): void { this.#parts.connection.fail(violation) }

  congested (congestion: Congestion): void { this.#parts.connection.congested(congestion) }

  closed (): void { this.#gateway.left(this.#parts, this.#port) }
}
