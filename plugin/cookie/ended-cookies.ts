import type { Principal } from '../auth/authenticator.ts'
import type { LoginRecord } from './cookie-store.ts'
import { EndedLogins } from './ended-logins.ts'
import type { GuardedStore } from './guarded-store.ts'
import { isUserOf } from './login-filter.ts'
import { Outage } from './outage.ts'
import type { StoreLog } from './store-log.ts'

/** How many cookies that the store cannot tell may wait to be forgotten. */
const MOST_ENDED_COOKIES = 10_000

/** A user with a role, whose login is not over. */
export type Spared = Pick<Principal, 'realm' | 'authid' | 'authrole'>

/** Cookies whose logins are over although the store could not tell which these are: it is asked until it can. */
export class EndedCookies {
  readonly #store: GuardedStore
  readonly #endLogin: (key: string) => Promise<void>
  readonly #ended: EndedLogins
  /** The users whose logins are not over, by the keys of the cookies. Without an entry, any login is over. */
  readonly #spared = new Map<string, Spared>()
  readonly #outage: Outage

  /** `endLogin` ends the login that a cookie turns out to lead to. */
  constructor ({ store, log, endLogin }: { store: GuardedStore, log: StoreLog, endLogin: (key: string) => Promise<void> }) {
    this.#store = store
    this.#endLogin = endLogin
    this.#ended = new EndedLogins(({ key }) => this.#remove(key), log)
    this.#outage = new Outage(log, 'error', 'a logout is lost, because the cookie store cannot look up its login')
  }

  /** True for a cookie that leads to no login, whichever the store has. */
  has (cookie: string): boolean {
    return this.#ended.has(cookie) && !this.#spared.has(cookie)
  }

  /** True if a cookie leads no more to the login that the store has. */
  isOver (cookie: string, login: LoginRecord): boolean {
    return this.#ended.has(cookie) && !this.#spares(cookie, login)
  }

  /** Ends the logins that cookies lead to, except those of a user who is spared. What ended earlier stays ended. Never rejects. */
  async end (cookies: readonly string[], spared: Spared | null): Promise<void> {
    // Clients make these up: while the store is away, nobody can tell.
    if (this.#ended.size >= MOST_ENDED_COOKIES) return this.#outage.failed(new Error(`${MOST_ENDED_COOKIES} cookies wait for the store`))
    this.#outage.worked()
    for (const cookie of cookies) {
      if (spared === null || (this.#ended.has(cookie) && !isSame(this.#spared.get(cookie), spared))) this.#spared.delete(cookie)
      else this.#spared.set(cookie, spared)
    }
    await this.#ended.end(cookies.map((key) => ({ key, cookies: [] }))).catch(() => {})
  }

  /** Tries a last time. */
  async close (): Promise<void> {
    await this.#ended.close()
  }

  async #remove (cookie: string): Promise<void> {
    const record = await this.#store.get(cookie)
    if (record !== undefined && 'login' in record) {
      const login = this.#spared.has(cookie) ? await this.#store.get(record.login) : undefined
      // A logout may have come in the meantime, which spares nobody.
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
