import { nextTurn, spend } from '../work.ts'
import type { LoginFilter } from './login-filter.ts'
import type { Login } from './login.ts'

/** A login and the time of its last use. */
export interface ListedLogin extends Login {
  readonly lastSeen: number
}

/** The number of logins that are processed in one turn. */
export const RUN = 500
/** Units of work for a login in each step. */
const UNITS = 5
/** Scans and searches of all stores wait for their turns in sequence. */
export const scans = Object.freeze({})
/** Digits of the time in a position, so that positions sort by time as texts. */
const DIGITS = 16

const fields = ['cookie', 'realm', 'authid', 'authrole'] as const

type Field = (typeof fields)[number]

/** The position of a login among all logins, older ones first. */
export function placeOf ({ key, record: { created } }: Login): string {
  return `${String(created).padStart(DIGITS, '0')}.${key}`
}

/** The valid logins at one time, in order of creation, for all searches at that time. */
export class LoginSnapshot {
  readonly #logins: readonly ListedLogin[]
  /** The logins by the fields of filters, and by the values of these fields. */
  readonly #indices = new Map<string, Promise<ReadonlyMap<string, readonly ListedLogin[]>>>()

  private constructor (logins: readonly ListedLogin[]) {
    this.#logins = logins
  }

  /** Adds logins in order. Yields to other work in between. */
  static async of (logins: readonly ListedLogin[]): Promise<LoginSnapshot> {
    let runs: ListedLogin[][] = []
    for (let start = 0; start < logins.length; start += RUN) {
      runs.push(logins.slice(start, start + RUN).sort(compare))
      await pause()
    }
    while (runs.length > 1) {
      const longer: ListedLogin[][] = []
      for (let i = 0; i < runs.length; i += 2) {
        const both = await merge(runs[i]!, runs[i + 1] ?? [])
        longer.push(both)
      }
      runs = longer
    }
    return new LoginSnapshot(runs[0] ?? [])
  }

  /** The logins that match all fields of a filter, in order. */
  async find (filter: LoginFilter): Promise<readonly ListedLogin[]> {
    const given = fields.filter((field) => filter[field] !== undefined)
    if (given.length === 0) return this.#logins
    const name = given.join()
    let index = this.#indices.get(name)
    if (index === undefined) this.#indices.set(name, index = this.#indexBy(given))
    return (await index).get(nameOf(given, (field) => filter[field]!)) ?? []
  }

  async #indexBy (given: readonly Field[]): Promise<ReadonlyMap<string, readonly ListedLogin[]>> {
    const index = new Map<string, ListedLogin[]>()
    let looks = 0
    for (const login of this.#logins) {
      const key = nameOf(given, (field) => valueOf(login, field))
      const same = index.get(key)
      if (same === undefined) index.set(key, [login])
      else same.push(login)
      if (++looks % RUN === 0) await pause()
    }
    return index
  }
}

/** The index of the first login after a position. */
export function firstAfter (logins: readonly ListedLogin[], place: string): number {
  let low = 0
  let high = logins.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (placeOf(logins[middle]!) <= place) low = middle + 1
    else high = middle
  }
  return low
}

/** Distinct for distinct values of these fields. */
function nameOf (given: readonly Field[], valueOf: (field: Field) => string): string {
  if (given.length === 1) return valueOf(given[0]!)
  let name = ''
  for (const field of given) {
    const value = valueOf(field)
    name += `${value.length}.${value}`
  }
  return name
}

function valueOf ({ key, record }: ListedLogin, field: Field): string {
  switch (field) {
    case 'cookie': return key
    case 'realm': return record.authrealm
    default: return record[field]
  }
}

function compare (a: ListedLogin, b: ListedLogin): number {
  return a.record.created - b.record.created || (a.key < b.key ? -1 : 1)
}

/** Stores return logins almost in order, so one list mostly follows the other. */
async function merge (first: ListedLogin[], second: ListedLogin[]): Promise<ListedLogin[]> {
  if (second.length === 0 || compare(first.at(-1)!, second[0]!) < 0) return first.concat(second)
  const merged: ListedLogin[] = []
  let [i, j] = [0, 0]
  while (i < first.length && j < second.length) {
    merged.push(compare(first[i]!, second[j]!) < 0 ? first[i++]! : second[j++]!)
    if (merged.length % RUN === 0) await pause()
  }
  return merged.concat(first.slice(i), second.slice(j))
}

/** Counts processed logins, and yields to other work when the turn is over. */
export async function pause (): Promise<void> {
  spend(RUN * UNITS)
  const turn = nextTurn(scans)
  if (turn !== null) await turn
}
