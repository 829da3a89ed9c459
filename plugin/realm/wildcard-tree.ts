import type { Uri } from '../protocol/uri.ts'

/**
 * Components that a wildcard pattern may have. Each costs memory, and one level of recursion at every look-up: without a
 * bound one message could exhaust both.
 */
export const MAX_WILDCARD_COMPONENTS = 64

/** A node stands for the first components of patterns that have as many components. It is removed when it leads to no value. */
interface Node<T> {
  literals: Map<string, Node<T>> | undefined
  any: Node<T> | undefined
  value: T | undefined
}

/** True for a wildcard pattern that the tree can hold. */
export function hasFewComponents (pattern: Uri): boolean {
  return countComponents(pattern) <= MAX_WILDCARD_COMPONENTS
}

/** Things by wildcard pattern, in a tree of components. A look-up follows the branches that can match, and no others. */
export class WildcardTree<T> {
  /** By the number of components. */
  readonly #roots = new Map<number, Node<T>>()

  get isEmpty (): boolean {
    return this.#roots.size === 0
  }

  /** What stands under this very pattern. */
  get (pattern: Uri): T | undefined {
    const components = pattern.split('.')
    let node = this.#roots.get(components.length)
    for (const component of components) node = node === undefined ? undefined : childOf(node, component)
    return node?.value
  }

  /** Puts something under a pattern of few components; what stood there is replaced. */
  set (pattern: Uri, value: T): void {
    const components = pattern.split('.')
    let node = this.#roots.get(components.length)
    if (node === undefined) this.#roots.set(components.length, node = emptyNode())
    for (const component of components) node = childOf(node, component) ?? addChild(node, component)
    node.value = value
  }

  /** Removes what stands under a pattern. */
  delete (pattern: Uri): void {
    const components = pattern.split('.')
    const root = this.#roots.get(components.length)
    if (root !== undefined && prune(root, components, 0)) this.#roots.delete(components.length)
  }

  /** Adds to `found` all that match a URI: from left to right, a literal component before any. */
  collect (uri: Uri, found: T[]): void {
    const root = this.#rootFor(uri)
    if (root !== undefined) collect(root, uri, 0, found)
  }

  /** The one that is literal where, from left to right, another is not [advanced, Calls matching multiple registrations]. */
  best (uri: Uri): T | undefined {
    const root = this.#rootFor(uri)
    return root === undefined ? undefined : first(root, uri, 0)
  }

  #rootFor (uri: Uri): Node<T> | undefined {
    return this.isEmpty ? undefined : this.#roots.get(countComponents(uri))
  }
}

/** The number of components, or one that no pattern has. */
function countComponents (uri: Uri): number {
  let count = 1
  for (let dot = uri.indexOf('.'); dot >= 0 && count <= MAX_WILDCARD_COMPONENTS; dot = uri.indexOf('.', dot + 1)) count++
  return count
}

/** Where the component ends that begins at `start`. */
function endOfComponent (uri: Uri, start: number): number {
  const dot = uri.indexOf('.', start)
  return dot < 0 ? uri.length : dot
}

function emptyNode<T> (): Node<T> {
  return { literals: undefined, any: undefined, value: undefined }
}

function childOf<T> (node: Node<T>, component: string): Node<T> | undefined {
  return component === '' ? node.any : node.literals?.get(component)
}

function addChild<T> (node: Node<T>, component: string): Node<T> {
  const child = emptyNode<T>()
  if (component === '') node.any = child
  else if (node.literals === undefined) node.literals = new Map([[component, child]])
  else node.literals.set(component, child)
  return child
}

// A look-up mostly ends at the first component that no pattern has: taking the URI apart first would cost more than all the rest.
function collect<T> (node: Node<T>, uri: Uri, start: number, found: T[]): void {
  if (start > uri.length) {
    if (node.value !== undefined) found.push(node.value)
    return
  }
  const end = endOfComponent(uri, start)
  const literal = node.literals?.get(uri.slice(start, end))
  if (literal !== undefined) collect(literal, uri, end + 1, found)
  if (node.any !== undefined) collect(node.any, uri, end + 1, found)
}

function first<T> (node: Node<T>, uri: Uri, start: number): T | undefined {
  if (start > uri.length) return node.value
  const end = endOfComponent(uri, start)
  const literal = node.literals?.get(uri.slice(start, end))
  const found = literal === undefined ? undefined : first(literal, uri, end + 1)
  return found !== undefined || node.any === undefined ? found : first(node.any, uri, end + 1)
}

/** Removes a pattern's value and the nodes that only it used. True if nothing is left in `node`. */
function prune<T> (node: Node<T>, components: readonly string[], i: number): boolean {
  if (i === components.length) node.value = undefined
  else {
    const component = components[i]!
    const next = childOf(node, component)
    if (next !== undefined && prune(next, components, i + 1)) {
      if (component === '') node.any = undefined
      else node.literals!.delete(component)
    }
  }
  return node.value === undefined && node.any === undefined && (node.literals === undefined || node.literals.size === 0)
}
