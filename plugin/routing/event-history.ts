import type { Id } from '../protocol/id.ts'
import type { Uri } from '../protocol/uri.ts'
import { Ordered } from './ordered.ts'
import type { StoredPublication } from './publication.ts'

/** A range of positions in a history, from `start` to before `end`. */
export interface Range { readonly start: number, readonly end: number }

/** The last publications of one subscription, in order [advanced, Event History]. Each has a position, an ascending number that never changes. */
export class EventHistory {
  readonly #limit: number
  readonly #bytes: number
  #kept: StoredPublication[] = []
  /** The position of the first item of `kept`, and the number of removed items at its beginning. */
  #base = 0
  #gone = 0
  #size = 0
  readonly #places = new Map<Id, number>()
  /** Positions by topic; null if there is only one topic. */
  readonly #topics: Map<Uri, Ordered<number>> | null

  constructor ({ limit, bytes, topics }: {
    /** The maximum number of publications. */
    limit: number
    /** The maximum number of bytes in total; one publication is always kept. */
    bytes: number
    topics: 'one' | 'many'
  }) {
    this.#limit = limit
    this.#bytes = bytes
    this.#topics = topics === 'one' ? null : new Map()
  }

  add (publication: StoredPublication): void {
    const place = this.#base + this.#kept.length
    this.#kept.push(publication)
    this.#places.set(publication.id, place)
    this.#size += publication.size
    this.#placesOf(publication.topic)?.add(place)
    while (this.#length > this.#limit || (this.#size > this.#bytes && this.#length > 1)) this.#dropOldest()
    // Remove many at once, because each removal moves all the others.
    if (this.#gone * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#gone)
      this.#base += this.#gone
      this.#gone = 0
    }
  }

  /** Positions by publication id. */
  get range (): Range {
    return { start: this.#base + this.#gone, end: this.#base + this.#kept.length }
  }

  /** The publications in the positions of the range. */
  at (place: number): StoredPublication {
    return this.#kept[place - this.#base]!
  }

  /** The position of a publication; undefined if it is not stored. */
  placeOf (publication: Id): number | undefined {
    return this.#places.get(publication)
  }

  /** True if a publication to a topic is stored. */
  has (topic: Uri): boolean {
    return this.#topics?.has(topic) === true
  }

  /** The first position with a publication at this time or later; the end if there is none. */
  placeAt (time: number): number {
    let { start, end } = this.range
    while (start < end) {
      const middle = Math.floor((start + end) / 2)
      if (this.at(middle).at < time) start = middle + 1
      else end = middle
    }
    return start
  }

  /** The positions of a range, for all topics or for one. */
  places ({ start, end }: Range, topic: Uri | undefined, order: 'oldest first' | 'newest first'): Iterable<number> {
    const places = topic === undefined || this.#topics === null ? null : this.#topics.get(topic) ?? none
    if (order === 'oldest first') return places === null ? up(start, end) : asLongAs(places.ascending(start), (place) => place < end)
    return places === null ? down(start, end) : asLongAs(places.descending(end), (place) => place >= start)
  }

  #dropOldest (): void {
    const place = this.#base + this.#gone
    const { id, topic, size } = this.at(place)
    this.#size -= size
    this.#gone++
    this.#places.delete(id)
    const places = this.#topics?.get(topic)
    places?.delete(place)
    if (places?.size === 0) this.#topics?.delete(topic)
  }

  #placesOf (topic: Uri): Ordered<number> | undefined {
    let places = this.#topics?.get(topic)
    if (places === undefined) this.#topics?.set(topic, places = new Ordered(itself))
    return places
  }

  get #length (): number {
    return this.#kept.length - this.#gone
  }
}

const itself = (place: number): number => place
const none = new Ordered<number>(itself)

function * up (start: number, end: number): IterableIterator<number> {
  for (let place = start; place < end; place++) yield place
}

function * down (start: number, end: number): IterableIterator<number> {
  for (let place = end - 1; place >= start; place--) yield place
}

function * asLongAs (places: Iterable<number>, isIn: (place: number) => boolean): IterableIterator<number> {
  for (const place of places) {
    if (!isIn(place)) return
    yield place
  }
}
