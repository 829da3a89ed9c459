import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { spend } from '../work.ts'
import { metaError, optional, toText } from './meta-argument.ts'

/** Octets of an id and the comma after it, in the longest serialization. */
const OCTETS_OF_ID = 17
/** Octets of a RESULT that lists ids, without the ids. */
const OCTETS_OF_HEAD = 200

/** How many ids fit into an answer of so many octets. */
export function mostIds (octets: number): number {
  return Math.max(1, Math.floor((octets - OCTETS_OF_HEAD) / OCTETS_OF_ID))
}

/** A part of a list. If there is more, `kwargs` holds the cursor that the next call gives back as `after`. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly kwargs: Kwargs
}

/**
 * The page that a call asks for by its kwarg `after`, of at most so many items. `read` gives the first items beyond a number,
 * at most so many, in ascending order of `numberOf`. Throws `wamp.error.invalid_argument`.
 */
export function pageOf<T> ({ after }: Kwargs, most: number, read: (number: number, most: number) => T[], numberOf: (item: T) => number): Page<T> {
  const items = read(toCursor(after), most + 1)
  spend(items.length)
  if (items.length <= most) return { items, kwargs: {} }
  items.pop()
  return { items, kwargs: { more: String(numberOf(items.at(-1)!)) } }
}

/** Zero, which is below all numbers, for none. */
function toCursor (after: unknown): number {
  const text = optional(toText, after, 'after') ?? '0'
  if (!/^\d{1,16}$/.test(text)) throw metaError(reasons.invalidArgument, 'after must be what "more" was in an answer')
  return Number(text)
}
