import type { EventMessage } from '../protocol/message.ts'
import { Backlog } from '../backlog.ts'
import { begin, spendOctets } from '../work.ts'
import type { Worker } from '../work.ts'
import type { EventHandler } from './event-handlers.ts'

/** The maximum number of asynchronous handler calls of one subscription that run at the same time. */
const MOST_RUNNING = 1000

/** An event for handlers. */
export interface Delivery {
  readonly event: EventMessage
  /** The octets of its payload. */
  readonly length: number
  /** The only handler that it is for; null if it is for all. */
  readonly only: EventHandler | null
  /** The bytes that its values take in memory, as far as known: at first its octets. */
  bytes: number
}

/** The asynchronous handlers of one subscription that have not ended, and the events that wait for them, like those for a slow client. */
export class BusyHandlers implements Worker {
  readonly #bufferedBytes: number
  readonly #start: (delivery: Delivery) => 'started' | 'full'
  readonly #wait: (worker: Worker) => void
  readonly #tell: (dropped: number) => void
  #running = 0
  #backlog: Backlog<Delivery> | null = null
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

  /** True if events have to wait. */
  get isFull (): boolean {
    return this.#running >= MOST_RUNNING || this.#backlog !== null
  }

  /** Lets an event wait, or drops one according to the policy of its topic. */
  hold (delivery: Delivery): void {
    const { event } = delivery
    const { policy = 'drop-newest', topic = '' } = event.overflow ?? {}
    this.#backlog ??= new Backlog(this.#bufferedBytes)
    const waiting = { ...delivery, event: { ...event, payload: event.payload.detached() } }
    if (policy === 'drop-oldest' || policy === 'keep-latest') this.#drop(this.#backlog.addEvent(waiting, policy === 'keep-latest' ? topic : null))
    else if (this.#backlog.hasRoom(waiting.length)) this.#backlog.addEvent(waiting)
    else this.#drop(1)
    if (this.#running < MOST_RUNNING) this.#wait(this)
  }

  /** Counts a handler until its promise is settled. */
  add (promise: Promise<void>): void {
    this.#running++
    promise.then(() => {
      this.#running--
      if (this.#backlog !== null) begin(this)
    })
  }

  /** Drops the waiting events. */
  clear (): void {
    this.#backlog = null
    this.#dropped = 0
  }

  work (): boolean {
    if (this.#running >= MOST_RUNNING) return false
    const next = this.#backlog?.oldestEvent
    if (next === undefined) {
      this.#caughtUp()
      return false
    }
    if (this.#start(next) === 'full') {
      this.#wait(this)
      return false
    }
    this.#backlog?.take()
    spendOctets(next.length)
    return true
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
