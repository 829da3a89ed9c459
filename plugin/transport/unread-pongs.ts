/** The maximum number of consecutive unread pongs. Each uses far more memory than its octets. */
const MOST = 10_000
/** The maximum octets of consecutive unread pongs, because clients that have not logged in may ping, too. */
const MOST_OCTETS = 2 ** 21

/** Counts the pongs that are sent automatically, even if the peer does not read them. */
export class UnreadPongs {
  #count = 0
  #octets = 0

  /** Counts a pong of this length, given the octets buffered for the peer. True if there are too many. */
  areTooMany (bufferedBytes: number, octets: number): boolean {
    if (bufferedBytes === 0) this.#count = this.#octets = 0
    else this.#count++
    this.#octets += octets
    return this.#count > MOST || (bufferedBytes > 0 && this.#octets > MOST_OCTETS)
  }
}
