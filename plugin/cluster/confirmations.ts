import type { NodeId } from './node-id.ts'

interface Waiting { readonly position: number, readonly missing: Set<NodeId>, resolve (): void }

/** Which nodes have applied the log up to which position. */
export class Confirmations {
  readonly #tell: (to: NodeId) => void
  /** The nodes that are to be told the position of this one. */
  readonly #due = new Set<NodeId>()
  readonly #confirmed = new Map<NodeId, number>()
  readonly #waiting = new Set<Waiting>()

  /** `tell` sends the current position to a node. */
  constructor (tell: (to: NodeId) => void) {
    this.#tell = tell
  }

  /** Tells a node, once in this turn, that its entry was applied. */
  owe (to: NodeId): void {
    if (this.#due.size === 0) setImmediate(() => { this.#tellAll() })
    this.#due.add(to)
  }

  /** A node has applied the log up to a position. */
  take (from: NodeId, position: number): void {
    if (position <= (this.#confirmed.get(from) ?? 0)) return
    this.#confirmed.set(from, position)
    for (const waiting of this.#waiting) if (waiting.position <= position) this.#settle(waiting, from)
  }

  /** Resolves when all of these nodes have applied the log up to a position. Nodes that end meanwhile are not waited for. */
  async reached (position: number, nodes: Iterable<NodeId>): Promise<void> {
    const missing = new Set([...nodes].filter((node) => (this.#confirmed.get(node) ?? 0) < position))
    if (missing.size > 0) await new Promise<void>((resolve) => { this.#waiting.add({ position, missing, resolve }) })
  }

  /** A node has ended. */
  forget (node: NodeId): void {
    this.#due.delete(node)
    this.#confirmed.delete(node)
    for (const waiting of this.#waiting) this.#settle(waiting, node)
  }

  #settle (waiting: Waiting, node: NodeId): void {
    waiting.missing.delete(node)
    if (waiting.missing.size > 0) return
    this.#waiting.delete(waiting)
    waiting.resolve()
  }

  #tellAll (): void {
    for (const node of this.#due) this.#tell(node)
    this.#due.clear()
  }
}
