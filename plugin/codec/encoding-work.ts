import { spend, spendOctets } from '../work.ts'

/** Values that are read or written in the time of a unit of work. */
export const VALUES_OF_UNIT = 2
/** Values that are read in the time of making a list, a dict, or an object for octets, in addition to its content. */
export const VALUES_OF_OBJECT = 4
/** Slots that a list gets at first, if it has so many items. An empty list would get 17 for its first item. */
export const MOST_SLOTS = 16
/** Values that are read in the time of a key that is an integer, in addition to the key itself. */
export const VALUES_OF_NUMBERED = 50

/** Counts the work of reading values, also of those before one that could not be read. */
export function countRead ({ values, position }: { readonly values: number, readonly position: number }): void {
  spend(values / VALUES_OF_UNIT)
  spendOctets(position)
}

/** Counts the work of writing values, also of those before one that could not be written. */
export function countWritten ({ values, length }: { readonly values: number, readonly length: number }): void {
  spend(values / VALUES_OF_UNIT)
  spendOctets(length)
}
