import type { Id } from '../protocol/id.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { NodeId } from './node-id.ts'

/** The callees of one realm on all nodes, by node and session. */
export class Callees {
  readonly #byNode = new Map<NodeId, Map<Id, RoutedSession>>()

  get (node: NodeId, session: Id): RoutedSession | undefined {
    return this.#byNode.get(node)?.get(session)
  }

  add (node: NodeId, session: RoutedSession): void {
    let callees = this.#byNode.get(node)
    if (callees === undefined) this.#byNode.set(node, callees = new Map())
    callees.set(session.id, session)
  }

  delete (node: NodeId, session: Id): void {
    const callees = this.#byNode.get(node)
    callees?.delete(session)
    if (callees?.size === 0) this.#byNode.delete(node)
  }

  /** Removes all callees of a node, and returns them. */
  take (node: NodeId): RoutedSession[] {
    const callees = [...this.#byNode.get(node)?.values() ?? []]
    this.#byNode.delete(node)
    return callees
  }
}
