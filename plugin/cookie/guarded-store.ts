import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { askStore, DEADLINE, runsOf } from './store-deadline.ts'
import type { StoreLog } from './store-log.ts'
import { isStoredRecord } from './stored-record.ts'

/** Milliseconds: a store that takes longer to fail is considered unavailable. */
const LONG = 1000
/** Milliseconds between two checks of an unavailable store. */
const PAUSE = 1000
/** Milliseconds for all pending changes of an app that closes. */
const CHANGES = 10_000
/** Milliseconds that a store may take to close, including pending writes. */
const CLOSING = 30_000
/** Milliseconds that an unavailable store may take to close. */
const CLOSING_AWAY = 5000
/** A key without a record. */
const NO_KEY = '0'.repeat(64)

/** The properties of a store. */
export interface StoreTraits {
  /** The name of the store in logs. */
  readonly name: string
  /** True if expired records remain until they are deleted. */
  readonly keepsExpired: boolean
}

/**
 * A store with a deadline for its operations, whose values are checked: the storage may also contain values of other programs. They are
 * ignored, as if there were no record, with one warning. If the store misses the deadline, or takes long to fail, it is considered unavailable: operations
 * then fail at once with the last error, while a background read checks it once a second.
 */
export class GuardedStore {
  readonly traits: StoreTraits
  readonly #store: CookieStore
  readonly #log: StoreLog
  #foreign: 'not seen' | 'seen' = 'not seen'
  #state: { readonly is: 'there' | 'closed' } | { readonly is: 'away', error: unknown } = { is: 'there' }
  #timer: NodeJS.Timeout | undefined
  /** The times, as of `performance.now()`, since which lists are limited, and until which changes are. */
  #limits = { listsSince: Infinity, changesUntil: Infinity }
  #lists: 'in time' | 'late' = 'in time'

  constructor (store: CookieStore, traits: StoreTraits, log: StoreLog) {
    this.#store = store
    this.traits = traits
    this.#log = log
  }

  /** The record of a key, or undefined. Rejects if the store cannot tell. */
  async get (key: string): Promise<StoredRecord | undefined> {
    const value: unknown = await this.#ask(() => this.#store.get(key))
    if (value === undefined || value === null) return undefined
    // No other program writes to our keys: the store is faulty, and says nothing about the record.
    if (typeof value !== 'object') throw new TypeError(`the cookie store returned a ${typeof value} for a record`)
    return this.#check(value)
  }

  /** Stores a record. Rejects if that fails. */
  async set (key: string, record: StoredRecord): Promise<void> {
    await this.#ask(() => this.#store.set(key, record))
  }

  /** Deletes a record. Rejects if that fails. */
  async delete (key: string): Promise<void> {
    await this.#ask(() => this.#store.delete(key))
  }

  /**
   * All records, in groups of this size. Rejects with the error of the store, or if the next record takes too long. For a list, a user, a
   * request or the end of the app waits, and for a sweep, nothing does.
   */
  async * runs (length: number, purpose: 'list' | 'sweep'): AsyncGenerator<[key: string, record: StoredRecord][], void, void> {
    this.#failWhileAway()
    const since = performance.now()
    let deadline = DEADLINE
    const left = (): number => {
      if (purpose === 'list') deadline = this.#leftForList(since)
      return deadline
    }
    try {
      for await (const run of runsOf<unknown>(this.#store.entries(), length, left)) {
        const records: [key: string, record: StoredRecord][] = []
        for (const entry of run) {
          const checked = this.#checkEntry(entry)
          if (checked !== undefined) records.push(checked)
        }
        yield records
      }
    } catch (error) {
      // A store that had less time than usual may still answer.
      if (isLate(error) && deadline < DEADLINE) throw this.#lateList()
      if (isLate(error)) this.#leave(error)
      throw error
    }
  }

  /** Called when the app begins to close. From now on, a list may take no longer than another operation. If one does, further lists fail at once. */
  limitLists (): void {
    this.#limits.listsSince = performance.now()
  }

  /** Called when the app has ended everything that uses the store. Limits the time for all pending changes together. */
  limitChanges (): void {
    this.#limits.changesUntil = performance.now() + CHANGES
  }

  /** Closes the store. Rejects with the error of the store, or if it takes too long. */
  async close (): Promise<void> {
    const deadline = this.#state.is === 'away' ? CLOSING_AWAY : CLOSING
    this.#state = { is: 'closed' }
    clearTimeout(this.#timer)
    await askStore(() => this.#store.close(), deadline)
  }

  async #ask<T> (ask: () => T | Promise<T>): Promise<T> {
    this.#failWhileAway()
    const deadline = this.#left()
    const since = performance.now()
    try {
      return await askStore(ask, deadline)
    } catch (error) {
      // A store that had less time than usual may still answer.
      if (isLate(error) && deadline < DEADLINE) throw lateChange()
      if (isLate(error) || performance.now() - since >= LONG) this.#leave(error)
      throw error
    }
  }

  /** The number of milliseconds that an operation may take. Throws if there is no time left. */
  #left (): number {
    const left = Math.min(DEADLINE, this.#limits.changesUntil - performance.now())
    if (left <= 0) throw lateChange()
    return left
  }

  #leftForList (since: number): number {
    const left = Math.max(since, this.#limits.listsSince) + DEADLINE - performance.now()
    if (left <= 0 || this.#lists === 'late') throw this.#lateList()
    return Math.min(left, this.#left())
  }

  #lateList (): Error {
    this.#lists = 'late'
    return new Error('the app closes: the cookie store was too slow to list its records')
  }

  #checkEntry (entry: unknown): [key: string, record: StoredRecord] | undefined {
    const pair: readonly unknown[] = Array.isArray(entry) ? entry : []
    const key = pair[0]
    const record = this.#check(typeof key === 'string' ? pair[1] : undefined)
    return typeof key === 'string' && record !== undefined ? [key, record] : undefined
  }

  #check (value: unknown): StoredRecord | undefined {
    if (isStoredRecord(value)) return value
    // The value is not logged, because it may be confidential.
    if (this.#foreign === 'not seen') this.#log.warn({ store: this.traits.name }, 'the cookie store contains a value that is not a record of fastify-wamp: such values are ignored; give logins a namespace or a table of their own')
    this.#foreign = 'seen'
    return undefined
  }

  #failWhileAway (): void {
    if (this.#state.is === 'away') throw this.#state.error
  }

  #leave (error: unknown): void {
    if (this.#state.is !== 'there') return
    this.#state = { is: 'away', error }
    this.#look()
  }

  /** A store with its records in memory answers at once, even if it cannot write. */
  #look (): void {
    askStore(() => this.#store.get(NO_KEY)).then(() => {
      if (this.#state.is === 'away') this.#state = { is: 'there' }
    }, (error: unknown) => {
      if (this.#state.is !== 'away') return
      this.#state.error = error
      this.#timer = setTimeout(() => { this.#look() }, PAUSE).unref()
    })
  }
}

/** True for the error of a missed deadline. */
function isLate (error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}

function lateChange (): Error {
  return new Error('the app closes: the cookie store was too slow for all pending changes')
}
