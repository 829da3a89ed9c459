/** A connection whose peer may be dead. */
export interface Pulse {
  /** Checks for activity since the last check. Pings the peer if there was none, and eventually disconnects it. */
  look (): void
}

/** The number of groups in which connections are checked: ten thousand pings at once would delay all others. */
const PARTS = 50

/** Checks each connection twice per interval, with one timer for all. A silent peer is pinged within an interval, and has another one to answer. */
export class Heartbeat {
  readonly #parts: Set<Pulse>[] = Array.from({ length: PARTS }, () => new Set())
  readonly #partOf = new Map<Pulse, Set<Pulse>>()
  readonly #timer: NodeJS.Timeout | undefined
  #next = 0
  #looked = 0

  /** The interval is in milliseconds; 0 disables the checks. */
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
