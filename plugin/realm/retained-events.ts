import { matches } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { mayReceive } from './publication.ts'
import type { Publication } from './publication.ts'
import type { RoutedSession } from './routed-session.ts'

/** How many publications of one topic are kept, where not all may receive the last one. */
const MOST_OF_A_TOPIC = 16

/** The retained events of a realm, by topic [advanced, Event Retention]. What is least recent goes first when there are too many. */
export class RetainedEvents {
  readonly #limit: number
  readonly #bytes: number
  /** The topic that was published to last is last. */
  readonly #topics = new Map<Uri, readonly Publication[]>()
  #count = 0
  #size = 0

  constructor ({ limit, bytes }: {
    /** How many publications are kept at most. */
    limit: number
    /** How many bytes they may take together. */
    bytes: number
  }) {
    this.#limit = limit
    this.#bytes = bytes
  }

  /** Keeps a publication. One that everybody may receive replaces all earlier ones of its topic; others are kept beside these. */
  keep (publication: Publication): void {
    const { topic, receivers } = publication
    const earlier = receivers === null ? [] : this.#topics.get(topic) ?? []
    this.#replace(topic, [...earlier.slice(1 - MOST_OF_A_TOPIC), publication])
    while (this.#count > this.#limit || this.#size > this.#bytes) this.#replace(this.#topics.keys().next().value!, [])
  }

  /** The last publication of a topic that a session may receive; of a pattern, that of each topic, in the order of publication. */
  find (session: RoutedSession, uri: Uri, match: MatchPolicy): Publication[] {
    if (match === 'exact') return lastFor(session, this.#topics.get(uri) ?? [])
    const found = [...this.#topics].flatMap(([topic, kept]) => matches(uri, match, topic) ? lastFor(session, kept) : [])
    return found.sort((a, b) => a.at - b.at)
  }

  #replace (topic: Uri, kept: readonly Publication[]): void {
    for (const { size } of this.#topics.get(topic) ?? []) this.#size -= size
    this.#count += kept.length - (this.#topics.get(topic)?.length ?? 0)
    this.#topics.delete(topic)
    for (const { size } of kept) this.#size += size
    if (kept.length > 0) this.#topics.set(topic, kept)
  }
}

function lastFor (session: RoutedSession, kept: readonly Publication[]): Publication[] {
  const last = kept.findLast((publication) => mayReceive(session, publication))
  return last === undefined ? [] : [last]
}
