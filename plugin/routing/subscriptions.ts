import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Unsubscribed } from '../protocol/message.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import type { NodeId } from '../cluster/node-id.ts'
import type { EventHistory } from './event-history.ts'
import type { Federation } from './federation.ts'
import { Listing } from './listing.ts'
import type { RoutedSession } from './routed-session.ts'
import { Subscribers } from './subscribers.ts'
import type { Subscription, SubscriptionObserver } from './subscription.ts'
import { UriIndex } from './uri-index.ts'
import { sendAnswer } from './send-answer.ts'

/** Units of work to create a subscription, and to remove it from a subscriber. */
const UNITS_OF_SUBSCRIPTION = 20
const UNITS_OF_REMOVAL = 50
/** The session that is named if a node ended and its sessions are not known. */
const NOBODY = 0

/** The subscriptions of a realm, and their subscribers. */
export class Subscriptions {
  readonly #nextId: () => Id
  readonly #observer: SubscriptionObserver
  readonly #federation: Federation | null
  readonly #index = new UriIndex<Subscription>()
  readonly #byId = new Map<Id, Subscription>()
  readonly #listing = new Listing<Subscription>()
  readonly #held = new Map<RoutedSession, Listing<Subscription>>()
  /** Nodes that have ended and may still be among the holders. */
  readonly #ended = new Set<NodeId>()

  constructor ({ nextId, observer, federation }: {
    nextId: () => Id
    observer: SubscriptionObserver
    /** The other nodes; null if there are none. */
    federation: Federation | null
  }) {
    this.#nextId = nextId
    this.#observer = observer
    this.#federation = federation
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

  /** Creates a subscription without subscribers, at a time in milliseconds since 1970. */
  create (uri: Uri, match: MatchPolicy, history: EventHistory | null, created = Date.now()): Subscription {
    spend(UNITS_OF_SUBSCRIPTION)
    const holders = this.#federation === null ? null : new Set<NodeId>()
    const subscription: Subscription = { id: this.#nextId(), uri, match, created, subscribers: new Subscribers(), paged: null, history, holders }
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
    if (isFirst) this.#observer.created(subscriber.id, subscription)
    this.#observer.subscribed(subscriber.id, subscription)
  }

  /** Removes a subscriber. UNSUBSCRIBED, if there is one, is sent before the observer is informed. */
  remove (subscription: Subscription, subscriber: RoutedSession, unsubscribed: Unsubscribed | null): void {
    spend(UNITS_OF_REMOVAL)
    const held = this.#held.get(subscriber)
    held?.delete(subscription)
    if (held?.size === 0) this.#held.delete(subscriber)
    subscription.subscribers.delete(subscriber)
    subscription.paged?.delete(subscriber)
    const isLast = subscription.subscribers.size === 0 && subscription.history === null
    if (isLast && this.#federation === null) this.#delete(subscription)
    if (unsubscribed !== null) sendAnswer(subscriber, unsubscribed)
    this.#observer.unsubscribed(subscriber.id, subscription)
    if (!isLast) return
    if (this.#federation === null) this.#observer.deleted(subscriber.id, subscription)
    else this.#federation.unused(subscription, subscriber.id)
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

  /** A node has subscribers from now on, the first of which is a session. */
  hold (uri: Uri, match: MatchPolicy, { node, session, at }: { node: NodeId, session: Id, at: number }): void {
    this.#prune(this.#index.get(uri, match))
    const known = this.#index.get(uri, match)
    const subscription = known ?? this.create(uri, match, null, at)
    subscription.holders!.add(node)
    if (known === undefined) this.#observer.created(session, subscription)
  }

  /** A node has no subscribers any more, the last of which was a session. Without effect for a subscription that the node does not hold. */
  drop (id: Id, node: NodeId, session: Id): void {
    const subscription = this.#byId.get(id)
    this.#prune(subscription)
    if (subscription !== undefined) this.#dropFor(subscription, node, session)
  }

  #dropFor (subscription: Subscription, node: NodeId, session: Id | typeof NOBODY): void {
    if (!subscription.holders!.delete(node) || subscription.holders!.size > 0 || subscription.history !== null) return
    this.#delete(subscription)
    this.#observer.deleted(session, subscription)
  }

  /** A node has ended, with all its subscribers: one subscription per step. Those that are accessed first are removed then. */
  * forgetNode (node: NodeId): Generator<void> {
    this.#ended.add(node)
    for (const subscription of [...this.#byId.values()]) {
      this.#prune(subscription)
      yield
    }
    this.#ended.delete(node)
  }

  /** Removes ended nodes from the holders of a subscription, and deletes it if it has no others. */
  #prune (subscription: Subscription | undefined): void {
    if (subscription === undefined || this.#ended.size === 0) return
    for (const node of this.#ended) if (subscription.holders!.has(node)) this.#dropFor(subscription, node, NOBODY)
  }

  #delete (subscription: Subscription): void {
    this.#index.delete(subscription.uri, subscription.match)
    this.#byId.delete(subscription.id)
    this.#listing.delete(subscription)
  }
}
