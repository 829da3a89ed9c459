import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import { isUri } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { metaError, optional, toId, toMatch, toText } from './meta-argument.ts'
import { describeRegistration, isHidden } from './meta-events.ts'
import type { MetaProcedure } from './service-session.ts'
import type { Registration } from './registration.ts'
import type { Registrations } from './registrations.ts'
import type { RoutedSession } from './routed-session.ts'

/** What the procedures about registrations and subscriptions need to know of sessions. */
export type FindSession = (id: Id) => RoutedSession | undefined

/** `wamp.registration.*` [advanced, Registration Meta API]. */
export function registrationProcedures (registrations: Registrations, findSession: FindSession): Record<Uri, MetaProcedure> {
  const found = (caller: RoutedSession, given: unknown): Registration => {
    const registration = registrations.all.get(toId(given, 'registration'))
    if (registration === undefined) throw metaError(reasons.noSuchRegistration, 'there is no such registration')
    if (!mayLookAt(caller, registration)) throw metaError(reasons.notAuthorized, 'that registration is the router\'s own')
    return registration
  }
  const idOf = (caller: RoutedSession, registration: Registration | undefined): [Id | null] =>
    [registration !== undefined && mayLookAt(caller, registration) ? registration.id : null]
  const sessionsOf = ({ offers }: Registration): Id[] => offers.map(({ callee }) => callee.session.id)

  return {
    'wamp.registration.list': ({ caller, args: [session] }) => {
      const id = optional(toId, session, 'session')
      const holder = id === undefined ? undefined : toSession(findSession, id)
      const all = [...holder === undefined ? registrations.all.values() : registrations.callee(holder)?.registrations ?? []]
      return [byMatch(all.filter((registration) => mayLookAt(caller, registration)))]
    },
    'wamp.registration.lookup': ({ caller, args: [uri, options] }) => idOf(caller, registrations.find(toText(uri, 'procedure'), toMatch(options))),
    'wamp.registration.match': ({ caller, args: [uri] }) => idOf(caller, registrations.best(toText(uri, 'procedure'))),
    'wamp.registration.get': ({ caller, args: [id] }) => [describeRegistration(found(caller, id))],
    'wamp.registration.list_callees': ({ caller, args: [id] }) => [sessionsOf(found(caller, id))],
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

/** True for what is not the meta API's own, and for the app itself. */
export function mayLookAt ({ principal }: RoutedSession, thing: Parameters<typeof isHidden>[0]): boolean {
  return principal.authrole === 'trusted' || !isHidden(thing)
}

/** Throws `wamp.error.no_such_session`. */
export function toSession (findSession: FindSession, id: Id): RoutedSession {
  const session = findSession(id)
  if (session === undefined) throw metaError(reasons.noSuchSession, 'there is no such session')
  return session
}

/** Ids by match policy; all three are always there. */
export function byMatch (all: readonly { readonly id: Id, readonly match: MatchPolicy }[]): Record<MatchPolicy, Id[]> {
  const ids: Record<MatchPolicy, Id[]> = { exact: [], prefix: [], wildcard: [] }
  for (const { id, match } of all) ids[match].push(id)
  return ids
}

/** Why something is revoked: a URI, or nothing. Throws `wamp.error.invalid_uri`. */
export function toReason (reason: unknown): Uri | undefined {
  if (reason === undefined || reason === null) return undefined
  if (!isUri(reason)) throw metaError(reasons.invalidUri, 'reason must be a URI')
  return reason
}
