/** The maximum number of consecutive unread pongs. Each uses far more memory than its octets. */
const MOST = 10_000

/** Counts the pongs that `ws` sends automatically, even if the peer does not read them. */
export class UnreadPongs {
  #count = 0

  /** Counts a pong, given the octets buffered for the peer. True if there are too many. */
  areTooMany (bufferedBytes: number): boolean {
    this.#count = bufferedBytes === 0 ? 0 : this.#count + 1
    return this.#count > MOST
  }
}
