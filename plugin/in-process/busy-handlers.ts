import { sizeOfEvent } from '../protocol/event-size.ts'
import type { EventMessage } from '../protocol/message.ts'
import type { Values } from '../protocol/values.ts'
import { Backlog } from '../backlog.ts'
import { Shares } from '../shares.ts'
import { begin, enqueue, spend, spendOctets } from '../work.ts'
import type { Worker } from '../work.ts'

/** The maximum number of asynchronous handler calls of one subscription that run at the same time. Those for a single publisher stop at half of it. */
const MOST_RUNNING = 2000

/** Units of work to try to start an event. */
const UNITS_OF_TRY = 5

/** A receiver of events. */
export interface EventHandler {
  /** If it takes the payload, it decodes the payload itself, or reads it in a serializer. */
  readonly takes: 'values' | 'payload'
  /** Receives an event, with its own copy of the values, or without values. Thrown errors are logged. */
  handle (event: EventMessage, values: Values): unknown
}

/** An event for handlers. */
export interface Delivery {
  readonly event: EventMessage
  /** The only handler that it is for; null if it is for all. */
  readonly only: EventHandler | null
  /** The bytes that its values take in memory, as far as known: at first its octets. */
  bytes: number
}

/** A delivery that waits. Its length is the octets of its payload and details. */
interface WaitingDelivery extends Delivery { readonly length: number }

/**
 * The asynchronous handlers of one subscription that have not ended, and the events that wait for them, like those for a slow client. The
 * events of a publisher that may not hold more memory, or have more handlers run, are passed over, so that those of others do not wait for them.
 */
export class BusyHandlers implements Worker {
  readonly #bufferedBytes: number
  readonly #start: (delivery: Delivery) => 'started' | 'full'
  readonly #wait: (worker: Worker) => void
  readonly #tell: (dropped: number) => void
  /** The running handlers by publisher. */
  readonly #running = new Shares<unknown>()
  #backlog: Backlog<WaitingDelivery> | null = null
  /** The waiting events by publisher. */
  #waiting = new Shares<unknown>()
  /** The publishers whose events wait for memory, or for their handlers to end. */
  readonly #blocked = new Set<unknown>()
  /** True if memory has been released, or a handler has ended, since the first of these was blocked. */
  #released = false
  /** Continues when memory has been released. */
  readonly #retry: Worker = {
    work: () => {
      this.#released = true
      enqueue(this)
      return false
    }
  }

  #dropped = 0

  constructor ({ bufferedBytes, start, wait, tell }: {
    /** The maximum octets of waiting events. */
    bufferedBytes: number
    /** Starts the handlers of an event that has waited, unless their values would take too much memory. */
    start: (delivery: Delivery) => 'started' | 'full'
    /** Lets a worker continue when there is memory. */
    wait: (worker: Worker) => void
    /** Called with the number of dropped events: with 0 for the first one, and with the total when the handlers have caught up. */
    tell: (dropped: number) => void
  }) {
    this.#bufferedBytes = bufferedBytes
    this.#start = start
    this.#wait = wait
    this.#tell = tell
  }

  /** True if the events of a publisher have to wait. */
  isFull (publisher: unknown): boolean {
    return this.#hasItsShare(publisher) || this.#waiting.has(publisher)
  }

  /** Lets an event wait, or drops one according to the policy of its topic. */
  hold (delivery: Delivery): void {
    const { event } = delivery
    const { policy = 'drop-newest', topic = '' } = event.overflow ?? {}
    this.#backlog ??= new Backlog(this.#bufferedBytes, (removed) => { this.#removed(removed) })
    const waiting = { ...delivery, length: sizeOfEvent(event), event: { ...event, payload: event.payload.detached() } }
    this.#waiting.add(event.sharer)
    if (policy === 'drop-oldest' || policy === 'keep-latest') this.#drop(this.#backlog.addEvent(waiting, policy === 'keep-latest' ? topic : null))
    else if (this.#backlog.hasRoom(waiting.length)) this.#backlog.addEvent(waiting)
    else {
      this.#removed(waiting)
      this.#drop(1)
    }
    if (this.#running.total < MOST_RUNNING) enqueue(this)
  }

  /** Counts a handler until its promise is settled. */
  add (promise: Promise<void>, publisher: unknown): void {
    this.#running.add(publisher)
    promise.then(() => {
      this.#running.remove(publisher)
      this.#released = true
      if (this.#backlog !== null) begin(this)
    })
  }

  /** Drops the waiting events. */
  clear (): void {
    this.#backlog = null
    this.#waiting = new Shares()
    this.#blocked.clear()
    this.#released = false
    this.#dropped = 0
  }

  work (): boolean {
    const backlog = this.#backlog
    if (backlog === null || this.#running.total >= MOST_RUNNING) return false
    if (backlog.isEmpty) {
      this.#caughtUp()
      return false
    }
    const next = backlog.nextEvent
    if (next === undefined || this.#blocked.size === this.#waiting.holders) return this.#tryAgain(backlog)
    const { sharer } = next.event
    if (!this.#blocked.has(sharer)) {
      if (!this.#hasItsShare(sharer) && this.#start(next) === 'started') {
        backlog.removeEvent()
        spendOctets(next.length)
        return true
      }
      spend(UNITS_OF_TRY)
      this.#blocked.add(sharer)
      // Memory may be released before the other events have been looked at.
      this.#wait(this.#retry)
    }
    backlog.passEvent()
    return true
  }

  /** True if no further handler may run for a publisher, which can make its handlers run for as long as it likes. */
  #hasItsShare (publisher: unknown): boolean {
    return !this.#running.isFair(publisher, MOST_RUNNING - 1 - this.#running.total)
  }

  /** Begins again with the oldest event, after all have had their turn. False if no memory has been released meanwhile. */
  #tryAgain (backlog: Backlog<WaitingDelivery>): boolean {
    if (!this.#released) return false
    this.#released = false
    this.#blocked.clear()
    backlog.rewind()
    return true
  }

  #removed ({ event: { sharer } }: Delivery): void {
    this.#waiting.remove(sharer)
    if (!this.#waiting.has(sharer)) this.#blocked.delete(sharer)
  }

  #caughtUp (): void {
    this.#backlog = null
    if (this.#dropped > 0) this.#tell(this.#dropped)
    this.#dropped = 0
  }

  #drop (count: number): void {
    if (this.#dropped === 0 && count > 0) this.#tell(0)
    this.#dropped += count
  }
}
