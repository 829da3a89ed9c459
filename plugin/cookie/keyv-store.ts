import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { KeyedSet } from './keyed-set.ts'
import { KeyvStorage } from './keyv-storage.ts'
import type { KeyvLike } from './keyv-storage.ts'
import { askStore } from './store-deadline.ts'
import { NOT_A_RECORD } from './stored-record.ts'

/** The state of a write that is no longer awaited. If the key has been deleted since, the record must be deleted again when it is written. */
interface LateRecord { state: 'may stay' | 'is deleted' }

/** Stores cookies in a Keyv instance: Redis, a database, another process. Errors of the storage are thrown, because they must not be treated as "unknown". */
export class KeyvStore implements CookieStore {
  readonly #storage: KeyvStorage
  /** Adapters connect on the first request, and reject other requests in the meantime. */
  readonly #ready: Promise<unknown>
  /** The pending operations, by key, because with Keyv a deletion can overtake an earlier write. */
  readonly #changes = new Map<string, Promise<unknown>>()

  readonly #late = new KeyedSet<LateRecord>()
  /** The last key that was set, until it is deleted. */
  #known: string | undefined

  constructor (keyv: KeyvLike) {
    this.#storage = new KeyvStorage(keyv)
    this.#ready = askStore(() => this.#storage.get('ready')).catch(() => {})
  }

  /** The name of the store in logs. */
  get name (): string {
    return this.#storage.name
  }

  /** True if expired records remain until they are deleted. */
  get keepsExpired (): boolean {
    return !this.#storage.removesExpired
  }

  async get (key: string): Promise<StoredRecord | undefined> {
    await this.#ready
    const value = await this.#storage.get(key)
    return (value === undefined || value === null || typeof value === 'object' ? value : NOT_A_RECORD) as StoredRecord | undefined
  }

  async set (key: string, record: StoredRecord): Promise<void> {
    const { created, maxAge } = record
    // Keyv treats 0 as no time to live.
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
    // With some options, Keyv and an adapter use different key names, and the list is empty without an error.
    if (listed === 'nothing' && known !== undefined && known === this.#known && await this.#storage.get(known) !== undefined) {
      throw new TypeError(`${this.name} lists none of its records: logins can be neither listed nor revoked by user; remove Keyv's useKeyPrefix and the adapter's useRedisSets`)
    }
  }

  async close (): Promise<void> {
    await this.#storage.disconnect()
  }

  /** Deletes a record again that was written after its deletion. */
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

  /** Limits the wait for an earlier change, whose answer may be lost. */
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
