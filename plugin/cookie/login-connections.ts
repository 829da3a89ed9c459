import { reasons } from '../protocol/reasons.ts'
import { spend } from '../work.ts'
import type { CookieConnection } from './cookie-connection.ts'
import type { Spared } from './ended-cookies.ts'
import { KeyedSet } from './keyed-set.ts'
import { isSelected, isSpared } from './login-filter.ts'
import type { LoginFilter } from './login-filter.ts'
import type { LoginStore } from './login-store.ts'
import type { Deletion, Login } from './login.ts'
import type { StoreLog } from './store-log.ts'
import { UnstoredLogins } from './unstored-logins.ts'

/** A request in flight of a user with a login. */
interface LoginRequest {
  login: Login
  readonly end: () => void
}

/** The open connections, and the requests in flight, by the keys of their logins. */
export class LoginConnections extends KeyedSet<CookieConnection> {
  readonly #requests = new KeyedSet<LoginRequest>()
  /** Connections on which a user has proven an identity, also if no login could be attached to a cookie, or was challenged to do so. */
  readonly #proven = new Set<CookieConnection>()
  readonly #unstored = new UnstoredLogins()
  readonly #store: LoginStore
  readonly #log: StoreLog

  constructor (store: LoginStore, log: StoreLog) {
    super()
    this.#store = store
    this.#log = log
  }

  /** Calls back if a login ends during a request. Call the returned function when the request is over. */
  follow (login: Login, end: () => void): () => void {
    const request = { login, end }
    this.#requests.add(login.key, request)
    return () => {
      if (!this.#requests.has(request.login.key, request)) return
      this.#requests.delete(request.login.key, request)
      this.#store.use(request.login)
    }
  }

  /** Called when a user proves an identity on a connection, or is challenged to do so. Call `leave` when the connection is closed. */
  prove (connection: CookieConnection): void {
    this.#proven.add(connection)
  }

  /** Attaches a new login to connections, and stores it. The sessions stay open if it cannot be stored. */
  async attach (login: Login, connections: Iterable<CookieConnection>): Promise<void> {
    // A logout on any of its cookies ends the login, also while it is being stored.
    this.#unstored.add(login)
    for (const connection of connections) {
      connection.attach(login)
      this.add(login.key, connection)
    }
    const added = await this.#store.add(login)
    this.#unstored.settle(login, added === 'is stored' || this.count(login.key) === 0 ? 'is over' : 'remains')
  }

  /** The logins of these cookies that are being stored, or could not be stored. */
  unstoredOf (cookies: readonly string[]): Login[] {
    return this.#unstored.of(cookies)
  }

  /** Ends the logins of cookies, except those of the spared user. Never rejects. */
  async forgetCookies (cookies: readonly string[], spared: Spared | null): Promise<Deletion> {
    const unstored = this.#unstored.of(cookies)
    const kept = unstored.filter(({ record }) => spared !== null && isSpared(record, spared))
    const meant = unstored.filter((login) => !kept.includes(login))
    const others = cookies.filter((cookie) => !kept.some((login) => login.cookies.includes(cookie)))
    for (const { key } of meant) this.end(key, null)
    const deletions = await Promise.all([...meant.map((login) => this.#store.forget(login)), this.#store.forgetCookies(others, spared)])
    return deletions.includes('is not deleted') ? 'is not deleted' : 'is deleted'
  }

  /** Called when a connection is closed. */
  leave (connection: CookieConnection): void {
    this.#proven.delete(connection)
    const { login } = connection
    if (login === undefined) return
    this.delete(login.key, connection)
    if (this.count(login.key) === 0) this.#unstored.leave(login)
  }

  /** Ends the sessions and requests of the logins that a filter selects, and of logins that are being made. Returns the known logins. */
  revoke (filter: LoginFilter): Login[] {
    const known = new Map<string, Login>()
    let looks = 0
    for (const { login } of [...this.values(), ...this.#requests.values(), ...this.#proven]) {
      looks++
      if (login !== undefined && isSelected(filter, login)) known.set(login.key, login)
    }
    for (const key of known.keys()) this.end(key, null)
    for (const connection of this.#proven) connection.revoke(filter)
    spend(looks)
    return [...known.values()]
  }

  /** Lets a new login take the place of another one. If the role differs, the requests end, and the sessions of connections that are not spared. */
  move (before: Login, next: Login, isSpared: (connection: CookieConnection) => boolean): void {
    const lasts = before.record.authrole === next.record.authrole
    for (const connection of this.get(before.key)) {
      this.delete(before.key, connection)
      this.add(next.key, connection)
      connection.attach(next)
      if (!lasts && !isSpared(connection)) connection.end(reasons.logout)
    }
    for (const request of this.#requests.get(before.key)) {
      this.#requests.delete(before.key, request)
      request.login = next
      if (lasts) this.#requests.add(next.key, request)
      else request.end()
    }
  }

  /** Ends all sessions and requests of a login, and detaches its connections. */
  end (key: string, except: CookieConnection | null): void {
    for (const request of this.#requests.get(key)) {
      this.#requests.delete(key, request)
      request.end()
    }
    for (const connection of this.get(key)) {
      this.delete(key, connection)
      if (connection.login !== undefined) this.#unstored.leave(connection.login)
      connection.detach()
      if (connection !== except) connection.end(reasons.logout)
    }
  }

  /**
   * Ends logins that another process has deleted, including the sessions that created them. These sessions do not otherwise depend on the
   * store: they stay open if their login could not be stored or has expired.
   */
  recheck (): void {
    for (const connection of this.values()) {
      const { login } = connection
      if (login === undefined || (!connection.letsIn && this.#store.mayBeMissing(login))) continue
      this.#recheck(login, () => connection.login === login)
    }
    for (const request of this.#requests.values()) {
      const { login } = request
      this.#recheck(login, () => request.login === login)
    }
  }

  #recheck (login: Login, isStill: () => boolean): void {
    this.#store.get(login.key).then((record) => { if (record === null && isStill()) this.end(login.key, null) })
      .catch((error: unknown) => { this.#log.error({ err: error }, 'the sessions of an ended login could not be ended') })
  }

  /** Records that the logins are in use, because open connections and requests in flight count as use. */
  use (): void {
    for (const { login } of [...this.values(), ...this.#requests.values()]) if (login !== undefined) this.#store.use(login)
  }
}
