import type { Uri } from '../protocol/uri.ts'
import { ComponentTable, isBetter } from './component-table.ts'
import type { Entry } from './component-table.ts'

/** The maximum number of components of a wildcard pattern. Each uses memory, and work at every look-up: without a limit, one message could exhaust both. */
export const MAX_WILDCARD_COMPONENTS = 64

/** True for a wildcard pattern or URI that the index can store. */
export function hasFewComponents (uri: Uri): boolean {
  return countComponents(uri) <= MAX_WILDCARD_COMPONENTS
}

/** Items by wildcard pattern, found by a matching URI; or by URI, found by a matching pattern. */
export class WildcardIndex<T> {
  /** The tables, by number of components. */
  readonly #tables = new Map<number, ComponentTable<T>>()

  get isEmpty (): boolean {
    return this.#tables.size === 0
  }

  /** The item of exactly this pattern or URI. */
  get (uri: Uri): T | undefined {
    return this.#tableFor(uri)?.get(uri)
  }

  /** Sets the item of a pattern or URI with few components. */
  set (uri: Uri, value: T): void {
    const components = countComponents(uri)
    let table = this.#tables.get(components)
    if (table === undefined) this.#tables.set(components, table = new ComponentTable(components))
    table.set(uri, value)
  }

  /** Deletes the item of a pattern or URI. */
  delete (uri: Uri): void {
    const table = this.#tableFor(uri)
    table?.delete(uri)
    if (table?.isEmpty === true) this.#tables.delete(countComponents(uri))
  }

  /** Adds the items of the patterns that match a URI to `found`, in no order. */
  collect (uri: Uri, found: T[]): void {
    const table = this.#tableFor(uri)
    if (table !== undefined) for (const { value } of table.matching(uri)) found.push(value)
  }

  /** The most specific match: from left to right, literals beat wildcards [advanced, Calls matching multiple registrations]. */
  best (uri: Uri): T | undefined {
    let best: Entry<T> | undefined
    for (const entry of this.#tableFor(uri)?.matching(uri) ?? []) if (best === undefined || isBetter(entry, best)) best = entry
    return best?.value
  }

  /** The items of the URIs that a wildcard pattern matches, in no order. */
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
