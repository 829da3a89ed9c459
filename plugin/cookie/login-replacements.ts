import type { Principal } from '../auth/authenticator.ts'
import type { CookieConnection } from './cookie-connection.ts'
import { successorKeyOf } from './cookie-id.ts'
import type { CookieRotation } from './cookie-rotation.ts'
import type { LoginRecord } from './cookie-store.ts'
import type { LoginConnections } from './login-connections.ts'
import { isSameGrant, isUserOf } from './login-filter.ts'
import type { LoginStore } from './login-store.ts'
import type { Login } from './login.ts'
import { newLogin } from './new-login.ts'

/** The maximum number of cookies, and of references, that are known of a login. Further references remain in the store until the login would have expired. */
const MOST_COOKIES = 20

/** Replaces the login of a connection when a user logs in on it again, for one connection after the other, so that the newest login remains. */
export class LoginReplacements {
  readonly #store: LoginStore
  readonly #connections: LoginConnections
  readonly #rotation: CookieRotation
  /** The pending replacements, by the keys of the replaced logins. */
  readonly #turns = new Map<string, Promise<unknown>>()
  /** The connections that wait for their turns. */
  readonly #waiting = new Set<CookieConnection>()

  constructor ({ store, connections, rotation }: { store: LoginStore, connections: LoginConnections, rotation: CookieRotation }) {
    this.#store = store
    this.#connections = connections
    this.#rotation = rotation
  }

  /** Called when a user has proven an identity on a connection that has a login. Never rejects. */
  async replace (by: CookieConnection, principal: Principal, method: string): Promise<void> {
    let result: 'done' | 'again' = 'again'
    while (result === 'again') result = await this.#inTurn(by, async (login) => await this.#act(by, login, principal, method))
  }

  /** Acts on the login of a connection after all earlier replacements. If it has ended in the meantime, there is nothing to do. */
  async #inTurn (by: CookieConnection, act: (login: Login) => Promise<'done' | 'again'>): Promise<'done' | 'again'> {
    this.#waiting.add(by)
    let { login } = by
    for (; login !== undefined && this.#turns.has(login.key); { login } = by) await this.#turns.get(login.key)
    this.#waiting.delete(by)
    if (login === undefined) return 'done'
    const { key } = login
    const turn = act(login).finally(() => { this.#turns.delete(key) })
    this.#turns.set(key, turn)
    return await turn
  }

  async #act (by: CookieConnection, before: Login, principal: Principal, method: string): Promise<'done' | 'again'> {
    // Another identity, or a login that expires before the cookie: the old login ends, and its id may be known to others.
    if (principal.expires !== undefined || !isUserOf(before.record, principal)) return await this.#giveUp(by, before)
    const { created, maxAge } = before.record
    const reference = successorKeyOf(before.key)
    const next = newLogin({ principal, method, type: by.entry.typeOf(method), endpoint: by.entry.path, device: by.device }, { created, maxAge }, withReference(before.cookies, reference))
    const stored = await this.#store.get(before.key)
    if (stored === null) return await this.#goOn(by, before)
    if (isSameGrant(before.record, next.record)) return 'done'
    return stored === 'cannot tell' ? await this.#giveUp(by, before) : await this.#commit(by, before, next, reference)
  }

  /** The login has ended. If another process has replaced it, its successor is the login of the connections. */
  async #goOn (by: CookieConnection, before: Login): Promise<'done' | 'again'> {
    const successor = await this.#store.successorOf(before.key)
    if (successor === null || successor === 'cannot tell' || by.login !== before) return await this.#giveUp(by, before)
    this.#move(before, { ...successor, cookies: before.cookies }, by)
    return 'again'
  }

  /**
   * The same user has logged in again: the new grant replaces the stored one, in a new record, so that a login that is deleted in the
   * meantime is not restored. If the role differs, the other sessions end. `reference` is the key of the record that leads from the old login
   * to the new one, for cookies that this process does not know.
   */
  async #commit (by: CookieConnection, before: Login, next: Login, reference: string): Promise<'done'> {
    if (await this.#store.add({ ...next, cookies: [reference] }) !== 'is stored') return await this.#giveUp(by, before)
    for (const cookie of before.cookies) await this.#rotation.lead(cookie, next.key)
    // A logout may have happened in the meantime. In another process it first deletes the login and then reads which login has replaced it.
    // Either this process sees that the login is deleted, or the other process sees the new one.
    const still = await this.#store.get(before.key)
    if (by.login !== before || still === null || still === 'cannot tell') return await this.#undo(by, before, next, still)
    this.#move(before, next, by)
    await this.#store.forget({ key: before.key, cookies: [], successor: 'remains' })
    return 'done'
  }

  /** Connections that wait for their turns log in later, so their sessions are not those of the old login. */
  #move (before: Login, next: Login, by: CookieConnection): void {
    this.#connections.move(before, next, (connection) => connection === by || this.#waiting.has(connection))
  }

  /** Ends the new login and its session, if the previous login was ended. */
  async #undo (by: CookieConnection, before: Login, next: Login, still: LoginRecord | null | 'cannot tell'): Promise<'done'> {
    if (still === null && (by.login === undefined || by.login === before)) by.overrule()
    await this.#store.forget(next)
    return by.login === before ? await this.#giveUp(by, before) : 'done'
  }

  async #giveUp (connection: CookieConnection, login: Login): Promise<'done'> {
    this.#connections.end(login.key, connection)
    connection.detach()
    await this.#store.forget(login)
    return 'done'
  }
}

/** The cookies of a login that also has this reference. It is deleted with the login, and follows its replacements. */
function withReference (cookies: readonly string[], reference: string): readonly string[] {
  return cookies.length < MOST_COOKIES ? [...cookies, reference] : cookies
}
