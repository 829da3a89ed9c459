import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import { getEvents } from './history-answer.ts'
import { toQuery } from './history-query.ts'
import { metaError, optional, toId, toMatch, toText } from './meta-argument.ts'
import { describeSubscription } from './meta-events.ts'
import { mostIds, pageOf } from './page.ts'
import { listed, mayLookAt, sessionsOf, toReason, toSession } from './registration-procedures.ts'
import type { FindSession } from './registration-procedures.ts'
import { whenDecided } from './when-decided.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { MetaProcedure, MetaResult } from './service-session.ts'
import type { SessionsOfRealm } from './session-procedures.ts'
import type { Subscription } from '../routing/subscription.ts'
import type { Subscriptions } from '../routing/subscriptions.ts'

/** `wamp.subscription.*` [advanced, Subscription Meta API, Event History]. `octets` limits one answer. */
export function subscriptionProcedures (subscriptions: Subscriptions, realm: SessionsOfRealm, octets: number): Record<Uri, MetaProcedure> {
  const most = mostIds(octets)
  const findSession: FindSession = (id) => realm.sessions.get(id)
  const found = (caller: RoutedSession, given: unknown): Subscription => {
    const subscription = subscriptions.byId.get(toId(given, 'subscription'))
    if (subscription === undefined) throw metaError(reasons.noSuchSubscription, 'there is no such subscription')
    if (!mayLookAt(caller, subscription)) throw metaError(reasons.notAuthorized, 'this subscription belongs to the router')
    return subscription
  }

  return {
    'wamp.subscription.list': ({ caller, args: [session], kwargs }) => {
      const id = optional(toId, session, 'session')
      const holder = id === undefined ? undefined : toSession(findSession, id)
      return listed(caller, holder === undefined ? subscriptions.listing : subscriptions.held(holder), kwargs, most)
    },
    'wamp.subscription.lookup': ({ caller, args: [uri, options] }) => {
      const subscription = subscriptions.find(toText(uri, 'topic'), toMatch(options))
      return [subscription !== undefined && mayLookAt(caller, subscription) ? subscription.id : null]
    },
    'wamp.subscription.match': ({ caller, args: [uri], kwargs }) => {
      const matching = subscriptions.matching(toText(uri, 'topic'))
      spend(matching.length)
      const shown = matching.filter((subscription) => mayLookAt(caller, subscription))
      const page = pageOf(kwargs, most, (after, count) => [...shown.keys()].slice(after, after + count), (i) => i + 1)
      return { args: [page.items.length > 0 ? page.items.map((i) => shown[i]!.id) : null], kwargs: page.kwargs }
    },
    'wamp.subscription.get': ({ caller, args: [id] }) => [describeSubscription(found(caller, id))],
    'wamp.subscription.list_subscribers': ({ caller, args: [id], kwargs }) => {
      const subscription = found(caller, id)
      return sessionsOf(subscription, subscription.subscribers.all, subscription.subscribers.size, kwargs, most)
    },
    'wamp.subscription.count_subscribers': ({ caller, args: [id] }) => [found(caller, id).subscribers.size],
    'wamp.subscription.remove_subscriber': ({ caller, args: [id, session, reason], kwargs }) => {
      const subscription = found(caller, id)
      const subscriber = toSession(findSession, toId(session, 'subscriber'))
      if (!subscription.subscribers.has(subscriber)) throw metaError(reasons.noSuchSubscription, 'that session has no such subscription')
      subscriptions.revoke(subscription, subscriber, toReason(reason ?? kwargs.reason))
      return []
    },
    'wamp.subscription.get_events': (call) => {
      const { caller, args: [id, limit], kwargs } = call
      const subscription = found(caller, id)
      const { uri, match } = subscription
      const query = toQuery({ limit: limit ?? undefined, ...kwargs })
      return whenDecided(call, realm.ask(caller, 'subscribe', uri, match, { match }), ({ refusal }) => {
        if (refusal !== null) throw metaError(refusal, 'this session may not subscribe to that topic')
        return listOf(getEvents(caller, subscription, query, octets, {
          lasts: () => call.state === 'open' && realm.sessions.has(caller.id),
          whenOver: (leave) => { call.whenCanceled = leave }
        }))
      })
    }
  }
}

/** The single positional value of a RESULT. */
function listOf (events: object[] | Promise<object[]>): MetaResult | Promise<MetaResult> {
  return events instanceof Promise ? events.then((found) => [found]) : [events]
}
