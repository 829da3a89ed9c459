import type { Id } from '../protocol/id.ts'
import type { Args } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import { isHidden } from '../routing/listing.ts'
import type { Registration, RegistrationObserver } from '../routing/registration.ts'
import type { Congestion } from '../transport/transport.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Subscription, SubscriptionObserver } from '../routing/subscription.ts'

/** `except` is a session that does not receive a meta event. `everywhere`: every node publishes it to its own sessions. */
export type MetaReceivers = { readonly except?: RoutedSession, readonly origin?: 'here' | 'everywhere' }

/** Publishes a meta event. The args are only created if there are receivers. */
export type PublishMetaEvent = (topic: Uri, args: () => Args, receivers?: MetaReceivers) => void

/** The session details in `wamp.session.on_join` and `wamp.session.get`, without the connection. */
export function describeSession ({ id, principal: { authid, authrole, authmethod, authprovider } }: RoutedSession): object {
  return { session: id, authid, authrole, authmethod, authprovider }
}

export function describeSubscription ({ id, created, uri, match }: Subscription): object {
  return { id, created: new Date(created).toISOString(), uri, match }
}

export function describeRegistration ({ id, created, uri, match, invoke }: Registration): object {
  return { id, created: new Date(created).toISOString(), uri, match, invoke }
}

/** Publishes the meta events of a realm's sessions [advanced, Session Meta API]. */
export class SessionEvents {
  readonly #publish: PublishMetaEvent

  constructor (publish: PublishMetaEvent) {
    this.#publish = publish
  }

  joined (session: RoutedSession): void {
    this.#publish('wamp.session.on_join', () => [describeSession(session)], { except: session })
  }

  /** Not defined by the specification. */
  congested (session: RoutedSession, congestion: Congestion): void {
    this.#publish('wamp.session.on_congestion', () => [{ ...describeSession(session), ...congestion }], { except: session })
  }

  /** `everywhere` if its node has ended, so that every other node publishes the event. */
  left ({ id, principal: { authid, authrole } }: RoutedSession, origin: 'here' | 'everywhere' = 'here'): void {
    this.#publish('wamp.session.on_leave', () => [id, authid, authrole], { origin })
  }
}

/** Publishes the meta events of a realm's subscriptions [advanced, Subscription Meta API]. */
export class SubscriptionEvents implements SubscriptionObserver {
  readonly #publish: PublishMetaEvent

  constructor (publish: PublishMetaEvent) {
    this.#publish = publish
  }

  created (subscriber: Id, subscription: Subscription): void {
    if (!isHidden(subscription)) this.#publish('wamp.subscription.on_create', () => [subscriber, describeSubscription(subscription)], { origin: 'everywhere' })
  }

  subscribed (subscriber: Id, subscription: Subscription): void {
    if (!isHidden(subscription)) this.#publish('wamp.subscription.on_subscribe', () => [subscriber, subscription.id])
  }

  unsubscribed (subscriber: Id, subscription: Subscription): void {
    if (!isHidden(subscription)) this.#publish('wamp.subscription.on_unsubscribe', () => [subscriber, subscription.id])
  }

  deleted (subscriber: Id, subscription: Subscription): void {
    if (!isHidden(subscription)) this.#publish('wamp.subscription.on_delete', () => [subscriber, subscription.id], { origin: 'everywhere' })
  }
}

/** Publishes the meta events of a realm's registrations [advanced, Registration Meta API]. */
export class RegistrationEvents implements RegistrationObserver {
  readonly #publish: PublishMetaEvent

  constructor (publish: PublishMetaEvent) {
    this.#publish = publish
  }

  created (callee: RoutedSession, registration: Registration): void {
    if (!isHidden(registration)) this.#publish('wamp.registration.on_create', () => [callee.id, describeRegistration(registration)], { origin: 'everywhere' })
  }

  registered (callee: RoutedSession, registration: Registration): void {
    if (!isHidden(registration)) this.#publish('wamp.registration.on_register', () => [callee.id, registration.id], { origin: 'everywhere' })
  }

  unregistered (callee: RoutedSession, registration: Registration): void {
    if (isHidden(registration)) return
    this.#publish('wamp.registration.on_unregister', () => [callee.id, registration.id], { origin: 'everywhere' })
    if (registration.isOver) this.#publish('wamp.registration.on_delete', () => [callee.id, registration.id], { origin: 'everywhere' })
  }
}
