import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Codec, DecodeLimits } from '../codec/codec.ts'
import { LONGEST_TIMER } from '../longest-timer.ts'
import type { RouterMessage } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { TokenBucket } from '../token-bucket.ts'
import { spend } from '../work.ts'
import type { Pulse } from './heartbeat.ts'
import { Intake } from './intake.ts'
import type { Inlet } from './intake.ts'
import { Outgoing } from './outgoing.ts'
import type { OutgoingLimits, Outlet } from './outgoing.ts'
import { tlsChannelOf } from './tls-channel.ts'
import type { CloseKind, Congestion, Delivery, TlsChannel, Transport, TransportDetails, TransportListener } from './transport.ts'
import { UnreadPongs } from './unread-pongs.ts'
import type { FrameBuilder } from './websocket-frame.ts'

/** The limits of one WebSocket connection, from the `limits` option. */
export interface WebsocketLimits extends OutgoingLimits, DecodeLimits {
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
}

/** WebSocket close codes: normal closure, going away, protocol error, invalid payload data, internal error [RFC 6455, 7.4.1]. */
export const closeCodes: Readonly<Record<CloseKind, number>> = { normal: 1000, shutdown: 1001, violation: 1002, malformed: 1007, failure: 1011 }
/** The code of a connection that ended without a close frame. */
const ABNORMAL = 1006
/** Units of work for a message that cannot be represented in the serializer of its receiver: to find this out, and for further receivers. */
const UNITS_OF_FIRST_FAILURE = 100
const UNITS_OF_FAILURE = 1
/** Milliseconds for a peer to answer the close frame. */
const CLOSE_TIMEOUT = 1000
/** The maximum octets that all closed peers together may leave to be processed, because the number of such peers is not limited. */
const MOST_LEFT = 16_777_216

let octetsLeft = 0

/**
 * WAMP over one WebSocket connection. It writes its own frames directly to the stream if available: building a frame once for all
 * subscribers, and writing once per turn, makes a router fast. `ws` then only writes control frames, and both stay in order because
 * `close` flushes first.
 */
export class WebsocketTransport implements Transport, Pulse, Inlet, Outlet {
  readonly details: TransportDetails
  readonly tls: TlsChannel | null
  readonly #socket: WebSocket
  readonly #stream: Socket | null
  readonly #codec: Codec
  #frames: FrameBuilder
  readonly #limits: WebsocketLimits
  readonly #outgoing: Outgoing
  readonly #intake: Intake
  /** `finishing`: the peer has closed, and its earlier messages are still being processed. */
  #state: 'open' | 'closing' | 'finishing' | 'closed' = 'open'
  /** `pinged`, `overdue`: a silent peer was pinged, half an interval ago or less, or longer ago. */
  #liveness: 'active' | 'pinged' | 'overdue' = 'active'
  /** The received octets at the last check. */
  #read = 0
  /** The sent octets at the last check, and whether the system accepted no more data then. */
  #left = 0
  #outflow: 'free' | 'blocked' = 'free'
  /** The octets that the peer left to be processed when it closed. */
  #remainder = 0
  readonly #pongs = new UnreadPongs()
  #listener: TransportListener | null = null
  /** Limits log lines, because clients choose payloads. */
  #formlessLevel: 'warn' | 'debug' = 'warn'
  #closeTimer: NodeJS.Timeout | undefined
  /** The rate limits of the peer; null for no limit. */
  readonly #messages: TokenBucket | null
  readonly #bytes: TokenBucket | null
  #throttle: NodeJS.Timeout | undefined

  constructor ({ socket, stream, codec, frames, details, limits }: {
    socket: WebSocket
    /** The connection's stream, or null if frames must be sent through `ws` (an injected connection). */
    stream: Socket | null
    codec: Codec
    frames: FrameBuilder
    details: TransportDetails
    limits: WebsocketLimits
  }) {
    this.details = details
    this.tls = tlsChannelOf(stream)
    this.#socket = socket
    this.#stream = stream
    this.#codec = codec
    this.#frames = frames
    this.#limits = limits
    this.#outgoing = new Outgoing({ outlet: this, socket, stream, binary: codec.binary, limits })
    this.#intake = new Intake(this)
    this.#messages = limits.messagesPerSecond === 0 ? null : new TokenBucket(limits.messagesPerSecond)
    this.#bytes = limits.bytesPerSecond === 0 ? null : new TokenBucket(limits.bytesPerSecond)
  }

  /** Starts to pass received messages to the listener. Called in the turn of the upgrade, because a message may have arrived with it. */
  listen (listener: TransportListener): void {
    this.#listener = listener
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#state !== 'open') return
      if (isBinary === this.#codec.binary) this.arrive(this.#intake, data)
      else this.#intake.receiveBatch(this.#refuse(`${this.details.protocol} takes ${this.#codec.binary ? 'binary' : 'text'} messages`), data.length)
    })
    this.#socket.on('ping', () => { if (this.#pongs.areTooMany(this.#outgoing.bufferedBytes) && this.#state === 'open') this.giveUp(this.#outgoing.bufferedBytes) })
    this.#stream?.on('drain', () => { this.#outgoing.drained() })
    this.#socket.on('close', (code: number) => { this.#closed(code) })
    // ws closes the connection itself after an error. The host's log does not need errors of a broken client.
    this.#socket.on('error', (error) => { listener.log.debug({ err: error }, 'WebSocket connection failed') })
  }

  send (message: RouterMessage): Delivery {
    if (this.#state !== 'open') return 'closed'
    if (this.#hasFailed(message)) {
      spend(UNITS_OF_FAILURE)
      return 'unencodable'
    }
    try {
      return this.#outgoing.send(message)
    } catch (error) {
      spend(UNITS_OF_FIRST_FAILURE)
      this.#listener?.log[this.#formlessLevel]({ err: error, type: message.type }, 'a payload has no form in the serializer of its receiver; more of them are logged at debug')
      this.#formlessLevel = 'debug'
      return 'unencodable'
    }
  }

  takes (payload: Payload): boolean { return payload.hasForm(this.#codec) }

  get isLosing (): boolean {
    return this.#state === 'open' && this.#outgoing.isLosing
  }

  caughtUp (patience: number): Promise<void> | null {
    return this.#state === 'open' ? this.#outgoing.caughtUp(patience) : null
  }

  frame (message: RouterMessage): Buffer {
    return this.#stream === null ? this.#frames.unframed(message) : this.#frames.frame(message)
  }

  join (frames: readonly Buffer[], octets: number): Buffer {
    return this.#frames.join(frames, octets)
  }

  forget (): void {
    this.#frames.forget()
  }

  giveUp (bufferedBytes: number): void {
    this.#outgoing.drop()
    this.#listener?.log.warn({ bufferedBytes }, 'a client does not read: its connection is ended')
    this.#state = 'closing'
    this.#intake.drop()
    this.#socket.terminate()
  }

  congested (congestion: Congestion): void {
    this.#listener?.congested(congestion)
  }

  look (): void {
    if (this.#state !== 'open' || this.#stream === null) return
    const { bytesRead } = this.#stream
    const { left } = this.#outgoing
    // The system accepts more data only when the peer's system has acknowledged some. Before it was full, octets may have been sent to a
    // dead peer.
    const isSlow = left > this.#left && this.#outflow === 'blocked'
    const isHeard = bytesRead > this.#read
    this.#read = bytesRead
    this.#left = left
    this.#outflow = this.#stream.writableLength > 0 ? 'blocked' : 'free'
    if (isHeard) this.#liveness = 'active'
    else if (this.#liveness === 'active') this.#ping()
    else if (isSlow) this.#liveness = 'pinged'
    else if (this.#liveness === 'pinged') this.#liveness = 'overdue'
    // A paused peer is not read, so its answer cannot be received; pings keep proxies from closing the connection.
    else if (this.#intake.isPaused) this.#ping()
    else this.#cutOff()
  }

  pause (): void {
    this.#intake.pause()
  }

  resume (): void {
    this.#intake.resume()
  }

  stopReading (): void {
    this.#socket.pause()
  }

  readOn (): void {
    if (this.#state === 'finishing') this.#end()
    else this.#socket.resume()
  }

  close (kind: CloseKind, patience = CLOSE_TIMEOUT): void {
    if (this.#state === 'finishing') return this.#end()
    if (this.#state !== 'open') return
    this.#intake.drop()
    this.#outgoing.finish()
    this.#state = 'closing'
    this.#socket.close(closeCodes[kind], kind === 'shutdown' ? reasons.systemShutdown : '')
    this.#closeTimer = setTimeout(() => { this.#socket.terminate() }, patience)
  }

  /** True until either side has closed the connection. */
  get isOpen (): boolean {
    return this.#state === 'open'
  }

  take (data: Buffer): void {
    const listener = this.#listener!
    let message
    try {
      message = this.#codec.decode(data, this.#limits)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) listener.log.error({ err: error }, 'a message could not be read')
      return listener.fail(error instanceof ProtocolViolation ? error : new ProtocolViolation('the message cannot be read'))
    }
    listener.receive(message, data.length)
    if (this.#messages !== null || this.#bytes !== null) this.#slowDown(data.length)
  }

  /** Passes received messages to the intake. */
  protected arrive (intake: Intake, data: Buffer): void {
    intake.receive(data)
  }

  /** The peer has violated the rules of its transport. */
  protected fail (violation: ProtocolViolation): void {
    this.#listener!.fail(violation)
  }

  /** Switches to another frame builder for sent messages. */
  protected answerBy (frames: FrameBuilder): void {
    this.#frames = frames
  }

  /** True if another receiver with the same serializer could not be given the message. */
  #hasFailed (message: RouterMessage): boolean {
    return this.#frames.hasFailed(message) || ('payload' in message && message.payload.hasFailed(this.#codec))
  }

  #ping (): void {
    this.#liveness = 'pinged'
    this.#socket.ping()
  }

  #cutOff (): void {
    this.#listener?.log.info({}, 'a client does not answer a ping: its connection is ended')
    this.#socket.terminate()
  }

  /** Reports a violation instead of messages when it is their turn. */
  * #refuse (fault: string): Generator<Buffer, void> {
    this.fail(new ProtocolViolation(fault))
  }

  /** The socket is closed. If the peer sent a close frame, its waiting messages are still processed; otherwise its session has ended. */
  #closed (code: number): void {
    this.#outgoing.relieve()
    const { octets } = this.#intake
    if (this.#state !== 'open' || octets === 0 || code === ABNORMAL || octetsLeft + octets > MOST_LEFT) return this.#end()
    this.#state = 'finishing'
    this.#remainder = octets
    octetsLeft += octets
  }

  #end (): void {
    octetsLeft -= this.#remainder
    this.#remainder = 0
    this.#state = 'closed'
    this.#outgoing.drop()
    this.#intake.drop()
    clearTimeout(this.#closeTimer)
    clearTimeout(this.#throttle)
    this.#listener?.closed()
  }

  /** Counts a received message of this size. Above the rate limit, the peer is not read for a while. */
  #slowDown (size: number): void {
    const wait = Math.max(this.#messages?.take(1) ?? 0, this.#bytes?.take(size) ?? 0)
    if (wait === 0 || this.#throttle !== undefined) return
    this.pause()
    this.#throttle = setTimeout(() => {
      this.#throttle = undefined
      this.resume()
    }, Math.min(wait, LONGEST_TIMER))
  }
}
