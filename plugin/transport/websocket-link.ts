import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { reasons } from '../protocol/reasons.ts'
import { spend } from '../work.ts'
import { cutOff } from './cut-off.ts'
import type { Link, LinkOwner, Sink } from './link.ts'
import { MessageSink } from './message-sink.ts'
import { tlsChannelOf } from './tls-channel.ts'
import type { CloseKind, TlsChannel, TransportDetails } from './transport.ts'

/** WebSocket close codes: normal closure, going away, protocol error, invalid payload data, internal error [RFC 6455, 7.4.1]. */
export const closeCodes: Readonly<Record<CloseKind, number>> = { normal: 1000, shutdown: 1001, violation: 1002, malformed: 1007, failure: 1011 }
/** Units of work for a received ping or pong. */
const UNITS_OF_CONTROL = 4
/** The code of a connection that ended without a close frame. */
const ABNORMAL = 1006
const OPEN = 1

/**
 * A WebSocket connection. Frames are written directly to its stream if available, and `ws` only writes control frames. Both stay in order,
 * because a transport passes all its data on before it closes the link.
 */
export class WebsocketLink implements Link {
  readonly details: TransportDetails
  readonly tls: TlsChannel | null
  readonly sink: Sink
  readonly longestFrame = Infinity
  readonly #socket: WebSocket
  readonly #stream: Socket | null
  readonly #binary: boolean

  constructor ({ socket, stream, binary, details }: {
    socket: WebSocket
    /** The connection's stream, or null if messages must be sent through `ws` (an injected connection). */
    stream: Socket | null
    /** The kind of messages. */
    binary: boolean
    details: TransportDetails
  }) {
    this.details = details
    this.tls = tlsChannelOf(stream)
    this.#socket = socket
    this.#stream = stream
    this.#binary = binary
    this.sink = stream ?? new MessageSink(socket, binary)
  }

  get received (): number | null { return this.#stream?.bytesRead ?? null }

  /** False once a close frame has been sent, which no data may follow [RFC 6455, 5.5.1]. */
  get isWritable (): boolean { return this.#socket.readyState === OPEN }

  /** Called in the turn of the upgrade, because a message may have arrived with it. */
  open (owner: LinkOwner): void {
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary === this.#binary) owner.receive(data)
      else owner.refuse(`${this.details.protocol} requires ${this.#binary ? 'binary' : 'text'} messages`, data.length)
    })
    this.#socket.on('ping', (data: Buffer) => {
      spend(UNITS_OF_CONTROL)
      owner.pinged(data.length)
    })
    this.#socket.on('pong', (data: Buffer) => {
      spend(UNITS_OF_CONTROL)
      owner.ponged(data.length)
    })
    // After the listener of `ws`, which passes on what the data contains.
    const read = (data: Buffer): void => { owner.hasRead(data.length) }
    this.#stream?.on('data', read)
    const drains = this.#stream ?? (this.sink as MessageSink)
    const drained = (): void => { owner.drained() }
    drains.on('drain', drained)
    this.#socket.on('close', (code: number) => {
      // Collections of young objects keep a closed stream, which would keep the session.
      this.#stream?.removeListener('data', read)
      drains.removeListener('drain', drained)
      owner.closed(code === ABNORMAL ? 'broken' : 'orderly')
    })
    // ws closes the connection itself after an error. The host's log does not need errors of a broken client.
    this.#socket.on('error', (error) => { owner.log.debug({ err: error }, 'WebSocket connection failed') })
  }

  ping (): void {
    this.#socket.ping()
  }

  pause (): void {
    this.#socket.pause()
  }

  resume (): void {
    this.#socket.resume()
  }

  close (kind: CloseKind): void {
    this.#socket.close(closeCodes[kind], kind === 'shutdown' ? reasons.systemShutdown : '')
  }

  terminate (): void {
    this.#stream?.destroy(cutOff)
    this.#socket.terminate()
  }
}
