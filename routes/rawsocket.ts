import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { ListenOptions, Server, Socket } from 'node:net'
import { dirname } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Authenticators } from '../plugin/auth/authenticators.ts'
import type { Codec } from '../plugin/codec/codec.ts'
import { errors } from '../plugin/errors.ts'
import { SHUTTING_DOWN } from '../plugin/gateway.ts'
import type { Gateway } from '../plugin/gateway.ts'
import { Admission } from '../plugin/transport/admission.ts'
import type { Rejection } from '../plugin/transport/admission.ts'
import { Framings } from '../plugin/transport/framing.ts'
import { RawSocketFraming } from '../plugin/transport/rawsocket-framing.ts'
import { acceptance, announcedLength, HANDSHAKE, readRequest, refusal, refusals } from '../plugin/transport/rawsocket-handshake.ts'
import { RawSocketLink } from '../plugin/transport/rawsocket-link.ts'
import { nextTurn, spend } from '../plugin/work.ts'
import { UNITS_OF_OPENING } from './fair-turn.ts'
import { forgetConnection, OpenConnections } from './open-connections.ts'
import type { PortConnections } from './port-connections.ts'
import { isFree } from './unix-socket.ts'

/** The parts of a RawSocket listener. */
export interface RawSocketListenerOptions {
  /** The address to listen on. */
  readonly listen: ListenOptions
  /** Null without TLS. */
  readonly tls: TlsOptions | null
  /** The accepted serializers, each with a number. */
  readonly codecs: readonly Codec[]
  readonly authenticators: Authenticators
  readonly gateway: Gateway
  readonly connections: PortConnections | null
  /** True if silent clients are pinged. */
  readonly pings: boolean
  /** The time after which TCP checks whether a silent client is still there, in milliseconds; 0 for never. */
  readonly keepAlive: number
  /** The time for a client to send its request, in milliseconds. */
  readonly handshakeTimeout: number
  /** Octets of one message. */
  readonly messageSize: number
  /** The maximum number of connections from one address; 0 for no limit. */
  readonly connectionsOfAddress: number
}

/** Listens for RawSocket clients as soon as the app is ready, and closes with the app. Returns the server. */
export function rawSocketListener (fastify: FastifyInstance, options: RawSocketListenerOptions): Server {
  const { tls, listen, handshakeTimeout, keepAlive } = options
  const handshakes = new Handshakes(options, fastify.log)
  const accept = (socket: Socket): void => { handshakes.begin(socket) }
  const tcp = { noDelay: true, keepAlive: keepAlive > 0, keepAliveInitialDelay: keepAlive }
  const server = tls === null ? createServer(tcp, accept) : createTlsServer({ handshakeTimeout, ...tcp, ...tls }, accept)
  if (tls !== null) limitHandshakes(server, options.connectionsOfAddress)
  // Those that are accepted are the router's.
  const waiting = new OpenConnections(server)
  server.on('tlsClientError', (error, socket: Socket) => {
    fastify.log.debug({ err: error }, 'a TLS handshake failed')
    // Unlike a server of HTTPS, one of TLS keeps the connection if the client was too slow.
    socket.destroy()
  })
  let state: 'open' | 'closing' = 'open'
  let listening: Promise<void> | undefined
  let closed: Promise<void> | undefined
  fastify.addHook('onReady', async () => {
    // The app may begin to close at any time while it becomes ready.
    if (state === 'closing') return
    listening = listenOn(server, listen)
    await listening
    server.on('error', (error) => { fastify.log.error({ err: error }, 'the RawSocket listener failed') })
    if (server.listening) fastify.log.info({ address: server.address() }, 'RawSocket clients can connect')
  })
  fastify.addHook('preClose', async () => {
    state = 'closing'
    // A server that does not listen yet would continue to open after it is closed.
    closed = listening?.then(() => new Promise((resolve) => { server.close(() => { resolve() }) }), () => {})
    handshakes.close()
    waiting.close()
  })
  fastify.addHook('onClose', async () => { await closed })
  return server
}

/**
 * Clients of TLS count toward the limit after the TLS handshake, since only then they can be told that they are refused. Before it, twice as many
 * connections of an address are open at most, and further ones are closed at once.
 */
function limitHandshakes (server: Server, connectionsOfAddress: number): void {
  const admission = new Admission({ connectionsOfAddress: 2 * connectionsOfAddress, upgradesPerSecond: 0 })
  server.on('connection', (socket: Socket) => {
    const entry = admission.enter(socket.remoteAddress)
    if (typeof entry === 'function') socket.once('close', entry)
    else socket.destroy()
  })
}

/** Listens, and replaces a Unix socket that a process has left behind. */
async function listenOn (server: Server, options: ListenOptions): Promise<void> {
  try {
    await listen(server, options)
  } catch (error) {
    const [{ code }, { path }] = [error as NodeJS.ErrnoException, options]
    // Node.js reports a missing directory as EACCES.
    if (code === 'EACCES' && path !== undefined && !existsSync(dirname(path))) throw new errors.WAMP_ERR_INVALID_OPTION('path', `must be in a directory that exists: there is no "${dirname(path)}"`)
    if (code !== 'EADDRINUSE' || path === undefined || !await isFree(path)) throw error
    await listen(server, options)
  }
}

async function listen (server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

/** The handshakes of one listener. */
class Handshakes {
  readonly #options: RawSocketListenerOptions
  readonly #log: FastifyBaseLogger
  readonly #framings = new Framings()
  readonly #longest: number
  #state: 'open' | 'closing' = 'open'

  constructor (options: RawSocketListenerOptions, log: FastifyBaseLogger) {
    this.#options = options
    this.#log = log
    this.#longest = announcedLength(options.messageSize)
  }

  /** Accepts no more clients. */
  close (): void {
    this.#state = 'closing'
  }

  /** Begins the handshake of a new connection. */
  begin (socket: Socket): void {
    const timer = setTimeout(() => { socket.destroy() }, this.#options.handshakeTimeout)
    const failed = (error: Error): void => { this.#log.debug({ err: error }, 'a RawSocket handshake failed') }
    const over = (): void => { clearTimeout(timer) }
    const entry = this.#options.gateway.admit(socket.remoteAddress)
    if (typeof entry === 'function') socket.once('close', entry)
    let request: Buffer = Buffer.alloc(0)
    const read = (data: Buffer): void => {
      request = Buffer.concat([request, data])
      if (request.length < HANDSHAKE) return
      socket.removeListener('data', read).removeListener('close', over).pause()
      over()
      const rest = request.subarray(HANDSHAKE)
      if (rest.length > 0) socket.unshift(rest)
      this.#decide(socket, request.subarray(0, HANDSHAKE), entry)
        // A refused client may reset the connection before it has read the reply. An accepted one has a link, which listens.
        .then((outcome) => { if (outcome === 'accepted') socket.removeListener('error', failed) })
        .catch((error: unknown) => {
          this.#log.error({ err: error }, 'a RawSocket connection could not be accepted')
          socket.destroy()
        })
    }
    socket.on('error', failed).on('close', over).on('data', read)
  }

  async #decide (socket: Socket, octets: Buffer, entry: Rejection | (() => void)): Promise<'accepted' | 'refused'> {
    const { codecs } = this.#options
    await (nextTurn(socket, (leave) => { socket.once('close', leave) }) ?? undefined)
    spend(UNITS_OF_OPENING)
    const request = readRequest(octets)
    if (request === 'foreign') socket.destroy()
    // The client may have left meanwhile.
    if (request === 'foreign' || socket.destroyed) return 'refused'
    if (typeof request === 'number') return this.#refuse(socket, request, 'reserved bits are set')
    const codec = codecs.find(({ rawSocketNumber }) => rawSocketNumber === request.serializer)
    if (codec === undefined) return this.#refuse(socket, refusals.serializer, `none of these serializers: ${codecs.map(({ name }) => name).join(', ')}`)
    if (typeof entry !== 'function') return this.#refuse(socket, refusals.connections, entry.error)
    if (this.#state !== 'open') return this.#refuse(socket, refusals.connections, SHUTTING_DOWN.error)
    forgetConnection(socket)
    socket.write(acceptance(request.serializer, this.#options.messageSize))
    socket.removeListener('close', entry)
    this.#accept(socket, codec, request.longest, entry)
    return 'accepted'
  }

  #accept (socket: Socket, codec: Codec, longestSent: number, leave: () => void): void {
    const { gateway, authenticators, connections, tls, pings } = this.#options
    const peer = socket.remoteAddress
    gateway.accept({
      link: new RawSocketLink({
        ...{ socket, pings, longestReceived: this.#longest, longestSent },
        details: { type: 'rawsocket', protocol: codec.subprotocol, secure: tls !== null, ...(peer === undefined ? {} : { peer }) }
      }),
      ...{ codec, leave },
      framing: this.#framings.of(codec, RawSocketFraming),
      batches: null,
      request: null,
      authenticators: authenticators.entries(),
      cookieLogin: false,
      visitor: null,
      port: connections,
      log: this.#log
    })
    socket.resume()
  }

  #refuse (socket: Socket, code: number, error: string): 'refused' {
    this.#log.info({ peer: socket.remoteAddress }, `a RawSocket connection was refused: ${error}`)
    socket.end(refusal(code), () => { socket.destroy() })
    return 'refused'
  }
}
