import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Codec, DecodeLimits } from '../codec/codec.ts'
import type { RouterMessage } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { TokenBucket } from '../token-bucket.ts'
import type { Pulse } from './heartbeat.ts'
import { Intake } from './intake.ts'
import type { Inlet } from './intake.ts'
import { Outgoing } from './outgoing.ts'
import type { OutgoingLimits, Outlet } from './outgoing.ts'
import { tlsChannelOf } from './tls-channel.ts'
import type { CloseKind, Congestion, Delivery, TlsChannel, Transport, TransportDetails, TransportListener } from './transport.ts'
import { UnreadPongs } from './unread-pongs.ts'
import type { FrameBuilder } from './websocket-frame.ts'

/** The bounds of one WebSocket connection, from the `limits` option. */
export interface WebsocketLimits extends OutgoingLimits, DecodeLimits {
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
}

/** WebSocket close codes: normal closure, going away, protocol error, invalid payload data, internal error [RFC 6455, 7.4.1]. */
export const closeCodes: Readonly<Record<CloseKind, number>> = { normal: 1000, shutdown: 1001, violation: 1002, malformed: 1007, failure: 1011 }
/** The code of a connection that ended without a close frame. */
const ABNORMAL = 1006
/** Milliseconds that a peer has to answer the close frame. */
const CLOSE_TIMEOUT = 1000
/** Octets that all peers together may leave to be taken after they have closed: nothing else bounds how many connect and close. */
const MOST_LEFT = 16_777_216

let octetsLeft = 0

/**
 * WAMP over one WebSocket connection. It writes frames of its own straight to the stream, whenever it has the stream:
 * building a frame once for all subscribers, and writing once a turn, is what makes a router fast. `ws` writes only
 * control frames then, and both are in order because `close` flushes first.
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
  /** `finishing`: the peer has closed, and the messages that it sent before are still taken. */
  #state: 'open' | 'closing' | 'finishing' | 'closed' = 'open'
  /** `pinged`, `overdue`: a peer that has sent nothing was pinged, half an interval ago or less, or longer ago. */
  #liveness: 'active' | 'pinged' | 'overdue' = 'active'
  /** Octets that had come from the peer at the last look. */
  #read = 0
  /** Octets that had left for the peer at the last look, and whether the system took no more then. */
  #left = 0
  #outflow: 'free' | 'blocked' = 'free'
  /** Octets that the peer left to be taken when it closed. */
  #remainder = 0
  readonly #pongs = new UnreadPongs()
  #listener: TransportListener | null = null
  /** A client that chooses payloads must not fill the log. */
  #formlessLevel: 'warn' | 'debug' = 'warn'
  #closeTimer: NodeJS.Timeout | undefined
  /** What the peer may still send in this second; null for any amount. */
  readonly #messages: TokenBucket | null
  readonly #bytes: TokenBucket | null
  #throttle: NodeJS.Timeout | undefined

  constructor ({ socket, stream, codec, frames, details, limits }: {
    socket: WebSocket
    /** The connection's stream, or null where frames must go through `ws` (an injected connection). */
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

  /** Hands what arrives to the listener. Called in the turn of the upgrade: a message may have come with it. */
  listen (listener: TransportListener): void {
    this.#listener = listener
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#state !== 'open') return
      if (isBinary === this.#codec.binary) this.arrive(this.#intake, data)
      else this.#intake.receiveBatch(this.#refuse(`${this.details.protocol} takes ${this.#codec.binary ? 'binary' : 'text'} messages`), data.length)
    })
    this.#socket.on('ping', () => { if (this.#pongs.areTooMany(this.#outgoing.owed) && this.#state === 'open') this.giveUp(this.#outgoing.owed) })
    this.#stream?.on('drain', () => { this.#outgoing.drained() })
    this.#socket.on('close', (code: number) => { this.#closed(code) })
    // ws closes the connection by itself after an error; a broken client is no news for the log of the host.
    this.#socket.on('error', (error) => { listener.log.debug({ err: error }, 'WebSocket connection failed') })
  }

  send (message: RouterMessage): Delivery {
    if (this.#state !== 'open') return 'closed'
    try {
      return this.#outgoing.send(message)
    } catch (error) {
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

  giveUp (owed: number): void {
    this.#outgoing.drop()
    this.#listener?.log.warn({ owed }, 'a client does not read: its connection is ended')
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
    // The system takes more again only when the peer's has acknowledged some. Before it took no more, octets may have left for nobody.
    const isSlow = left > this.#left && this.#outflow === 'blocked'
    const isHeard = bytesRead > this.#read
    this.#read = bytesRead
    this.#left = left
    this.#outflow = this.#stream.writableLength > 0 ? 'blocked' : 'free'
    if (isHeard) this.#liveness = 'active'
    else if (this.#liveness === 'active') this.#ping()
    else if (isSlow) this.#liveness = 'pinged'
    else if (this.#liveness === 'pinged') this.#liveness = 'overdue'
    // Nothing is read of a paused peer, so its answer cannot be heard; pings keep the proxies between alive.
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

  /** True until the connection is closed, from here or from there. */
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

  /** Gives what has arrived to the intake. */
  protected arrive (intake: Intake, data: Buffer): void {
    intake.receive(data)
  }

  /** The peer has broken a rule of its transport. */
  protected fail (violation: ProtocolViolation): void {
    this.#listener!.fail(violation)
  }

  /** Has what is sent from now on framed by another builder. */
  protected answerBy (frames: FrameBuilder): void {
    this.#frames = frames
  }

  #ping (): void {
    this.#liveness = 'pinged'
    this.#socket.ping()
  }

  #cutOff (): void {
    this.#listener?.log.info({}, 'a client does not answer a ping: its connection is ended')
    this.#socket.terminate()
  }

  /** No messages, but a violation when it is their turn. */
  * #refuse (fault: string): Generator<Buffer, void> {
    this.fail(new ProtocolViolation(fault))
  }

  /** The socket is closed. A peer that said so may have sent messages that wait; one that is just gone has ended its session. */
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

  /** The peer has sent a message of so many bytes: if that is more than it may, it is not read for a while. */
  #slowDown (size: number): void {
    const wait = Math.max(this.#messages?.take(1) ?? 0, this.#bytes?.take(size) ?? 0)
    if (wait === 0 || this.#throttle !== undefined) return
    this.pause()
    this.#throttle = setTimeout(() => {
      this.#throttle = undefined
      this.resume()
    }, wait)
  }
}
