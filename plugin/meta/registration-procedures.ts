import type { Id } from '../protocol/id.ts'
import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { isUri } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import type { Listed, Listing } from '../routing/listing.ts'
import { metaError, optional, toId, toMatch, toText } from './meta-argument.ts'
import { describeRegistration } from './meta-events.ts'
import { isHidden } from '../routing/listing.ts'
import { Ordered } from '../routing/ordered.ts'
import { mostIds, pageOf } from './page.ts'
import type { Registration } from '../routing/registration.ts'
import type { Registrations } from '../routing/registrations.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { MetaProcedure, MetaResult } from './service-session.ts'

/** The session look-ups that the procedures about registrations and subscriptions need. */
export type FindSession = (id: Id) => RoutedSession | undefined

/** `wamp.registration.*` [advanced, Registration Meta API]. `octets` limits one answer. */
export function registrationProcedures (registrations: Registrations, findSession: FindSession, octets: number): Record<Uri, MetaProcedure> {
  const most = mostIds(octets)
  const found = (caller: RoutedSession, given: unknown): Registration => {
    const registration = registrations.all.get(toId(given, 'registration'))
    if (registration === undefined || !registrations.isOffered(registration)) throw metaError(reasons.noSuchRegistration, 'there is no such registration')
    if (!mayLookAt(caller, registration)) throw metaError(reasons.notAuthorized, 'this registration belongs to the router')
    return registration
  }
  const idOf = (caller: RoutedSession, registration: Registration | undefined): [Id | null] =>
    [registration !== undefined && mayLookAt(caller, registration) ? registration.id : null]

  return {
    'wamp.registration.list': ({ caller, args: [session], kwargs }) => {
      const id = optional(toId, session, 'session')
      const holder = id === undefined ? undefined : toSession(findSession, id)
      return listed(caller, holder === undefined ? registrations.listing : registrations.callee(holder)?.registrations, kwargs, most)
    },
    'wamp.registration.lookup': ({ caller, args: [uri, options] }) => idOf(caller, registrations.find(toText(uri, 'procedure'), toMatch(options))),
    'wamp.registration.match': ({ caller, args: [uri] }) => idOf(caller, registrations.best(toText(uri, 'procedure'))),
    'wamp.registration.get': ({ caller, args: [id] }) => [describeRegistration(found(caller, id))],
    'wamp.registration.list_callees': ({ caller, args: [id], kwargs }) => {
      const registration = found(caller, id)
      const { offers } = registration
      return sessionsOf(registration, sessionsOffering(offers), offers.length, kwargs, most)
    },
    'wamp.registration.count_callees': ({ caller, args: [id] }) => [found(caller, id).offers.length],
    'wamp.registration.remove_callee': ({ caller, args: [id, session, reason], kwargs }) => {
      const registration = found(caller, id)
      const offer = registration.offerOf(toSession(findSession, toId(session, 'callee')))
      if (offer === undefined) throw metaError(reasons.noSuchRegistration, 'that session has no such registration')
      registrations.revoke(registration, offer, toReason(reason ?? kwargs.reason))
      return []
    }
  }
}

/** True for registrations outside the meta API, and for the app itself. */
export function mayLookAt (caller: RoutedSession, thing: Parameters<typeof isHidden>[0]): boolean {
  return caller.isTrusted || !isHidden(thing)
}

/** Throws `wamp.error.no_such_session`. */
export function toSession (findSession: FindSession, id: Id): RoutedSession {
  const session = findSession(id)
  if (session === undefined) throw metaError(reasons.noSuchSession, 'there is no such session')
  return session
}

/** A page of a list, as ids by match policy. All three policies are always present. */
export function listed<T extends Listed> (caller: RoutedSession, listing: Listing<T> | undefined, kwargs: Kwargs, most: number): MetaResult {
  const which = caller.isTrusted ? 'all' : 'shown'
  const page = pageOf<T>(kwargs, most, (id, count) => listing?.after(id, count, which) ?? [], ({ id }) => id)
  const ids: Record<MatchPolicy, Id[]> = { exact: [], prefix: [], wildcard: [] }
  for (const { id, match } of page.items) ids[match].push(id)
  return { args: [ids], kwargs: page.kwargs }
}

/**
 * The ids of all holders, in the order of subscription or registration, if they fit in one answer; otherwise a page of them, in the order
 * in which they joined the realm.
 */
export function sessionsOf (held: { paged: Ordered<RoutedSession> | null }, sessions: Iterable<RoutedSession>, count: number, kwargs: Kwargs, most: number): MetaResult {
  if (count <= most && (kwargs['after'] ?? null) === null) {
    spend(count)
    return [Array.from(sessions, ({ id }) => id)]
  }
  // Sorted once in the lifetime of the subscription or registration, and kept from then on.
  held.paged ??= orderOf(sessions, count)
  const { paged } = held
  const page = pageOf(kwargs, most, (place, more) => paged.after(place, more), ({ place }) => place)
  return { args: [page.items.map(({ id }) => id)], kwargs: page.kwargs }
}

function * sessionsOffering (offers: Registration['offers']): IterableIterator<RoutedSession> {
  for (const { callee } of offers) yield callee.session
}

function orderOf (sessions: Iterable<RoutedSession>, count: number): Ordered<RoutedSession> {
  spend(count)
  const ordered = new Ordered<RoutedSession>(({ place }) => place)
  for (const session of sessions) ordered.add(session)
  return ordered
}

/** The reason of a revocation: a URI or nothing. Throws `wamp.error.invalid_uri`. */
export function toReason (reason: unknown): Uri | undefined {
  if (reason === undefined || reason === null) return undefined
  if (!isUri(reason)) throw metaError(reasons.invalidUri, 'reason must be a URI')
  return reason
}
