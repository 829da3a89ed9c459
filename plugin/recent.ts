/** The most recently set items by key: at least half of `most`, and at most `most`. Removing the others costs nothing, regardless of their number. */
export class Recent<K, V> {
  readonly #half: number
  #young = new Map<K, V>()
  #old = new Map<K, V>()

  constructor (most: number) {
    this.#half = Math.ceil(most / 2)
  }

  get (key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  set (key: K, value: V): void {
    this.#young.set(key, value)
    if (this.#young.size < this.#half) return
    this.#old = this.#young
    this.#young = new Map()
  }

  /** Removes the items for which a test is true. */
  forget (matches: (value: V) => boolean): void {
    for (const kept of [this.#young, this.#old]) for (const [key, value] of kept) if (matches(value)) kept.delete(key)
  }
}
