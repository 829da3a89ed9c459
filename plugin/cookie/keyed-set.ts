/** Sets of items by key. A key without items uses no memory. */
export class KeyedSet<T> {
  readonly #sets = new Map<string, Set<T>>()

  add (key: string, item: T): void {
    const set = this.#sets.get(key)
    if (set === undefined) this.#sets.set(key, new Set([item]))
    else set.add(item)
  }

  delete (key: string, item: T): void {
    const set = this.#sets.get(key)
    set?.delete(item)
    if (set?.size === 0) this.#sets.delete(key)
  }

  has (key: string, item: T): boolean {
    return this.#sets.get(key)?.has(item) === true
  }

  count (key: string): number {
    return this.#sets.get(key)?.size ?? 0
  }

  /** A copy of the items of a key. */
  get (key: string): T[] {
    return [...this.#sets.get(key) ?? []]
  }

  /** All items. */
  * values (): IterableIterator<T> {
    for (const set of this.#sets.values()) yield * set
  }
}
