import { errors } from './errors.ts'

/** The maximum length of a compared name; longer names are not typing errors. */
const LONGEST = 40

/** The maximum number of names in a list of all options. */
const FEW = 10

/** `: did you mean "name"?` with the known name that is closest to a misspelt one, or an empty text if none is close. */
export function didYouMean (given: string, known: Iterable<string>): string {
  const name = closest(given, known)
  return name === null ? '' : `: did you mean "${name}"?`
}

/** As `didYouMean`, but if no name is close, and there are only a few, the text lists them. */
export function hintOf (given: string, known: readonly string[]): string {
  const hint = didYouMean(given, known)
  return hint !== '' || known.length === 0 || known.length > FEW ? hint : `: the options are ${known.join(', ')}`
}

/** The known name of which another one is probably a misspelling, or null. */
export function closest (given: string, known: Iterable<string>): string | null {
  if (given.length > LONGEST) return null
  const word = given.toLowerCase()
  let best: string | null = null
  let least = Infinity
  for (const name of known) {
    const distance = word.length > 3 && name.toLowerCase().split('-').includes(word) ? 0 : distanceOf(word, name.toLowerCase())
    if (distance >= least || distance > Math.max(1, Math.floor(name.length / 3))) continue
    least = distance
    best = name
  }
  return best
}

/** Throws WAMP_ERR_INVALID_OPTION for a value that is not an object, and for the first unknown key; `path` is that of the object. */
export function refuseUnknown (given: object, known: readonly string[], path = ''): void {
  refuseOther(given, path === '' ? 'options' : path)
  const unknown = Object.keys(given).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new errors.WAMP_ERR_INVALID_OPTION(path === '' ? unknown : `${path}.${unknown}`, `is not an option${hintOf(unknown, known)}`)
}

/** Throws WAMP_ERR_INVALID_OPTION for a value that is not an object; `path` is its path. */
export function refuseOther (given: unknown, path: string): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new errors.WAMP_ERR_INVALID_OPTION(path, 'must be an object')
}

/**
 * Throws WAMP_ERR_INVALID_OPTION for a filter that is not an object, that has an unknown key, or a value that is not of the given type. A key whose
 * value is undefined is rejected as well: the filter would otherwise select more than it says.
 */
export function checkFilter (filter: object, types: Readonly<Record<string, 'string' | 'number'>>): void {
  refuseOther(filter, 'filter')
  refuseUnknown(filter, Object.keys(types))
  for (const [key, value] of Object.entries(filter)) {
    const [type, given] = [types[key]!, typeof value]
    if (given !== type) throw new errors.WAMP_ERR_INVALID_OPTION(key, `must be a ${type}`)
  }
}

/** The number of characters to insert, delete, replace or swap with their neighbor. */
function distanceOf (a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity
      row.push(Math.min(replaced, swapped, last[j]! + 1, row[j - 1]! + 1))
    }
    before = last
    last = row
  }
  return last[b.length]!
}
