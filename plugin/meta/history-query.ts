import type { Id } from '../protocol/id.ts'
import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { EventHistory, Range } from '../routing/event-history.ts'
import { metaError, optional, toId, toText } from './meta-argument.ts'

// With a time zone, as in RFC 3339; Date.parse accepts many other formats.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

/** Selects publications. All fields that are set must match [advanced, Receiving the Event History]. */
export interface HistoryQuery {
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

/** The range between the given times and publications. Empty if one of the publications is not stored. */
export function rangeOf (history: EventHistory, query: HistoryQuery): Range {
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

/** Throws `wamp.error.invalid_argument`. */
export function toQuery (kwargs: Kwargs): HistoryQuery {
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
  if (Number.isNaN(at)) throw metaError(reasons.invalidArgument, `${name} must be a time in the format of RFC 3339`)
  return at
}
