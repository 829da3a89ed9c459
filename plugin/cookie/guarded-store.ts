import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { askStore, runsOf } from './store-deadline.ts'

/** Milliseconds: a store that takes longer to fail is not asked by everybody until it works again. */
const LONG = 1000
/** Milliseconds between two looks at whether a store works again. */
const PAUSE = 1000
/** Milliseconds that a store may take to close: it may have much to write. */
const CLOSING = 30_000
/** Milliseconds that it may take if it does not answer anyway. */
const CLOSING_AWAY = 5000
/** A key that no record has. */
const NO_KEY = '0'.repeat(64)

/** What has to be known about a store. */
export interface StoreTraits {
  /** What to call it in the log. */
  readonly name: string
  /** True if expired records stay until somebody deletes them. */
  readonly keepsExpired: boolean
}

/**
 * A store that is asked with a deadline. One that has missed it, or that takes long to fail, counts as away: whatever is asked
 * then fails at once, with the last error, while a read in the background looks once a second whether it works again.
 */
export class GuardedStore {
  readonly traits: StoreTraits
  readonly #store: CookieStore
  #state: { readonly is: 'there' | 'closed' } | { readonly is: 'away', error: unknown } = { is: 'there' }
  #timer: NodeJS.Timeout | undefined

  constructor (store: CookieStore, traits: StoreTraits) {
    this.#store = store
    this.traits = traits
  }

  /** The record of a key, or undefined. Rejects if the store cannot tell. */
  async get (key: string): Promise<StoredRecord | undefined> {
    return await this.#ask(() => this.#store.get(key))
  }

  /** Stores a record. Rejects if that fails. */
  async set (key: string, record: StoredRecord): Promise<void> {
    await this.#ask(() => this.#store.set(key, record))
  }

  /** Forgets a record. Rejects if that fails. */
  async delete (key: string): Promise<void> {
    await this.#ask(() => this.#store.delete(key))
  }

  /** All records, so many at a time. Rejects with what the store throws, and when the next record takes too long. */
  async * runs (length: number): AsyncGenerator<[key: string, record: StoredRecord][], void, void> {
    this.#failWhileAway()
    try {
      yield * runsOf(this.#store.entries(), length)
    } catch (error) {
      if (isLate(error)) this.#leave(error)
      throw error
    }
  }

  /** Closes it. Rejects with what the store throws, and when it takes too long. */
  async close (): Promise<void> {
    const deadline = this.#state.is === 'away' ? CLOSING_AWAY : CLOSING
    this.#state = { is: 'closed' }
    clearTimeout(this.#timer)
    await askStore(() => this.#store.close(), deadline)
  }

  async #ask<T> (ask: () => T | Promise<T>): Promise<T> {
    this.#failWhileAway()
    const since = performance.now()
    try {
      return await askStore(ask)
    } catch (error) {
      if (isLate(error) || performance.now() - since >= LONG) this.#leave(error)
      throw error
    }
  }

  #failWhileAway (): void {
    if (this.#state.is === 'away') throw this.#state.error
  }

  #leave (error: unknown): void {
    if (this.#state.is !== 'there') return
    this.#state = { is: 'away', error }
    this.#look()
  }

  /** A store that has records in memory answers at once, though it may not be able to write. */
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

/** True for the error of a deadline. */
function isLate (error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError'
}
