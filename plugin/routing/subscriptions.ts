import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Unsubscribed } from '../protocol/message.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import type { EventHistory } from './event-history.ts'
import { Listing } from './listing.ts'
import type { RoutedSession } from './routed-session.ts'
import { Subscribers } from './subscribers.ts'
import type { Subscription, SubscriptionObserver } from './subscription.ts'
import { UriIndex } from './uri-index.ts'

/** Units of work to create a subscription, and to remove it from a subscriber. */
const UNITS_OF_SUBSCRIPTION = 20
const UNITS_OF_REMOVAL = 50

/** The subscriptions of a realm, and their subscribers. */
export class Subscriptions {
  readonly #nextId: () => Id
  readonly #observer: SubscriptionObserver
  readonly #index = new UriIndex<Subscription>()
  readonly #byId = new Map<Id, Subscription>()
  readonly #listing = new Listing<Subscription>()
  readonly #held = new Map<RoutedSession, Listing<Subscription>>()

  constructor ({ nextId, observer }: { nextId: () => Id, observer: SubscriptionObserver }) {
    this.#nextId = nextId
    this.#observer = observer
  }

  get byId (): ReadonlyMap<Id, Subscription> {
    return this.#byId
  }

  /** All of them, in the order of their ids. */
  get listing (): Listing<Subscription> {
    return this.#listing
  }

  /** Those of one session; undefined if it has none. */
  held (session: RoutedSession): Listing<Subscription> | undefined {
    return this.#held.get(session)
  }

  /** The subscription to exactly this URI or pattern. */
  find (uri: Uri, match: MatchPolicy): Subscription | undefined {
    return this.#index.get(uri, match)
  }

  /** Those that match a topic: the exact one, prefixes from the shortest, wildcards. */
  matching (topic: Uri): readonly Subscription[] {
    return this.#index.matching(topic)
  }

  /** Creates a subscription without subscribers. */
  create (uri: Uri, match: MatchPolicy, history: EventHistory | null): Subscription {
    spend(UNITS_OF_SUBSCRIPTION)
    const subscription: Subscription = { id: this.#nextId(), uri, match, created: Date.now(), subscribers: new Subscribers(), paged: null, history }
    this.#index.set(uri, match, subscription)
    this.#byId.set(subscription.id, subscription)
    this.#listing.add(subscription)
    return subscription
  }

  /** Adds a subscriber, to which SUBSCRIBED has been sent. `isFirst` is true if the subscription was created for it. */
  add (subscription: Subscription, subscriber: RoutedSession, isFirst: boolean): void {
    subscription.subscribers.add(subscriber)
    subscription.paged?.add(subscriber)
    let held = this.#held.get(subscriber)
    if (held === undefined) this.#held.set(subscriber, held = new Listing())
    held.add(subscription)
    if (isFirst) this.#observer.created(subscriber, subscription)
    this.#observer.subscribed(subscriber, subscription)
  }

  /** Removes a subscriber. The answer, if there is one, is sent before the observer is informed. */
  remove (subscription: Subscription, subscriber: RoutedSession, answer: Unsubscribed | null): void {
    spend(UNITS_OF_REMOVAL)
    const held = this.#held.get(subscriber)
    held?.delete(subscription)
    if (held?.size === 0) this.#held.delete(subscriber)
    subscription.subscribers.delete(subscriber)
    subscription.paged?.delete(subscriber)
    if (subscription.subscribers.size === 0 && subscription.history === null) this.#delete(subscription)
    if (answer !== null) subscriber.send(answer)
    this.#observer.unsubscribed(subscriber, subscription)
  }

  /** Removes a subscriber, and informs its client if it supports this [advanced, Subscription Revocation]. */
  revoke (subscription: Subscription, subscriber: RoutedSession, reason?: Uri): void {
    const isInformed = subscriber.features.has('subscriber.subscription_revocation')
    const details = { subscription: subscription.id, ...(reason === undefined ? {} : { reason }) }
    this.remove(subscription, subscriber, isInformed ? { type: MessageType.Unsubscribed, request: 0, details } : null)
  }

  /** Removes the subscriptions of a session that has ended, one per step. */
  * forget (session: RoutedSession): Generator<void> {
    for (const subscription of [...this.#held.get(session) ?? []]) {
      this.remove(subscription, session, null)
      yield
    }
  }

  #delete (subscription: Subscription): void {
    this.#index.delete(subscription.uri, subscription.match)
    this.#byId.delete(subscription.id)
    this.#listing.delete(subscription)
  }
}
