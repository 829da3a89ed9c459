import type { Uri } from '../protocol/uri.ts'
import { ComponentTable, isBetter } from './component-table.ts'
import type { Entry } from './component-table.ts'

/**
 * Components that a wildcard pattern may have. Each costs memory, and some work at every look-up: without a bound one message
 * could exhaust both.
 */
export const MAX_WILDCARD_COMPONENTS = 64

/** True for a wildcard pattern, or a URI, that the index can hold. */
export function hasFewComponents (uri: Uri): boolean {
  return countComponents(uri) <= MAX_WILDCARD_COMPONENTS
}

/** Things by wildcard pattern, of which those are found that stand for a URI; or by URI, of which a pattern finds its own. */
export class WildcardIndex<T> {
  /** By the number of components. */
  readonly #tables = new Map<number, ComponentTable<T>>()

  get isEmpty (): boolean {
    return this.#tables.size === 0
  }

  /** What stands under this very pattern or URI. */
  get (uri: Uri): T | undefined {
    return this.#tableFor(uri)?.get(uri)
  }

  /** Puts something under a pattern or URI of few components; what stood there is replaced. */
  set (uri: Uri, value: T): void {
    const components = countComponents(uri)
    let table = this.#tables.get(components)
    if (table === undefined) this.#tables.set(components, table = new ComponentTable(components))
    table.set(uri, value)
  }

  /** Removes what stands under a pattern or URI. */
  delete (uri: Uri): void {
    const table = this.#tableFor(uri)
    table?.delete(uri)
    if (table?.isEmpty === true) this.#tables.delete(countComponents(uri))
  }

  /** Adds to `found` what stands under the patterns that match a URI, in no order. */
  collect (uri: Uri, found: T[]): void {
    const table = this.#tableFor(uri)
    if (table !== undefined) for (const { value } of table.matching(uri)) found.push(value)
  }

  /** The one that is literal where, from left to right, another is not [advanced, Calls matching multiple registrations]. */
  best (uri: Uri): T | undefined {
    let best: Entry<T> | undefined
    for (const entry of this.#tableFor(uri)?.matching(uri) ?? []) if (best === undefined || isBetter(entry, best)) best = entry
    return best?.value
  }

  /** What stands under the URIs that a wildcard pattern matches, in no order. */
  matchedBy (pattern: Uri): T[] {
    return this.#tableFor(pattern)?.matchedBy(pattern).map(({ value }) => value) ?? []
  }

  #tableFor (uri: Uri): ComponentTable<T> | undefined {
    return this.isEmpty ? undefined : this.#tables.get(countComponents(uri))
  }
}

/** The number of components, or one that no pattern has. */
function countComponents (uri: Uri): number {
  let count = 1
  for (let dot = uri.indexOf('.'); dot >= 0 && count <= MAX_WILDCARD_COMPONENTS; dot = uri.indexOf('.', dot + 1)) count++
  return count
}
