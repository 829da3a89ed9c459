import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { Queue } from '../queue.ts'
import { spend } from '../work.ts'
import { PrefixTree } from './prefix-tree.ts'
import { mayReceive } from './publication.ts'
import type { StoredPublication } from './publication.ts'
import type { RoutedSession } from './routed-session.ts'
import { hasFewComponents, WildcardIndex } from './wildcard-index.ts'

/** The number of publications kept for one topic, if some receivers may not receive the last one. */
const MOST_OF_A_TOPIC = 16
/** The approximate number of bytes for each component of a topic in the index. */
const BYTES_OF_COMPONENT = 100

/** Units of work to add a topic to the indexes, or to delete it. */
const UNITS_OF_TOPIC = 60

/** A stored publication and its sequence number. */
interface Kept {
  readonly publication: StoredPublication
  readonly order: number
}

/** The retained publications of one topic. */
interface Topic {
  readonly uri: Uri
  /** The approximate number of bytes in the indexes. */
  readonly size: number
  kept: readonly Kept[]
  /** The sequence number of the topic's last publication; 0 once it is removed. */
  last: number
}

/** A publication to a topic. It is outdated if there is a later publication to the topic. */
interface Turn { readonly topic: Topic, readonly at: number }

/** The number of outdated turns per topic before they are removed. */
const TURNS_OF_TOPIC = 2
const FEW_TURNS = 1024

/** The retained events of a realm, by topic [advanced, Event Retention]. If there are too many, the topic with the oldest last publication is removed. */
export class RetainedEvents {
  readonly #limit: number
  readonly #bytes: number
  readonly #topics = new Map<Uri, Topic>()
  /** The oldest first. The order of the Map is not used: its iterator would visit all deleted entries, or keep them in memory. */
  #turns = new Queue<Turn>()
  readonly #byPrefix = new PrefixTree<Topic>()
  /** Topics with at most as many components as a wildcard can have. */
  readonly #byComponents = new WildcardIndex<Topic>()
  #order = 0
  #count = 0
  #size = 0

  constructor ({ limit, bytes }: {
    /** The maximum number of publications. */
    limit: number
    /** The maximum number of bytes in total. */
    bytes: number
  }) {
    this.#limit = limit
    this.#bytes = bytes
  }

  /** Stores a publication. One without restrictions replaces all earlier ones of its topic; others are stored in addition. */
  keep (publication: StoredPublication): void {
    const topic = this.#topics.get(publication.topic) ?? this.#add(publication.topic)
    const earlier = publication.receivers === null ? [] : topic.kept.slice(1 - MOST_OF_A_TOPIC)
    this.#replace(topic, [...earlier, { publication, order: this.#order++ }])
    topic.last = this.#order
    this.#turns.add({ topic, at: this.#order })
    if (this.#turns.size > FEW_TURNS + TURNS_OF_TOPIC * this.#topics.size) this.#sortOut()
    while (this.#count > this.#limit || this.#size > this.#bytes) this.#forgetOldest()
  }

  /** The last publication of a topic that a session may receive; for a pattern, that of each topic, in the order of publication. */
  find (session: RoutedSession, uri: Uri, match: MatchPolicy): StoredPublication[] {
    const found: Kept[] = []
    for (const topic of this.#topicsOf(uri, match)) {
      const last = lastFor(session, topic.kept)
      if (last !== undefined) found.push(last)
    }
    return found.sort((a, b) => a.order - b.order).map(({ publication }) => publication)
  }

  #forgetOldest (): void {
    const { topic, at } = this.#turns.take()!
    if (topic.last === at) this.#delete(topic)
    else spend(1)
  }

  /** Removes outdated turns. */
  #sortOut (): void {
    const turns = new Queue<Turn>()
    spend(this.#turns.size)
    for (let turn = this.#turns.take(); turn !== undefined; turn = this.#turns.take()) if (turn.topic.last === turn.at) turns.add(turn)
    this.#turns = turns
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
    const topic: Topic = { uri, size: indexed ? uri.split('.').length * BYTES_OF_COMPONENT : 0, kept: [], last: 0 }
    this.#topics.set(uri, topic)
    this.#byPrefix.set(uri, topic)
    if (indexed) this.#byComponents.set(uri, topic)
    this.#size += topic.size
    return topic
  }

  #delete (topic: Topic): void {
    spend(UNITS_OF_TOPIC)
    this.#replace(topic, [])
    topic.last = 0
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

function lastFor (session: RoutedSession, kept: readonly Kept[]): Kept | undefined {
  let i = kept.length - 1
  while (i >= 0 && !mayReceive(session, kept[i]!.publication)) i--
  spend(kept.length - Math.max(i, 0))
  return kept[i]
}
