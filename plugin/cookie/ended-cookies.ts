import type { Principal } from '../auth/authenticator.ts'
import type { LoginRecord } from './cookie-store.ts'
import { EndedLogins } from './ended-logins.ts'
import type { GuardedStore } from './guarded-store.ts'
import { isUserOf } from './login-filter.ts'
import { Outage } from './outage.ts'
import type { StoreLog } from './store-log.ts'

/** The maximum number of cookies whose logins wait for the store. */
const MOST_ENDED_COOKIES = 10_000

/** A user with a role whose login remains valid. */
export type Spared = Pick<Principal, 'realm' | 'authid' | 'authrole'>

/** Cookies whose logins have ended, but could not be looked up in the store. The lookup is retried until it succeeds. */
export class EndedCookies {
  readonly #store: GuardedStore
  readonly #endLogin: (key: string) => Promise<void>
  readonly #ended: EndedLogins
  /** The users whose logins remain valid, by cookie key. For a cookie without an entry, every login has ended. */
  readonly #spared = new Map<string, Spared>()
  readonly #outage: Outage

  /** `endLogin` ends the login that a cookie belongs to. */
  constructor ({ store, log, endLogin }: { store: GuardedStore, log: StoreLog, endLogin: (key: string) => Promise<void> }) {
    this.#store = store
    this.#endLogin = endLogin
    this.#ended = new EndedLogins(({ key }) => this.#remove(key), log)
    this.#outage = new Outage(log, 'error', 'a logout is lost, because the cookie store cannot look up its login')
  }

  /** True if a cookie no longer has a login, whatever the store contains. */
  has (cookie: string): boolean {
    return this.#ended.has(cookie) && !this.#spared.has(cookie)
  }

  /** True if a cookie no longer belongs to the login that the store contains. */
  isOver (cookie: string, login: LoginRecord): boolean {
    return this.#ended.has(cookie) && !this.#spares(cookie, login)
  }

  /** Ends the logins of cookies, except those of the spared user. A login that has already ended is not restored. Never rejects. */
  async end (cookies: readonly string[], spared: Spared | null): Promise<void> {
    // While the store is unavailable, cookies that a client made up cannot be told from real ones.
    if (this.#ended.size >= MOST_ENDED_COOKIES) return this.#outage.failed(new Error(`${MOST_ENDED_COOKIES} cookies wait for the store`))
    this.#outage.worked()
    for (const cookie of cookies) {
      if (spared === null || (this.#ended.has(cookie) && !isSame(this.#spared.get(cookie), spared))) this.#spared.delete(cookie)
      else this.#spared.set(cookie, spared)
    }
    await this.#ended.end(cookies.map((key) => ({ key, cookies: [] }))).catch(() => {})
  }

  /** Retries a last time. */
  async close (): Promise<void> {
    await this.#ended.close()
  }

  async #remove (cookie: string): Promise<void> {
    const record = await this.#store.get(cookie)
    if (record !== undefined && 'login' in record) {
      const login = this.#spared.has(cookie) ? await this.#store.get(record.login) : undefined
      // The user may have logged out in the meantime, which removes the exception.
      if (login !== undefined && 'authid' in login && this.#spares(cookie, login)) {
        this.#spared.delete(cookie)
        return
      }
      await this.#endLogin(record.login)
    }
    await this.#store.delete(cookie)
    this.#spared.delete(cookie)
  }

  #spares (cookie: string, login: LoginRecord): boolean {
    const spared = this.#spared.get(cookie)
    return spared !== undefined && isUserOf(login, spared) && login.authrole === spared.authrole
  }
}

function isSame (a: Spared | undefined, b: Spared): boolean {
  return a?.realm === b.realm && a.authid === b.authid && a.authrole === b.authrole
}
