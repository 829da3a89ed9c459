import { Recent } from '../recent.ts'
import { useKeyOf } from './cookie-id.ts'
import type { LoginRecord, UseRecord } from './cookie-store.ts'
import type { GuardedStore } from './guarded-store.ts'
import { Outage } from './outage.ts'
import type { StoreLog } from './store-log.ts'

/** Milliseconds: the precision of a login's last use. */
const EXACTNESS = 60_000
/** The maximum number of logins whose recorded use is remembered. */
const MOST_SEEN = 100_000

/** The last uses of logins: the stored ones, and those of this process, which may be newer. */
export class LoginUses {
  readonly #store: GuardedStore
  readonly #now: () => number
  /** Milliseconds; 0 for none. */
  readonly #idleTimeout: number
  readonly #seen = new Recent<string, number>(MOST_SEEN)
  readonly #outage: Outage

  constructor ({ store, log, now, idleTimeout }: { store: GuardedStore, log: StoreLog, now: () => number, idleTimeout: number }) {
    this.#store = store
    this.#now = now
    this.#idleTimeout = idleTimeout
    this.#outage = new Outage(log, 'warn', 'the use of a login could not be noted in the cookie store')
  }

  /** Records that a login is in use. Resolves once this is stored. A failure is logged. */
  async note (key: string, { created, maxAge }: LoginRecord): Promise<void> {
    const now = this.#now()
    const exactness = this.#idleTimeout === 0 ? EXACTNESS : Math.min(EXACTNESS, this.#idleTimeout / 8)
    if (now - (this.#seen.get(key) ?? created) < exactness) return
    this.#seen.set(key, now)
    // In a separate record, because rewriting the login could restore one that is deleted in the meantime.
    const record: UseRecord = { created, maxAge, used: key, lastSeen: now }
    await this.#store.set(useKeyOf(key), record).then(() => { this.#outage.worked() }, (error: unknown) => { this.#outage.failed(error) })
  }

  /** True if a login has not been used for the idle timeout. Rejects with the error of the store. */
  async isIdle (key: string, login: LoginRecord): Promise<boolean> {
    if (this.#idleTimeout === 0) return false
    const record = await this.#store.get(useKeyOf(key))
    const noted = record !== undefined && 'used' in record ? record.lastSeen : undefined
    return !this.isRecent(this.lastSeen(key, login, noted))
  }

  /** True for a last use within the idle timeout. */
  isRecent (lastSeen: number): boolean {
    return this.#idleTimeout === 0 || this.#now() < lastSeen + this.#idleTimeout
  }

  /** The last use of a login, of which the stored one is `noted`. */
  lastSeen (key: string, { created }: LoginRecord, noted = created): number {
    return Math.max(noted, this.#seen.get(key) ?? created)
  }
}
