import type { Id } from '../protocol/id.ts'
import { sizeOf } from '../protocol/payload.ts'
import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy } from '../protocol/uri.ts'
import { isTurnOver, nextTurn, spend, spendOctets } from '../work.ts'
import { toldOf } from './broker.ts'
import type { EventHistory, Range } from './event-history.ts'
import { rangeOf, toQuery } from './history-query.ts'
import type { HistoryQuery } from './history-query.ts'
import { metaError } from './meta-argument.ts'
import { mayReceive } from './publication.ts'
import type { Publication } from './publication.ts'
import type { RoutedSession } from './routed-session.ts'
import type { Subscription } from './subscription.ts'

/** Octets of an event in an answer, besides its topic, its details and its payload. */
const OCTETS_OF_EVENT = 150

/** What the last answer of a session waits for: those of one session are made one after the other. */
const searches = new WeakMap<RoutedSession, Promise<void>>()

/**
 * The events of a subscription that a session may see, and that its serializer has a form for, the oldest first. As many as
 * take `octets` together, and one at least: for the rest it asks again. None for a session that is not here any more. Rejects with
 * `wamp.error.history_unavailable` and `wamp.error.invalid_argument`.
 */
export async function getEvents (session: RoutedSession, { id, uri, match, history }: Subscription, kwargs: Kwargs, octets: number, isHere: () => boolean): Promise<object[]> {
  const query = toQuery(kwargs)
  if (history === null) throw metaError(reasons.historyUnavailable, 'the events of that subscription are not kept')
  if (match === 'exact' && query.topic !== undefined && query.topic !== uri) return []
  const answer = new HistoryAnswer({ session, history, match, query, octets })
  const search = answer.findForms(searches.get(session), isHere)
  searches.set(session, search)
  await search
  if (searches.get(session) === search) searches.delete(session)
  return !isHere() ? [] : answer.publications().map((publication) => describe(publication, id, match))
}

/** The publications of a history that one call is answered with. */
class HistoryAnswer {
  readonly #session: RoutedSession
  readonly #history: EventHistory
  readonly #match: MatchPolicy
  readonly #query: HistoryQuery
  readonly #octets: number

  constructor ({ session, history, match, query, octets }: { session: RoutedSession, history: EventHistory, match: MatchPolicy, query: HistoryQuery, octets: number }) {
    this.#session = session
    this.#history = history
    this.#match = match
    this.#query = query
    this.#octets = octets
  }

  /**
   * Has the session's serializer say for which publications it has a form, as far as the answer reaches. That takes as long as to
   * read them, so it takes turns, after what is given; from then on it is known.
   */
  async findForms (before: Promise<void> | undefined, isHere: () => boolean): Promise<void> {
    await before
    if (!isHere()) return
    let { start, end } = rangeOf(this.#history, this.#query)
    const room = { events: this.#query.limit, octets: this.#octets }
    for (let stop = this.#look({ start, end }, room); stop !== null && isHere(); stop = this.#look({ start, end }, room)) {
      await nextTurn()
      // What is oldest may be kept no longer.
      if (this.#query.reverse) end = stop + 1
      else start = stop
      start = Math.max(start, this.#history.range.start)
    }
  }

  /** One at least, if there is any. */
  publications (): Publication[] {
    const found: Publication[] = []
    let size = 0
    for (const place of this.#places(rangeOf(this.#history, this.#query))) {
      const publication = this.#history.at(place)
      spend(1)
      if (!this.#isMeant(publication)) continue
      size += this.#octetsOf(publication)
      if (size > this.#octets && found.length > 0) break
      found.push(publication)
      if (found.length === this.#query.limit) break
    }
    spendOctets(Math.min(size, this.#octets))
    return found
  }

  /** Looks at a range until the answer is full, or nothing is left: then null. Else the place where the turn was over. */
  #look (range: Range, room: { events: number, octets: number }): number | null {
    for (const place of this.#places(range)) {
      if (isTurnOver()) return place
      spend(1)
      const publication = this.#history.at(place)
      if (!this.#isMeant(publication)) continue
      room.octets -= this.#octetsOf(publication)
      if (--room.events === 0 || room.octets < 0) return null
    }
    return null
  }

  #places (range: Range): Iterable<number> {
    return this.#history.places(range, this.#query.topic, this.#query.reverse ? 'newest first' : 'oldest first')
  }

  /** One value without a form would make an answer of all others fail. */
  #isMeant (publication: Publication): boolean {
    return mayReceive(this.#session, publication) && this.#session.takes(publication.payload)
  }

  #octetsOf (publication: Publication): number {
    return OCTETS_OF_EVENT + sizeOf(toldOf(publication, this.#match)) + publication.payload.size
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
