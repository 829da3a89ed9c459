import type { Id } from '../protocol/id.ts'
import { sizeOf } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy } from '../protocol/uri.ts'
import { isTurnOver, nextTurn, spend, spendOctets } from '../work.ts'
import { toldOf } from './broker.ts'
import type { EventHistory, Range } from './event-history.ts'
import { rangeOf } from './history-query.ts'
import type { HistoryQuery } from './history-query.ts'
import { metaError } from './meta-argument.ts'
import { mayReceive } from './publication.ts'
import type { Publication } from './publication.ts'
import type { RoutedSession } from './routed-session.ts'
import type { Subscription } from './subscription.ts'

/** Octets of an event in an answer, besides its topic, its details and its payload. */
const OCTETS_OF_EVENT = 150

/** What the last answer of a session waits for: those of one session are made one after the other. */
const searches = new WeakMap<RoutedSession, Promise<unknown>>()

/**
 * The events of a subscription that a session may see, and that its serializer has a form for, the oldest first. As many as
 * take `octets` together, and one at least: for the rest it asks again. None for a session that is not here any more. Throws
 * `wamp.error.history_unavailable`.
 */
export function getEvents (session: RoutedSession, { id, uri, match, history }: Subscription, query: HistoryQuery, octets: number, isHere: () => boolean): object[] | Promise<object[]> {
  if (history === null) throw metaError(reasons.historyUnavailable, 'the events of this subscription are not stored')
  if (query.topic !== undefined && (match === 'exact' ? query.topic !== uri : !history.has(query.topic))) return []
  return answer(new HistoryAnswer({ session, history, match, query, octets, isHere }), session, id, match)
}

async function answer (events: HistoryAnswer, session: RoutedSession, id: Id, match: MatchPolicy): Promise<object[]> {
  const search = events.search(searches.get(session))
  searches.set(session, search)
  const found = await search
  if (searches.get(session) === search) searches.delete(session)
  return found.map((publication) => describe(publication, id, match))
}

/** The publications of a history that one call is answered with: of those that are kept when it is its turn. */
class HistoryAnswer {
  readonly #session: RoutedSession
  readonly #history: EventHistory
  readonly #match: MatchPolicy
  readonly #query: HistoryQuery
  readonly #octets: number
  readonly #isHere: () => boolean
  readonly #found: Publication[] = []
  #size = 0

  constructor ({ session, history, match, query, octets, isHere }: {
    session: RoutedSession, history: EventHistory, match: MatchPolicy, query: HistoryQuery, octets: number, isHere: () => boolean
  }) {
    this.#session = session
    this.#history = history
    this.#match = match
    this.#query = query
    this.#octets = octets
    this.#isHere = isHere
  }

  /**
   * Looks for them, when what is given is settled. Whether the session's serializer has a form for a publication takes as long to find out
   * as to read it, so the search takes turns. From then on it is known.
   */
  async search (before: Promise<unknown> | undefined): Promise<Publication[]> {
    await before
    if (!this.#isHere()) return []
    const range = rangeOf(this.#history, this.#query)
    for (let stop = this.#look(range); stop !== null && this.#isHere(); stop = this.#look(this.#rest(range, stop))) await nextTurn(this.#session)
    spendOctets(this.#size)
    return this.#isHere() ? this.#found : []
  }

  /** Looks at a range until the answer is full, or nothing is left: then null. Else the place where the turn was over. */
  #look (range: Range): number | null {
    for (const place of this.#places(range)) {
      if (isTurnOver()) return place
      spend(1)
      const publication = this.#history.at(place)
      if (!this.#isMeant(publication)) continue
      const octets = OCTETS_OF_EVENT + sizeOf(toldOf(publication, this.#match)) + publication.payload.size
      // One at least is answered.
      if (this.#size + octets > this.#octets && this.#found.length > 0) return null
      this.#size += octets
      if (this.#found.push(publication) === this.#query.limit) return null
    }
    return null
  }

  /** What is left of a range from the place where a turn was over. What was oldest may be kept no longer. */
  #rest ({ start, end }: Range, stop: number): Range {
    return this.#query.reverse ? { start: Math.max(start, this.#history.range.start), end: stop + 1 } : { start: Math.max(stop, this.#history.range.start), end }
  }

  #places (range: Range): Iterable<number> {
    return this.#history.places(range, this.#query.topic, this.#query.reverse ? 'newest first' : 'oldest first')
  }

  /** One value without a form would make an answer of all others fail. */
  #isMeant (publication: Publication): boolean {
    return mayReceive(this.#session, publication) && this.#session.takes(publication.payload)
  }
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
