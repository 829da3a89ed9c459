/** A token bucket; its burst equals one second's rate. */
export class TokenBucket {
  readonly #rate: number
  readonly #now: () => number
  #left: number
  #at: number

  /** `rate` is per second; `now` returns milliseconds. */
  constructor (rate: number, now: () => number = () => performance.now()) {
    this.#rate = rate
    this.#now = now
    this.#left = rate
    this.#at = now()
  }

  /** Takes an amount, even if it exceeds the available tokens. Returns the milliseconds until tokens are available again. */
  take (amount: number): number {
    const now = this.#now()
    this.#left = Math.min(this.#rate, this.#left + (now - this.#at) / 1000 * this.#rate) - amount
    this.#at = now
    return this.#left >= 0 ? 0 : Math.ceil(-this.#left / this.#rate * 1000)
  }

  /** Takes an amount if available, and returns 0. Otherwise takes nothing and returns the milliseconds until it is available. */
  tryTake (amount: number): number {
    const wait = this.take(amount)
    if (wait > 0) this.#left += amount
    return wait
  }
}
