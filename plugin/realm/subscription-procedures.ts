import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Broker } from './broker.ts'
import { getEvents } from './history-query.ts'
import { metaError, optional, toId, toMatch, toText } from './meta-argument.ts'
import { describeSubscription } from './meta-events.ts'
import type { MetaProcedure } from './service-session.ts'
import { byMatch, mayLookAt, toReason, toSession } from './registration-procedures.ts'
import type { FindSession } from './registration-procedures.ts'
import type { RoutedSession } from './routed-session.ts'
import type { SessionsOfRealm } from './session-procedures.ts'
import type { Subscription } from './subscription.ts'

/** `wamp.subscription.*` [advanced, Subscription Meta API, Event History]. `bytes` bounds the payloads in one answer. */
export function subscriptionProcedures (broker: Broker, realm: SessionsOfRealm, bytes: number): Record<Uri, MetaProcedure> {
  const findSession: FindSession = (id) => realm.sessions.get(id)
  const found = (caller: RoutedSession, given: unknown): Subscription => {
    const subscription = broker.subscriptions.get(toId(given, 'subscription'))
    if (subscription === undefined) throw metaError(reasons.noSuchSubscription, 'there is no such subscription')
    if (!mayLookAt(caller, subscription)) throw metaError(reasons.notAuthorized, 'that subscription is the router\'s own')
    return subscription
  }
  const idsOf = (caller: RoutedSession, subscriptions: readonly Subscription[]): Id[] =>
    subscriptions.filter((subscription) => mayLookAt(caller, subscription)).map(({ id }) => id)

  return {
    'wamp.subscription.list': ({ caller, args: [session] }) => {
      const id = optional(toId, session, 'session')
      const holder = id === undefined ? undefined : toSession(findSession, id)
      const all = [...holder === undefined ? broker.subscriptions.values() : broker.held(holder)]
      return [byMatch(all.filter((subscription) => mayLookAt(caller, subscription)))]
    },
    'wamp.subscription.lookup': ({ caller, args: [uri, options] }) => {
      const subscription = broker.find(toText(uri, 'topic'), toMatch(options))
      return [subscription !== undefined && mayLookAt(caller, subscription) ? subscription.id : null]
    },
    'wamp.subscription.match': ({ caller, args: [uri] }) => {
      const ids = idsOf(caller, broker.matching(toText(uri, 'topic')))
      return [ids.length > 0 ? ids : null]
    },
    'wamp.subscription.get': ({ caller, args: [id] }) => [describeSubscription(found(caller, id))],
    'wamp.subscription.list_subscribers': ({ caller, args: [id] }) => [[...found(caller, id).subscribers].map((subscriber) => subscriber.id)],
    'wamp.subscription.count_subscribers': ({ caller, args: [id] }) => [found(caller, id).subscribers.size],
    'wamp.subscription.remove_subscriber': ({ caller, args: [id, session, reason], kwargs }) => {
      const subscription = found(caller, id)
      const subscriber = toSession(findSession, toId(session, 'subscriber'))
      if (!subscription.subscribers.has(subscriber)) throw metaError(reasons.noSuchSubscription, 'that session has no such subscription')
      broker.revoke(subscription, subscriber, toReason(reason ?? kwargs.reason))
      return []
    },
    'wamp.subscription.get_events': async ({ caller, args: [id, limit], kwargs }) => {
      const subscription = found(caller, id)
      const { refusal } = await realm.ask(caller, 'subscribe', subscription.uri, subscription.match, { match: subscription.match })
      if (refusal !== null) throw metaError(refusal, 'this session may not subscribe to that topic')
      return [getEvents(caller, subscription, { limit: limit ?? undefined, ...kwargs }, bytes)]
    }
  }
}
