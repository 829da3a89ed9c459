import { randomId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Dict, Publish, PublishOptions, Subscribe, Unsubscribe } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { refusal } from './refusal.ts'
import type { RoutedSession } from './routed-session.ts'
import { UriIndex } from './uri-index.ts'

/** All who subscribed to one URI under one policy. */
interface Subscription {
  readonly id: Id
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly subscribers: Set<RoutedSession>
}

/** Publish/subscribe within a realm [basic, Publish and Subscribe]. It has been asked whether the session may. */
export class Broker {
  readonly #nextId: () => Id
  readonly #limit: number
  readonly #index = new UriIndex<Subscription>()
  readonly #subscriptions = new Map<Id, Subscription>()
  readonly #held = new Map<RoutedSession, Set<Subscription>>()

  constructor ({ nextId, limit }: {
    nextId: () => Id
    /** Subscriptions of one session. */
    limit: number
  }) {
    this.#nextId = nextId
    this.#limit = limit
  }

  subscribe (subscriber: RoutedSession, { request, topic, options: { match = 'exact' } }: Subscribe): void {
    const held = this.#held.get(subscriber)
    const known = this.#index.get(topic, match)
    if (held !== undefined && held.size >= this.#limit && (known === undefined || !held.has(known))) {
      subscriber.send(refusal(MessageType.Subscribe, request, reasons.limitExceeded, 'limits.subscriptions: this session has too many subscriptions'))
      return
    }
    const subscription = known ?? this.#create(topic, match)
    // No EVENT may overtake the SUBSCRIBED that announces it [basic, Ordering Guarantees].
    subscriber.send({ type: MessageType.Subscribed, request, subscription: subscription.id })
    subscription.subscribers.add(subscriber)
    if (held === undefined) this.#held.set(subscriber, new Set([subscription]))
    else held.add(subscription)
  }

  unsubscribe (subscriber: RoutedSession, { request, subscription: id }: Unsubscribe): void {
    const subscription = this.#subscriptions.get(id)
    const held = this.#held.get(subscriber)
    if (subscription === undefined || held?.delete(subscription) !== true) {
      subscriber.send(refusal(MessageType.Unsubscribe, request, reasons.noSuchSubscription))
      return
    }
    if (held.size === 0) this.#held.delete(subscriber)
    this.#remove(subscription, subscriber)
    subscriber.send({ type: MessageType.Unsubscribed, request })
  }

  /** Sends the event to all who are subscribed at this moment. `disclose` tells them who published it. */
  publish (publisher: RoutedSession, { request, topic, options, payload }: Publish, disclose: boolean): void {
    const publication = randomId()
    if (options.acknowledge === true) publisher.send({ type: MessageType.Published, request, publication })

    const subscriptions = this.#index.matching(topic)
    if (subscriptions.length === 0) return
    const details = disclose ? identity(publisher) : noDetails
    const excluded = options.exclude_me === false ? null : publisher
    const filter = receiverFilter(options)
    let detailsWithTopic: Dict | undefined
    for (const { id, match, subscribers } of subscriptions) {
      const event = {
        type: MessageType.Event, subscription: id, publication, details: match === 'exact' ? details : detailsWithTopic ??= { ...details, topic }, payload
      } as const
      for (const subscriber of subscribers) {
        if (subscriber !== excluded && (filter === null || filter(subscriber))) subscriber.send(event)
      }
    }
  }

  /** The session has ended: its subscriptions end with it. */
  forget (session: RoutedSession): void {
    const held = this.#held.get(session)
    if (held === undefined) return
    this.#held.delete(session)
    for (const subscription of held) this.#remove(subscription, session)
  }

  #create (uri: Uri, match: MatchPolicy): Subscription {
    const subscription: Subscription = { id: this.#nextId(), uri, match, subscribers: new Set() }
    this.#index.set(uri, match, subscription)
    this.#subscriptions.set(subscription.id, subscription)
    return subscription
  }

  #remove (subscription: Subscription, subscriber: RoutedSession): void {
    subscription.subscribers.delete(subscriber)
    if (subscription.subscribers.size > 0) return
    this.#index.delete(subscription.uri, subscription.match)
    this.#subscriptions.delete(subscription.id)
  }
}

function identity ({ id, principal: { authid, authrole } }: RoutedSession): Dict {
  return { publisher: id, publisher_authid: authid, publisher_authrole: authrole }
}

/** Who may receive, as far as the publisher restricts it; null if it does not [advanced, Subscriber Black- and Whitelisting]. */
function receiverFilter (options: PublishOptions): ((session: RoutedSession) => boolean) | null {
  const notIds = setOf(options.exclude)
  const notAuthids = setOf(options.exclude_authid)
  const notAuthroles = setOf(options.exclude_authrole)
  const ids = setOf(options.eligible)
  const authids = setOf(options.eligible_authid)
  const authroles = setOf(options.eligible_authrole)
  if ((notIds ?? notAuthids ?? notAuthroles ?? ids ?? authids ?? authroles) === undefined) return null
  return ({ id, principal: { authid, authrole } }) =>
    notIds?.has(id) !== true && notAuthids?.has(authid) !== true && notAuthroles?.has(authrole) !== true &&
    ids?.has(id) !== false && authids?.has(authid) !== false && authroles?.has(authrole) !== false
}

function setOf<E> (list: readonly E[] | undefined): ReadonlySet<E> | undefined {
  return list === undefined ? undefined : new Set(list)
}
