/** A first-in, first-out queue. Unlike Array.shift, removing from a long queue costs no more than from a short one. */
export class Queue<T> {
  /** Removed items are undefined, so that they are not kept in memory. */
  #items: (T | undefined)[] = []
  #first = 0

  /** The number of items. */
  get size (): number {
    return this.#items.length - this.#first
  }

  /** The first item; undefined if there is none. */
  get first (): T | undefined {
    return this.#items[this.#first]
  }

  add (item: T): void {
    this.#items.push(item)
  }

  /** Inserts an item before all others. */
  putBack (item: T): void {
    if (this.#first > 0) this.#items[--this.#first] = item
    else this.#items.unshift(item)
  }

  /** Removes and returns the first item; undefined if there is none. */
  take (): T | undefined {
    if (this.#first === this.#items.length) return undefined
    const item = this.#items[this.#first]!
    this.#items[this.#first++] = undefined
    if (this.#first === this.#items.length) this.clear()
    // Copies each item about once.
    else if (this.#first >= 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    return item
  }

  clear (): void {
    this.#items = []
    this.#first = 0
  }
}
