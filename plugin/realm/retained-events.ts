import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import { PrefixTree } from './prefix-tree.ts'
import { mayReceive } from './publication.ts'
import type { Publication } from './publication.ts'
import type { RoutedSession } from './routed-session.ts'
import { hasFewComponents, WildcardIndex } from './wildcard-index.ts'

/** How many publications of one topic are kept, where not all may receive the last one. */
const MOST_OF_A_TOPIC = 16
/** About how many bytes each component of a topic takes in the index. */
const BYTES_OF_COMPONENT = 100

/** Units of work that it takes to add a topic to the indices, or to delete it. */
const UNITS_OF_TOPIC = 60

/** A publication that is kept, and the how many-eth it was. */
interface Kept {
  readonly publication: Publication
  readonly order: number
}

/** What is kept of one topic. */
interface Topic {
  readonly uri: Uri
  /** About how many bytes it takes in the indices. */
  readonly size: number
  kept: readonly Kept[]
}

/** The retained events of a realm, by topic [advanced, Event Retention]. What is least recent goes first when there are too many. */
export class RetainedEvents {
  readonly #limit: number
  readonly #bytes: number
  /** The topic that was published to last is last. */
  readonly #topics = new Map<Uri, Topic>()
  /** Only taken from to delete: a new iterator each time would pass over all that was deleted before. */
  readonly #oldest = this.#topics.values()
  readonly #byPrefix = new PrefixTree<Topic>()
  /** Topics of so many components as a wildcard can have. */
  readonly #byComponents = new WildcardIndex<Topic>()
  #order = 0
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
    const topic = this.#topics.get(publication.topic) ?? this.#add(publication.topic)
    const earlier = publication.receivers === null ? [] : topic.kept.slice(1 - MOST_OF_A_TOPIC)
    this.#replace(topic, [...earlier, { publication, order: this.#order++ }])
    this.#topics.delete(topic.uri)
    this.#topics.set(topic.uri, topic)
    while (this.#count > this.#limit || this.#size > this.#bytes) this.#delete(this.#oldest.next().value!)
  }

  /** The last publication of a topic that a session may receive; of a pattern, that of each topic, in the order of publication. */
  find (session: RoutedSession, uri: Uri, match: MatchPolicy): Publication[] {
    const kept = this.#topicsOf(uri, match).flatMap((topic) => lastFor(session, topic.kept))
    return kept.sort((a, b) => a.order - b.order).map(({ publication }) => publication)
  }

  #topicsOf (uri: Uri, match: MatchPolicy): Topic[] {
    if (match === 'prefix') return this.#byPrefix.startingWith(uri)
    if (match === 'wildcard') return this.#byComponents.matchedBy(uri)
    const topic = this.#topics.get(uri)
    return topic === undefined ? [] : [topic]
  }

  #add (uri: Uri): Topic {
    spend(UNITS_OF_TOPIC)
    const indexed = hasFewComponents(uri)
    const topic: Topic = { uri, size: indexed ? uri.split('.').length * BYTES_OF_COMPONENT : 0, kept: [] }
    this.#topics.set(uri, topic)
    this.#byPrefix.set(uri, topic)
    if (indexed) this.#byComponents.set(uri, topic)
    this.#size += topic.size
    return topic
  }

  #delete (topic: Topic): void {
    spend(UNITS_OF_TOPIC)
    this.#replace(topic, [])
    this.#topics.delete(topic.uri)
    this.#byPrefix.delete(topic.uri)
    if (hasFewComponents(topic.uri)) this.#byComponents.delete(topic.uri)
    this.#size -= topic.size
  }

  #replace (topic: Topic, kept: readonly Kept[]): void {
    for (const { publication } of topic.kept) this.#size -= publication.size
    for (const { publication } of kept) this.#size += publication.size
    this.#count += kept.length - topic.kept.length
    topic.kept = kept
  }
}

function lastFor (session: RoutedSession, kept: readonly Kept[]): Kept[] {
  const i = kept.findLastIndex(({ publication }) => mayReceive(session, publication))
  spend(kept.length - Math.max(i, 0))
  return i < 0 ? [] : [kept[i]!]
}
