import type { Id } from '../protocol/id.ts'
import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { toldOf } from './broker.ts'
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

/**
 * The events of a subscription that a session may see, and that its serializer has a form for, the oldest first. As many as
 * have `bytes` of payload together, and one at least: for the rest it asks again. Throws `wamp.error.history_unavailable` and `wamp.error.invalid_argument`.
 */
export function getEvents (session: RoutedSession, { id, match, history }: Subscription, kwargs: Kwargs, bytes: number): object[] {
  const query = toQuery(kwargs)
  if (history === null) throw metaError(reasons.historyUnavailable, 'the events of that subscription are not kept')
  const asked = inRange(history.publications(), query)
    .filter(({ at, topic }) => at >= query.from && at > query.after && at < query.before && at <= query.until && (query.topic ?? topic) === topic)
    .filter((publication) => mayReceive(session, publication))
  if (query.reverse) asked.reverse()
  return firstWithForm(asked, session, query.limit, bytes).map((publication) => describe(publication, id, match))
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

/** What lies between the publications that are named: their place counts, not their number. None if one is not there. */
function inRange (kept: Publication[], { fromPublication, afterPublication, beforePublication, untilPublication }: HistoryQuery): Publication[] {
  const placeOf = (publication: Id | undefined, otherwise: number): number => {
    if (publication === undefined) return otherwise
    const place = kept.findIndex(({ id }) => id === publication)
    return place < 0 ? NaN : place
  }
  const start = Math.max(placeOf(fromPublication, 0), placeOf(afterPublication, -1) + 1)
  const end = Math.min(placeOf(untilPublication, kept.length - 1) + 1, placeOf(beforePublication, kept.length))
  return Number.isNaN(start) || Number.isNaN(end) ? [] : kept.slice(start, Math.max(start, end))
}

/** One value without a form would make an answer of all others fail. */
function firstWithForm (publications: readonly Publication[], session: RoutedSession, limit: number, bytes: number): Publication[] {
  const first: Publication[] = []
  let size = 0
  for (const publication of publications) {
    if (first.length >= limit) break
    if (!session.takes(publication.payload)) continue
    size += publication.payload.size
    if (size > bytes && first.length > 0) break
    first.push(publication)
  }
  return first
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
