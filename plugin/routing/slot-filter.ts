import { spend } from '../work.ts'
import { SlotSet, slotsOf, wordsFor } from './slot-set.ts'

/** A condition for a slot: it must be in one of two disjoint sets. */
export interface Condition {
  readonly either: SlotSet
  readonly or: SlotSet | undefined
}

/** Words of bits in one unit of work. */
const WORDS_OF_UNIT = 32
/** Slots that are checked in one unit of work. */
const LOOKS_OF_UNIT = 4

/** The number of slots that meet a condition. */
export function countOf ({ either, or }: Condition): number {
  return either.size + (or === undefined ? 0 : or.size)
}

/** The slots that meet all of one or more conditions, among this number of slots. A few candidates are checked one by one; of many, 32 are checked at once. */
export function slotsThatMeet (conditions: Condition[], slots: number): readonly number[] {
  let rarest = conditions[0]!
  for (const condition of conditions) if (countOf(condition) < countOf(rarest)) rarest = condition
  const words = wordsFor(slots)
  return countOf(rarest) <= 8 + words / 8 ? meetOneByOne(conditions, rarest) : meetAtOnce(conditions, words)
}

function meetOneByOne (conditions: readonly Condition[], rarest: Condition): readonly number[] {
  let found: number[] = []
  rarest.either.listIn(found)
  rarest.or?.listIn(found)
  let looks = found.length
  for (const condition of conditions) {
    if (condition === rarest) continue
    looks += found.length
    found = found.filter((slot) => meets(slot, condition))
  }
  spend(looks / LOOKS_OF_UNIT)
  return found
}

function meets (slot: number, { either, or }: Condition): boolean {
  return (or !== undefined && or.has(slot)) || either.has(slot)
}

function meetAtOnce (conditions: Condition[], words: number): readonly number[] {
  conditions.sort((a, b) => countOf(a) - countOf(b))
  const found = new Int32Array(words).fill(-1)
  const spare = [new Int32Array(words), new Int32Array(words)] as const
  let compared = 0
  let left = -1
  for (let i = 0; i < conditions.length && left !== 0; i++) {
    const { either, or = either } = conditions[i]!
    left = keep(found, either.asBits(spare[0]), or.asBits(spare[1]))
    compared += words
  }
  const slots = left === 0 ? [] : slotsOf(found)
  spend(compared / WORDS_OF_UNIT + slots.length / LOOKS_OF_UNIT)
  return slots
}

/** Keeps the bits that are in one of two sets. Returns 0 if none are left. */
function keep (found: Int32Array, either: Int32Array, or: Int32Array): number {
  const both = Math.min(found.length, either.length, or.length)
  const longer = either.length > or.length ? either : or
  const any = Math.min(found.length, longer.length)
  let left = 0
  for (let i = 0; i < both; i++) left |= found[i]! &= either[i]! | or[i]!
  for (let i = both; i < any; i++) left |= found[i]! &= longer[i]!
  found.fill(0, any)
  return left
}
