import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { MessageType } from '../protocol/message.ts'
import type { EventMessage, RouterMessage } from '../protocol/message.ts'
import { begin, OCTETS_OF_UNIT, spend } from '../work.ts'
import type { Worker } from '../work.ts'
import { Backlog } from './backlog.ts'
import { CatchingUp } from './catching-up.ts'
import { flushSoon } from './outbox.ts'
import type { Flushable } from './outbox.ts'
import type { Congestion, Delivery } from './transport.ts'
import { Unsent } from './unsent.ts'
import { FRAGMENT } from './websocket-frame.ts'

/** How much a connection may be owed, in octets. */
export interface OutgoingLimits {
  readonly owedEvents: number
  readonly owed: number
}

const OPEN = 1
/**
 * Octets that the stream is given at once. What it was given it writes as a whole, so how much of it has left cannot be
 * seen; the rest stays here, and the limits and the heartbeat see that a slow peer takes some of it.
 */
const WINDOW = 2 * FRAGMENT
/** Units of work that it takes to queue a frame that is built, beside its octets. */
const UNITS_OF_FRAME = 2
/** Units of work that a write takes, beside its octets. */
const UNITS_OF_WRITE = 16
/** Frames of a backlog that are moved on in one step. */
const STEP = 64

/** The connection that a queue writes for. */
export interface Outlet {
  readonly isOpen: boolean
  /** A message as it is queued. Throws an EncodingError for a payload that has no form in the peer's serializer. */
  frame (message: RouterMessage): Buffer
  /** Frames of `octets` in all, for one write. */
  join (frames: readonly Buffer[], octets: number): Buffer
  /** The turn is over: nothing need be kept of the last frame. */
  forget (): void
  /** Replies are never dropped, and memory is bounded: the connection ends, which was owed so many octets. */
  giveUp (owed: number): void
  /** The peer reads again, or is gone. */
  congested (congestion: Congestion): void
}

/**
 * What a connection is sent, on its way to the socket: queued until the turn ends, then one write. It is bounded; what
 * becomes of events for a peer that does not keep up depends on their topic's policy.
 */
export class Outgoing implements Flushable, Worker {
  readonly #outlet: Outlet
  readonly #socket: WebSocket
  readonly #stream: Duplex | null
  readonly #binary: boolean
  readonly #limits: OutgoingLimits
  #queue: Buffer[] = []
  #queued = 0
  /** What the stream is not given yet, since it has enough; null where there is nothing. */
  #rest: Unsent | null = null
  #given = 0
  /** Since when the peer has not kept up, and how many events it has lost since. */
  #congestion: { readonly since: number, dropped: number } | null = null
  /** What it is sent meanwhile, where that is kept. */
  #backlog: Backlog | null = null
  /** Publishers that wait for it before it loses anything. */
  #catchingUp: CatchingUp | null = null

  constructor ({ outlet, socket, stream, binary, limits }: {
    outlet: Outlet
    socket: WebSocket
    /** The connection's stream, or null where messages must go through `ws` (an injected connection). */
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

  /** Queues a message, or does with it what its policy says. Throws what the encoder throws. */
  send (message: RouterMessage): Delivery {
    const { owed } = this
    if (owed > this.#limits.owedEvents || this.#backlog !== null) {
      const delivery = this.#hold(message, owed)
      if (delivery !== null) return delivery
    }
    this.#add(this.#outlet.frame(message))
    return 'sent'
  }

  caughtUp (patience: number): Promise<void> | null {
    if (this.#behind <= this.#limits.owedEvents / 2) return null
    if (this.#queued === 0 && this.#backlog === null && !this.#willDrain) return null
    return (this.#catchingUp ??= new CatchingUp()).within(patience)
  }

  flush (): void {
    const queue = this.#queue
    const queued = this.#queued
    this.#queue = []
    this.#queued = 0
    this.#outlet.forget()
    if (queue.length === 0 || this.#socket.readyState !== OPEN) return
    const stream = this.#stream
    if (stream === null) {
      for (const message of queue) this.#socket.send(message, { binary: this.#binary })
    } else if (this.#rest === null && queued <= FRAGMENT && stream.writableLength === 0) {
      this.#give(queue.length === 1 ? queue[0]! : this.#outlet.join(queue, queued))
      if (!this.#willDrain) this.#goOn()
    } else {
      const isBehind = this.#rest !== null || stream.writableLength > 0
      // By reference where the peer is behind: an event that many such peers are owed exists once.
      for (const frame of isBehind ? queue : this.#joined(queue)) this.#addRest(frame)
      this.drained()
    }
  }

  /** The stream has written what it was given. */
  drained (): void {
    this.#giveRest(WINDOW)
    if (!this.#willDrain) this.#goOn()
  }

  /** Moves some of the backlog on. */
  work (): boolean {
    // What is queued came before.
    if (this.#queued > 0 || this.#backlog === null || this.#willDrain) return false
    this.#moveBacklog(STEP)
    this.#giveRest(WINDOW)
    if (!this.#backlog.isEmpty) return !this.#willDrain
    this.#backlog = null
    if (!this.#willDrain) this.relieve()
    return false
  }

  /** Gives all to the stream, also to one that is behind: what `ws` writes after this must not overtake it. */
  finish (): void {
    this.flush()
    this.#moveBacklog(Infinity)
    this.#giveRest(Infinity)
  }

  /** The peer has read all that it was owed, or is gone. */
  relieve (): void {
    const congestion = this.#congestion
    this.#congestion = this.#backlog = null
    this.#catchingUp?.over()
    this.#catchingUp = null
    if (congestion !== null) this.#outlet.congested({ dropped: congestion.dropped, milliseconds: Math.round(performance.now() - congestion.since) })
  }

  /** Drops what the stream was not given. */
  drop (): void {
    this.#queue = []
    this.#queued = 0
    this.#rest = this.#backlog = null
  }

  get queued (): number {
    return this.#queued
  }

  /** Octets that have not left this process. */
  get owed (): number {
    return this.#queued + (this.#rest?.octets ?? 0) + (this.#stream?.writableLength ?? this.#socket.bufferedAmount)
  }

  /** Octets that it is owed, those of the backlog included. */
  get #behind (): number {
    return this.owed + (this.#backlog?.octets ?? 0)
  }

  /** Octets that have left this process. */
  get left (): number {
    return this.#given - (this.#stream?.writableLength ?? 0)
  }

  /** True if the peer has lost events, and has not read half of what it may be owed since. */
  get isLosing (): boolean {
    return this.#congestion !== null && this.#congestion.dropped > 0 && this.#behind > this.#limits.owedEvents / 2
  }

  /** True if the stream will emit 'drain': one that has taken all at once does not. */
  get #willDrain (): boolean {
    return this.#stream?.writableNeedDrain === true
  }

  /** Frames, the short ones joined as far as one write goes. */
  * #joined (frames: readonly Buffer[]): Generator<Buffer, void> {
    for (let start = 0, end = 0; start < frames.length; start = end) {
      let octets = frames[end++]!.length
      while (end < frames.length && octets + frames[end]!.length <= FRAGMENT) octets += frames[end++]!.length
      yield end - start === 1 ? frames[start]! : this.#outlet.join(frames.slice(start, end), octets)
    }
  }

  /** The stream takes more. */
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

  /** Gives the stream what it was not given, until it has `window` octets. `ws` may write control frames between fragments. */
  #giveRest (window: number): void {
    const [rest, stream] = [this.#rest, this.#stream]
    if (rest === null || stream === null) return
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

  /** The peer does not keep up. Null if the message is sent all the same. Throws what the encoder throws. */
  #hold (message: RouterMessage, owed: number): Delivery | null {
    if (message.type === MessageType.Invocation) return 'congested'
    if (message.type === MessageType.Event) return this.#holdEvent(message, owed)
    if (this.#behind > this.#limits.owed) return this.#giveUp(this.#behind)
    if (this.#backlog === null) return null
    // Nothing overtakes the events that wait.
    this.#backlog.add(this.#outlet.frame(message))
    return 'sent'
  }

  #holdEvent (event: EventMessage, owed: number): Delivery {
    this.#congestion ??= { since: performance.now(), dropped: 0 }
    const { policy, topic } = event.overflow ?? { policy: 'drop-newest', topic: '' }
    if (policy === 'close') return this.#giveUp(owed)
    // Only a stream tells when it has been read.
    if (this.#stream === null || (policy === 'drop-newest' && this.#backlog === null)) return this.#drop()
    const frame = this.#outlet.frame(event)
    this.#backlog ??= new Backlog(this.#limits.owedEvents)
    if (policy === 'drop-newest' && !this.#backlog.hasRoom(frame.length)) return this.#drop()
    this.#congestion.dropped += this.#backlog.addEvent(frame, policy === 'keep-latest' ? `${event.subscription} ${topic}` : null)
    return 'sent'
  }

  #drop (): Delivery {
    this.#congestion!.dropped++
    return 'congested'
  }

  #giveUp (owed: number): Delivery {
    this.#outlet.giveUp(owed)
    return 'closed'
  }
}
