import type { SlowSubscriberOptions } from '../options.ts'
import { randomId } from '../protocol/random-id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Dict, EventMessage, Publish, Subscribe, Unsubscribe } from '../protocol/message.ts'
import { packingOf } from '../protocol/passthru.ts'
import { sizeOf } from '../protocol/payload.ts'
import type { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import { EventHistory } from './event-history.ts'
import { Listing } from './listing.ts'
import { Patience } from './patience.ts'
import type { Publication } from './publication.ts'
import { Receivers } from './receivers.ts'
import type { Audience } from './receivers.ts'
import { refusal } from './refusal.ts'
import { RetainedEvents } from './retained-events.ts'
import type { Disclosure } from './disclosure.ts'
import { sharerOf } from './routed-session.ts'
import type { RoutedSession } from './routed-session.ts'
import { Subscribers } from './subscribers.ts'
import type { Subscription, SubscriptionObserver } from './subscription.ts'
import { UriIndex } from './uri-index.ts'

/** Units of work to create a subscription, and to remove it from a subscriber. */
const UNITS_OF_SUBSCRIPTION = 20
const UNITS_OF_REMOVAL = 50
/** Subscriptions and subscribers that are visited in one unit of work, and subscriptions that are checked for a history. */
const LOOKS_OF_UNIT = 10
const SUBSCRIPTIONS_OF_UNIT = 64

/** The limits of the data that a realm stores for its subscribers. */
export interface BrokerLimits {
  readonly subscriptions: number
  readonly retainedEvents: number
  readonly storedBytes: number
  readonly bufferedEventBytes: number
}

/** Publish/subscribe within a realm [basic, Publish and Subscribe]. Requests are already authorized. */
export class Broker {
  readonly #nextId: () => Id
  readonly #limits: BrokerLimits
  readonly #sessions: Audience
  readonly #observer: SubscriptionObserver
  readonly #index = new UriIndex<Subscription>()
  readonly #subscriptions = new Map<Id, Subscription>()
  readonly #listing = new Listing<Subscription>()
  readonly #held = new Map<RoutedSession, Listing<Subscription>>()
  readonly #retained: RetainedEvents
  /** The policies for slow subscribers, by topic; null if there are none. */
  readonly #slowSubscribers: UriIndex<Required<SlowSubscriberOptions>> | null
  /** The time of the last stored publication. */
  #lastTime = 0

  constructor ({ nextId, limits, sessions, histories, slowSubscribers, observer }: {
    nextId: () => Id
    limits: BrokerLimits
    /** The sessions of the realm. */
    sessions: Audience
    /** The subscriptions whose events are stored. */
    histories: readonly { readonly uri: Uri, readonly match: MatchPolicy, readonly limit: number }[]
    /** The policies for slow subscribers, by topic. */
    slowSubscribers: readonly Required<SlowSubscriberOptions>[]
    observer: SubscriptionObserver
  }) {
    this.#nextId = nextId
    this.#limits = limits
    this.#sessions = sessions
    this.#observer = observer
    this.#retained = new RetainedEvents({ limit: limits.retainedEvents, bytes: limits.storedBytes })
    this.#slowSubscribers = slowSubscribers.length === 0 ? null : new UriIndex()
    for (const rule of slowSubscribers) this.#slowSubscribers!.set(rule.uri, rule.match, rule)
    for (const { uri, match, limit } of histories) this.#create(uri, match, new EventHistory({ limit, bytes: limits.storedBytes, topics: match === 'exact' ? 'one' : 'many' }))
  }

  /** All subscriptions, by id. */
  get subscriptions (): ReadonlyMap<Id, Subscription> {
    return this.#subscriptions
  }

  /** All subscriptions, in the order of their ids. */
  get listing (): Listing<Subscription> {
    return this.#listing
  }

  /** The subscriptions of one session. */
  held (session: RoutedSession): Listing<Subscription> | undefined {
    return this.#held.get(session)
  }

  /** The subscription to exactly this URI or pattern. */
  find (uri: Uri, match: MatchPolicy): Subscription | undefined {
    return this.#index.get(uri, match)
  }

  /** The subscriptions that match a topic: the exact one, prefixes from the shortest, wildcards. */
  matching (topic: Uri): readonly Subscription[] {
    return this.#index.matching(topic)
  }

  subscribe (subscriber: RoutedSession, { request, topic, options }: Subscribe): void {
    const { match = 'exact', get_retained: getRetained = false } = options
    let held = this.#held.get(subscriber)
    const known = this.#index.get(topic, match)
    const isNew = known === undefined || held === undefined || !held.has(known)
    if (isNew && held !== undefined && held.size >= this.#limits.subscriptions && subscriber.principal.authrole !== 'trusted') {
      subscriber.send(refusal(MessageType.Subscribe, request, reasons.limitExceeded, 'limits.subscriptions: this session has too many subscriptions'))
      return
    }
    const subscription = known ?? this.#create(topic, match, null)
    // No EVENT may overtake the SUBSCRIBED that announces it [basic, Ordering Guarantees].
    subscriber.send({ type: MessageType.Subscribed, request, subscription: subscription.id })
    if (getRetained) this.#sendRetained(subscriber, subscription)
    if (!isNew) return
    subscription.subscribers.add(subscriber)
    subscription.paged?.add(subscriber)
    if (held === undefined) this.#held.set(subscriber, held = new Listing())
    held.add(subscription)
    if (known === undefined) this.#observer.created(subscriber, subscription)
    this.#observer.subscribed(subscriber, subscription)
  }

  unsubscribe (subscriber: RoutedSession, { request, subscription: id }: Unsubscribe): void {
    const subscription = this.#subscriptions.get(id)
    if (subscription === undefined || !subscription.subscribers.has(subscriber)) {
      subscriber.send(refusal(MessageType.Unsubscribe, request, reasons.noSuchSubscription))
      return
    }
    this.#remove(subscription, subscriber)
    subscriber.send({ type: MessageType.Unsubscribed, request })
    this.#observer.unsubscribed(subscriber, subscription)
  }

  /** Removes a subscription from a subscriber, and informs its client if it supports this [advanced, Subscription Revocation]. */
  revoke (subscription: Subscription, subscriber: RoutedSession, reason?: Uri): void {
    this.#remove(subscription, subscriber)
    if (subscriber.features.has('subscriber.subscription_revocation')) {
      const details = { subscription: subscription.id, ...(reason === undefined ? {} : { reason }) }
      subscriber.send({ type: MessageType.Unsubscribed, request: 0, details })
    }
    this.#observer.unsubscribed(subscriber, subscription)
  }

  /**
   * Sends the event to all current subscribers, and returns the number of sent events. `added` are attributes of EVENT.Details for these
   * events only, not for stored ones.
   */
  publish (publisher: RoutedSession, { request, topic, options, payload }: Publish, disclosure: Disclosure, added: Dict | null = null): number {
    const publication = randomId()
    if (options.acknowledge === true) publisher.send({ type: MessageType.Published, request, publication })

    const subscriptions = this.#index.matching(topic)
    if (subscriptions.length === 0 && options.retain !== true) return 0
    const details = eventDetails(publisher, disclosure, packingOf(options))
    const excluded = options.exclude_me === false ? null : publisher
    const receivers = Receivers.of(options)
    const sent = this.#dispatch(subscriptions, { publisher, publication, topic, details: added === null ? details : { ...added, ...details }, payload, excluded, receivers: receivers?.among(this.#sessions) ?? null })
    if (options.retain === true || subscriptions.some(({ history }) => history !== null)) {
      const size = payload.size + topic.length + sizeOf(details) + (receivers?.size ?? 0)
      // Times are ascending, even if the clock is set back, because histories are searched by them.
      const at = this.#lastTime = Math.max(this.#lastTime, Date.now())
      const kept = { id: publication, at, topic, details, payload: payload.detached(), receivers, excluded: excluded?.id ?? null, size }
      if (options.retain === true) this.#retained.keep(kept)
      // Session ids are meaningless later, so events for selected sessions are not part of a history [advanced, Event History].
      if (receivers?.nameSessions !== true) for (const { history } of subscriptions) history?.add({ ...kept, excluded: null })
    }
    return sent
  }

  /** The wait of an acknowledged publication for its subscribers; null if it need not wait. */
  ready (publisher: RoutedSession, { topic, options }: Publish): Patience | null {
    const milliseconds = this.#ruleOf(topic)?.publishersWait ?? 0
    return milliseconds === 0 ? null : Patience.with(this.#othersFor(publisher, topic, Receivers.of(options)?.among(this.#sessions) ?? null), milliseconds)
  }

  /** Removes the subscriptions of a session that has ended, one per step. */
  * forget (session: RoutedSession): Generator<void> {
    for (const subscription of [...this.#held.get(session) ?? []]) {
      this.#remove(subscription, session)
      this.#observer.unsubscribed(session, subscription)
      yield
    }
  }

  /** The receivers of a publication, without its publisher. */
  * #othersFor (publisher: RoutedSession, topic: Uri, receivers: Receivers | null): Generator<RoutedSession, void> {
    const eligible = receivers?.eligible(this.#sessions) ?? null
    for (const { subscribers } of this.#index.matching(topic)) {
      for (const subscriber of receivers === null ? subscribers.all : subscribers.within(receivers, eligible)) {
        if (subscriber !== publisher && receivers?.include(subscriber) !== false) yield subscriber
      }
    }
  }

  #dispatch (subscriptions: readonly Subscription[], { publisher, publication, topic, details, payload, excluded, receivers }: {
    publisher: RoutedSession, publication: Id, topic: Uri, details: Dict, payload: Payload, excluded: RoutedSession | null, receivers: Receivers | null
  }): number {
    const eligible = receivers?.eligible(this.#sessions) ?? null
    let looks = subscriptions.length
    if (eligible?.every((session) => session === excluded) === true) {
      spend(looks / SUBSCRIPTIONS_OF_UNIT)
      return 0
    }
    let sent = 0
    // Often a few sessions have many subscriptions: cache whether a session may receive.
    let last: RoutedSession | undefined
    let isIncluded = true
    let detailsWithTopic: Dict | undefined
    const policy = this.#ruleOf(topic)?.policy
    const overflow = policy === undefined || policy === 'drop-newest' ? undefined : { policy, topic }
    for (const { id, match, subscribers } of subscriptions) {
      let event: EventMessage | undefined
      for (const subscriber of receivers === null ? subscribers.all : subscribers.within(receivers, eligible)) {
        looks++
        if (receivers !== null && subscriber !== last) {
          last = subscriber
          isIncluded = receivers.include(subscriber)
        }
        if (subscriber === excluded || !isIncluded) continue
        event ??= {
          type: MessageType.Event, subscription: id, publication, details: match === 'exact' ? details : detailsWithTopic ??= { ...details, topic }, payload, overflow, sharer: sharerOf(publisher)
        }
        if (subscriber.send(event) === 'sent') sent++
      }
    }
    spend(looks / LOOKS_OF_UNIT)
    return sent
  }

  /** The policy of the exact topic, otherwise of the longest prefix, otherwise of the best wildcard. */
  #ruleOf (topic: Uri): Required<SlowSubscriberOptions> | undefined {
    const rules = this.#slowSubscribers
    return rules?.get(topic, 'exact') ?? rules?.longestPrefix(topic) ?? rules?.bestWildcard(topic)
  }

  #sendRetained (subscriber: RoutedSession, { id, uri, match }: Subscription): void {
    // The client would lose them as well, and the look-up may be expensive: skip it.
    if (subscriber.isLosing) return
    let octets = 0
    for (const publication of this.#retained.find(subscriber, uri, match)) {
      // Up to the amount that may be buffered, even if the payload is smaller in its serializer, because it must be decoded in any case. The
      // app's own sessions receive all.
      if (octets > this.#limits.bufferedEventBytes && subscriber.transport.type !== 'in-process') return
      octets += publication.payload.size
      const details = { ...storedDetails(publication, match), retained: true }
      subscriber.send({ type: MessageType.Event, subscription: id, publication: publication.id, details, payload: publication.payload })
    }
  }

  #create (uri: Uri, match: MatchPolicy, history: EventHistory | null): Subscription {
    spend(UNITS_OF_SUBSCRIPTION)
    const subscription: Subscription = { id: this.#nextId(), uri, match, created: Date.now(), subscribers: new Subscribers(), paged: null, history }
    this.#index.set(uri, match, subscription)
    this.#subscriptions.set(subscription.id, subscription)
    this.#listing.add(subscription)
    return subscription
  }

  #remove (subscription: Subscription, subscriber: RoutedSession): void {
    spend(UNITS_OF_REMOVAL)
    const held = this.#held.get(subscriber)
    held?.delete(subscription)
    if (held?.size === 0) this.#held.delete(subscriber)
    subscription.subscribers.delete(subscriber)
    subscription.paged?.delete(subscriber)
    if (subscription.subscribers.size > 0 || subscription.history !== null) return
    this.#index.delete(subscription.uri, subscription.match)
    this.#subscriptions.delete(subscription.id)
    this.#listing.delete(subscription)
  }
}

/** EVENT.Details of a stored publication. Adds the topic for pattern subscriptions. */
export function storedDetails ({ details, topic }: Publication, match: MatchPolicy): Dict {
  return match === 'exact' ? details : { ...details, topic }
}

function eventDetails ({ id, principal: { authid, authrole } }: RoutedSession, { disclose, trustlevel }: Disclosure, packing: Dict | null): Dict {
  if (!disclose && trustlevel === undefined && packing === null) return noDetails
  return {
    ...(disclose ? { publisher: id, publisher_authid: authid, publisher_authrole: authrole } : {}),
    ...(trustlevel === undefined ? {} : { trustlevel }),
    ...packing
  }
}
