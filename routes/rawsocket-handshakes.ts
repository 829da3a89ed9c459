import { TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger } from 'fastify'
import type { Authenticators } from '../plugin/auth/authenticators.ts'
import type { Codec } from '../plugin/codec/codec.ts'
import { SHUTTING_DOWN } from '../plugin/gateway.ts'
import type { Gateway } from '../plugin/gateway.ts'
import type { Rejection } from '../plugin/transport/admission.ts'
import { Framings } from '../plugin/transport/framing.ts'
import { RawSocketFraming } from '../plugin/transport/rawsocket-framing.ts'
import { acceptance, announcedLength, HANDSHAKE, readRequest, refusal, refusals } from '../plugin/transport/rawsocket-handshake.ts'
import { RawSocketLink } from '../plugin/transport/rawsocket-link.ts'
import { nextTurn, spend } from '../plugin/work.ts'
import { UNITS_OF_OPENING } from './fair-turn.ts'
import { forgetConnection } from './open-connections.ts'
import type { PortConnections } from './port-connections.ts'

/** The parts of the handshakes at one port. */
export interface HandshakeOptions {
  /** The accepted serializers, each with a number. */
  readonly codecs: readonly Codec[]
  readonly authenticators: Authenticators
  readonly gateway: Gateway
  readonly connections: PortConnections | null
  /** True if silent clients are pinged. */
  readonly pings: boolean
  /** The time for a client to send its request, in milliseconds. */
  readonly handshakeTimeout: number
  /** Octets of one message. */
  readonly messageSize: number
}

/** The handshakes at one port. */
export class Handshakes {
  readonly #options: HandshakeOptions
  readonly #log: FastifyBaseLogger
  readonly #framings = new Framings()
  readonly #longest: number
  #state: 'open' | 'closing' = 'open'

  constructor (options: HandshakeOptions, log: FastifyBaseLogger) {
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
    const { gateway, authenticators, connections, pings } = this.#options
    const peer = socket.remoteAddress
    gateway.accept({
      link: new RawSocketLink({
        ...{ socket, pings, longestReceived: this.#longest, longestSent },
        details: { type: 'rawsocket', protocol: codec.subprotocol, secure: socket instanceof TLSSocket, ...(peer === undefined ? {} : { peer }) }
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
