import type { LoginRecord } from './cookie-store.ts'
import { EndedLogins } from './ended-logins.ts'
import type { GuardedStore } from './guarded-store.ts'
import { Outage } from './outage.ts'
import type { StoreLog } from './store-log.ts'

/** How many cookies that the store cannot tell may wait to be forgotten. */
const MOST_ENDED_COOKIES = 10_000

/** True for a login that is not over. */
export type Spares = (login: LoginRecord) => boolean

/** Cookies whose logins are over although the store could not tell which these are: it is asked until it can. */
export class EndedCookies {
  readonly #store: GuardedStore
  readonly #endLogin: (key: string) => Promise<void>
  readonly #ended: EndedLogins
  /** Which logins are not over, by the keys of the cookies; all are that no key is here for. */
  readonly #spares = new Map<string, Spares>()
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
    return this.#ended.has(cookie) && !this.#spares.has(cookie)
  }

  /** True if a cookie leads no more to the login that the store has. */
  isOver (cookie: string, login: LoginRecord): boolean {
    return this.#ended.has(cookie) && this.#spares.get(cookie)?.(login) !== true
  }

  /** Ends the logins that cookies lead to, but for those that are spared. Never rejects. */
  async end (cookies: readonly string[], spares: Spares | null): Promise<void> {
    // Clients make these up: while the store is away, nobody can tell.
    if (this.#ended.size >= MOST_ENDED_COOKIES) return this.#outage.failed(new Error(`${MOST_ENDED_COOKIES} cookies wait for the store`))
    this.#outage.worked()
    for (const cookie of cookies) {
      if (spares === null) this.#spares.delete(cookie)
      else this.#spares.set(cookie, spares)
    }
    await this.#ended.end(cookies.map((key) => ({ key, cookies: [] }))).catch(() => {})
  }

  /** Tries a last time. */
  async close (): Promise<void> {
    await this.#ended.close()
  }

  async #remove (cookie: string): Promise<void> {
    const spares = this.#spares.get(cookie)
    const record = await this.#store.get(cookie)
    if (record !== undefined && 'login' in record) {
      const login = spares === undefined ? undefined : await this.#store.get(record.login)
      if (login !== undefined && 'authid' in login && spares?.(login) === true) return this.#done(cookie, spares)
      await this.#endLogin(record.login)
    }
    await this.#store.delete(cookie)
    this.#done(cookie, spares)
  }

  /** A logout may have come meanwhile, which spares nobody. */
  #done (cookie: string, spares: Spares | undefined): void {
    if (this.#spares.get(cookie) === spares) this.#spares.delete(cookie)
  }
}
