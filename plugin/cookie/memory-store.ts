import { isExpired } from './cookie-store.ts'
import type { CookieStore, StoredRecord } from './cookie-store.ts'

const FIRST_SWEEP = 1000

/** Stores cookies in memory until the process ends. */
export class MemoryStore implements CookieStore {
  readonly #records = new Map<string, StoredRecord>()
  /** The number of records from which expired ones are swept, because browsers that never return do not look up theirs. */
  #sweepAt = FIRST_SWEEP

  get (key: string): StoredRecord | undefined {
    return this.#records.get(key)
  }

  set (key: string, record: StoredRecord): void {
    this.#records.set(key, record)
    if (this.#records.size < this.#sweepAt) return
    for (const [known, { created, maxAge }] of this.#records) {
      if (isExpired({ created, maxAge }, Date.now())) this.#records.delete(known)
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#records.size * 2)
  }

  delete (key: string): void {
    this.#records.delete(key)
  }

  entries (): Iterable<[key: string, record: StoredRecord]> {
    return this.#records.entries()
  }

  close (): void {
    this.#records.clear()
  }
}
