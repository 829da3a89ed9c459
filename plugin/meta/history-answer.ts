import type { Id } from '../protocol/id.ts'
import { sizeOf } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy } from '../protocol/uri.ts'
import { isTurnOver, nextTurn, spend, spendOctets } from '../work.ts'
import { storedDetails } from '../routing/broker.ts'
import type { EventHistory, Range } from '../routing/event-history.ts'
import { rangeOf } from './history-query.ts'
import type { HistoryQuery } from './history-query.ts'
import { metaError } from './meta-argument.ts'
import { mayReceive } from '../routing/publication.ts'
import type { StoredPublication } from '../routing/publication.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Subscription } from '../routing/subscription.ts'

/** Octets of an event in an answer, in addition to its topic, details and payload. */
const OCTETS_OF_EVENT = 150

/** The call that needs an answer. */
export interface Need {
  /** False once nobody needs the answer any more. */
  lasts (): boolean
  /** Remembers a function to call when nobody needs the answer any more. */
  whenOver (leave: () => void): void
}

/** The last pending answer by session, because the answers of a session are created one after the other. */
const searches = new WeakMap<RoutedSession, Promise<unknown>>()

/**
 * The events of a subscription that a session may receive and that its serializer can represent, oldest first: as many as fit in `octets`,
 * but at least one. The session requests the rest separately. None for a session that has left. Throws `wamp.error.history_unavailable`.
 */
export function getEvents (session: RoutedSession, { id, uri, match, history }: Subscription, query: HistoryQuery, octets: number, need: Need): object[] | Promise<object[]> {
  if (history === null) throw metaError(reasons.historyUnavailable, 'the events of this subscription are not stored')
  if (query.topic !== undefined && (match === 'exact' ? query.topic !== uri : !history.has(query.topic))) return []
  return answer(new HistoryAnswer({ session, history, match, query, octets, need }), session, id, match)
}

async function answer (events: HistoryAnswer, session: RoutedSession, id: Id, match: MatchPolicy): Promise<object[]> {
  const search = events.search(searches.get(session))
  searches.set(session, search)
  const found = await search
  if (searches.get(session) === search) searches.delete(session)
  return found.map((publication) => describe(publication, id, match))
}

/** The publications that answer one call, from those that are stored when it is its turn. */
class HistoryAnswer {
  readonly #session: RoutedSession
  readonly #history: EventHistory
  readonly #match: MatchPolicy
  readonly #query: HistoryQuery
  readonly #octets: number
  readonly #need: Need
  readonly #found: StoredPublication[] = []
  #size = 0

  constructor ({ session, history, match, query, octets, need }: {
    session: RoutedSession, history: EventHistory, match: MatchPolicy, query: HistoryQuery, octets: number, need: Need
  }) {
    this.#session = session
    this.#history = history
    this.#match = match
    this.#query = query
    this.#octets = octets
    this.#need = need
  }

  /**
   * Searches for them; resolves to the result. Checking whether the session's serializer can represent a publication costs as much as
   * decoding it, so the search takes turns. The result of the check is cached.
   */
  async search (before: Promise<unknown> | undefined): Promise<StoredPublication[]> {
    await before
    if (!this.#need.lasts()) return []
    const range = rangeOf(this.#history, this.#query)
    for (let stop = this.#look(range); stop !== null && this.#need.lasts(); stop = this.#look(this.#rest(range, stop))) {
      await nextTurn(this.#session, (leave) => { this.#need.whenOver(leave) })
    }
    spendOctets(this.#size)
    return this.#need.lasts() ? this.#found : []
  }

  /** Searches a range until the answer is full or the range ends, and then returns null. Otherwise returns the position at which the turn ended. */
  #look (range: Range): number | null {
    for (const place of this.#places(range)) {
      if (isTurnOver()) return place
      spend(1)
      const publication = this.#history.at(place)
      if (!this.#isVisible(publication)) continue
      const octets = OCTETS_OF_EVENT + sizeOf(storedDetails(publication, this.#match)) + publication.payload.size
      // At least one is returned.
      if (this.#size + octets > this.#octets && this.#found.length > 0) return null
      this.#size += octets
      if (this.#found.push(publication) === this.#query.limit) return null
    }
    return null
  }

  /** The rest of a range from the position at which a turn ended. The oldest publications may have been removed. */
  #rest ({ start, end }: Range, stop: number): Range {
    return this.#query.reverse ? { start: Math.max(start, this.#history.range.start), end: stop + 1 } : { start: Math.max(stop, this.#history.range.start), end }
  }

  #places (range: Range): Iterable<number> {
    return this.#history.places(range, this.#query.topic, this.#query.reverse ? 'newest first' : 'oldest first')
  }

  /** A value that the serializer cannot represent would make the entire answer fail. */
  #isVisible (publication: StoredPublication): boolean {
    return mayReceive(this.#session, publication) && this.#session.takes(publication.payload)
  }
}

/** The values of the payload can be decoded: the session may receive them. */
function describe (publication: StoredPublication, subscription: Id, match: MatchPolicy): object {
  const { args, kwargs } = publication.payload.values()
  return {
    timestamp: new Date(publication.at).toISOString(),
    subscription,
    publication: publication.id,
    details: storedDetails(publication, match),
    ...(args.length > 0 ? { args } : {}),
    ...(Object.keys(kwargs).length > 0 ? { kwargs } : {})
  }
}
