import type { Principal } from '../auth/authenticator.ts'
import { Recent } from '../recent.ts'
import type { LoginRecord } from './cookie-store.ts'
import { EndedLogins } from './ended-logins.ts'
import type { DeletionTexts } from './ended-logins.ts'
import type { GuardedStore } from './guarded-store.ts'
import { isSpared } from './login-filter.ts'
import type { Deletion } from './login.ts'
import { Outage } from './outage.ts'
import type { StoreLog } from './store-log.ts'

/** The maximum number of cookies whose logins wait for the store, each for those that have been seen with a login, and for others. */
const MOST_ENDED_COOKIES = 10_000
/** The maximum number of cookies that are remembered to have had a login. */
const MOST_KNOWN = 100_000

const texts: DeletionTexts = {
  failed: 'after a login or logout, the cookie store could not look up the earlier login of the cookie',
  left: 'after logins or logouts, the cookie store could not look up the earlier logins of the cookies: those that ended are valid again when it is next opened'
}

/** A user with a role whose login remains valid. */
export type Spared = Pick<Principal, 'realm' | 'authid' | 'authrole'>

/** Cookies whose logins have ended, but could not be looked up in the store. The lookup is retried until it succeeds. */
export class EndedCookies {
  readonly #store: GuardedStore
  readonly #endLogin: (key: string) => Promise<void>
  readonly #ended: EndedLogins
  /** The users whose logins remain valid, by cookie key. For a cookie without an entry, every login has ended. */
  readonly #spared = new Map<string, Spared>()
  /** Cookies that had a login in this process. While the store is unavailable, others may be made up by clients. */
  readonly #known = new Recent<string, true>(MOST_KNOWN)
  /** The ended cookies that are not known. */
  readonly #others = new Set<string>()
  readonly #outage: Outage

  /** `endLogin` ends the login that a cookie belongs to. */
  constructor ({ store, log, endLogin }: { store: GuardedStore, log: StoreLog, endLogin: (key: string) => Promise<void> }) {
    this.#store = store
    this.#endLogin = endLogin
    this.#ended = new EndedLogins(({ key }) => this.#remove(key), log, texts)
    this.#outage = new Outage(log, 'error', 'a logout is lost, because the cookie store cannot look up its login')
  }

  /** Called for a cookie that has a login. */
  note (cookie: string): void {
    this.#known.set(cookie, true)
  }

  /** True if a cookie no longer has a login, whatever the store contains. */
  has (cookie: string): boolean {
    return this.#ended.has(cookie) && !this.#spared.has(cookie)
  }

  /** True if the login of a cookie has ended, and waits for the store. */
  isWaiting (cookie: string): boolean {
    return this.#ended.has(cookie)
  }

  /** True if a cookie no longer belongs to the login that the store contains. */
  isOver (cookie: string, login: LoginRecord): boolean {
    return this.#ended.has(cookie) && !this.#spares(cookie, login)
  }

  /** Ends the logins of cookies, except those of the spared user. A login that has already ended is not restored. Never rejects. */
  async end (cookies: readonly string[], spared: Spared | null): Promise<Deletion> {
    const accepted = cookies.filter((cookie) => this.#accepts(cookie))
    if (accepted.length < cookies.length) this.#outage.failed(new Error(`${MOST_ENDED_COOKIES} cookies wait for the store`))
    else this.#outage.worked()
    for (const cookie of accepted) {
      if (spared === null || (this.#ended.has(cookie) && !isSame(this.#spared.get(cookie), spared))) this.#spared.delete(cookie)
      else this.#spared.set(cookie, spared)
    }
    const deletion = await this.#ended.end(accepted.map((key) => ({ key, cookies: [] }))).then(() => 'is deleted', () => 'is not deleted') as Deletion
    return accepted.length < cookies.length ? 'is not deleted' : deletion
  }

  /** Retries a last time. */
  async close (): Promise<void> {
    await this.#ended.close()
  }

  /** False if too many cookies wait. Those that clients made up do not take the places of real ones. */
  #accepts (cookie: string): boolean {
    if (this.#ended.has(cookie)) return true
    if (this.#known.get(cookie) === true) return this.#ended.size - this.#others.size < MOST_ENDED_COOKIES
    if (this.#others.size >= MOST_ENDED_COOKIES) return false
    this.#others.add(cookie)
    return true
  }

  async #remove (cookie: string): Promise<void> {
    const record = await this.#store.get(cookie)
    if (record !== undefined && 'login' in record) {
      const login = this.#spared.has(cookie) ? await this.#store.get(record.login) : undefined
      // The user may have logged out in the meantime, which removes the exception.
      if (login !== undefined && 'authid' in login && this.#spares(cookie, login)) {
        this.#spared.delete(cookie)
        this.#others.delete(cookie)
        return
      }
      // At the same time, because each of them may wait for a store that hangs.
      await Promise.all([this.#endLogin(record.login), this.#store.delete(cookie)])
    } else {
      await this.#store.delete(cookie)
    }
    this.#spared.delete(cookie)
    this.#others.delete(cookie)
  }

  #spares (cookie: string, login: LoginRecord): boolean {
    const spared = this.#spared.get(cookie)
    return spared !== undefined && isSpared(login, spared)
  }
}

function isSame (a: Spared | undefined, b: Spared): boolean {
  return a?.realm === b.realm && a.authid === b.authid && a.authrole === b.authrole
}
