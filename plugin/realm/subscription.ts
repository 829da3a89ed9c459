import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { EventHistory } from './event-history.ts'
import type { Ordered } from './ordered.ts'
import type { RoutedSession } from './routed-session.ts'
import type { Subscribers } from './subscribers.ts'

/** All who subscribed to one URI under one policy. */
export interface Subscription {
  readonly id: Id
  readonly uri: Uri
  readonly match: MatchPolicy
  /** When it came into existence, in milliseconds since 1970. */
  readonly created: number
  readonly subscribers: Subscribers
  /** The same in the order in which they joined the realm, from when somebody first asks for a page of them. */
  paged: Ordered<RoutedSession> | null
  /** What was published to it, where that is kept. Such a subscription stays when its last subscriber has gone. */
  readonly history: EventHistory | null
}

/** Told what becomes of subscriptions, after the session that caused it has had its answer. */
export interface SubscriptionObserver {
  /** The subscription has come into existence with this subscriber. */
  created (subscriber: RoutedSession, subscription: Subscription): void
  subscribed (subscriber: RoutedSession, subscription: Subscription): void
  /** The session is no longer a subscriber; the last one may have taken the subscription along. */
  unsubscribed (subscriber: RoutedSession, subscription: Subscription): void
}
