import type { Publication } from './publication.ts'

/** The last publications of one subscription, in the order in which they came [advanced, Event History]. */
export class EventHistory {
  readonly #limit: number
  readonly #bytes: number
  #kept: Publication[] = []
  #first = 0
  #size = 0

  constructor ({ limit, bytes }: {
    /** How many are kept at most. */
    limit: number
    /** How many bytes they may take together; one is always kept. */
    bytes: number
  }) {
    this.#limit = limit
    this.#bytes = bytes
  }

  add (publication: Publication): void {
    this.#kept.push(publication)
    this.#size += publication.size
    while (this.#length > this.#limit || (this.#size > this.#bytes && this.#length > 1)) {
      this.#size -= this.#kept[this.#first]!.size
      this.#first++
    }
    // To shift at each would move them all each time.
    if (this.#first * 2 > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#first)
      this.#first = 0
    }
  }

  /** What is kept, the oldest first. */
  publications (): Publication[] {
    return this.#kept.slice(this.#first)
  }

  get #length (): number {
    return this.#kept.length - this.#first
  }
}
