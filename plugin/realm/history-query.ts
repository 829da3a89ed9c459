import type { Id } from '../protocol/id.ts'
import { sizeOf } from '../protocol/payload.ts'
import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { spend, spendOctets } from '../work.ts'
import { toldOf } from './broker.ts'
import type { EventHistory, Range } from './event-history.ts'
import { metaError, optional, toId, toText } from './meta-argument.ts'
import { mayReceive } from './publication.ts'
import type { Publication } from './publication.ts'
import type { RoutedSession } from './routed-session.ts'
import type { Subscription } from './subscription.ts'

// With a zone, as RFC 3339 wants it; Date.parse alone takes much else.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Which publications are asked for: all that is given must apply [advanced, Receiving the Event History]. */
interface HistoryQuery {
  readonly reverse: boolean
  readonly limit: number
  readonly topic: Uri | undefined
  readonly from: number
  readonly after: number
  readonly before: number
  readonly until: number
  readonly fromPublication: Id | undefined
  readonly afterPublication: Id | undefined
  readonly beforePublication: Id | undefined
  readonly untilPublication: Id | undefined
}

/** Octets of an event in an answer, besides its topic, its details and its payload. */
const OCTETS_OF_EVENT = 150

/**
 * The events of a subscription that a session may see, and that its serializer has a form for, the oldest first. As many as
 * take `octets` together, and one at least: for the rest it asks again. Throws `wamp.error.history_unavailable` and
 * `wamp.error.invalid_argument`.
 */
export function getEvents (session: RoutedSession, { id, uri, match, history }: Subscription, kwargs: Kwargs, octets: number): object[] {
  const query = toQuery(kwargs)
  if (history === null) throw metaError(reasons.historyUnavailable, 'the events of that subscription are not kept')
  const { topic, reverse, limit } = query
  if (match === 'exact' && topic !== undefined && topic !== uri) return []
  const events: object[] = []
  let looks = 0
  let size = 0
  for (const place of history.places(rangeOf(history, query), topic, reverse ? 'newest first' : 'oldest first')) {
    const publication = history.at(place)
    looks++
    if (!isFor(session, publication)) continue
    const more = octetsOf(publication, match)
    if (size + more > octets && events.length > 0) break
    size += more
    events.push(describe(publication, id, match))
    if (events.length === limit) break
  }
  spend(looks)
  spendOctets(size)
  return events
}

/** True for a publication that a session is answered with. One value without a form would make an answer of all others fail. */
function isFor (session: RoutedSession, publication: Publication): boolean {
  return mayReceive(session, publication) && session.takes(publication.payload)
}

/** What lies between the times and the publications that are named. Nothing if one of these is not kept. */
function rangeOf (history: EventHistory, query: HistoryQuery): Range {
  const { range } = history
  const placeOf = (publication: Id | undefined, otherwise: number): number => publication === undefined ? otherwise : history.placeOf(publication) ?? NaN
  const start = Math.max(
    placeOf(query.fromPublication, range.start), placeOf(query.afterPublication, range.start - 1) + 1,
    history.placeAt(query.from), history.placeAt(query.after + 1)
  )
  const end = Math.min(
    placeOf(query.untilPublication, range.end - 1) + 1, placeOf(query.beforePublication, range.end),
    history.placeAt(query.before), history.placeAt(query.until + 1)
  )
  return Number.isNaN(start) || Number.isNaN(end) ? { start: 0, end: 0 } : { start, end }
}

function octetsOf (publication: Publication, match: MatchPolicy): number {
  return OCTETS_OF_EVENT + sizeOf(toldOf(publication, match)) + publication.payload.size
}

function toQuery (kwargs: Kwargs): HistoryQuery {
  const { reverse = false, limit = Infinity, topic } = kwargs
  if (typeof reverse !== 'boolean') throw metaError(reasons.invalidArgument, 'reverse must be a boolean')
  if (limit !== Infinity && (typeof limit !== 'number' || !Number.isSafeInteger(limit) || limit < 1)) throw metaError(reasons.invalidArgument, 'limit must be an integer above 0')
  const time = (name: string): number | undefined => optional(toTime, kwargs[name], name)
  const publication = (name: string): Id | undefined => optional(toId, kwargs[name], name)
  return {
    reverse,
    limit,
    topic: optional(toText, topic, 'topic'),
    from: time('from_time') ?? -Infinity,
    after: time('after_time') ?? -Infinity,
    before: time('before_time') ?? Infinity,
    until: time('until_time') ?? Infinity,
    fromPublication: publication('from_publication'),
    afterPublication: publication('after_publication'),
    beforePublication: publication('before_publication'),
    untilPublication: publication('until_publication')
  }
}

function toTime (value: unknown, name: string): number {
  const at = rfc3339.test(toText(value, name)) ? Date.parse(value as string) : NaN
  if (Number.isNaN(at)) throw metaError(reasons.invalidArgument, `${name} must be a time as RFC 3339 writes it`)
  return at
}

/** The payload's values can be read: the session takes them. */
function describe (publication: Publication, subscription: Id, match: MatchPolicy): object {
  const { args, kwargs } = publication.payload.values()
  return {
    timestamp: new Date(publication.at).toISOString(),
    subscription,
    publication: publication.id,
    details: toldOf(publication, match),
    ...(args.length > 0 ? { args } : {}),
    ...(Object.keys(kwargs).length > 0 ? { kwargs } : {})
  }
}
