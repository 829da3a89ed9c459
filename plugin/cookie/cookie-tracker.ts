import type { FastifyBaseLogger } from 'fastify'
import type { Principal } from '../auth/authenticator.ts'
import { Deadlines } from '../deadlines.ts'
import { errors } from '../errors.ts'
import { LONGEST_TIMER } from '../longest-timer.ts'
import type { CookieOptions } from '../cookie-options.ts'
import { CookieConnection } from './cookie-connection.ts'
import type { ConnectionTracker, Entry } from './cookie-connection.ts'
import type { Spared } from './ended-cookies.ts'
import { FollowedLogin } from './followed-login.ts'
import { freshValue, keyOf, pseudonymOf, visitorOf } from './cookie-id.ts'
import { CookieRotation } from './cookie-rotation.ts'
import type { LoginRecord } from './cookie-store.ts'
import type { GuardedStore } from './guarded-store.ts'
import type { HandedId } from './handed-id.ts'
import { HandedIds } from './handed-ids.ts'
import { LoginConnections } from './login-connections.ts'
import type { Arrival, LoginFilter, LoginRange, StoredLogin } from './login-filter.ts'
import { LoginReplacements } from './login-replacements.ts'
import { placeOf } from './login-snapshot.ts'
import { LoginStore } from './login-store.ts'
import type { Deletion, FoundLogin, Login } from './login.ts'
import { newLogin } from './new-login.ts'
import { keysOf } from './tracking-cookie.ts'
import type { BroughtValue, TrackingCookie } from './tracking-cookie.ts'

const REVOKED = 'was revoked while the login was being stored'
const NOT_DELETED = 'is not complete: the cookie store fails, so the login has ended in this process only; its deletion is retried'

/** The login of a browser, and the value that it sent. */
type Known = FoundLogin & { readonly brought: BroughtValue }

/** Identifies browsers by their cookies, attaches logins to cookies, and tracks open connections. */
export class CookieTracker implements ConnectionTracker {
  readonly #store: LoginStore
  readonly #rotation: CookieRotation
  readonly #options: Required<CookieOptions>
  readonly #cookie: TrackingCookie
  readonly #now: () => number
  readonly #deadlines: Deadlines
  readonly #timers: NodeJS.Timeout[] = []
  /** The connections, by the keys of their logins. */
  readonly #connections: LoginConnections
  readonly #replacements: LoginReplacements
  readonly #handed: HandedIds
  #logins: 'disabled' | 'enabled' = 'disabled'

  constructor ({ store, shared, options, cookie, log, now = Date.now }: {
    store: GuardedStore
    /** True if other processes may change the store. */
    shared: boolean
    options: Required<CookieOptions>
    cookie: TrackingCookie
    log: FastifyBaseLogger
    now?: () => number
  }) {
    const { recheck, idleTimeout } = options
    this.#store = new LoginStore({ store, log, now, idleTimeout: idleTimeout * 1000, maxAge: options.maxAge, endSessions: (key) => { this.#connections.end(key, null) } })
    this.#connections = new LoginConnections(this.#store, log)
    this.#rotation = new CookieRotation({ store, log, now, rotateAfter: options.rotateAfter * 1000 })
    this.#replacements = new LoginReplacements({ store: this.#store, connections: this.#connections, rotation: this.#rotation })
    this.#options = options
    this.#cookie = cookie
    this.#now = now
    this.#deadlines = new Deadlines('dates', now)
    this.#handed = new HandedIds(now)
    if (shared) this.#timers.push(setInterval(() => { this.#connections.recheck() }, recheck * 1000).unref())
    if (idleTimeout > 0) this.#timers.push(setInterval(() => { this.#connections.use() }, Math.min(idleTimeout * 250, LONGEST_TIMER)).unref())
  }

  /** Enables logins by cookie. */
  enableLogins (): void { this.#logins = 'enabled' }

  /** Registers a browser that connects. `entry` describes the endpoint. Resolves when the cookie has been looked up. Call `leave` when the browser has disconnected. */
  async arrive ({ cookieHeader, secure, device = {}, ignoresCookies = false }: Arrival, entry: Entry): Promise<CookieConnection> {
    if (ignoresCookies) return this.#open({ entry, pseudonym: pseudonymOf(freshValue(this.#options.length)), device })
    const values = this.#cookie.read(cookieHeader)
    const found = await this.#find(values, 1)
    if (found === 'cannot tell') return this.#open({ entry, pseudonym: pseudonymOf(values[0]?.value ?? freshValue(this.#options.length)), device, others: keysOf(values) })
    const [known] = found
    if (known !== undefined) return this.#open({ entry, pseudonym: pseudonymOf(known.brought.value), device, others: keysOf(values.filter((value) => value !== known.brought)), ...await this.#renew(known, secure) })

    const brought = values.find(({ value }) => visitorOf(value) !== undefined)
    // Without logins, session fixation is harmless: the browser keeps its id.
    if (this.#logins === 'disabled' && brought !== undefined) {
      return this.#open({ entry, pseudonym: pseudonymOf(brought.value), device, setCookie: brought.renew ? this.#cookie.write(brought.value, secure) : undefined })
    }
    const others = keysOf(values).filter((key) => this.#connections.unstoredOf([key]).length > 0 || this.#store.isEnding(key))
    if (brought !== undefined && this.#handed.isOutdated(keyOf(brought.value))) return this.#open({ entry, pseudonym: pseudonymOf(brought.value), device, others })
    const value = this.#freshFor(brought)
    const hand = (connection: CookieConnection): HandedId<CookieConnection> => this.#handed.hand(value, brought?.value, connection)
    return this.#open({ entry, pseudonym: pseudonymOf(value), device, setCookie: this.#cookie.write(value, secure), hand, others })
  }

  /** The login of a request's cookie; null also if the store cannot tell. */
  async known (cookieHeader: string | undefined): Promise<FollowedLogin | null> {
    const seen: FollowedLogin[] = []
    const found = await this.#find(this.#cookie.read(cookieHeader), 1, (login) => { seen.push(this.#follow(login)) })
    const known = found === 'cannot tell' || found.length === 0 ? null : seen.at(-1) ?? null
    for (const followed of seen) if (followed !== known) followed.release()
    return known
  }

  /**
   * Logs a browser in by REST: attaches the identity to a fresh id, and deletes the logins of the request's cookies. Resolves to the
   * Set-Cookie header and the login. Rejects with WAMP_ERR_SIGN_IN.
   */
  async signIn ({ cookieHeader, secure, device = {} }: Arrival, principal: Principal): Promise<{ cookie: string, login: FollowedLogin }> {
    const values = this.#cookie.readAll(cookieHeader, errors.WAMP_ERR_SIGN_IN)
    // The request's cookie may be planted: it is replaced without a look-up.
    const value = this.#freshFor(values.find(({ value }) => visitorOf(value) !== undefined))
    for (const key of keysOf(values)) this.#handed.replace(key)
    const login = newLogin({ principal, method: null, device }, this.#lifetime(), [keyOf(value)])
    const followed = this.#follow(login)
    try {
      await this.#storeInsteadOf(values, login)
      if (followed.hasEnded) throw new errors.WAMP_ERR_SIGN_IN(REVOKED)
      return { cookie: this.#cookie.write(value, secure), login: followed }
    } catch (error) {
      followed.release()
      throw error
    }
  }

  /** Stores a login, and deletes the logins of these cookies. Rejects with WAMP_ERR_SIGN_IN. */
  async #storeInsteadOf (values: readonly BroughtValue[], login: Login): Promise<void> {
    const added = await this.#store.add(login)
    if (added !== 'is stored') throw new errors.WAMP_ERR_SIGN_IN(added === 'has ended' ? REVOKED : 'could not store the login')
    const found = await this.#find(values)
    if (found === 'cannot tell') {
      await this.#store.forget(login)
      throw new errors.WAMP_ERR_SIGN_IN('could not delete the login of the request: the cookie store fails')
    }
    await Promise.all([...found, ...this.#connections.unstoredOf(keysOf(values))].map((before) => this.forget(before, null)))
  }

  /** True for a request that carries this cookie. */
  isCarriedBy ({ cookieHeader }: Arrival): boolean { return this.#cookie.read(cookieHeader).length > 0 }

  /** Logs a browser out by REST: deletes its logins and ends their sessions. Resolves to the Set-Cookie header that removes the cookie. Rejects with WAMP_ERR_SIGN_OUT. */
  async signOut ({ cookieHeader, secure }: Arrival): Promise<string> {
    const values = this.#cookie.readAll(cookieHeader, errors.WAMP_ERR_SIGN_OUT)
    const found = await this.#find(values)
    if (found === 'cannot tell') throw new errors.WAMP_ERR_SIGN_OUT('is not possible now: the cookie store fails')
    const ended = [...found, ...this.#connections.unstoredOf(keysOf(values))]
    for (const { key } of ended) this.#connections.end(key, null)
    await this.#store.remove(ended, keysOf(values)).catch((cause: unknown) => { throw new errors.WAMP_ERR_SIGN_OUT(NOT_DELETED, { cause }) })
    return this.#cookie.remove(secure)
  }

  /** The logins of a range, each with its position. Rejects with the error of the store. */
  async page (filter: LoginFilter, range: LoginRange): Promise<{ place: string, login: StoredLogin }[]> {
    const found = await this.#store.search(filter, range)
    return found.map((login) => ({ place: placeOf(login), login: { cookie: login.key, record: login.record, lastSeen: login.lastSeen, connected: this.connected(login.key) } }))
  }

  /**
   * Deletes logins, and ends the sessions on their connections with GOODBYE `wamp.close.logout`. In this process, this takes effect at once.
   * Resolves to the keys of the deleted logins. Rejects with the error of the store; the deletion is then retried.
   */
  async revoke (filter: LoginFilter): Promise<readonly string[]> {
    return await this.#store.revoke(filter, this.#connections.revoke(filter))
  }

  /** The number of open connections of a login, by its key. */
  connected (login: string): number { return this.#connections.count(login) }

  /** Stops the timers and closes the store. */
  async close (): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#deadlines.close()
    await this.#rotation.settle()
    await this.#store.close()
  }

  /** @internal */
  async recall (login: Login): Promise<LoginRecord | null> {
    const record = await this.#store.get(login.key)
    return record === 'cannot tell' ? null : record
  }

  /** @internal */
  challenged (connection: CookieConnection): void {
    this.#connections.prove(connection)
  }

  /** @internal Called when a user proves an identity on a connection. True if that is a login, which may be revoked from now on. */
  prove (connection: CookieConnection, { authmethod, expires }: Principal): boolean {
    if (this.#logins === 'disabled' || authmethod === 'anonymous' || expires !== undefined) return false
    this.#connections.prove(connection)
    return true
  }

  /** @internal */
  async bind (connection: CookieConnection, principal: Principal, method: string): Promise<void> {
    const { login } = connection
    if (this.#logins === 'disabled' || principal.authmethod === 'anonymous') return
    const lasts = principal.expires === undefined
    if (login !== undefined) return await this.#replacements.replace(connection, principal, method)
    if (lasts) await this.#attach(connection, connection.handed?.bind() ?? [], principal, method)
  }

  /** @internal */
  async forget (login: Login, except: CookieConnection | null): Promise<Deletion> {
    this.#connections.end(login.key, except)
    return await this.#store.forget(login)
  }

  /** @internal */
  async forgetCookies (keys: readonly string[], spared: Spared | null): Promise<Deletion> {
    return await this.#connections.forgetCookies(keys, spared)
  }

  /** @internal */
  expire ({ record: { created, maxAge } }: Login, end: () => void): () => void {
    return this.#deadlines.add(created + maxAge * 1000, end)
  }

  /** @internal */
  left (connection: CookieConnection): void {
    const { login, handed } = connection
    if (login !== undefined) this.#store.use(login)
    this.#connections.leave(connection)
    if (handed !== undefined) this.#handed.leave(handed)
  }

  #open (given: Omit<ConstructorParameters<typeof CookieConnection>[0], 'tracker'>): CookieConnection {
    const connection = new CookieConnection({ tracker: this, ...given })
    if (connection.login !== undefined) this.#connections.add(connection.login.key, connection)
    return connection
  }

  /** A value for a browser that keeps its visitor part. */
  #freshFor (brought: BroughtValue | undefined): string {
    return freshValue(this.#options.length, brought === undefined ? undefined : visitorOf(brought.value))
  }

  /** The Set-Cookie value for a browser that reconnects with a login: none, a newer cookie, or the same cookie with a newer signature. */
  async #renew ({ brought, cookie, ...login }: Known, secure: boolean): Promise<{ login: Login, setCookie?: string }> {
    if (this.#rotation.isDue(cookie.record)) {
      const value = this.#freshFor(brought)
      const next = await this.#rotation.replace(cookie.key, keyOf(value))
      if (next === null) return { login }
      return { login: { ...login, cookies: [cookie.key, keyOf(value)] }, setCookie: this.#cookie.write(value, secure, next.maxAge) }
    }
    // The browser would overwrite the newer cookie with this one, which is valid for a minute only.
    if (!brought.renew || this.#rotation.isReplaced(cookie.record)) return { login }
    const { created, maxAge } = cookie.record
    return { login, setCookie: this.#cookie.write(brought.value, secure, Math.ceil((created - this.#now()) / 1000 + maxAge)) }
  }

  /** Attaches an identity to ids. The client is logged in even if it cannot be stored. */
  async #attach (by: CookieConnection, ids: readonly HandedId<CookieConnection>[], principal: Principal, method: string): Promise<void> {
    if (ids.length === 0) return
    const login = newLogin({ principal, method, type: by.entry.typeOf(method), endpoint: by.entry.path, device: by.device }, this.#lifetime(), ids.map(({ key }) => key))
    await this.#connections.attach(login, new Set([by, ...ids.map(({ connection }) => connection ?? by)]))
  }

  #follow (login: Login): FollowedLogin {
    return new FollowedLogin(login, (followed, end) => this.#connections.follow(followed, end))
  }

  #lifetime (): Pick<LoginRecord, 'created' | 'maxAge'> { return { created: this.#now(), maxAge: this.#options.maxAge } }

  /** The logins of the values, up to a maximum number. There are several if browsers send cookies of other paths and domains along. */
  async #find (values: readonly BroughtValue[], most = Infinity, seen?: (login: Login) => void): Promise<Known[] | 'cannot tell'> {
    const known: Known[] = []
    for (const brought of this.#logins === 'disabled' ? [] : values) {
      const found = await this.#store.find(keyOf(brought.value), seen)
      if (found === null) continue
      if (found === 'cannot tell') return found
      this.#store.use(found)
      const { key, record } = found.cookie
      await this.#rotation.confirm(key, record)
      if (record.login !== found.key) await this.#rotation.lead(key, found.key)
      if (known.push({ ...found, brought }) === most) break
    }
    return known
  }
}
