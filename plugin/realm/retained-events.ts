import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { Queue } from '../queue.ts'
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
  /** How often events had been kept when it was published to last; 0 once it is forgotten. */
  last: number
}

/** A publication to a topic. It is out of date if the topic was published to since. */
interface Turn { readonly topic: Topic, readonly at: number }

/** Turns that may be out of date, for each topic, before they are sorted out. */
const TURNS_OF_TOPIC = 2
const FEW_TURNS = 1024

/** The retained events of a realm, by topic [advanced, Event Retention]. What is least recent goes first when there are too many. */
export class RetainedEvents {
  readonly #limit: number
  readonly #bytes: number
  readonly #topics = new Map<Uri, Topic>()
  /** The oldest first. No order of the Map: its iterator would pass over all that was deleted before, or keep it in memory. */
  #turns = new Queue<Turn>()
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
    topic.last = this.#order
    this.#turns.add({ topic, at: this.#order })
    if (this.#turns.size > FEW_TURNS + TURNS_OF_TOPIC * this.#topics.size) this.#sortOut()
    while (this.#count > this.#limit || this.#size > this.#bytes) this.#forgetOldest()
  }

  /** The last publication of a topic that a session may receive; of a pattern, that of each topic, in the order of publication. */
  find (session: RoutedSession, uri: Uri, match: MatchPolicy): Publication[] {
    const kept = this.#topicsOf(uri, match).flatMap((topic) => lastFor(session, topic.kept))
    return kept.sort((a, b) => a.order - b.order).map(({ publication }) => publication)
  }

  #forgetOldest (): void {
    const { topic, at } = this.#turns.take()!
    if (topic.last === at) this.#delete(topic)
    else spend(1)
  }

  /** Lets go of turns that are out of date. */
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

function lastFor (session: RoutedSession, kept: readonly Kept[]): Kept[] {
  const i = kept.findLastIndex(({ publication }) => mayReceive(session, publication))
  spend(kept.length - Math.max(i, 0))
  return i < 0 ? [] : [kept[i]!]
}
