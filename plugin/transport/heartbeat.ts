/** A connection whose peer may be gone without a word. */
export interface Pulse {
  /** Looks for a sign of life since the last look; asks for one, and in the end cuts the connection off. */
  look (): void
}

/** In how many parts the connections are looked at: ten thousand pings at once would keep all others waiting. */
const PARTS = 50

/**
 * Looks at each connection twice an interval, by one timer for all of them. So a peer that is silent is pinged within an
 * interval, and has another one to answer.
 */
export class Heartbeat {
  readonly #parts: Set<Pulse>[] = Array.from({ length: PARTS }, () => new Set())
  readonly #partOf = new Map<Pulse, Set<Pulse>>()
  readonly #timer: NodeJS.Timeout | undefined
  #next = 0
  #looked = 0

  /** The interval is in milliseconds; 0 looks at nothing. */
  constructor (interval: number) {
    if (interval > 0) this.#timer = setInterval(() => { this.#look() }, Math.max(1, interval / 2 / PARTS)).unref()
  }

  add (connection: Pulse): void {
    const part = this.#parts[this.#next++ % PARTS]!
    part.add(connection)
    this.#partOf.set(connection, part)
  }

  delete (connection: Pulse): void {
    this.#partOf.get(connection)?.delete(connection)
    this.#partOf.delete(connection)
  }

  close (): void {
    clearInterval(this.#timer)
  }

  #look (): void {
    for (const connection of [...this.#parts[this.#looked++ % PARTS]!]) connection.look()
  }
}
