import type { NodeId } from '../cluster/node-id.ts'
import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { Publication } from './publication.ts'
import type { Subscription } from './subscription.ts'

/** A request that needs a subscription to be known to all nodes. */
export interface Claim {
  /** Resolves when all nodes know that this one has subscribers. Rejects if the other nodes cannot be reached. */
  readonly ready: Promise<void>
  /** The request has been executed or abandoned. */
  release (): void
}

/** The routing of one node, as far as other nodes affect it. */
export interface FederatedRouting {
  readonly subscriptions: {
    find (uri: Uri, match: MatchPolicy): Subscription | undefined
    hold (uri: Uri, match: MatchPolicy, by: { node: NodeId, session: Id, at: number }): void
    drop (subscription: Id, node: NodeId, session: Id): void
    forgetNode (node: NodeId): Generator<void>
  }
  readonly broker: { route (publication: Publication): void }
}

/** The other nodes of a realm, as far as routing needs them. */
export interface Federation {
  readonly node: NodeId
  /** Connects the routing of this node. Called once, before anything else. */
  attach (routing: FederatedRouting): void
  /** False while messages to other nodes would be lost. */
  readonly isReachable: boolean
  /** The id of the next subscription. The same on all nodes, if it is called once for each subscription that the log creates. */
  nextId (): Id
  /** Announces that this node will have subscribers of a URI or pattern. Null if all nodes know already. */
  claim (uri: Uri, match: MatchPolicy, session: Id): Claim | null
  /** The last subscriber of this node has left. */
  unused (subscription: Subscription, session: Id): void
  /** Sends a publication to nodes. */
  publish (publication: Publication, to: Iterable<NodeId>): void
  /** Resolves when all that was sent before has left this process. Rejects if the link is down. */
  flush (): Promise<void>
}
