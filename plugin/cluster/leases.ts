import type { NodeId } from './node-id.ts'

/** The time for which a node may act without reading its own renewal in the log, in milliseconds. */
export const LEASE = 3_000
/** The interval of renewals, in milliseconds. */
export const RENEWAL = 1_000
/**
 * A member is suspected if this number of own renewals was read, which were all appended after its last one was read: their appends take
 * longer than a lease.
 */
const RENEWALS_OF_SUSPICION = LEASE / RENEWAL + 1

/**
 * Whether this node and the others are alive. A node renews its lease by an entry of the log. If it cannot append, or does not receive the
 * log, its own lease ends, and it suspects nobody.
 */
export class Leases {
  readonly #renew: () => Promise<unknown>
  readonly #suspect: (node: NodeId) => void
  /** When the last renewal that was read was appended. */
  #since = -Infinity
  /** The number of renewals that this node has appended. */
  #appended = 0
  /** That number when the last renewal of each other member was read. */
  readonly #heard = new Map<NodeId, number>()

  constructor ({ renew, suspect }: {
    /** Appends a renewal. Resolves when this node has read it. */
    renew: () => Promise<unknown>
    /** Called for a member whose lease has ended, again at each renewal until it is forgotten. */
    suspect: (node: NodeId) => void
  }) {
    this.#renew = renew
    this.#suspect = suspect
  }

  /** Begins the lease, at the time before the node joins. Times are in milliseconds on a monotonic clock. */
  begin (now: number): void {
    this.#since = now
  }

  /** True while this node may act. */
  isValid (now: number): boolean {
    return now - this.#since < LEASE
  }

  /** Renews the lease. To be called in the interval of renewals. */
  tick (now: number): void {
    const number = ++this.#appended
    this.#renew().then(() => { this.#read(number, now) }).catch(() => {})
  }

  /** Another member has joined or renewed its lease. */
  heard (node: NodeId): void {
    this.#heard.set(node, this.#appended)
  }

  /** A node is no longer a member. */
  forget (node: NodeId): void {
    this.#heard.delete(node)
  }

  #read (number: number, appended: number): void {
    this.#since = appended
    for (const [node, heard] of this.#heard) if (number - heard >= RENEWALS_OF_SUSPICION) this.#suspect(node)
  }
}
