import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { NodeId } from '../cluster/node-id.ts'
import type { EventHistory } from './event-history.ts'
import type { Ordered } from './ordered.ts'
import type { RoutedSession } from './routed-session.ts'
import type { Subscribers } from './subscribers.ts'

/** All subscribers of one URI with one match policy. */
export interface Subscription {
  readonly id: Id
  readonly uri: Uri
  readonly match: MatchPolicy
  /** The time of creation, in milliseconds since 1970. */
  readonly created: number
  readonly subscribers: Subscribers
  /** The subscribers in the order in which they joined the realm, once a page of them has been requested. */
  paged: Ordered<RoutedSession> | null
  /** The stored publications, if the subscription has a history. It then remains after its last subscriber has left. */
  readonly history: EventHistory | null
  /** The nodes that have subscribers, including this one; null if there is only one node. */
  readonly holders: Set<NodeId> | null
}

/** Observes changes of subscriptions, after the session that caused them has received its answer. Sessions are given by their ids. */
export interface SubscriptionObserver {
  /** The subscription was created for this subscriber. */
  created (subscriber: Id, subscription: Subscription): void
  subscribed (subscriber: Id, subscription: Subscription): void
  /** The session is no longer a subscriber. */
  unsubscribed (subscriber: Id, subscription: Subscription): void
  /** The subscription was deleted, because this subscriber was the last one. */
  deleted (subscriber: Id, subscription: Subscription): void
}
