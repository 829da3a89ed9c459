import type { Id } from '../protocol/id.ts'
import { isReserved } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { merged, Ordered } from './ordered.ts'

/** The part of a subscription or registration that is listed. */
export interface Listed {
  readonly id: Id
  readonly uri: Uri
  readonly match: MatchPolicy
}

/** True for URIs of the meta API itself, which are hidden from clients and cause no meta events. */
export function isHidden ({ uri }: { uri: Uri, match: MatchPolicy }): boolean {
  return isReserved(uri)
}

const idOf = ({ id }: Listed): Id => id

/** Subscriptions or registrations by id. Those that the meta API hides are kept separately, so that calls need not skip them. */
export class Listing<T extends Listed> {
  readonly #shown = new Ordered<T>(idOf)
  #hidden: Ordered<T> | null = null

  get size (): number {
    return this.#shown.size + (this.#hidden?.size ?? 0)
  }

  has (item: T): boolean {
    return this.#of(item)?.has(item) === true
  }

  /** Adds an item that is not in the list. */
  add (item: T): void {
    if (isHidden(item)) this.#hidden ??= new Ordered<T>(idOf)
    this.#of(item)!.add(item)
  }

  delete (item: T): void {
    this.#of(item)?.delete(item)
  }

  /** The first items after an id, up to a maximum number: all items, or only the visible ones. */
  after (id: Id, most: number, which: 'all' | 'shown'): T[] {
    const shown = this.#shown.after(id, most)
    if (which === 'shown' || this.#hidden === null) return shown
    return merged([shown, this.#hidden.after(id, most)], idOf).slice(0, most)
  }

  * [Symbol.iterator] (): IterableIterator<T> {
    yield * this.#shown
    if (this.#hidden !== null) yield * this.#hidden
  }

  #of (item: T): Ordered<T> | null {
    return isHidden(item) ? this.#hidden : this.#shown
  }
}
