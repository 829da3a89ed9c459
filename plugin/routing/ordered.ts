/** Items per block. A block with twice as many is split in two. */
const BLOCK = 128

/** Items in ascending order of a unique number. Adding, deleting and seeking cost O(log n). Reading from there costs as much as is read. */
export class Ordered<T> {
  readonly #numberOf: (item: T) => number
  /** No block is empty. */
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

  /** Adds an item whose number is not in the list. */
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
    // Numbers are mostly ascending, so most of the items stay in the first half.
    this.#blocks.splice(at + 1, 0, block.splice(BLOCK + BLOCK / 2))
  }

  /** Deletes an item. False if it is not in the list. */
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

  /** The first items after a number, up to a maximum number of items. */
  after (number: number, most: number): T[] {
    const found: T[] = []
    for (let at = this.#blockOf(number + 1); at < this.#blocks.length && found.length < most; at++) {
      const block = this.#blocks[at]!
      const start = this.#placeOf(number + 1, block)
      const end = Math.min(block.length, start + most - found.length)
      for (let place = start; place < end; place++) found.push(block[place]!)
    }
    return found
  }

  /** All items from a number on. */
  * ascending (from: number): IterableIterator<T> {
    for (let at = this.#blockOf(from); at < this.#blocks.length; at++) {
      const block = this.#blocks[at]!
      for (let place = this.#placeOf(from, block); place < block.length; place++) yield block[place]!
    }
  }

  /** All items below a number, in descending order. */
  * descending (below: number): IterableIterator<T> {
    for (let at = Math.min(this.#blockOf(below), this.#blocks.length - 1); at >= 0; at--) {
      const block = this.#blocks[at]!
      for (let place = this.#placeOf(below, block) - 1; place >= 0; place--) yield block[place]!
    }
  }

  [Symbol.iterator] (): IterableIterator<T> {
    return this.ascending(-Infinity)
  }

  /** The block for a number: the last one that does not begin after it. */
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

  /** The index of the first item of a block that is not below a number. */
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

/** The items of several lists in ascending order, in this order. */
export function merged<T> (lists: readonly T[][], numberOf: (item: T) => number): T[] {
  if (lists.length <= 1) return lists[0] ?? []
  const half = lists.length >>> 1
  const [first, second] = [merged(lists.slice(0, half), numberOf), merged(lists.slice(half), numberOf)]
  const all: T[] = []
  let i = 0
  let j = 0
  while (i < first.length && j < second.length) all.push(numberOf(first[i]!) <= numberOf(second[j]!) ? first[i++]! : second[j++]!)
  while (i < first.length) all.push(first[i++]!)
  while (j < second.length) all.push(second[j++]!)
  return all
}
