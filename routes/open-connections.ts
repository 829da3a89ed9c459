import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Server as NetServer, Socket } from 'node:net'
import type { Server as TlsServer, TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { ClientCertificates } from '../plugin/transport/client-certificates.ts'
import { Exchange, Reading } from './exchange.ts'

const kConnection = Symbol('wamp.connection')

/**
 * A socket of a server. Node.js has no public properties for the socket below a TLS socket, and for the octets that the kernel has not taken yet;
 * these have existed in all versions.
 */
type Tracked = Socket & { [kConnection]?: Connection | undefined, readonly _parent?: Tracked, readonly _handle?: { readonly writeQueueSize?: number } | null }

/** Counts the response to an upgrade request, which Node.js does not emit as a request. */
export function addUpgrade (request: IncomingMessage, response: ServerResponse): void {
  // An injected request has no socket.
  const connection = (request.socket as Tracked | undefined)?.[kConnection]
  // The response closes when a WebSocket has been accepted.
  connection?.add(Exchange.upgrade(request, response), response, () => { connection.forget() })
}

/** Stops tracking a connection that no longer speaks HTTP. */
export function forgetConnection (socket: Tracked): void {
  socket[kConnection]?.forget()
}

/** The connections of a server, most often of HTTP, from their first octet to their last. */
export class OpenConnections {
  readonly #open = new Set<Connection>()
  #state: 'open' | 'closing' = 'open'
  #whenGone: (() => void) | undefined

  constructor (server: FastifyInstance['server'] | NetServer) {
    // Before those of Node.js, which may emit `session` at once.
    server.prependListener('connection', (socket: Tracked) => { this.#add(socket) })
    // Servers without TLS do not emit this.
    const certificates = new ClientCertificates(server as TlsServer)
    server.prependListener('secureConnection', (socket: Tracked & TLSSocket) => {
      certificates.check(socket)
      // While a client renegotiates, Node.js reports the certificate that it has sent last, even before it has proven to have the private key,
      // and afterwards even if no trusted authority has signed it.
      socket.disableRenegotiation()
      // Node.js only emits an error, and continues if nothing ends the connection.
      socket.on('error', destroy)
      const connection = socket._parent?.[kConnection]
      if (connection !== undefined) connection.socket = socket
      Object.assign(socket, { [kConnection]: connection })
    })
    server.on('session', (session: ServerHttp2Session) => {
      const connection = (session.socket as Tracked)[kConnection]
      if (connection === undefined) return
      connection.session = session
      session.on('stream', (stream: ServerHttp2Stream) => { connection.add(Exchange.http2(stream), stream) })
    })
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const connection = (request.socket as Tracked)[kConnection]
      // A request over HTTP/2 is on a stream.
      if (connection === undefined || connection.session !== null) return
      connection.add(Exchange.http1(request, response), response, () => {
        // Data that has been written is sent first.
        if (this.#state === 'closing') connection.socket.destroySoon()
      })
    })
  }

  /** Closes idle connections now, and the others as soon as they become idle. */
  close (): void {
    this.#state = 'closing'
    for (const connection of this.#open) connection.close()
  }

  /** Called at regular intervals after `close`. Ends what waits for clients: see `Exchange.check`. */
  check (): void {
    for (const connection of this.#open) connection.check()
  }

  /** Resolves when no connection is left. */
  async gone (): Promise<void> {
    if (this.#open.size > 0) await new Promise<void>((resolve) => { this.#whenGone = resolve })
  }

  #add (socket: Tracked): void {
    const connection = new Connection(socket, () => {
      if (this.#open.delete(connection) && this.#open.size === 0) this.#whenGone?.()
    })
    socket[kConnection] = connection
    this.#open.add(connection)
    socket.once('close', () => { connection.forget() })
  }
}

/** A connection of HTTP/1.1 or HTTP/2, or one whose TLS handshake is incomplete. */
class Connection {
  readonly #raw: Tracked
  readonly #exchanges = new Set<Exchange>()
  /** Without a request, only the end of a response, or of the connection, may wait. */
  readonly #idle = new Reading()
  #read = 0
  /** Stops tracking it. */
  readonly forget: () => void
  /** The socket of TCP, or of TLS after the handshake. */
  socket: Socket
  /** Null for HTTP/1.1. */
  session: ServerHttp2Session | null = null

  constructor (raw: Tracked, forget: () => void) {
    this.#raw = raw
    this.socket = raw
    this.forget = forget
  }

  /** Adds an exchange until its response closes. Calls back when the last one has. */
  add (exchange: Exchange, response: ServerResponse | ServerHttp2Stream, whenIdle = (): void => {}): void {
    this.#exchanges.add(exchange)
    response.once('close', () => {
      this.#exchanges.delete(exchange)
      if (this.#exchanges.size === 0) whenIdle()
    })
  }

  close (): void {
    if (this.session !== null) this.session.close()
    else if (this.#exchanges.size === 0) this.socket.destroy()
  }

  check (): void {
    const read = this.#raw.bytesWritten - (this.#raw._handle?.writeQueueSize ?? 0)
    const moved = read !== this.#read
    this.#read = read
    if (this.#exchanges.size > 0) this.#idle.reset()
    else if (this.#idle.isOver(moved)) this.socket.destroy()
    for (const exchange of this.#exchanges) if (!exchange.check(moved)) this.socket.destroy()
  }
}

function destroy (this: Socket): void {
  this.destroy()
}
