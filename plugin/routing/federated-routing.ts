import type { NodeId } from '../cluster/node-id.ts'
import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { Dealer } from './dealer.ts'
import type { Answer, DecisionFilter, Federation, KillFilter, KillOrder, Question } from './federation.ts'
import type { Publication } from './publication.ts'
import type { Registrations } from './registrations.ts'
import type { RoutedSession } from './routed-session.ts'
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
  readonly sessions: FederatedSessions
  readonly registrations: Pick<Registrations, 'all' | 'callee' | 'offer' | 'withdraw' | 'dismiss' | 'retire' | 'forget'>
  readonly dealer: Pick<Dealer, 'serve' | 'resume' | 'cancel' | 'yield' | 'error' | 'missed' | 'forget' | 'settle'>
}

/** The sessions of a realm, as far as other nodes affect them. */
export interface FederatedSessions {
  /** The sessions of this node that others may see. */
  shown (): Iterable<RoutedSession>
  /** The place of the next session in the order in which they join. */
  nextPlace (): number
  /** A session has joined another node. */
  arrived (session: RoutedSession): void
  /** It has left. */
  departed (session: RoutedSession): void
  /** The node of these sessions has ended without a word: one per step. */
  vanished (sessions: readonly RoutedSession[]): Generator<void>
  /** Ends the sessions of this node that match a filter, including those whose login is in progress. */
  kill (filter: KillFilter, order: KillOrder): void
  forgetDecisions (about: DecisionFilter): void
  /** Answers a question of another node. Rejects with a WampError. */
  answer (question: Question): Promise<Answer>
}

/** The other nodes of a realm. */
export interface FederatedRealm extends Federation {
  /** Connects the routing of this node. Called once, before anything else. */
  attach (routing: FederatedRouting): void
}
