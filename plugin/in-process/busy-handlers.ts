import type { EventMessage } from '../protocol/message.ts'
import { Backlog } from '../backlog.ts'
import { begin, spendOctets } from '../work.ts'
import type { Worker } from '../work.ts'

/** The maximum number of asynchronous handler calls of one subscription that run at the same time. */
const MOST_RUNNING = 1000

/** An event that waits, and the octets of its payload. */
interface Waiting { readonly event: EventMessage, readonly length: number }

/** The asynchronous handlers of one subscription that have not ended, and the events that wait for them, like those for a slow client. */
export class BusyHandlers implements Worker {
  readonly #owed: number
  readonly #handle: (event: EventMessage) => void
  readonly #tell: (dropped: number) => void
  #running = 0
  #backlog: Backlog<Waiting> | null = null
  #dropped = 0

  constructor ({ owed, handle, tell }: {
    /** The maximum octets of waiting events. */
    owed: number
    /** Receives an event that has waited. */
    handle: (event: EventMessage) => void
    /** Called with the number of dropped events: with 0 for the first one, and with the total when the handlers have caught up. */
    tell: (dropped: number) => void
  }) {
    this.#owed = owed
    this.#handle = handle
    this.#tell = tell
  }

  /** Lets an event wait, or drops one according to the policy of its topic. False if there is no need to wait. */
  hold (event: EventMessage): boolean {
    if (this.#running < MOST_RUNNING && this.#backlog === null) return false
    this.#backlog ??= new Backlog(this.#owed)
    const { policy = 'drop-newest', topic = '' } = event.overflow ?? {}
    const waiting = { event: { ...event, payload: event.payload.detached() }, length: event.payload.size }
    if (policy === 'drop-oldest' || policy === 'keep-latest') this.#drop(this.#backlog.addEvent(waiting, policy === 'keep-latest' ? topic : null))
    else if (this.#backlog.hasRoom(waiting.length)) this.#backlog.addEvent(waiting)
    else this.#drop(1)
    return true
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
  }

  work (): boolean {
    if (this.#running >= MOST_RUNNING) return false
    const next = this.#backlog?.take()
    if (next === undefined) {
      this.#caughtUp()
      return false
    }
    spendOctets(next.length)
    this.#handle(next.event)
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
