import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { MessageType } from '../protocol/message.ts'
import type { EventMessage, RouterMessage } from '../protocol/message.ts'
import { begin, OCTETS_OF_UNIT, spend } from '../work.ts'
import type { Worker } from '../work.ts'
import { Backlog } from '../backlog.ts'
import { CatchingUp } from './catching-up.ts'
import { flushSoon } from './outbox.ts'
import type { Flushable } from './outbox.ts'
import type { Congestion, Delivery } from './transport.ts'
import { Unsent } from './unsent.ts'
import { FRAGMENT } from './websocket-frame.ts'

/** The limits of buffered data for a connection, in octets. */
export interface OutgoingLimits {
  readonly bufferedEventBytes: number
  readonly bufferedBytes: number
}

const OPEN = 1
/**
 * The maximum octets in the stream. It writes them as a whole, so partial progress is not visible. The rest stays here, where the limits
 * and the heartbeat can observe a slow peer's progress.
 */
const WINDOW = 2 * FRAGMENT
/** Units of work to queue a frame, in addition to its octets. */
const UNITS_OF_FRAME = 2
/** Units of work for a write, in addition to its octets. */
const UNITS_OF_WRITE = 16
/** The number of backlog frames that are sent in one step. */
const STEP = 64

/** The connection that a queue writes to. */
export interface Outlet {
  readonly isOpen: boolean
  /** The encoded form of a message in the queue. Throws an EncodingError for a payload that the peer's serializer cannot represent. */
  frame (message: RouterMessage): Buffer
  /** Frames with this total number of octets, for one write. */
  join (frames: readonly Buffer[], octets: number): Buffer
  /** The turn is over: the last frame can be released. */
  forget (): void
  /** Replies are never dropped, and memory is limited: ends the connection, for which this number of octets was buffered. */
  giveUp (bufferedBytes: number): void
  /** The peer has caught up or disconnected. */
  congested (congestion: Congestion): void
}

/** The output of a connection: queued until the turn ends, then written at once. It is limited. The policy of a topic decides about its events for a slow peer. */
export class Outgoing implements Flushable, Worker {
  readonly #outlet: Outlet
  readonly #socket: WebSocket
  readonly #stream: Duplex | null
  readonly #binary: boolean
  readonly #limits: OutgoingLimits
  #queue: Buffer[] = []
  #queued = 0
  /** Data that the stream has not received yet, because it is full; null if there is none. */
  #rest: Unsent | null = null
  #given = 0
  /** The time since which the peer has been slow, and the number of events that it has lost since. */
  #congestion: { readonly since: number, dropped: number } | null = null
  /** The backlog, if the policy keeps events. */
  #backlog: Backlog | null = null
  /** Publishers that wait for the peer before it loses events. */
  #catchingUp: CatchingUp | null = null

  constructor ({ outlet, socket, stream, binary, limits }: {
    outlet: Outlet
    socket: WebSocket
    /** The connection's stream, or null if messages must be sent through `ws` (an injected connection). */
    stream: Duplex | null
    binary: boolean
    limits: OutgoingLimits
  }) {
    this.#outlet = outlet
    this.#socket = socket
    this.#stream = stream
    this.#binary = binary
    this.#limits = limits
  }

  /** Queues a message, or applies its policy. Throws the encoder's errors. */
  send (message: RouterMessage): Delivery {
    const { bufferedBytes } = this
    if (bufferedBytes > this.#limits.bufferedEventBytes || this.#backlog !== null) {
      const delivery = this.#hold(message, bufferedBytes)
      if (delivery !== null) return delivery
    }
    this.#add(this.#outlet.frame(message))
    return 'sent'
  }

  caughtUp (patience: number): Promise<void> | null {
    if (this.#behind <= this.#limits.bufferedEventBytes / 2) return null
    if (this.#queued === 0 && this.#backlog === null && !this.#willDrain) return null
    return (this.#catchingUp ??= new CatchingUp()).within(patience)
  }

  flush (): void {
    const queue = this.#queue
    const queued = this.#queued
    this.#queue = []
    this.#queued = 0
    this.#outlet.forget()
    if (queue.length === 0 || !this.#isOpen) return
    const stream = this.#stream
    if (stream === null) {
      for (const message of queue) this.#socket.send(message, { binary: this.#binary })
    } else if (this.#rest === null && queued <= FRAGMENT && stream.writableLength === 0) {
      this.#give(queue.length === 1 ? queue[0]! : this.#outlet.join(queue, queued))
      if (!this.#willDrain) this.#goOn()
    } else {
      const isBehind = this.#rest !== null || stream.writableLength > 0
      // By reference for a slow peer, so that an event for many such peers exists only once.
      for (const frame of isBehind ? queue : this.#joined(queue)) this.#addRest(frame)
      this.drained()
    }
  }

  /** The stream has written its data. */
  drained (): void {
    this.#giveRest(WINDOW)
    if (!this.#willDrain) this.#goOn()
  }

  /** Sends a part of the backlog. */
  work (): boolean {
    // The queue contains earlier messages.
    if (this.#queued > 0 || this.#backlog === null || this.#willDrain || !this.#isOpen) return false
    this.#moveBacklog(STEP)
    this.#giveRest(WINDOW)
    if (!this.#backlog.isEmpty) return !this.#willDrain
    this.#backlog = null
    if (!this.#willDrain) this.relieve()
    return false
  }

  /** Passes all data to the stream, even for a slow peer, because later writes by `ws` must not overtake it. */
  finish (): void {
    this.flush()
    this.#moveBacklog(Infinity)
    this.#giveRest(Infinity)
  }

  /** The peer has received all buffered data, or disconnected. */
  relieve (): void {
    const congestion = this.#congestion
    this.#congestion = this.#backlog = null
    this.#catchingUp?.over()
    this.#catchingUp = null
    if (congestion !== null) this.#outlet.congested({ dropped: congestion.dropped, milliseconds: Math.round(performance.now() - congestion.since) })
  }

  /** Drops the data that the stream has not received. */
  drop (): void {
    this.#queue = []
    this.#queued = 0
    this.#rest = this.#backlog = null
  }

  get queued (): number {
    return this.#queued
  }

  /** The octets that have not left this process. */
  get bufferedBytes (): number {
    return this.#queued + (this.#rest?.octets ?? 0) + (this.#stream?.writableLength ?? this.#socket.bufferedAmount)
  }

  /** The buffered octets, including the backlog. */
  get #behind (): number {
    return this.bufferedBytes + (this.#backlog?.octets ?? 0)
  }

  /** The octets that have left this process. */
  get left (): number {
    return this.#given - (this.#stream?.writableLength ?? 0)
  }

  /** True if the peer has lost events and still has more than half of the limit buffered. */
  get isLosing (): boolean {
    return this.#congestion !== null && this.#congestion.dropped > 0 && this.#behind > this.#limits.bufferedEventBytes / 2
  }

  /** True if the stream will emit 'drain'. It does not if it has written all data at once. */
  get #willDrain (): boolean {
    return this.#stream?.writableNeedDrain === true
  }

  /** The frames, with short ones joined into one write. */
  * #joined (frames: readonly Buffer[]): Generator<Buffer, void> {
    for (let start = 0, end = 0; start < frames.length; start = end) {
      let octets = frames[end++]!.length
      while (end < frames.length && octets + frames[end]!.length <= FRAGMENT) octets += frames[end++]!.length
      yield end - start === 1 ? frames[start]! : this.#outlet.join(frames.slice(start, end), octets)
    }
  }

  /** False once a close frame has been sent, which no data may follow [RFC 6455, 5.5.1]. */
  get #isOpen (): boolean {
    return this.#socket.readyState === OPEN
  }

  /** The stream accepts more data. */
  #goOn (): void {
    if (this.#backlog === null) this.relieve()
    else begin(this)
  }

  #moveBacklog (most: number): void {
    for (let i = 0; i < most; i++) {
      const frame = this.#backlog?.take()
      if (frame === undefined) return
      spend(UNITS_OF_FRAME + frame.length / OCTETS_OF_UNIT)
      this.#addRest(frame)
    }
  }

  #addRest (frame: Buffer): void {
    this.#rest ??= new Unsent()
    this.#rest.add(frame)
  }

  #give (octets: Buffer): void {
    this.#given += octets.length
    this.#stream!.write(octets)
  }

  /** Passes waiting data to the stream, up to `window` octets. `ws` may write control frames between fragments. */
  #giveRest (window: number): void {
    const [rest, stream] = [this.#rest, this.#stream]
    if (rest === null || stream === null || !this.#isOpen) return
    stream.cork()
    while (rest.octets > 0 && stream.writableLength < window) for (const part of rest.take()!) this.#give(part)
    stream.uncork()
    if (rest.octets === 0) this.#rest = null
  }

  #add (frame: Buffer): void {
    spend(UNITS_OF_FRAME + frame.length / OCTETS_OF_UNIT)
    if (this.#queue.push(frame) === 1) {
      spend(UNITS_OF_WRITE)
      flushSoon(this)
    }
    this.#queued += frame.length
  }

  /** The peer is slow. Null if the message is sent in any case. Throws the encoder's errors. */
  #hold (message: RouterMessage, bufferedBytes: number): Delivery | null {
    if (message.type === MessageType.Invocation) return 'congested'
    if (message.type === MessageType.Event) return this.#holdEvent(message, bufferedBytes)
    if (this.#behind > this.#limits.bufferedBytes) return this.#giveUp(this.#behind)
    if (this.#backlog === null) return null
    // No message overtakes waiting events.
    this.#backlog.add(this.#outlet.frame(message))
    return 'sent'
  }

  #holdEvent (event: EventMessage, bufferedBytes: number): Delivery {
    this.#congestion ??= { since: performance.now(), dropped: 0 }
    const { policy, topic } = event.overflow ?? { policy: 'drop-newest', topic: '' }
    if (policy === 'close') return this.#giveUp(bufferedBytes)
    // Only a stream reports when its data has been written.
    if (this.#stream === null || (policy === 'drop-newest' && this.#backlog === null)) return this.#drop()
    const frame = this.#outlet.frame(event)
    this.#backlog ??= new Backlog(this.#limits.bufferedEventBytes)
    if (policy === 'drop-newest' && !this.#backlog.hasRoom(frame.length)) return this.#drop()
    this.#congestion.dropped += this.#backlog.addEvent(frame, policy === 'keep-latest' ? `${event.subscription} ${topic}` : null)
    return 'sent'
  }

  #drop (): Delivery {
    this.#congestion!.dropped++
    return 'congested'
  }

  #giveUp (bufferedBytes: number): Delivery {
    this.#outlet.giveUp(bufferedBytes)
    return 'closed'
  }
}
