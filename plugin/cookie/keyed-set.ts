/** Sets of things by a key. A key without things takes no room. */
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

  count (key: string): number {
    return this.#sets.get(key)?.size ?? 0
  }

  /** The things under a key, in a list of its own. */
  get (key: string): T[] {
    return [...this.#sets.get(key) ?? []]
  }

  /** Everything. */
  * values (): IterableIterator<T> {
    for (const set of this.#sets.values()) yield * set
  }
}
