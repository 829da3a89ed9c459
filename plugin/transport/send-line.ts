/** The maximum number of requests that wait or are being read. */
const MOST_REQUESTS = 100

/** The outcome for a request: its body may be read, or the transport has ended. */
export type Turn = 'granted' | 'ended'

/** A request of the client. */
export interface SendRequest {
  /** Resolves when it is the request's turn. */
  readonly turn: Promise<Turn>
  /** The request is over, or its client has disconnected. */
  leave (): void
}

type Resolve = (turn: Turn) => void

/**
 * The line of a client's requests that send messages. They are read one after the other, in the order in which they arrived, and only while
 * messages are wanted: otherwise, a client could have any number of bodies in memory at once.
 */
export class SendLine {
  readonly #waiting = new Set<Resolve>()
  #current: Resolve | null = null
  #flow: 'on' | 'paused' | 'ended' = 'on'

  /** Adds a request, or returns `full` if too many wait. */
  enter (): SendRequest | 'full' {
    if (this.#waiting.size + (this.#current === null ? 0 : 1) >= MOST_REQUESTS) return 'full'
    let resolve: Resolve = () => {}
    const turn = new Promise<Turn>((_resolve) => { resolve = _resolve })
    this.#waiting.add(resolve)
    this.#goOn()
    return { turn, leave: () => { this.#leave(resolve) } }
  }

  /** True if no turn is granted at present. */
  get isPaused (): boolean { return this.#flow === 'paused' }

  /** Grants no turn until `resume`. */
  pause (): void {
    if (this.#flow === 'on') this.#flow = 'paused'
  }

  resume (): void {
    if (this.#flow === 'paused') this.#flow = 'on'
    this.#goOn()
  }

  /** Ends all requests that wait, now and later. */
  close (): void {
    this.#flow = 'ended'
    this.#goOn()
  }

  #leave (resolve: Resolve): void {
    if (this.#waiting.delete(resolve)) resolve('ended')
    if (this.#current !== resolve) return
    this.#current = null
    this.#goOn()
  }

  #goOn (): void {
    for (const next of this.#waiting) {
      if (this.#flow === 'paused' || (this.#flow === 'on' && this.#current !== null)) return
      this.#waiting.delete(next)
      if (this.#flow === 'on') this.#current = next
      next(this.#flow === 'on' ? 'granted' : 'ended')
    }
  }
}
