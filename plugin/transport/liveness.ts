/** What to do about a peer after a check: nothing, ping it, or disconnect it. */
export type Finding = 'nothing' | 'ping' | 'disconnect'

/** The signs of life of a peer, checked twice per ping interval. */
export class Liveness {
  /** `pinged`, `overdue`: a silent peer was pinged, half an interval ago or less, or longer ago. */
  #state: 'active' | 'pinged' | 'overdue' = 'active'
  /** The received octets at the last check. */
  #received = 0
  /** The octets that had left this process at the last check, and whether the system accepted no more data then. */
  #left = 0
  #outflow: 'free' | 'blocked' = 'free'

  /**
   * Checks the octets received so far, those that have left this process, and those that wait for the system. A peer that is not read
   * cannot be heard.
   */
  check (received: number, left: number, waiting: number, isRead: boolean): Finding {
    // The system accepts more data only when the peer's system has acknowledged some. Before it was full, octets may have been sent to a
    // dead peer.
    const isSlow = left > this.#left && this.#outflow === 'blocked'
    const isHeard = received > this.#received
    this.#received = received
    this.#left = left
    this.#outflow = waiting > 0 ? 'blocked' : 'free'
    if (isHeard) this.#state = 'active'
    else if (this.#state === 'active') return this.#ping()
    else if (isSlow) this.#state = 'pinged'
    else if (this.#state === 'pinged') this.#state = 'overdue'
    // A paused peer is not read, so its answer cannot be received; pings keep proxies from closing the connection.
    else return isRead ? 'disconnect' : this.#ping()
    return 'nothing'
  }

  #ping (): 'ping' {
    this.#state = 'pinged'
    return 'ping'
  }
}
