import { Queue } from '../queue.ts'
import { enqueue, isTurnOver, spend } from '../work.ts'
import type { Worker } from '../work.ts'

/** The connection whose messages an intake holds back. */
export interface Inlet {
  /** Handles a received message. Never throws. */
  take (message: Buffer): void
  /** Stops reading from the socket. */
  stopReading (): void
  /** Nothing is held back any more: continues reading. */
  readOn (): void
}

/** One message, or the messages of a batch and their total octets. */
type Arrival = Buffer | { readonly messages: Iterator<Buffer>, readonly octets: number }

/**
 * The messages of a peer that are not yet processed. One read from a socket contains up to a thousand small messages: when the work of a
 * turn is used up, or the connection is paused, the rest waits, and the socket is not read.
 */
export class Intake implements Worker {
  readonly #inlet: Inlet
  #waiting: Queue<Arrival> | null = null
  #octets = 0
  /** Pause count: a session with too many parked requests, and rate limits. */
  #pauses = 0
  #socket: 'read' | 'not read' = 'read'

  constructor (inlet: Inlet) {
    this.#inlet = inlet
  }

  /** The waiting octets, with batches as a whole. */
  get octets (): number {
    return this.#octets
  }

  /** True if the socket is not read. */
  get isPaused (): boolean {
    return this.#socket === 'not read'
  }

  /** Processes a message, at once if possible. */
  receive (message: Buffer): void {
    if (this.#pauses === 0 && this.#waiting === null && !isTurnOver()) return this.#inlet.take(message)
    this.#hold(message, message.length)
    this.#settle()
  }

  /** Processes the messages of a batch, at once if possible. */
  receiveBatch (messages: Iterable<Buffer>, octets: number): void {
    this.#hold({ messages: messages[Symbol.iterator](), octets }, octets)
    while (!isTurnOver() && this.#takeNext());
    this.#settle()
  }

  /** Stops reading until a later turn if the units of this one are used up. What was read need not contain a message. */
  yield (): void {
    if (this.#waiting === null && isTurnOver()) this.receiveBatch([], 0)
  }

  pause (): void {
    this.#pauses++
    this.#settle()
  }

  resume (): void {
    this.#pauses--
    this.#settle()
  }

  /** Processes the next waiting message. False if there is none, or if processing is paused. */
  work (): boolean {
    const more = this.#takeNext()
    if (!more) this.#settle()
    return more
  }

  /** Drops the waiting messages. */
  drop (): void {
    this.#waiting = null
    this.#octets = 0
  }

  #hold (arrival: Arrival, octets: number): void {
    this.#waiting ??= new Queue()
    this.#waiting.add(arrival)
    this.#octets += octets
  }

  #takeNext (): boolean {
    if (this.#waiting === null || this.#pauses > 0) return false
    const message = this.#next(this.#waiting)
    if (message !== undefined) this.#inlet.take(message)
    // Processing it may have dropped all, or paused the intake.
    if (this.#waiting?.size === 0) this.#waiting = null
    return this.#waiting !== null && this.#pauses === 0
  }

  #next (waiting: Queue<Arrival>): Buffer | undefined {
    const first = waiting.take()!
    if (first instanceof Uint8Array) {
      this.#octets -= first.length
      return first
    }
    const { value, done } = first.messages.next()
    if (done === true) this.#octets -= first.octets
    else waiting.putBack(first)
    spend(1)
    return value
  }

  /** Starts or stops reading the socket, and requests a turn, according to the current state. */
  #settle (): void {
    const reads = this.#pauses === 0 && this.#waiting === null
    if (this.#waiting !== null && this.#pauses === 0) enqueue(this)
    if (reads === (this.#socket === 'read')) return
    this.#socket = reads ? 'read' : 'not read'
    if (reads) this.#inlet.readOn()
    else this.#inlet.stopReading()
  }
}
