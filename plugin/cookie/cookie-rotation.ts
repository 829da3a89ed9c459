import type { FastifyBaseLogger } from 'fastify'
import { isExpired } from './cookie-store.ts'
import type { CookieRecord } from './cookie-store.ts'
import type { GuardedStore } from './guarded-store.ts'
import { askStore } from './store-deadline.ts'

/** Milliseconds that a cookie remains valid after the browser has used its replacement, because requests may be in flight. */
const GRACE = 60_000

/**
 * Sends a newer cookie for a login when the current one is old. The older cookie remains valid until the browser has used the newer one,
 * because a response may be lost. Methods never reject, so a failure does not affect the login.
 */
export class CookieRotation {
  readonly #store: GuardedStore
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  /** Milliseconds; 0 for never. */
  readonly #rotateAfter: number
  /** The pending changes, by the key of the cookie. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor ({ store, log, now, rotateAfter }: { store: GuardedStore, log: FastifyBaseLogger, now: () => number, rotateAfter: number }) {
    this.#store = store
    this.#log = log
    this.#now = now
    this.#rotateAfter = rotateAfter
  }

  /** True for a cookie that should be replaced. Concurrent tabs share one replacement. */
  isDue ({ created, replaced = created }: CookieRecord): boolean {
    return this.#rotateAfter > 0 && this.#now() >= replaced + this.#rotateAfter
  }

  /** True for a cookie that was replaced less than a minute ago, so that the browser may already have the newer one. */
  isReplaced ({ replaced = -Infinity }: CookieRecord): boolean {
    return this.#now() < replaced + GRACE
  }

  /** Lets a new cookie refer to the same login, in place of this one. Resolves to its record, or to null if it is not due or failed. */
  async replace (key: string, by: string): Promise<CookieRecord | null> {
    return await this.#inTurn(key, async (record) => {
      const now = this.#now()
      if (!this.isDue(record)) return null
      const { created, maxAge, login, replacement } = record
      const next: CookieRecord = { created: now, maxAge: Math.ceil((created - now) / 1000 + maxAge), login, replaces: key }
      await this.#store.set(by, next)
      await this.#store.set(key, { ...record, replacement: by, replaced: now })
      // The browser never used it in all that time: the response was lost.
      if (replacement !== undefined) await this.#store.delete(replacement)
      return next
    })
  }

  /** Called when a browser uses a cookie, which ends the validity of the one that it replaces. */
  async confirm (key: string, { replaces }: CookieRecord): Promise<void> {
    if (replaces === undefined) return
    await this.#inTurn(replaces, async (record) => {
      const now = this.#now()
      const left = Math.floor((now + GRACE - record.created) / 1000)
      await this.#store.set(replaces, { ...record, maxAge: Math.min(record.maxAge, left), replacement: key, replaced: now })
    })
    await this.#inTurn(key, async ({ replaces: _, ...record }) => {
      await this.#store.set(key, record)
    })
  }

  /** Lets a cookie, and its replacement, refer to another login. */
  async lead (key: string, login: string): Promise<void> {
    const replacement = await this.#inTurn(key, async (record) => {
      await this.#store.set(key, { ...record, login })
      return record.replacement
    })
    if (typeof replacement === 'string') await this.lead(replacement, login)
  }

  /** Waits for pending changes. */
  async settle (): Promise<void> {
    await Promise.all(this.#turns.values())
  }

  /** Changes a cookie's record, after earlier changes. Resolves to null if there is no valid record, or if the change cannot start in time. */
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
    // The next change also waits for those before.
    const turn = Promise.all([before, attempted])
    this.#turns.set(key, turn)
    const result = await attempted
    turn.finally(() => { if (this.#turns.get(key) === turn) this.#turns.delete(key) }).catch(() => {})
    return result
  }
}
