import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Codec } from '../codec/codec.ts'
import { MessageType } from '../protocol/message.ts'
import type { EventMessage, RouterMessage } from '../protocol/message.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { TokenBucket } from '../token-bucket.ts'
import { Backlog } from './backlog.ts'
import { CatchingUp } from './catching-up.ts'
import { flushSoon } from './outbox.ts'
import type { Flushable } from './outbox.ts'
import { tlsChannelOf } from './tls-channel.ts'
import type { CloseKind, Delivery, TlsChannel, Transport, TransportDetails, TransportListener } from './transport.ts'
import type { FrameBuilder } from './websocket-frame.ts'
import type { Pulse } from './heartbeat.ts'

/** The bounds of one WebSocket connection, from the `limits` option. */
export interface WebsocketLimits {
  readonly depth: number
  readonly owedEvents: number
  readonly owed: number
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
}

// WebSocket close codes: normal closure, protocol error, internal error [RFC 6455, 7.4.1].
const closeCodes: Readonly<Record<CloseKind, number>> = { normal: 1000, violation: 1002, failure: 1011 }
const OPEN = 1
/** Milliseconds that a peer has to answer the close frame. */
const CLOSE_TIMEOUT = 1000

/**
 * WAMP over one WebSocket connection. It writes frames of its own straight to the stream, whenever it has the stream:
 * building a frame once for all subscribers, and writing once a turn, is what makes a router fast. `ws` writes only
 * control frames then, and both are in order because `close` flushes first.
 */
export class WebsocketTransport implements Transport, Flushable, Pulse {
  readonly details: TransportDetails
  readonly tls: TlsChannel | null
  readonly #socket: WebSocket
  readonly #stream: Duplex | null
  readonly #codec: Codec
  #frames: FrameBuilder
  readonly #limits: WebsocketLimits
  #state: 'open' | 'closing' | 'closed' = 'open'
  /** A peer that has sent a message is alive; one that is quiet is asked by a ping. */
  #life: 'heard' | 'quiet' | 'asked' = 'heard'
  /** Octets that waited for the peer when it was asked: one that takes some of them is only slow. */
  #waitingWhenAsked = 0
  #queue: Buffer[] = []
  #queued = 0
  /** Since when the peer has not kept up, and how many events it has lost since. */
  #congestion: { readonly since: number, dropped: number } | null = null
  /** What it is sent meanwhile, where that is kept. */
  #backlog: Backlog | null = null
  /** Who waits for it before it loses anything. */
  #catchingUp: CatchingUp | null = null
  /** How many want nothing to be read: a long batch, and a session whose authorizer thinks. */
  #pauses = 0
  #listener: TransportListener | null = null
  #closeTimer: NodeJS.Timeout | undefined
  /** What the peer may still send in this second; null for any amount. */
  readonly #messages: TokenBucket | null
  readonly #bytes: TokenBucket | null
  #throttle: NodeJS.Timeout | undefined

  constructor ({ socket, stream, codec, frames, details, limits }: {
    socket: WebSocket
    /** The connection's stream, or null where frames must go through `ws` (an injected connection). */
    stream: Duplex | null
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
    this.#messages = limits.messagesPerSecond === 0 ? null : new TokenBucket(limits.messagesPerSecond)
    this.#bytes = limits.bytesPerSecond === 0 ? null : new TokenBucket(limits.bytesPerSecond)
  }

  /** Hands what arrives to the listener. Called in the turn of the upgrade: a message may have come with it. */
  listen (listener: TransportListener): void {
    this.#listener = listener
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.#state !== 'open') return
      this.#life = 'heard'
      if (isBinary === this.#codec.binary) this.receive(listener, data)
      else listener.fail(new ProtocolViolation(`${this.details.protocol} takes ${this.#codec.binary ? 'binary' : 'text'} messages`))
    })
    this.#socket.on('pong', () => { this.#life = 'quiet' })
    this.#stream?.on('drain', () => { this.#relieve() })
    this.#socket.on('close', () => {
      this.#relieve()
      this.finish(listener)
      this.#state = 'closed'
      this.#queue = []
      clearTimeout(this.#closeTimer)
      clearTimeout(this.#throttle)
      listener.closed()
    })
    // ws closes the connection by itself after an error; a broken client is no news for the log of the host.
    this.#socket.on('error', (error) => { listener.log.debug({ err: error }, 'WebSocket connection failed') })
  }

  send (message: RouterMessage): Delivery {
    if (this.#state !== 'open') return 'closed'
    const owed = this.#owed
    try {
      if (owed > this.#limits.owedEvents || this.#backlog !== null) {
        const delivery = this.#hold(message, owed)
        if (delivery !== null) return delivery
      }
      this.#queueFrame(this.#stream === null ? this.#frames.unframed(message) : this.#frames.frame(message))
      return 'sent'
    } catch (error) {
      this.#listener?.log.warn({ err: error, type: message.type }, 'a payload has no form in the serializer of its receiver')
      return 'unencodable'
    }
  }

  caughtUp (patience: number): Promise<void> | null {
    if (this.#state !== 'open' || this.#owed <= this.#limits.owedEvents / 2) return null
    if (this.#queued === 0 && !this.#willDrain) return null
    return (this.#catchingUp ??= new CatchingUp()).within(patience)
  }

  flush (): void {
    const queue = this.#queue
    const queued = this.#queued
    this.#queue = []
    this.#queued = 0
    this.#frames.forget()
    if (queue.length === 0 || this.#socket.readyState !== OPEN) return
    if (this.#stream === null) {
      for (const message of queue) this.#socket.send(message, { binary: this.#codec.binary })
    } else if (queue.length === 1) {
      this.#stream.write(queue[0])
    } else if (this.#stream.writableLength === 0) {
      this.#stream.write(this.#frames.join(queue, queued))
    } else {
      // The peer is behind: by reference, an event that many such peers are owed exists once.
      this.#stream.cork()
      for (const frame of queue) this.#stream.write(frame)
      this.#stream.uncork()
    }
    if (this.#stream !== null && !this.#willDrain) this.#relieve()
  }

  look (): void {
    // Nothing is read of a paused peer, so nothing can be told of it.
    if (this.#state !== 'open' || this.#pauses > 0) return
    if (this.#life === 'heard') {
      this.#life = 'quiet'
      return
    }
    const waiting = this.#stream?.writableLength ?? 0
    if (this.#life === 'asked' && waiting >= this.#waitingWhenAsked) {
      this.#listener?.log.info({}, 'a client does not answer a ping: its connection is ended')
      return this.terminate()
    }
    if (this.#life === 'quiet') this.#socket.ping()
    this.#life = 'asked'
    this.#waitingWhenAsked = waiting
  }

  pause (): void {
    if (this.#pauses++ === 0) this.#socket.pause()
  }

  resume (): void {
    if (--this.#pauses === 0) this.#socket.resume()
  }

  close (kind: CloseKind): void {
    if (this.#state !== 'open') return
    this.flush()
    this.#state = 'closing'
    this.#socket.close(closeCodes[kind])
    this.#closeTimer = setTimeout(() => { this.#socket.terminate() }, CLOSE_TIMEOUT)
  }

  /** Ends the connection at once, without a farewell. */
  terminate (): void {
    this.#socket.terminate()
  }

  /** True until the connection is closed, from here or from there. */
  protected get isOpen (): boolean {
    return this.#state === 'open'
  }

  /** Takes a message as it stands on the wire. */
  protected receive (listener: TransportListener, data: Buffer): void {
    let message
    try {
      message = this.#codec.decode(data, this.#limits.depth)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) listener.log.error({ err: error }, 'a message could not be read')
      return listener.fail(error instanceof ProtocolViolation ? error : new ProtocolViolation('the message cannot be read'))
    }
    listener.receive(message, data.length)
    if (this.#messages !== null || this.#bytes !== null) this.#slowDown(data.length)
  }

  /** Takes what has come and had to wait: nothing more comes. */
  protected finish (_listener: TransportListener): void {}

  /** Has what is sent from now on framed by another builder. */
  protected answerBy (frames: FrameBuilder): void {
    this.#frames = frames
  }

  get #owed (): number {
    return this.#queued + (this.#stream?.writableLength ?? this.#socket.bufferedAmount)
  }

  /** True if it will be told when what is written has been read. A stream that has taken all at once does not tell. */
  get #willDrain (): boolean {
    return this.#stream?.writableNeedDrain === true
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

  #queueFrame (frame: Buffer): void {
    if (this.#queue.push(frame) === 1) flushSoon(this)
    this.#queued += frame.length
  }

  /** The peer does not keep up. Null if the message is sent all the same. Throws what the encoder does. */
  #hold (message: RouterMessage, owed: number): Delivery | null {
    if (message.type === MessageType.Invocation) return 'congested'
    if (message.type === MessageType.Event) return this.#holdEvent(message, owed)
    const all = owed + (this.#backlog?.octets ?? 0)
    if (all > this.#limits.owed) return this.#giveUp(all)
    if (this.#backlog === null) return null
    // Nothing overtakes the events that wait.
    this.#backlog.add(this.#frames.frame(message))
    return 'sent'
  }

  #holdEvent (event: EventMessage, owed: number): Delivery {
    this.#congestion ??= { since: performance.now(), dropped: 0 }
    const { policy, topic } = event.overflow ?? { policy: 'drop-newest', topic: '' }
    if (policy === 'close') return this.#giveUp(owed)
    // Only a stream tells when it has been read.
    if (this.#stream === null || (policy === 'drop-newest' && this.#backlog === null)) return this.#drop()
    const frame = this.#frames.frame(event)
    this.#backlog ??= new Backlog(this.#limits.owedEvents)
    if (policy === 'drop-newest' && !this.#backlog.hasRoom(frame.length)) return this.#drop()
    this.#congestion.dropped += this.#backlog.addEvent(frame, policy === 'keep-latest' ? `${event.subscription} ${topic}` : null)
    return 'sent'
  }

  #drop (): Delivery {
    this.#congestion!.dropped++
    return 'congested'
  }

  /** The peer has read all that it was owed, or is gone. */
  #relieve (): void {
    const [congestion, backlog] = [this.#congestion, this.#backlog]
    this.#congestion = this.#backlog = null
    this.#catchingUp?.over()
    this.#catchingUp = null
    if (this.#state === 'open') for (const frame of backlog?.frames() ?? []) this.#queueFrame(frame)
    if (congestion !== null) this.#listener?.congested({ dropped: congestion.dropped, milliseconds: Math.round(performance.now() - congestion.since) })
  }

  /** Replies are never dropped, and memory is bounded: so the connection ends. */
  #giveUp (owed: number): Delivery {
    this.#listener?.log.warn({ owed }, 'a client does not read: its connection is ended')
    this.#state = 'closing'
    this.#queue = []
    this.#queued = 0
    this.#backlog = null
    this.#socket.terminate()
    return 'closed'
  }
}
