/** Things in one block; a block of twice as many is split in two. */
const BLOCK = 128

/**
 * Things in ascending order of a number that each has for itself. Adding, deleting and seeking cost O(log n); reading from
 * there on costs what is read.
 */
export class Ordered<T> {
  readonly #numberOf: (item: T) => number
  /** None is empty. */
  readonly #blocks: T[][] = []
  #size = 0

  constructor (numberOf: (item: T) => number) {
    this.#numberOf = numberOf
  }

  get size (): number {
    return this.#size
  }

  has (item: T): boolean {
    const number = this.#numberOf(item)
    const block = this.#blocks[this.#blockOf(number)]
    const found = block?.[this.#placeOf(number, block)]
    return found !== undefined && this.#numberOf(found) === number
  }

  /** Adds a thing whose number is not here. */
  add (item: T): void {
    const number = this.#numberOf(item)
    const at = this.#blockOf(number)
    const block = this.#blocks[at]
    this.#size++
    if (block === undefined) {
      this.#blocks.push([item])
      return
    }
    block.splice(this.#placeOf(number, block), 0, item)
    if (block.length < 2 * BLOCK) return
    // Numbers mostly ascend: the first half then stays as it is, so most of the items remain there.
    this.#blocks.splice(at + 1, 0, block.splice(BLOCK + BLOCK / 2))
  }

  /** False if it is not here. */
  delete (item: T): boolean {
    if (!this.has(item)) return false
    const number = this.#numberOf(item)
    const at = this.#blockOf(number)
    const block = this.#blocks[at]!
    block.splice(this.#placeOf(number, block), 1)
    if (block.length === 0) this.#blocks.splice(at, 1)
    this.#size--
    return true
  }

  /** The first things beyond a number, at most so many. */
  after (number: number, most: number): T[] {
    const found: T[] = []
    for (const item of this.ascending(number + 1)) {
      if (found.length >= most) break
      found.push(item)
    }
    return found
  }

  /** All from a number on. */
  * ascending (from: number): IterableIterator<T> {
    for (let at = this.#blockOf(from); at < this.#blocks.length; at++) {
      const block = this.#blocks[at]!
      for (let place = this.#placeOf(from, block); place < block.length; place++) yield block[place]!
    }
  }

  /** All below a number, the last one first. */
  * descending (below: number): IterableIterator<T> {
    for (let at = Math.min(this.#blockOf(below), this.#blocks.length - 1); at >= 0; at--) {
      const block = this.#blocks[at]!
      for (let place = this.#placeOf(below, block) - 1; place >= 0; place--) yield block[place]!
    }
  }

  [Symbol.iterator] (): IterableIterator<T> {
    return this.ascending(-Infinity)
  }

  /** The block in which a number stands or would stand: the last one that does not begin beyond it. */
  #blockOf (number: number): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#numberOf(this.#blocks[middle]![0]!) <= number) low = middle + 1
      else high = middle
    }
    return Math.max(0, low - 1)
  }

  /** The place of the first thing of a block that is not below a number. */
  #placeOf (number: number, block: readonly T[]): number {
    let low = 0
    let high = block.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#numberOf(block[middle]!) < number) low = middle + 1
      else high = middle
    }
    return low
  }
}
