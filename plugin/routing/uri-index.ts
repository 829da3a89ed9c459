import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { PrefixTree } from './prefix-tree.ts'
import { WildcardIndex } from './wildcard-index.ts'

/** The maximum number of URIs with cached matches. At the limit, the cache is cleared, so made-up URIs cannot make it grow. */
const REMEMBERED = 10_000
/** The maximum number of characters of a cached URI: longer ones are rare and would use much memory. */
const REMEMBERED_LENGTH = 256
/** The maximum number of cached matches for all URIs together. */
const REMEMBERED_MATCHES = 100_000

const nothing: readonly never[] = Object.freeze([])

/** Items by URI and match policy. Without patterns, a look-up is one map access, and so is a repeated look-up while the patterns do not change. */
export class UriIndex<T> {
  /** Each in a list, which is the list of matches if there are no patterns. */
  readonly #exact = new Map<Uri, readonly [T]>()
  readonly #prefixes = new PrefixTree<T>()
  readonly #wildcards = new WildcardIndex<T>()
  readonly #remembered = new Map<Uri, readonly T[]>()
  #rememberedMatches = 0

  /** The item of this URI and policy. */
  get (uri: Uri, match: MatchPolicy): T | undefined {
    if (match === 'exact') return this.#exact.get(uri)?.[0]
    return this.#patterns(match).get(uri)
  }

  /** Sets the item of this URI and policy. */
  set (uri: Uri, match: MatchPolicy, value: T): void {
    this.#forget(uri, match)
    if (match === 'exact') this.#exact.set(uri, [value])
    else this.#patterns(match).set(uri, value)
  }

  /** Deletes the item of this URI and policy. */
  delete (uri: Uri, match: MatchPolicy): void {
    this.#forget(uri, match)
    if (match === 'exact') this.#exact.delete(uri)
    else this.#patterns(match).delete(uri)
  }

  /** All matches: the exact one, then prefixes, shortest first, then wildcards. */
  matching (uri: Uri): readonly T[] {
    if (this.#prefixes.isEmpty && this.#wildcards.isEmpty) return this.#exact.get(uri) ?? nothing
    const remembered = this.#remembered.get(uri)
    if (remembered !== undefined) return remembered

    const exact = this.#exact.get(uri)
    const found = exact === undefined ? [] : [exact[0]]
    this.#prefixes.collect(uri, found)
    this.#wildcards.collect(uri, found)
    if (uri.length <= REMEMBERED_LENGTH) this.#remember(uri, found)
    return found
  }

  /** The longest prefix, in characters. */
  longestPrefix (uri: Uri): T | undefined {
    return this.#prefixes.longest(uri)
  }

  /** The best wildcard: from left to right, literals beat wildcards. */
  bestWildcard (uri: Uri): T | undefined {
    return this.#wildcards.best(uri)
  }

  #patterns (match: 'prefix' | 'wildcard'): PrefixTree<T> | WildcardIndex<T> {
    return match === 'prefix' ? this.#prefixes : this.#wildcards
  }

  #remember (uri: Uri, found: readonly T[]): void {
    if (this.#remembered.size >= REMEMBERED || this.#rememberedMatches + found.length > REMEMBERED_MATCHES) this.#forgetAll()
    this.#remembered.set(uri, found)
    this.#rememberedMatches += found.length
  }

  #forget (uri: Uri, match: MatchPolicy): void {
    if (match !== 'exact') return this.#forgetAll()
    this.#rememberedMatches -= this.#remembered.get(uri)?.length ?? 0
    this.#remembered.delete(uri)
  }

  #forgetAll (): void {
    this.#remembered.clear()
    this.#rememberedMatches = 0
  }
}
