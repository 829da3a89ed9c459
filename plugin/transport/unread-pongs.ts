/** Answers to pings that may wait in a row. Each takes far more memory than its octets. */
const MOST = 10_000

/** Counts what `ws` answers pings with: it does so by itself, whether the peer reads the answers or not. */
export class UnreadPongs {
  #count = 0

  /** Counts an answer, when so many octets wait for the peer. True if it is owed too many. */
  areTooMany (owed: number): boolean {
    this.#count = owed === 0 ? 0 : this.#count + 1
    return this.#count > MOST
  }
}
