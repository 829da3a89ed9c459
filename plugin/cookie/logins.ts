import type { CookieTracker } from './cookie-tracker.ts'
import { checkLoginFilter, checkSelection } from './login-filter.ts'
import type { Arrival, LoginFilter, LoginRange, StoredLogin } from './login-filter.ts'

/** A login and its position among all logins. */
type PlacedLogin = Awaited<ReturnType<CookieTracker['page']>>[number]

/** The part of a cookie tracker that concerns logins. */
type LoginTracker = Pick<CookieTracker, 'page' | 'revoke' | 'isCarriedBy' | 'signOut'>

/** The logins of an app: those of its plugin's cookie, and those of the other cookies of its endpoints. */
export class Logins {
  readonly #trackers = new Set<LoginTracker>()

  /** Adds the logins of a tracker. */
  add (tracker: LoginTracker): void {
    this.#trackers.add(tracker)
  }

  /** True if no cookie is tracked. */
  get isEmpty (): boolean {
    return this.#trackers.size === 0
  }

  /** The stored logins, oldest first. Rejects with WAMP_ERR_INVALID_OPTION, and with the error of a store. */
  async find (filter: LoginFilter = {}): Promise<StoredLogin[]> {
    checkLoginFilter(filter)
    return (await this.page(filter, {})).map(({ login }) => login)
  }

  /**
   * Deletes logins, and ends the sessions on their connections with GOODBYE `wamp.close.logout`. Resolves to the number of deleted logins.
   * Rejects with WAMP_ERR_INVALID_OPTION, including for a filter that selects all logins, and with the error of a store. If a store fails, the logins
   * have ended in this process only, and the deletion is retried until it succeeds.
   */
  async revoke (filter: LoginFilter): Promise<number> {
    checkSelection(filter)
    const revocations = await Promise.allSettled([...this.#trackers].map((tracker) => tracker.revoke(filter)))
    const keys = revocations.flatMap((revocation) => {
      if (revocation.status === 'rejected') throw revocation.reason
      return revocation.value
    })
    return new Set(keys).size
  }

  /** @internal Logs a browser out of each cookie that its request carries. Resolves to the Set-Cookie headers that remove them. Rejects with WAMP_ERR_SIGN_OUT. */
  async signOut (arrival: Arrival): Promise<string[]> {
    return await Promise.all([...this.#trackers].filter((tracker) => tracker.isCarriedBy(arrival)).map((tracker) => tracker.signOut(arrival)))
  }

  /** @internal The logins of a range, each with its position. */
  async page (filter: LoginFilter, range: LoginRange): Promise<PlacedLogin[]> {
    const pages = await Promise.all([...this.#trackers].map((tracker) => tracker.page(filter, range)))
    if (pages.length === 1) return pages[0]!
    const found = new Map<string, PlacedLogin>()
    for (const placed of pages.flat()) {
      const { place, login } = placed
      const same = found.get(login.cookie)
      // Trackers with different cookies may share a store.
      found.set(login.cookie, same === undefined ? placed : { place, login: { ...login, connected: login.connected + same.login.connected } })
    }
    return [...found.values()].sort((a, b) => a.place < b.place ? -1 : 1).slice(0, range.most)
  }
}
