/** The shares of holders in a limited resource, such as the callers of a callee in its open calls. */
export class Shares<K> {
  readonly #of = new Map<K, number>()
  #total = 0

  /** The shares of all holders. */
  get total (): number {
    return this.#total
  }

  /** The number of holders. */
  get holders (): number {
    return this.#of.size
  }

  /** True if a holder has a share. */
  has (holder: K): boolean {
    return this.#of.has(holder)
  }

  /** True if a holder has at most as much as is left: a single holder stops at half of the resource, and others have capacity. */
  isFair (holder: K, left: number): boolean {
    return (this.#of.get(holder) ?? 0) <= left
  }

  /** Adds to the share of a holder. */
  add (holder: K, amount = 1): void {
    this.#total += amount
    this.#of.set(holder, (this.#of.get(holder) ?? 0) + amount)
  }

  /** Removes from the share of a holder. Holders without a share are not kept. */
  remove (holder: K, amount = 1): void {
    this.#total -= amount
    const left = (this.#of.get(holder) ?? 0) - amount
    if (left > 0) this.#of.set(holder, left)
    else this.#of.delete(holder)
  }
}
