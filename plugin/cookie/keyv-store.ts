import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { KeyedSet } from './keyed-set.ts'
import { askStore } from './store-deadline.ts'

/** As much of a Keyv instance as is used here. */
export interface KeyvLike {
  get (key: string): Promise<unknown>
  set (key: string, value: unknown, ttl?: number): Promise<unknown>
  delete (key: string): Promise<unknown>
  disconnect (): Promise<unknown>
  on (event: 'error', listener: () => void): unknown
  /** Absent where the storage behind it cannot be iterated. */
  iterator?: ((namespace?: unknown) => AsyncIterable<[key: string, value: unknown]>) | undefined
  /** Version 5 keeps errors to itself unless it is told otherwise. */
  throwOnErrors?: boolean
  /** The adapter behind it; some keep errors to themselves, too. */
  store?: unknown
}

/** True for an instance of Keyv. */
export function isKeyv (store: object): store is KeyvLike {
  const methods = ['get', 'set', 'delete', 'disconnect', 'on']
  return !('entries' in store) && methods.every((method) => typeof (store as Record<string, unknown>)[method] === 'function')
}

/** A record on its way that nobody waits for any more: if it was deleted since, it must not stay when it lands. */
interface LateRecord { state: 'may stay' | 'is deleted' }

/**
 * Cookies in whatever a Keyv instance keeps: Redis, a database, another process. Records go when they expire. What the
 * storage throws is thrown on: it must not be taken for "unknown".
 */
export class KeyvStore implements CookieStore {
  readonly #keyv: KeyvLike
  /** Adapters connect when they are first asked, and turn away who asks meanwhile. */
  readonly #ready: Promise<unknown>
  /** What is under way, by key: Keyv lets a deletion overtake what was set before. */
  readonly #changes = new Map<string, Promise<unknown>>()

  readonly #late = new KeyedSet<LateRecord>()

  constructor (keyv: KeyvLike) {
    this.#keyv = keyv
    keyv.throwOnErrors = true
    const { store } = keyv
    if (typeof store === 'object' && store !== null && 'throwOnErrors' in store) store.throwOnErrors = true
    // Who asks is told; nobody else needs to be.
    keyv.on('error', () => {})
    this.#ready = askStore(() => keyv.get('ready')).catch(() => {})
  }

  async get (key: string): Promise<StoredRecord | undefined> {
    await this.#ready
    return await this.#keyv.get(key) as StoredRecord | undefined
  }

  async set (key: string, record: StoredRecord): Promise<void> {
    const { created, maxAge } = record
    // Keyv takes 0 for no end at all.
    await this.#inTurn(key, () => this.#watch(key, this.#keyv.set(key, record, Math.max(1, created + maxAge * 1000 - Date.now()))))
  }

  async delete (key: string): Promise<void> {
    await this.#inTurn(key, () => {
      for (const late of this.#late.get(key)) late.state = 'is deleted'
      return this.#keyv.delete(key)
    })
  }

  async * entries (): AsyncIterable<[key: string, record: StoredRecord]> {
    if (typeof this.#keyv.iterator !== 'function') throw new TypeError('this Keyv storage cannot be iterated: logins cannot be listed, nor revoked by user')
    await this.#ready
    for await (const [key, record] of this.#keyv.iterator()) yield [key, record as StoredRecord]
  }

  async close (): Promise<void> {
    await this.#keyv.disconnect()
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
