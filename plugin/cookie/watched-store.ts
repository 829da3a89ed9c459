import { storeDone } from '../diagnostics.ts'
import type { StoreMessage, StoreOperation } from '../diagnostics.ts'
import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { askStore } from './store-deadline.ts'

/** Measures the operations of another store while there are subscribers. Keys and records are not published. */
export class WatchedStore implements CookieStore {
  readonly #store: CookieStore
  readonly #router: object

  constructor (store: CookieStore, router: object) {
    this.#store = store
    this.#router = router
  }

  get (key: string): StoredRecord | undefined | Promise<StoredRecord | undefined> {
    return storeDone.hasSubscribers ? this.#time('get', () => this.#store.get(key)) : this.#store.get(key)
  }

  set (key: string, record: StoredRecord): void | Promise<void> {
    return storeDone.hasSubscribers ? this.#time('set', () => this.#store.set(key, record)) : this.#store.set(key, record)
  }

  delete (key: string): void | Promise<void> {
    return storeDone.hasSubscribers ? this.#time('delete', () => this.#store.delete(key)) : this.#store.delete(key)
  }

  entries (): ReturnType<CookieStore['entries']> {
    return storeDone.hasSubscribers ? this.#timeEntries() : this.#store.entries()
  }

  close (): void | Promise<void> {
    return storeDone.hasSubscribers ? this.#time('close', () => this.#store.close()) : this.#store.close()
  }

  /** A store that does not answer has failed when the deadline is over. */
  async #time<T> (operation: StoreOperation, ask: () => T | Promise<T>): Promise<T> {
    const since = performance.now()
    let outcome: StoreMessage['outcome'] = 'failed'
    try {
      // Closing a store may take long, because files are written.
      const answer = await (operation === 'close' ? ask() : askStore(ask))
      outcome = 'done'
      return answer
    } finally {
      this.#tell(operation, since, outcome)
    }
  }

  async * #timeEntries (): AsyncGenerator<[key: string, record: StoredRecord], void, void> {
    const since = performance.now()
    let outcome: StoreMessage['outcome'] = 'failed'
    try {
      yield * this.#store.entries()
      outcome = 'done'
    } finally {
      this.#tell('entries', since, outcome)
    }
  }

  #tell (operation: StoreOperation, since: number, outcome: StoreMessage['outcome']): void {
    storeDone.publish({ router: this.#router, operation, milliseconds: performance.now() - since, outcome })
  }
}
