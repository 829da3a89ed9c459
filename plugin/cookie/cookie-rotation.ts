import type { FastifyBaseLogger } from 'fastify'
import { isExpired } from './cookie-store.ts'
import type { CookieRecord } from './cookie-store.ts'
import type { GuardedStore } from './guarded-store.ts'
import { askStore } from './store-deadline.ts'

/** Milliseconds that a cookie still counts when the browser has come with the one that replaces it: requests may be on their way. */
const GRACE = 60_000

/**
 * Hands out a newer cookie for a login when the one that leads to it is of some age. The older one counts until the browser
 * has come with the newer one, since an answer may be lost. Nothing here rejects: a login does not hang on it.
 */
export class CookieRotation {
  readonly #store: GuardedStore
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  /** Milliseconds; 0 for never. */
  readonly #rotateAfter: number
  /** What is under way, by the key of the cookie. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor ({ store, log, now, rotateAfter }: { store: GuardedStore, log: FastifyBaseLogger, now: () => number, rotateAfter: number }) {
    this.#store = store
    this.#log = log
    this.#now = now
    this.#rotateAfter = rotateAfter
  }

  /** True for a cookie that should be replaced. Tabs that come at the same moment are given one replacement in all. */
  isDue ({ created, replaced = created }: CookieRecord): boolean {
    return this.#rotateAfter > 0 && this.#now() >= replaced + this.#rotateAfter
  }

  /** Has another cookie lead to the same login, instead of this one. Its record, or null if that is not due or failed. */
  async replace (key: string, by: string): Promise<CookieRecord | null> {
    return await this.#inTurn(key, async (record) => {
      const now = this.#now()
      if (!this.isDue(record)) return null
      const { created, maxAge, login, replacement } = record
      const next: CookieRecord = { created: now, maxAge: Math.ceil((created - now) / 1000 + maxAge), login, replaces: key }
      await this.#store.set(by, next)
      await this.#store.set(key, { ...record, replacement: by, replaced: now })
      // Nobody came with it in all that time: it was lost on its way.
      if (replacement !== undefined) await this.#store.delete(replacement)
      return next
    })
  }

  /** A browser came with a cookie: the one that it replaces has had its time. */
  async confirm (key: string, { replaces }: CookieRecord): Promise<void> {
    if (replaces === undefined) return
    await this.#inTurn(replaces, async (record) => {
      const now = this.#now()
      const left = Math.ceil((now + GRACE - record.created) / 1000)
      await this.#store.set(replaces, { ...record, maxAge: Math.min(record.maxAge, left), replacement: key, replaced: now })
    })
    await this.#inTurn(key, async ({ replaces: _, ...record }) => {
      await this.#store.set(key, record)
    })
  }

  /** Has a cookie lead to another login, and the cookie that replaces it. */
  async lead (key: string, login: string): Promise<void> {
    const replacement = await this.#inTurn(key, async (record) => {
      await this.#store.set(key, { ...record, login })
      return record.replacement
    })
    if (typeof replacement === 'string') await this.lead(replacement, login)
  }

  /** Waits for what is under way. */
  async settle (): Promise<void> {
    await Promise.all(this.#turns.values())
  }

  /** Changes a cookie's record, one change after the other. Null if there is none that counts, or if its turn does not come in time. */
  async #inTurn<T> (key: string, change: (record: CookieRecord) => Promise<T>): Promise<T | null> {
    const before = this.#turns.get(key) ?? Promise.resolve()
    const attempt = async (): Promise<T | null> => {
      try {
        await askStore(() => before)
        const record = await this.#store.get(key)
        return record === undefined || !('login' in record) || isExpired(record, this.#now()) ? null : await change(record)
      } catch (error) {
        this.#log.warn({ err: error }, 'the record of a cookie could not be changed')
        return null
      }
    }
    const attempted = attempt()
    // The next one waits for those before, too.
    const turn = Promise.all([before, attempted])
    this.#turns.set(key, turn)
    const result = await attempted
    turn.finally(() => { if (this.#turns.get(key) === turn) this.#turns.delete(key) }).catch(() => {})
    return result
  }
}
