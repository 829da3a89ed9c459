import type { FastifyBaseLogger } from 'fastify'
import { isExpired } from './cookie-store.ts'
import type { CookieRecord, CookieStore } from './cookie-store.ts'
import { KeyedSet } from './keyed-set.ts'
import { askStore } from './store-deadline.ts'

/** A look-up that is under way: a logout that lands meanwhile makes its answer void. */
interface LookUp { void: boolean }

/** A cookie store as the tracker uses it: it may throw, be slow, or keep what is expired. */
export class LoginStore {
  readonly #store: CookieStore
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  readonly #lookUps = new KeyedSet<LookUp>()

  constructor ({ store, log, now }: { store: CookieStore, log: FastifyBaseLogger, now: () => number }) {
    this.#store = store
    this.#log = log
    this.#now = now
  }

  /** The record of a key, null if there is none that counts. Never rejects. */
  async get (key: string): Promise<CookieRecord | null | 'cannot tell'> {
    const lookUp: LookUp = { void: false }
    this.#lookUps.add(key, lookUp)
    try {
      const record = await askStore(() => this.#store.get(key))
      if (record === undefined || lookUp.void) return null
      if (!isExpired(record, this.#now())) return record
      await this.delete(key)
      return null
    } catch (error) {
      this.#log.error({ err: error }, 'the cookie store cannot tell who this is')
      return 'cannot tell'
    } finally {
      this.#lookUps.delete(key, lookUp)
    }
  }

  /** Stores a record. False if that failed, which is logged. */
  async set (key: string, record: CookieRecord): Promise<boolean> {
    try {
      await askStore(() => this.#store.set(key, record))
      return true
    } catch (error) {
      this.#log.error({ err: error }, 'a login could not be stored: its cookie will not bring it back')
      return false
    }
  }

  /** Forgets a record. A failure is logged. */
  async delete (key: string): Promise<void> {
    try {
      await askStore(() => this.#store.delete(key))
    } catch (error) {
      this.#log.error({ err: error }, 'a login could not be deleted from the cookie store')
    }
  }

  /** Makes the answers void that are on their way for a key: its login is over. */
  voidLookUps (key: string): void {
    for (const lookUp of this.#lookUps.get(key)) lookUp.void = true
  }

  /** The records that count. Rejects with what the store throws. */
  async * entries (): AsyncIterable<[key: string, record: CookieRecord]> {
    for await (const [key, record] of this.#store.entries()) if (!isExpired(record, this.#now())) yield [key, record]
  }

  /** Forgets a record. Rejects with what the store throws: who revokes must know. */
  async remove (key: string): Promise<void> {
    await this.#store.delete(key)
  }

  async close (): Promise<void> {
    await this.#store.close()
  }
}
