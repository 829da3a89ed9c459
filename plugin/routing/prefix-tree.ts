import type { Uri } from '../protocol/uri.ts'
import { spend, spendOctets } from '../work.ts'
import { ownString } from './own-string.ts'

/** A node represents the concatenation of the labels down to it. Except for the root, it has a value or at least two children. */
interface Node<T> {
  /** May be a slice of the node's own text, but of nothing longer, which would stay in memory as long as the node. */
  label: string
  parent: Node<T> | null
  value: T | undefined
  /** The children, by the first character of their labels. */
  readonly children: Map<string, Node<T>>
}

/**
 * Items by prefix or URI, in a radix tree. A look-up reads a URI once, regardless of the number of prefixes, and finds the URIs with a
 * prefix without visiting the others.
 */
export class PrefixTree<T> {
  readonly #root: Node<T> = { label: '', parent: null, value: undefined, children: new Map() }

  get isEmpty (): boolean {
    return this.#root.value === undefined && this.#root.children.size === 0
  }

  /** The value of exactly this prefix. */
  get (prefix: Uri): T | undefined {
    return this.#find(prefix)?.value
  }

  /** Sets the value of a prefix. */
  set (prefix: Uri, value: T): void {
    let node = this.#root
    let at = 0
    while (at < prefix.length) {
      const next = node.children.get(prefix[at]!)
      if (next === undefined) {
        adopt(node, { label: prefix.slice(at), parent: node, value, children: new Map() })
        return
      }
      const shared = sharedLength(next.label, prefix, at)
      node = shared < next.label.length ? split(next, shared) : next
      at += shared
    }
    node.value = value
  }

  /** Deletes the value of a prefix. */
  delete (prefix: Uri): void {
    const node = this.#find(prefix)
    if (node === undefined) return
    node.value = undefined
    if (node.children.size === 0) {
      node.parent?.children.delete(node.label[0]!)
      if (node.parent !== null) merge(node.parent)
    } else merge(node)
  }

  /** Adds the values of all prefixes of a URI to `found`, shortest first. */
  collect (uri: Uri, found: T[]): void {
    let nodes = 0
    let read = 0
    let node: Node<T> | undefined = this.#root
    for (; node !== undefined; node = below(node, uri, read)) {
      nodes++
      read += node.label.length
      if (node.value !== undefined) found.push(node.value)
    }
    spend(nodes)
    spendOctets(read)
  }

  /** The value of the longest prefix of a URI, in characters. */
  longest (uri: Uri): T | undefined {
    let longest: T | undefined
    let nodes = 0
    let read = 0
    let node: Node<T> | undefined = this.#root
    for (; node !== undefined; node = below(node, uri, read)) {
      nodes++
      read += node.label.length
      longest = node.value ?? longest
    }
    spend(nodes)
    spendOctets(read)
    return longest
  }

  /** The values of the URIs that start with a prefix, in no order. */
  startingWith (prefix: Uri): T[] {
    const nodes = this.#startingWith(prefix)
    const values: T[] = []
    // Each node adds its children: the list grows during the iteration.
    for (const { children, value } of nodes) {
      if (value !== undefined) values.push(value)
      if (children.size > 0) for (const child of children.values()) nodes.push(child)
    }
    spend(nodes.length)
    spendOctets(prefix.length)
    return values
  }

  /** The topmost node whose text starts with a prefix, if there is one. */
  #startingWith (prefix: Uri): Node<T>[] {
    let node = this.#root
    let read = 0
    while (read < prefix.length) {
      const next = node.children.get(prefix[read]!)
      if (next === undefined || sharedLength(next.label, prefix, read) < Math.min(next.label.length, prefix.length - read)) return []
      node = next
      read += next.label.length
    }
    return [node]
  }

  #find (prefix: Uri): Node<T> | undefined {
    let node: Node<T> | undefined = this.#root
    for (let at = 0; node !== undefined; node = below(node, prefix, at)) {
      at += node.label.length
      if (at === prefix.length) return node
    }
    return undefined
  }
}

/** The child that continues a URI after `at` characters. */
function below<T> (node: Node<T>, uri: Uri, at: number): Node<T> | undefined {
  if (at === uri.length) return undefined
  const next = node.children.get(uri[at]!)
  return next !== undefined && uri.startsWith(next.label, at) ? next : undefined
}

function adopt<T> (parent: Node<T>, child: Node<T>): void {
  child.parent = parent
  parent.children.set(child.label[0]!, child)
}

/** Splits a node's label by inserting a node without a value. */
function split<T> (node: Node<T>, length: number): Node<T> {
  spendOctets(length)
  const middle: Node<T> = { label: ownString(node.label.slice(0, length)), parent: node.parent, value: undefined, children: new Map() }
  if (node.parent !== null) adopt(node.parent, middle)
  node.label = node.label.slice(length)
  adopt(middle, node)
  return middle
}

/** Merges the label of an unnecessary node into its only child. */
function merge<T> (node: Node<T>): void {
  if (node.parent === null || node.value !== undefined || node.children.size !== 1) return
  const [child] = node.children.values()
  // Reading the first character flattens the string, so that it refers to neither part.
  child!.label = node.label + child!.label
  adopt(node.parent, child!)
}

function sharedLength (label: string, uri: Uri, at: number): number {
  let length = 0
  while (length < label.length && label[length] === uri[at + length]) length++
  return length
}
