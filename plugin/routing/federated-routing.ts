import type { NodeId } from '../cluster/node-id.ts'
import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { Dealer } from './dealer.ts'
import type { Federation } from './federation.ts'
import type { Publication } from './publication.ts'
import type { Registrations } from './registrations.ts'
import type { Subscription } from './subscription.ts'

/** The routing of one node, as far as other nodes affect it. */
export interface FederatedRouting {
  readonly subscriptions: {
    find (uri: Uri, match: MatchPolicy): Subscription | undefined
    hold (uri: Uri, match: MatchPolicy, by: { node: NodeId, session: Id, at: number }): void
    drop (subscription: Id, node: NodeId, session: Id): void
    forgetNode (node: NodeId): Generator<void>
  }
  readonly broker: { route (publication: Publication): void }
  readonly registrations: Pick<Registrations, 'all' | 'callee' | 'offer' | 'withdraw' | 'dismiss' | 'retire' | 'forget'>
  readonly dealer: Pick<Dealer, 'serve' | 'resume' | 'cancel' | 'yield' | 'error' | 'missed' | 'forget' | 'settle'>
}

/** The other nodes of a realm. */
export interface FederatedRealm extends Federation {
  /** Connects the routing of this node. Called once, before anything else. */
  attach (routing: FederatedRouting): void
}
