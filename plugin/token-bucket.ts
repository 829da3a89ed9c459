/** Lets so much pass a second, and as much at once; what is more has to wait. */
export class TokenBucket {
  readonly #rate: number
  readonly #now: () => number
  #left: number
  #at: number

  /** `rate` is a second; `now` gives milliseconds. */
  constructor (rate: number, now: () => number = () => performance.now()) {
    this.#rate = rate
    this.#now = now
    this.#left = rate
    this.#at = now()
  }

  /** Takes so much, though it may be more than there is. Returns for how many milliseconds nothing more should be taken. */
  take (amount: number): number {
    const now = this.#now()
    this.#left = Math.min(this.#rate, this.#left + (now - this.#at) / 1000 * this.#rate) - amount
    this.#at = now
    return this.#left >= 0 ? 0 : Math.ceil(-this.#left / this.#rate * 1000)
  }

  /** Takes so much if there is as much, and returns 0; else returns in how many milliseconds there will be, and takes nothing. */
  tryTake (amount: number): number {
    const wait = this.take(amount)
    if (wait > 0) this.#left += amount
    return wait
  }
}
