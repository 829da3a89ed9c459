import { Queue } from './queue.ts'

/** Octets of an entry in addition to its frame. */
export const OCTETS_OF_ENTRY = 256

/** A waiting message; its length is in octets. */
interface Frame { readonly length: number }

/** A waiting reply. Its number is its position in the order of all entries. */
interface Reply<F extends Frame> { readonly number: number, readonly frame: F }

/** A waiting event, in a linked list of all events. */
interface Entry<F extends Frame> extends Reply<F> { readonly key: string | null, previous: Entry<F> | null, next: Entry<F> | null }

/** The data for a slow peer, in order. If it takes too much memory, the oldest events are dropped, but never replies. */
export class Backlog<F extends Frame = Buffer> {
  readonly #limit: number
  readonly #removed: (event: F) => void
  readonly #replies = new Queue<Reply<F>>()
  #oldest: Entry<F> | null = null
  #newest: Entry<F> | null = null
  /** The oldest event that is not passed over. */
  #next: Entry<F> | null = null
  readonly #latest = new Map<string, Entry<F>>()
  #count = 0
  #octets = 0
  #octetsOfEvents = 0

  /** `limit` is the maximum octets of all events. `removed` is called with each event that is removed or dropped. */
  constructor (limit: number, removed: (event: F) => void = () => {}) {
    this.#limit = limit
    this.#removed = removed
  }

  /** The octets in memory. */
  get octets (): number {
    return this.#octets
  }

  /** The oldest event that is not passed over; undefined if there is none. */
  get nextEvent (): F | undefined {
    return this.#next?.frame
  }

  get isEmpty (): boolean {
    return this.#octets === 0
  }

  /** True if an event of this size fits. */
  hasRoom (octets: number): boolean {
    return this.#octetsOfEvents + octets + OCTETS_OF_ENTRY <= this.#limit
  }

  /** Adds the frame of a reply. */
  add (frame: F): void {
    this.#replies.add({ number: this.#count++, frame })
    this.#octets += frame.length + OCTETS_OF_ENTRY
  }

  /** Adds the frame of an event, which replaces an earlier one with its key. Returns the number of dropped events. */
  addEvent (frame: F, key: string | null = null): number {
    let gone = 0
    const earlier = key === null ? undefined : this.#latest.get(key)
    if (earlier !== undefined) {
      this.#remove(earlier)
      gone++
    }
    for (; this.#oldest !== null && !this.hasRoom(frame.length); gone++) this.#remove(this.#oldest)
    const entry: Entry<F> = { number: this.#count++, frame, key, previous: this.#newest, next: null }
    if (this.#newest === null) this.#oldest = entry
    else this.#newest.next = entry
    this.#newest = entry
    this.#next ??= entry
    if (key !== null) this.#latest.set(key, entry)
    this.#octets += frame.length + OCTETS_OF_ENTRY
    this.#octetsOfEvents += frame.length + OCTETS_OF_ENTRY
    return gone
  }

  /** Passes over the next event: it stays in its place, and the one after it is next. */
  passEvent (): void {
    this.#next = this.#next?.next ?? null
  }

  /** The oldest event is next again. */
  rewind (): void {
    this.#next = this.#oldest
  }

  /** Removes the next event. */
  removeEvent (): void {
    if (this.#next !== null) this.#remove(this.#next)
  }

  /** Removes and returns the oldest frame; undefined if there is none. */
  take (): F | undefined {
    const [event, reply] = [this.#oldest, this.#replies.first]
    if (event !== null && (reply === undefined || event.number < reply.number)) {
      this.#remove(event)
      return event.frame
    }
    if (reply === undefined) return undefined
    this.#replies.take()
    this.#octets -= reply.frame.length + OCTETS_OF_ENTRY
    return reply.frame
  }

  #remove (entry: Entry<F>): void {
    const { frame, key, previous, next } = entry
    if (previous === null) this.#oldest = next
    else previous.next = next
    if (next === null) this.#newest = previous
    else next.previous = previous
    if (this.#next === entry) this.#next = next
    if (key !== null) this.#latest.delete(key)
    this.#octets -= frame.length + OCTETS_OF_ENTRY
    this.#octetsOfEvents -= frame.length + OCTETS_OF_ENTRY
    this.#removed(frame)
  }
}
