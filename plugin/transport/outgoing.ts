import { MessageType } from '../protocol/message.ts'
import type { EventMessage, RouterMessage } from '../protocol/message.ts'
import { begin, OCTETS_OF_UNIT, spend } from '../work.ts'
import type { Worker } from '../work.ts'
import { Backlog } from '../backlog.ts'
import { CatchingUp } from './catching-up.ts'
import { SLICE } from './framing.ts'
import type { Framing } from './framing.ts'
import type { Link } from './link.ts'
import { flushSoon } from './outbox.ts'
import type { Flushable } from './outbox.ts'
import type { Congestion, Delivery } from './transport.ts'
import { Unsent } from './unsent.ts'

/** The limits of buffered data for a connection, in octets. */
export interface OutgoingLimits {
  readonly bufferedEventBytes: number
  readonly bufferedBytes: number
}

/**
 * The maximum octets in the sink. It writes them as a whole, so partial progress is not visible. The rest stays here, where the limits
 * and the heartbeat can observe a slow peer's progress.
 */
const WINDOW = 2 * SLICE
/** Units of work to queue a frame, in addition to its octets. */
const UNITS_OF_FRAME = 2
/** Units of work for a write, in addition to its octets. */
const UNITS_OF_WRITE = 16
/** The number of backlog frames that are sent in one step. */
const STEP = 64

/** The connection whose output is queued. */
export interface Outlet {
  /** Replies are never dropped, and memory is limited: ends the connection, for which this number of octets was buffered. */
  giveUp (bufferedBytes: number): void
  /** The peer has caught up or disconnected. */
  congested (congestion: Congestion): void
}

/** The output of a connection: queued until the turn ends, then written at once. It is limited. The policy of a topic decides about its events for a slow peer. */
export class Outgoing implements Flushable, Worker {
  readonly #outlet: Outlet
  readonly #link: Link
  readonly #limits: OutgoingLimits
  #framing: Framing
  #queue: Buffer[] = []
  #queued = 0
  /** Data that the sink has not received yet, because it is full; null if there is none. */
  #rest: Unsent | null = null
  #given = 0
  /** The time since which the peer has been slow, and the number of events that it has lost since. */
  #congestion: { readonly since: number, dropped: number } | null = null
  /** The backlog, if the policy keeps events. */
  #backlog: Backlog | null = null
  /** Publishers that wait for the peer before it loses events. */
  #catchingUp: CatchingUp | null = null

  constructor ({ outlet, link, framing, limits }: { outlet: Outlet, link: Link, framing: Framing, limits: OutgoingLimits }) {
    this.#outlet = outlet
    this.#link = link
    this.#framing = framing
    this.#limits = limits
  }

  /** Sends messages in another form from now on. */
  answerIn (framing: Framing): void {
    this.#framing.forget()
    this.#framing = framing
  }

  /** Sends typed arrays from now on, if the serializer has them. */
  sendTypedArrays (): void {
    if (this.#framing.typed !== null) this.answerIn(this.#framing.typed)
  }

  /** True if another receiver of the same framing could not be given the message. */
  hasFailed (message: RouterMessage): boolean {
    return this.#framing.hasFailed(message)
  }

  /** Queues a message, or applies its policy. Throws the encoder's errors. */
  send (message: RouterMessage): Delivery {
    const { bufferedBytes } = this
    if (bufferedBytes > this.#limits.bufferedEventBytes || this.#backlog !== null) {
      const delivery = this.#hold(message, bufferedBytes)
      if (delivery !== null) return delivery
    }
    const frame = this.#frame(message)
    if (frame === null) return 'oversized'
    this.#add(frame)
    return 'sent'
  }

  /** Queues a frame that is not a message. It is sent after all data that does not wait in the backlog. */
  sendControl (frame: Buffer): void {
    this.#add(frame)
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
    this.#framing.forget()
    if (queue.length === 0 || !this.#link.isWritable) return
    const { sink } = this.#link
    if (this.#rest === null && queued <= SLICE && sink.writableLength === 0) {
      if (queue.length === 1) this.#give(queue[0]!)
      else for (const part of this.#framing.join(queue, queued)) this.#give(part)
      if (!this.#willDrain) this.#goOn()
    } else {
      const isBehind = this.#rest !== null || sink.writableLength > 0
      // By reference for a slow peer, so that an event for many such peers exists only once.
      for (const frame of isBehind ? queue : this.#joined(queue)) this.#addRest(frame)
      this.drained()
    }
  }

  /** The sink has written its data. */
  drained (): void {
    this.#giveRest(WINDOW)
    if (!this.#willDrain) this.#goOn()
  }

  /** Sends a part of the backlog. */
  work (): boolean {
    // The queue contains earlier messages.
    if (this.#queued > 0 || this.#backlog === null || this.#willDrain || !this.#link.isWritable) return false
    this.#moveBacklog(STEP)
    this.#giveRest(WINDOW)
    if (!this.#backlog.isEmpty) return !this.#willDrain
    this.#backlog = null
    if (!this.#willDrain) this.relieve()
    return false
  }

  /** Passes all data to the sink, even for a slow peer, because nothing that the link writes later may overtake it. */
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

  /** Drops the data that the sink has not received. */
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
    return this.#queued + (this.#rest?.octets ?? 0) + this.#link.sink.writableLength
  }

  /** The buffered octets, including the backlog. */
  get #behind (): number {
    return this.bufferedBytes + (this.#backlog?.octets ?? 0)
  }

  /** The octets that have left this process. */
  get left (): number {
    return this.#given - this.#link.sink.writableLength
  }

  /** True if the peer has lost events and still has more than half of the limit buffered. */
  get isLosing (): boolean {
    return this.#congestion !== null && this.#congestion.dropped > 0 && this.#behind > this.#limits.bufferedEventBytes / 2
  }

  /** True if the sink will report that it has drained. It does not if it has written all data at once. */
  get #willDrain (): boolean {
    return this.#link.sink.writableNeedDrain
  }

  /** The frames, with short ones joined into one write. */
  * #joined (frames: readonly Buffer[]): Generator<Buffer, void> {
    for (let start = 0, end = 0; start < frames.length; start = end) {
      let octets = frames[end++]!.length
      while (end < frames.length && octets + frames[end]!.length <= SLICE) octets += frames[end++]!.length
      if (end - start === 1) yield frames[start]!
      else yield * this.#framing.join(frames.slice(start, end), octets)
    }
  }

  /** The sink accepts more data. */
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
    this.#rest ??= new Unsent(this.#framing)
    this.#rest.add(frame)
  }

  #give (octets: Buffer): void {
    this.#given += octets.length
    this.#link.sink.write(octets)
  }

  /** Passes waiting data to the sink, up to `window` octets. */
  #giveRest (window: number): void {
    const rest = this.#rest
    if (rest === null || !this.#link.isWritable) return
    const { sink } = this.#link
    sink.cork()
    while (rest.octets > 0 && sink.writableLength < window) for (const part of rest.take()!) this.#give(part)
    sink.uncork()
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

  /** The frame of a message, or null if the peer does not accept frames of its length. */
  #frame (message: RouterMessage): Buffer | null {
    const frame = this.#framing.frame(message)
    return frame.length > this.#link.longestFrame ? null : frame
  }

  /** The peer is slow. Null if the message is sent in any case. Throws the encoder's errors. */
  #hold (message: RouterMessage, bufferedBytes: number): Delivery | null {
    if (message.type === MessageType.Invocation) return 'congested'
    if (message.type === MessageType.Event) return this.#holdEvent(message, bufferedBytes)
    if (this.#behind > this.#limits.bufferedBytes) return this.#giveUp(this.#behind)
    if (this.#backlog === null) return null
    // No message overtakes waiting events.
    const frame = this.#frame(message)
    if (frame === null) return 'oversized'
    this.#backlog.add(frame)
    return 'sent'
  }

  #holdEvent (event: EventMessage, bufferedBytes: number): Delivery {
    this.#congestion ??= { since: performance.now(), dropped: 0 }
    const { policy, topic } = event.overflow ?? { policy: 'drop-newest', topic: '' }
    if (policy === 'close') return this.#giveUp(bufferedBytes)
    if (policy === 'drop-newest' && this.#backlog === null) return this.#drop()
    const frame = this.#frame(event)
    if (frame === null) return 'oversized'
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
