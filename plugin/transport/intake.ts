import { Queue } from '../queue.ts'
import { enqueue, isTurnOver, spend } from '../work.ts'
import type { Worker } from '../work.ts'

/** The connection whose messages an intake holds back. */
export interface Inlet {
  /** Handles a message as it came from the wire. Never throws. */
  take (message: Buffer): void
  /** Reads nothing more from the socket. */
  stopReading (): void
  /** Nothing is held back any more: reads on. */
  readOn (): void
}

/** One message, or the messages of a batch and the octets of all of them. */
type Arrival = Buffer | { readonly messages: Iterator<Buffer>, readonly octets: number }

/**
 * What a peer has sent and the router has not taken yet. One read from a socket brings a thousand small messages: when the
 * work of a turn is used up, or the connection is paused, the rest waits, and the socket is not read meanwhile.
 */
export class Intake implements Worker {
  readonly #inlet: Inlet
  #waiting: Queue<Arrival> | null = null
  #octets = 0
  /** How many want nothing to be taken: a session with too many parked requests, and the limits per second. */
  #pauses = 0
  #socket: 'read' | 'not read' = 'read'

  constructor (inlet: Inlet) {
    this.#inlet = inlet
  }

  /** Octets that wait, batches as a whole. */
  get octets (): number {
    return this.#octets
  }

  /** True if the socket is not read. */
  get isPaused (): boolean {
    return this.#socket === 'not read'
  }

  /** Takes a message, at once if nothing stands in its way. */
  receive (message: Buffer): void {
    if (this.#pauses === 0 && this.#waiting === null && !isTurnOver()) return this.#inlet.take(message)
    this.#hold(message, message.length)
    this.#settle()
  }

  /** Takes the messages of a batch likewise. */
  receiveBatch (messages: Iterable<Buffer>, octets: number): void {
    this.#hold({ messages: messages[Symbol.iterator](), octets }, octets)
    while (!isTurnOver() && this.#takeNext());
    this.#settle()
  }

  pause (): void {
    this.#pauses++
    this.#settle()
  }

  resume (): void {
    this.#pauses--
    this.#settle()
  }

  /** Takes the next message that waits. False if there is none, or nothing is to be taken now. */
  work (): boolean {
    const more = this.#takeNext()
    if (!more) this.#settle()
    return more
  }

  /** Drops what waits. */
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
    // Taking it may have dropped all, or asked for a pause.
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

  /** Reads the socket, or not, and asks for a turn, as is right now. */
  #settle (): void {
    const reads = this.#pauses === 0 && this.#waiting === null
    if (this.#waiting !== null && this.#pauses === 0) enqueue(this)
    if (reads === (this.#socket === 'read')) return
    this.#socket = reads ? 'read' : 'not read'
    if (reads) this.#inlet.readOn()
    else this.#inlet.stopReading()
  }
}
