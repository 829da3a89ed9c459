import type { NodeId } from '../cluster/node-id.ts'
import type { SlowSubscriberOptions } from '../options.ts'
import { randomId } from '../protocol/random-id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Dict, EventMessage, Publish, Subscribe, Unsubscribe } from '../protocol/message.ts'
import { packingOf } from '../protocol/passthru.ts'
import { sizeOf } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import { EventHistory } from './event-history.ts'
import type { Federation } from './federation.ts'
import { Patience } from './patience.ts'
import type { Publication, StoredPublication } from './publication.ts'
import { Receivers } from './receivers.ts'
import type { Audience } from './receivers.ts'
import { refusal } from './refusal.ts'
import { sendAnswer } from './send-answer.ts'
import { RetainedEvents } from './retained-events.ts'
import type { Disclosure } from './disclosure.ts'
import { sharerOf } from './routed-session.ts'
import type { ClientKey, RoutedSession } from './routed-session.ts'
import type { Subscription } from './subscription.ts'
import type { Subscriptions } from './subscriptions.ts'
import { UriIndex } from './uri-index.ts'

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

/** How a publication is routed. */
interface PublicationRouting {
  /** True if it becomes the retained event of its topic. */
  readonly retain: boolean
  /** Whose share the events count in. */
  readonly sharer: ClientKey
  /** Attributes of EVENT.Details for the events that are sent now, not for stored ones; null for none. */
  readonly added: Dict | null
}

/** Publish/subscribe within a realm [basic, Publish and Subscribe]. Requests are already authorized. */
export class Broker {
  readonly #limits: BrokerLimits
  readonly #sessions: Audience
  readonly #federation: Federation | null
  readonly #subscriptions: Subscriptions
  readonly #retained: RetainedEvents
  /** The policies for slow subscribers, by topic; null if there are none. */
  readonly #slowSubscribers: UriIndex<Required<SlowSubscriberOptions>> | null
  /** The time of the last stored publication. */
  #lastTime = 0

  constructor ({ subscriptions, limits, sessions, histories, slowSubscribers, federation }: {
    subscriptions: Subscriptions
    limits: BrokerLimits
    /** The sessions of the realm. */
    sessions: Audience
    /** The subscriptions whose events are stored. */
    histories: readonly { readonly uri: Uri, readonly match: MatchPolicy, readonly limit: number }[]
    /** The policies for slow subscribers, by topic. */
    slowSubscribers: readonly Required<SlowSubscriberOptions>[]
    /** The other nodes; null if there are none. */
    federation: Federation | null
  }) {
    this.#subscriptions = subscriptions
    this.#limits = limits
    this.#sessions = sessions
    this.#federation = federation
    this.#retained = new RetainedEvents({ limit: limits.retainedEvents, bytes: limits.storedBytes })
    this.#slowSubscribers = slowSubscribers.length === 0 ? null : new UriIndex()
    for (const rule of slowSubscribers) this.#slowSubscribers!.set(rule.uri, rule.match, rule)
    for (const { uri, match, limit } of histories) subscriptions.create(uri, match, new EventHistory({ limit, bytes: limits.storedBytes, topics: match === 'exact' ? 'one' : 'many' }))
  }

  subscribe (subscriber: RoutedSession, { request, topic, options }: Subscribe): void {
    const { match = 'exact', get_retained: getRetained = false } = options
    const held = this.#subscriptions.held(subscriber)
    const known = this.#subscriptions.find(topic, match)
    const isNew = known === undefined || held === undefined || !held.has(known)
    if (isNew && held !== undefined && held.size >= this.#limits.subscriptions && !subscriber.isTrusted) {
      sendAnswer(subscriber, refusal(MessageType.Subscribe, request, reasons.limitExceeded, 'limits.subscriptions: this session has too many subscriptions'))
      return
    }
    const subscription = known ?? this.#subscriptions.create(topic, match, null)
    // No EVENT may overtake the SUBSCRIBED that announces it [basic, Ordering Guarantees].
    sendAnswer(subscriber, { type: MessageType.Subscribed, request, subscription: subscription.id })
    if (getRetained) this.#sendRetained(subscriber, subscription)
    if (isNew) this.#subscriptions.add(subscription, subscriber, known === undefined)
  }

  unsubscribe (subscriber: RoutedSession, { request, subscription: id }: Unsubscribe): void {
    const subscription = this.#subscriptions.byId.get(id)
    if (subscription === undefined || !subscription.subscribers.has(subscriber)) {
      sendAnswer(subscriber, refusal(MessageType.Unsubscribe, request, reasons.noSuchSubscription))
      return
    }
    this.#subscriptions.remove(subscription, subscriber, { type: MessageType.Unsubscribed, request })
  }

  /**
   * Handles PUBLISH: sends PUBLISHED if asked, and routes the publication. Returns the number of sent events. `added` are attributes of
   * EVENT.Details for these events only, not for stored ones.
   */
  publish (publisher: RoutedSession, { request, topic, options, payload }: Publish, disclosure: Disclosure, added: Dict | null = null): number {
    const id = randomId()
    const subscriptions = this.#subscriptions.matching(topic)
    const others = this.#federation === null ? null : otherHolders(subscriptions, this.#federation.node)
    if (options.acknowledge === true && others === null) sendAnswer(publisher, { type: MessageType.Published, request, publication: id })
    const retain = options.retain === true
    if (subscriptions.length === 0 && !retain) return 0
    const details = eventDetails(publisher, disclosure, packingOf(options))
    const publication = { id, topic, details, payload, receivers: Receivers.of(options), excluded: options.exclude_me === false ? null : publisher.id }
    if (others !== null) this.#sendOn(publication, others, options.acknowledge === true ? { publisher, request } : null)
    return this.#route(subscriptions, publication, { retain, sharer: sharerOf(publisher), added })
  }

  /** Routes a publication of another node to the subscribers of this one. */
  route (publication: Publication): void {
    this.#route(this.#subscriptions.matching(publication.topic), publication, { retain: false, sharer: publication.id, added: null })
  }

  /** True if other nodes have subscribers of a topic, and cannot be reached. */
  isCutOff (topic: Uri): boolean {
    const federation = this.#federation
    return federation !== null && !federation.isReachable && otherHolders(this.#subscriptions.matching(topic), federation.node) !== null
  }

  /** The wait of an acknowledged publication for its subscribers; null if it need not wait. */
  ready (publisher: RoutedSession, { topic, options }: Publish): Patience | null {
    const milliseconds = this.#ruleOf(topic)?.publishersWait ?? 0
    return milliseconds === 0 ? null : Patience.with(this.#othersFor(publisher, topic, Receivers.of(options)?.among(this.#sessions) ?? null), milliseconds)
  }

  /** The receivers of a publication, without its publisher. */
  * #othersFor (publisher: RoutedSession, topic: Uri, receivers: Receivers | null): Generator<RoutedSession, void> {
    const eligible = receivers?.eligible(this.#sessions) ?? null
    for (const { subscribers } of this.#subscriptions.matching(topic)) {
      for (const subscriber of receivers === null ? subscribers.all : subscribers.within(receivers, eligible)) {
        if (subscriber !== publisher && receivers?.include(subscriber) !== false) yield subscriber
      }
    }
  }

  /** Sends a publication to other nodes. PUBLISHED is sent when it has left this process. */
  #sendOn (publication: Publication, to: Iterable<NodeId>, acknowledging: { publisher: RoutedSession, request: Id } | null): void {
    this.#federation!.publish(publication, to)
    if (acknowledging === null) return
    const { publisher, request } = acknowledging
    this.#federation!.flush().then(
      () => { sendAnswer(publisher, { type: MessageType.Published, request, publication: publication.id }) },
      () => { sendAnswer(publisher, refusal(MessageType.Publish, request, reasons.networkFailure)) }
    )
  }

  /** Sends a publication to the subscribers, and stores it if it must be kept. Returns the number of sent events. */
  #route (subscriptions: readonly Subscription[], publication: Publication, { retain, sharer, added }: PublicationRouting): number {
    const sent = this.#dispatch(subscriptions, publication, sharer, added)
    if (retain || subscriptions.some(({ history }) => history !== null)) this.#store(subscriptions, publication, retain)
    return sent
  }

  #store (subscriptions: readonly Subscription[], publication: Publication, retain: boolean): void {
    const { topic, details, payload, receivers } = publication
    const size = payload.size + topic.length + sizeOf(details) + (receivers?.size ?? 0)
    // Times are ascending, even if the clock is set back, because histories are searched by them.
    const at = this.#lastTime = Math.max(this.#lastTime, Date.now())
    const stored = { ...publication, at, payload: payload.detached(), size }
    if (retain) this.#retained.keep(stored)
    // Session ids are meaningless later, so events for selected sessions are not part of a history [advanced, Event History].
    if (receivers?.nameSessions !== true) for (const { history } of subscriptions) history?.add({ ...stored, excluded: null })
  }

  #dispatch (subscriptions: readonly Subscription[], publication: Publication, sharer: ClientKey, added: Dict | null): number {
    const { id: publicationId, topic, payload, excluded } = publication
    const receivers = publication.receivers?.among(this.#sessions) ?? null
    const eligible = receivers?.eligible(this.#sessions) ?? null
    let looks = subscriptions.length
    if (eligible?.every(({ id }) => id === excluded) === true) {
      spend(looks / SUBSCRIPTIONS_OF_UNIT)
      return 0
    }
    const details = added === null ? publication.details : { ...added, ...publication.details }
    let sent = 0
    // Often a few sessions have many subscriptions: cache whether a session may receive.
    let last: RoutedSession | undefined
    let isIncluded = true
    let detailsWithTopic: Dict | undefined
    const policy = this.#ruleOf(topic)?.policy
    const overflow = policy === undefined || policy === 'drop-newest' ? undefined : { policy, topic }
    for (const { id, match, subscribers } of subscriptions) {
      const { only } = subscribers
      if (only !== null && (only.id === excluded || (only === last && !isIncluded))) continue
      let event: EventMessage | undefined
      for (const subscriber of receivers === null ? subscribers.all : subscribers.within(receivers, eligible)) {
        looks++
        if (receivers !== null && subscriber !== last) {
          last = subscriber
          isIncluded = receivers.include(subscriber)
        }
        if (subscriber.id === excluded || !isIncluded) continue
        event ??= {
          type: MessageType.Event, subscription: id, publication: publicationId, details: match === 'exact' ? details : detailsWithTopic ??= details === noDetails ? { topic } : { ...details, topic }, payload, overflow, sharer
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
      const details = retainedDetails(publication, match)
      subscriber.send({ type: MessageType.Event, subscription: id, publication: publication.id, details, payload: publication.payload })
    }
  }
}

/** The other nodes that have subscribers; null if there are none. */
function otherHolders (subscriptions: readonly Subscription[], node: NodeId): ReadonlySet<NodeId> | null {
  let others: Set<NodeId> | null = null
  for (const { holders } of subscriptions) {
    for (const holder of holders!) if (holder !== node) (others ??= new Set()).add(holder)
  }
  return others
}

/** EVENT.Details of a stored publication. Adds the topic for pattern subscriptions. */
export function storedDetails ({ details, topic }: StoredPublication, match: MatchPolicy): Dict {
  return match === 'exact' ? details : { ...details, topic }
}

/** The same of a retained event. A spread of objects takes as long as the rest of the event. */
function retainedDetails ({ details, topic }: StoredPublication, match: MatchPolicy): Dict {
  if (details !== noDetails) return match === 'exact' ? { ...details, retained: true } : { ...details, topic, retained: true }
  return match === 'exact' ? { retained: true } : { topic, retained: true }
}

function eventDetails ({ id, principal: { authid, authrole } }: RoutedSession, { disclose, trustlevel }: Disclosure, packing: Dict | null): Dict {
  if (!disclose && trustlevel === undefined && packing === null) return noDetails
  return {
    ...(disclose ? { publisher: id, publisher_authid: authid, publisher_authrole: authrole } : {}),
    ...(trustlevel === undefined ? {} : { trustlevel }),
    ...packing
  }
}
