import { LONGEST_TIMER } from '../longest-timer.ts'
import { TokenBucket } from '../token-bucket.ts'

/** The limits of what a peer may send, 0 for no limit. */
export interface RateLimits {
  readonly messagesPerSecond: number
  readonly bytesPerSecond: number
}

/** The part of a connection that is slowed down. */
interface Pausable {
  pause (): void
  resume (): void
}

/** Counts the messages and octets of a peer. Above its rate, it is not read for a while. */
export class RateLimit {
  readonly #peer: Pausable
  readonly #messages: TokenBucket | null
  readonly #bytes: TokenBucket | null
  #timer: NodeJS.Timeout | undefined

  constructor (peer: Pausable, { messagesPerSecond, bytesPerSecond }: RateLimits) {
    this.#peer = peer
    this.#messages = messagesPerSecond === 0 ? null : new TokenBucket(messagesPerSecond)
    this.#bytes = bytesPerSecond === 0 ? null : new TokenBucket(bytesPerSecond)
  }

  /** Null if nothing is limited. */
  static for (peer: Pausable, limits: RateLimits): RateLimit | null {
    return limits.messagesPerSecond === 0 && limits.bytesPerSecond === 0 ? null : new RateLimit(peer, limits)
  }

  /** Counts a received message of this size. */
  count (size: number): void {
    this.#pause(Math.max(this.#messages?.take(1) ?? 0, this.#bytes?.take(size) ?? 0))
  }

  /** Counts octets that are not part of a message. */
  countOctets (size: number): void {
    this.#pause(this.#bytes?.take(size) ?? 0)
  }

  close (): void {
    clearTimeout(this.#timer)
  }

  #pause (wait: number): void {
    if (wait === 0 || this.#timer !== undefined) return
    this.#peer.pause()
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#peer.resume()
    }, Math.min(wait, LONGEST_TIMER))
  }
}
