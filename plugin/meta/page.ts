import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { spend } from '../work.ts'
import { metaError, optional, toText } from './meta-argument.ts'

/** Octets of an id and the following comma, in the longest serialization. */
const OCTETS_OF_ID = 17
/** Octets of a RESULT that lists ids, without the ids. */
const OCTETS_OF_HEAD = 200

/** The number of ids that fit in an answer of this number of octets. */
export function mostIds (octets: number): number {
  return Math.max(1, Math.floor((octets - OCTETS_OF_HEAD) / OCTETS_OF_ID))
}

/** A page of a list. If there are more items, `kwargs` contains the cursor, which the next call passes as `after`. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly kwargs: Kwargs
}

/**
 * The page that a call requests with the keyword argument `after`, up to a maximum number of items. `read` returns the first items after a
 * number, in ascending order of `numberOf`. Throws `wamp.error.invalid_argument`.
 */
export function pageOf<T> ({ after }: Kwargs, most: number, read: (number: number, most: number) => T[], numberOf: (item: T) => number): Page<T> {
  const items = read(toCursor(after), most + 1)
  spend(items.length)
  if (items.length <= most) return { items, kwargs: {} }
  items.pop()
  return { items, kwargs: { more: String(numberOf(items.at(-1)!)) } }
}

/** Zero, which is below all numbers, if omitted. */
function toCursor (after: unknown): number {
  const text = optional(toText, after, 'after') ?? '0'
  if (!/^\d{1,16}$/.test(text)) throw metaError(reasons.invalidArgument, 'after must be the value of "more" in an earlier answer')
  return Number(text)
}
