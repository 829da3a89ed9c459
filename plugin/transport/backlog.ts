import { Queue } from '../queue.ts'

/** Octets that an entry takes beside those of its frame. */
export const OCTETS_OF_ENTRY = 256

/** A reply that waits; its number says when it came. */
interface Reply { readonly number: number, readonly frame: Buffer }

/** An event that waits, in a list of all that do. */
interface Entry extends Reply { readonly key: string | null, previous: Entry | null, next: Entry | null }

/**
 * What a peer is sent while it does not keep up, in order. Events give way to newer ones when they take too much memory;
 * replies never do.
 */
export class Backlog {
  readonly #limit: number
  readonly #replies = new Queue<Reply>()
  #oldest: Entry | null = null
  #newest: Entry | null = null
  readonly #latest = new Map<string, Entry>()
  #next = 0
  #octets = 0
  #octetsOfEvents = 0

  /** Events may take so many octets together. */
  constructor (limit: number) {
    this.#limit = limit
  }

  /** Octets that it takes in memory. */
  get octets (): number {
    return this.#octets
  }

  get isEmpty (): boolean {
    return this.#octets === 0
  }

  /** True if an event of so many octets has room. */
  hasRoom (octets: number): boolean {
    return this.#octetsOfEvents + octets + OCTETS_OF_ENTRY <= this.#limit
  }

  /** Adds the frame of a reply. */
  add (frame: Buffer): void {
    this.#replies.add({ number: this.#next++, frame })
    this.#octets += frame.length + OCTETS_OF_ENTRY
  }

  /** Adds the frame of an event, which takes the place of an earlier one with its key. Returns how many gave way. */
  addEvent (frame: Buffer, key: string | null = null): number {
    let gone = 0
    const earlier = key === null ? undefined : this.#latest.get(key)
    if (earlier !== undefined) {
      this.#remove(earlier)
      gone++
    }
    for (; this.#oldest !== null && !this.hasRoom(frame.length); gone++) this.#remove(this.#oldest)
    const entry: Entry = { number: this.#next++, frame, key, previous: this.#newest, next: null }
    if (this.#newest === null) this.#oldest = entry
    else this.#newest.next = entry
    this.#newest = entry
    if (key !== null) this.#latest.set(key, entry)
    this.#octets += frame.length + OCTETS_OF_ENTRY
    this.#octetsOfEvents += frame.length + OCTETS_OF_ENTRY
    return gone
  }

  /** Takes the oldest frame; undefined if there is none. */
  take (): Buffer | undefined {
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

  #remove (entry: Entry): void {
    const { frame, key, previous, next } = entry
    if (previous === null) this.#oldest = next
    else previous.next = next
    if (next === null) this.#newest = previous
    else next.previous = previous
    if (key !== null) this.#latest.delete(key)
    this.#octets -= frame.length + OCTETS_OF_ENTRY
    this.#octetsOfEvents -= frame.length + OCTETS_OF_ENTRY
  }
}
