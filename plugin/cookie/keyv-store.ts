import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { KeyedSet } from './keyed-set.ts'
import { KeyvStorage } from './keyv-storage.ts'
import type { KeyvLike } from './keyv-storage.ts'
import { askStore } from './store-deadline.ts'

/** A record on its way that nobody waits for any more: if it was deleted since, it must not stay when it lands. */
interface LateRecord { state: 'may stay' | 'is deleted' }

/**
 * Cookies in whatever a Keyv instance keeps: Redis, a database, another process. What the storage throws is thrown on: it must
 * not be taken for "unknown".
 */
export class KeyvStore implements CookieStore {
  readonly #storage: KeyvStorage
  /** Adapters connect when they are first asked, and turn away who asks meanwhile. */
  readonly #ready: Promise<unknown>
  /** What is under way, by key: Keyv lets a deletion overtake what was set before. */
  readonly #changes = new Map<string, Promise<unknown>>()

  readonly #late = new KeyedSet<LateRecord>()
  /** The key that was set last, as long as it is not deleted. */
  #known: string | undefined

  constructor (keyv: KeyvLike) {
    this.#storage = new KeyvStorage(keyv)
    this.#ready = askStore(() => this.#storage.get('ready')).catch(() => {})
  }

  /** What to call it in the log. */
  get name (): string {
    return this.#storage.name
  }

  /** True if expired records stay until somebody deletes them. */
  get keepsExpired (): boolean {
    return !this.#storage.removesExpired
  }

  async get (key: string): Promise<StoredRecord | undefined> {
    await this.#ready
    return await this.#storage.get(key) as StoredRecord | undefined
  }

  async set (key: string, record: StoredRecord): Promise<void> {
    const { created, maxAge } = record
    // Keyv takes 0 for no end at all.
    await this.#inTurn(key, () => this.#watch(key, this.#storage.set(key, record, Math.max(1, created + maxAge * 1000 - Date.now()))))
    this.#known = key
  }

  async delete (key: string): Promise<void> {
    if (this.#known === key) this.#known = undefined
    await this.#inTurn(key, () => {
      for (const late of this.#late.get(key)) late.state = 'is deleted'
      return this.#storage.delete(key)
    })
  }

  async * entries (): AsyncIterable<[key: string, record: StoredRecord]> {
    await this.#ready
    const known = this.#known
    let listed: 'nothing' | 'some' = 'nothing'
    for await (const [key, record] of this.#storage.entries()) {
      listed = 'some'
      yield [key, record as StoredRecord]
    }
    // With some options Keyv and an adapter do not agree on the names of keys, and a list is empty without an error.
    if (listed === 'nothing' && known !== undefined && known === this.#known && await this.#storage.get(known) !== undefined) {
      throw new TypeError(`${this.name} lists none of its records: logins cannot be listed, nor revoked by user; leave out Keyv's useKeyPrefix and the adapter's useRedisSets`)
    }
  }

  async close (): Promise<void> {
    await this.#storage.disconnect()
  }

  /** Deletes a record again that lands after it was deleted. */
  async #watch (key: string, setting: Promise<unknown>): Promise<void> {
    const late: LateRecord = { state: 'may stay' }
    for (const earlier of this.#late.get(key)) earlier.state = 'may stay'
    this.#late.add(key, late)
    try {
      await setting
    } finally {
      this.#late.delete(key, late)
      if (late.state === 'is deleted') this.delete(key).catch(() => {})
    }
  }

  /** What waits behind a change waits no longer than that may take: its answer may be lost. */
  async #inTurn (key: string, change: () => Promise<unknown>): Promise<void> {
    const ask = (): Promise<unknown> => askStore(change)
    const turn = (this.#changes.get(key) ?? this.#ready).then(ask, ask)
    this.#changes.set(key, turn)
    try {
      await turn
    } finally {
      if (this.#changes.get(key) === turn) this.#changes.delete(key)
    }
  }
}
