import { spend } from '../work.ts'

/** Numbers that are looked up in the time of a unit of work. */
const LOOKS_OF_UNIT = 4

interface Entry { readonly frame: Buffer, readonly key: string | null }

/**
 * What a peer is sent while it does not keep up, in order. Events give way to newer ones when they are too many bytes;
 * replies never do.
 */
export class Backlog {
  readonly #limit: number
  /** By number: those that give way, and all. */
  readonly #events = new Map<number, Entry>()
  readonly #all = new Map<number, Buffer>()
  readonly #latest = new Map<string, number>()
  #next = 0
  /** No event has a smaller number. An iterator of the Map would pass over all deleted entries if it is new, and keep them in memory if it is not. */
  #oldest = 0
  #octets = 0
  #octetsOfEvents = 0

  /** Events may have so many octets together. */
  constructor (limit: number) {
    this.#limit = limit
  }

  /** Octets of all frames. */
  get octets (): number {
    return this.#octets
  }

  /** True if an event of so many octets has room. */
  hasRoom (octets: number): boolean {
    return this.#octetsOfEvents + octets <= this.#limit
  }

  /** Adds the frame of a reply. */
  add (frame: Buffer): void {
    this.#all.set(this.#next++, frame)
    this.#octets += frame.length
  }

  /** Adds the frame of an event, which takes the place of an earlier one with its key. Returns how many gave way. */
  addEvent (frame: Buffer, key: string | null = null): number {
    const before = this.#events.size
    const earlier = key === null ? undefined : this.#latest.get(key)
    if (earlier !== undefined) this.#remove(earlier)
    while (this.#events.size > 0 && !this.hasRoom(frame.length)) this.#remove(this.#oldestEvent())
    const number = this.#next
    this.add(frame)
    this.#events.set(number, { frame, key })
    this.#octetsOfEvents += frame.length
    if (key !== null) this.#latest.set(key, number)
    return before + 1 - this.#events.size
  }

  /** All frames, the oldest first. */
  frames (): Iterable<Buffer> {
    return this.#all.values()
  }

  /** The number of the oldest event, of which there must be one. Each number is passed over once. */
  #oldestEvent (): number {
    const from = this.#oldest
    while (!this.#events.has(this.#oldest)) this.#oldest++
    spend((this.#oldest - from + 1) / LOOKS_OF_UNIT)
    return this.#oldest
  }

  #remove (number: number): void {
    const { frame, key } = this.#events.get(number)!
    this.#events.delete(number)
    this.#all.delete(number)
    if (key !== null) this.#latest.delete(key)
    this.#octets -= frame.length
    this.#octetsOfEvents -= frame.length
  }
}
