import { KeyedSet } from './keyed-set.ts'
import type { Login } from './login.ts'

/** The logins of open sessions that are being stored, or could not be stored. The store does not tell that their cookies have a login. */
export class UnstoredLogins {
  /** By the keys of their cookies. */
  readonly #logins = new KeyedSet<Login>()
  readonly #beingStored = new Set<Login>()

  /** Called before a login is stored. */
  add (login: Login): void {
    this.#beingStored.add(login)
    for (const cookie of login.cookies) this.#logins.add(cookie, login)
  }

  /** Called when the store has answered. `state` tells whether the login has to be remembered for its open sessions. */
  settle (login: Login, state: 'remains' | 'is over'): void {
    this.#beingStored.delete(login)
    if (state === 'is over') this.leave(login)
  }

  /** Called when a login has no open sessions any more. */
  leave (login: Login): void {
    if (this.#beingStored.has(login)) return
    for (const cookie of login.cookies) this.#logins.delete(cookie, login)
  }

  /** The logins of these cookies. */
  of (cookies: readonly string[]): Login[] {
    return [...new Set(cookies.flatMap((cookie) => this.#logins.get(cookie)))]
  }
}
