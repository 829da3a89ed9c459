import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
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
}

/** Observes changes of subscriptions, after the session that caused them has received its answer. */
export interface SubscriptionObserver {
  /** The subscription was created with this subscriber. */
  created (subscriber: RoutedSession, subscription: Subscription): void
  subscribed (subscriber: RoutedSession, subscription: Subscription): void
  /** The session is no longer a subscriber. The last one may have deleted the subscription. */
  unsubscribed (subscriber: RoutedSession, subscription: Subscription): void
}
