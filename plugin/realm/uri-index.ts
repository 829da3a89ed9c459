import type { MatchPolicy, Uri } from '../protocol/uri.ts'

/** A node of the wildcard trie: one component of patterns that have as many components. */
interface Node<T> {
  readonly literals: Map<string, Node<T>>
  any: Node<T> | undefined
  value: T | undefined
}

/** How many URIs' matches are remembered. Made-up URIs cannot make it grow: it is then begun anew. */
const REMEMBERED = 10_000
/** Characters of a URI that is remembered: longer ones are rare, and would make the memory large. */
const REMEMBERED_LENGTH = 256

/**
 * Things by URI and match policy. A look-up costs one map access for what was looked up since the patterns changed;
 * otherwise one for each length that prefixes have, and one for each wildcard branch that can match.
 */
export class UriIndex<T> {
  readonly #exact = new Map<Uri, T>()
  readonly #prefixes = new Map<number, Map<Uri, T>>()
  /** The lengths in `#prefixes`, ascending. */
  #lengths: number[] = []
  readonly #wildcards = new Map<number, Node<T>>()
  readonly #remembered = new Map<Uri, readonly T[]>()

  /** What stands under this URI and policy. */
  get (uri: Uri, match: MatchPolicy): T | undefined {
    if (match === 'exact') return this.#exact.get(uri)
    if (match === 'prefix') return this.#prefixes.get(uri.length)?.get(uri)
    const components = uri.split('.')
    let node = this.#wildcards.get(components.length)
    for (const component of components) node = component === '' ? node?.any : node?.literals.get(component)
    return node?.value
  }

  /** Puts something under this URI and policy; what stood there is replaced. */
  set (uri: Uri, match: MatchPolicy, value: T): void {
    this.#forget(uri, match)
    if (match === 'exact') this.#exact.set(uri, value)
    else if (match === 'prefix') this.#setPrefix(uri, value)
    else this.#setWildcard(uri.split('.'), value)
  }

  /** Removes what stands under this URI and policy. */
  delete (uri: Uri, match: MatchPolicy): void {
    this.#forget(uri, match)
    if (match === 'exact') this.#exact.delete(uri)
    else if (match === 'prefix') this.#deletePrefix(uri)
    else this.#deleteWildcard(uri.split('.'))
  }

  /** All that match: the exact one, then prefixes, shortest first, then wildcards, a literal component before any. */
  matching (uri: Uri): readonly T[] {
    const remembered = this.#remembered.get(uri)
    if (remembered !== undefined) return remembered

    const found: T[] = []
    const exact = this.#exact.get(uri)
    if (exact !== undefined) found.push(exact)
    for (const length of this.#lengths) {
      if (length > uri.length) break
      const value = this.#prefixes.get(length)!.get(uri.slice(0, length))
      if (value !== undefined) found.push(value)
    }
    if (this.#wildcards.size > 0) {
      const components = uri.split('.')
      collect(this.#wildcards.get(components.length), components, 0, found)
    }
    if (uri.length > REMEMBERED_LENGTH) return found
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear()
    this.#remembered.set(uri, found)
    return found
  }

  /** The longest prefix, in characters. */
  longestPrefix (uri: Uri): T | undefined {
    for (let i = this.#lengths.length - 1; i >= 0; i--) {
      const length = this.#lengths[i]!
      const value = length > uri.length ? undefined : this.#prefixes.get(length)!.get(uri.slice(0, length))
      if (value !== undefined) return value
    }
    return undefined
  }

  /** The wildcard that is literal where, from left to right, another is not [advanced, Calls matching multiple registrations]. */
  bestWildcard (uri: Uri): T | undefined {
    if (this.#wildcards.size === 0) return undefined
    const components = uri.split('.')
    return first(this.#wildcards.get(components.length), components, 0)
  }

  /** Everything in the index. */
  * values (): IterableIterator<T> {
    yield * this.#exact.values()
    for (const prefixes of this.#prefixes.values()) yield * prefixes.values()
    for (const node of this.#wildcards.values()) yield * below(node)
  }

  #forget (uri: Uri, match: MatchPolicy): void {
    if (match === 'exact') this.#remembered.delete(uri)
    else this.#remembered.clear()
  }

  #setPrefix (uri: Uri, value: T): void {
    const prefixes = this.#prefixes.get(uri.length)
    if (prefixes !== undefined) {
      prefixes.set(uri, value)
      return
    }
    this.#prefixes.set(uri.length, new Map([[uri, value]]))
    this.#lengths = [...this.#prefixes.keys()].sort((a, b) => a - b)
  }

  #deletePrefix (uri: Uri): void {
    const prefixes = this.#prefixes.get(uri.length)
    prefixes?.delete(uri)
    if (prefixes?.size !== 0) return
    this.#prefixes.delete(uri.length)
    this.#lengths = this.#lengths.filter((length) => length !== uri.length)
  }

  #setWildcard (components: readonly string[], value: T): void {
    let node = this.#wildcards.get(components.length) ?? emptyNode<T>()
    this.#wildcards.set(components.length, node)
    for (const component of components) node = childOf(node, component)
    node.value = value
  }

  #deleteWildcard (components: readonly string[]): void {
    const root = this.#wildcards.get(components.length)
    if (root !== undefined && prune(root, components, 0)) this.#wildcards.delete(components.length)
  }
}

function emptyNode<T> (): Node<T> {
  return { literals: new Map(), any: undefined, value: undefined }
}

/** The node below for a component; made if there is none. */
function childOf<T> (node: Node<T>, component: string): Node<T> {
  const known = component === '' ? node.any : node.literals.get(component)
  if (known !== undefined) return known
  const made = emptyNode<T>()
  if (component === '') node.any = made
  else node.literals.set(component, made)
  return made
}

function collect<T> (node: Node<T> | undefined, components: readonly string[], i: number, found: T[]): void {
  if (node === undefined) return
  if (i === components.length) {
    if (node.value !== undefined) found.push(node.value)
    return
  }
  collect(node.literals.get(components[i]!), components, i + 1, found)
  collect(node.any, components, i + 1, found)
}

function first<T> (node: Node<T> | undefined, components: readonly string[], i: number): T | undefined {
  if (node === undefined || i === components.length) return node?.value
  return first(node.literals.get(components[i]!), components, i + 1) ?? first(node.any, components, i + 1)
}

function * below<T> (node: Node<T>): IterableIterator<T> {
  if (node.value !== undefined) yield node.value
  for (const next of node.literals.values()) yield * below(next)
  if (node.any !== undefined) yield * below(node.any)
}

/** Removes a pattern's value and the nodes that only it used. True if nothing is left in `node`. */
function prune<T> (node: Node<T>, components: readonly string[], i: number): boolean {
  if (i === components.length) node.value = undefined
  else {
    const component = components[i]!
    const next = component === '' ? node.any : node.literals.get(component)
    if (next !== undefined && prune(next, components, i + 1)) {
      if (component === '') node.any = undefined
      else node.literals.delete(component)
    }
  }
  return node.value === undefined && node.any === undefined && node.literals.size === 0
}
