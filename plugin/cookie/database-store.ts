import type { RootDatabase } from 'lmdb'
import { errors } from '../errors.ts'
import type { DatabaseStoreOptions } from '../options.ts'
import { isExpired } from './cookie-store.ts'
import type { CookieStore, StoredRecord } from './cookie-store.ts'

/** Crossbar.io's default: 1 GiB. */
const MAX_SIZE = 2 ** 30

/** Cookies in an LMDB database, which several processes of one machine may share. */
export class DatabaseStore implements CookieStore {
  readonly #database: RootDatabase<StoredRecord, string>
  readonly #sync: boolean

  private constructor (database: RootDatabase<StoredRecord, string>, sync: boolean) {
    this.#database = database
    this.#sync = sync
  }

  /** Rejects with WAMP_ERR_COOKIE_DATABASE if the package `lmdb` is not installed, or the database cannot be opened. */
  static async open ({ path, maxSize = MAX_SIZE, readonly = false, sync = true, purgeOnStartup = false }: Omit<DatabaseStoreOptions, 'type'>): Promise<DatabaseStore> {
    const { open } = await import('lmdb').catch((error: unknown) => {
      throw new errors.WAMP_ERR_COOKIE_DATABASE(path, 'needs the package lmdb: npm install lmdb', { cause: error })
    })
    try {
      const database = open<StoredRecord, string>({ path, mapSize: maxSize, readOnly: readonly, noSync: !sync, encoding: 'json', maxDbs: 1 })
      const store = new DatabaseStore(database, sync)
      if (purgeOnStartup && !readonly) await store.#purge()
      return store
    } catch (error) {
      throw new errors.WAMP_ERR_COOKIE_DATABASE(path, 'cannot be opened', { cause: error })
    }
  }

  get (key: string): StoredRecord | undefined {
    return this.#database.get(key)
  }

  async set (key: string, record: StoredRecord): Promise<void> {
    await this.#database.put(key, record)
    await this.#flushed()
  }

  async delete (key: string): Promise<void> {
    await this.#database.remove(key)
    await this.#flushed()
  }

  * entries (): Iterable<[key: string, record: StoredRecord]> {
    for (const { key, value } of this.#database.getRange()) yield [key, value]
  }

  async close (): Promise<void> {
    await this.#database.close()
  }

  // A commit is seen by all at once, and on disk a little later.
  async #flushed (): Promise<void> {
    if (this.#sync) await this.#database.flushed
  }

  async #purge (): Promise<void> {
    const expired = [...this.entries()].filter(([, record]) => isExpired(record, Date.now()))
    await Promise.all(expired.map(async ([key]) => { await this.delete(key) }))
  }
}
