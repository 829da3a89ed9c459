import type { FastifyBaseLogger } from 'fastify'
import type { Principal } from '../auth/authenticator.ts'
import type { CookieAuthOptions } from '../auth-options.ts'
import { Deadlines } from '../deadlines.ts'
import { errors } from '../errors.ts'
import type { CookieOptions } from '../options.ts'
import { reasons } from '../protocol/reasons.ts'
import { CookieConnection } from './cookie-connection.ts'
import type { Device } from './cookie-connection.ts'
import type { ConnectionTracker, Login } from './cookie-connection.ts'
import { readCookies, setCookie } from './cookie-header.ts'
import type { SerializeCookie } from './cookie-header.ts'
import { freshValue, keyOf, mayBeKnown, pseudonymOf, visitorOf } from './cookie-id.ts'
import type { CookieRecord, CookieStore } from './cookie-store.ts'
import { HandedId } from './handed-id.ts'
import { KeyedSet } from './keyed-set.ts'
import { isMeant } from './login-filter.ts'
import type { Arrival, LoginFilter, StoredLogin } from './login-filter.ts'
import { LoginStore } from './login-store.ts'

/** Decides whether a stored login still counts, and with which role. */
export type VerifyLogin = NonNullable<CookieAuthOptions['verify']>

/** Of how many logins it is remembered when they were used last. */
const MOST_SEEN = 100_000

/** Who the browsers are: what their cookies say, what is attached to them, and who is connected by them. */
export class CookieTracker implements ConnectionTracker {
  readonly #store: LoginStore
  readonly #options: Required<CookieOptions>
  readonly #serialize: SerializeCookie
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  readonly #deadlines: Deadlines
  readonly #recheckTimer: NodeJS.Timeout | undefined
  /** The connections by the keys of their cookies: those that they came with by login, and those that they were handed. */
  readonly #connections = new KeyedSet<CookieConnection>()
  readonly #handed = new Map<string, HandedId<CookieConnection>>()
  readonly #seen = new Map<string, number>()
  #verify: VerifyLogin | null = null

  constructor ({ store, shared, options, serialize, log, now = Date.now }: {
    store: CookieStore
    /** True if other processes may change the store. */
    shared: boolean
    options: Required<CookieOptions>
    serialize: SerializeCookie
    log: FastifyBaseLogger
    now?: () => number
  }) {
    this.#store = new LoginStore({ store, log, now })
    this.#options = options
    this.#serialize = serialize
    this.#log = log
    this.#now = now
    this.#deadlines = new Deadlines(now)
    if (shared) this.#recheckTimer = setInterval(() => { this.#recheck() }, options.recheck * 1000).unref()
  }

  /** Lets logins be attached to cookies, and brought back by them. */
  enableLogins (verify: VerifyLogin): void {
    this.#verify = verify
  }

  /** A browser wants to connect. Resolves when its cookie has been looked up; `leave` must be called when it is gone. */
  async arrive ({ cookieHeader, secure, device = {} }: Arrival): Promise<CookieConnection> {
    const values = readCookies(cookieHeader, this.#options.name)
    const known = await this.#find(values)
    if (known === 'cannot tell') {
      return this.#open({ pseudonym: pseudonymOf(values[0] ?? freshValue(this.#options.length)), setCookie: undefined, hand: undefined, login: undefined, device })
    }
    if (known !== null) {
      const value = values.find((value) => keyOf(value) === known.key)!
      this.#see(known.key)
      return this.#open({ pseudonym: pseudonymOf(value), setCookie: undefined, hand: undefined, login: known, device })
    }
    const brought = values.find((value) => visitorOf(value) !== undefined)
    // Without logins there is nothing to be gained by a planted id: the browser keeps what it has.
    if (this.#verify === null && brought !== undefined) return this.#open({ pseudonym: pseudonymOf(brought), setCookie: undefined, hand: undefined, login: undefined, device })

    const value = freshValue(this.#options.length, brought === undefined ? undefined : visitorOf(brought))
    const hand = (connection: CookieConnection): HandedId<CookieConnection> => this.#hand(keyOf(value), brought, connection)
    return this.#open({ pseudonym: pseudonymOf(value), setCookie: setCookie(value, this.#options, secure, this.#serialize), hand, login: undefined, device })
  }

  /** Who a request's cookie says that it is, and the key of that cookie; null also if the store cannot tell. */
  async identify (cookieHeader: string | undefined): Promise<{ principal: Principal, cookie: string } | null> {
    const known = await this.#find(readCookies(cookieHeader, this.#options.name))
    if (known === null || known === 'cannot tell') return null
    this.#see(known.key)
    const principal = await this.#verified(known)
    return principal === null ? null : { principal, cookie: known.key }
  }

  /**
   * Logs a browser in by a REST request: attaches the identity to a fresh id, and forgets the one that the request brought.
   * Resolves to the Set-Cookie header. Rejects with WAMP_ERR_SIGN_IN if logins are not enabled, or cannot be stored.
   */
  async signIn ({ cookieHeader, secure, device = {} }: Arrival, principal: Principal): Promise<string> {
    if (this.#verify === null) throw new errors.WAMP_ERR_SIGN_IN('needs the option auth.cookie')
    const values = readCookies(cookieHeader, this.#options.name)
    const brought = values.map(visitorOf).find((visitor) => visitor !== undefined)
    // What is brought may be planted: it is not even looked up before it is replaced.
    const value = freshValue(this.#options.length, brought)
    if (!await this.#store.set(keyOf(value), this.#recordOf(principal, device))) throw new errors.WAMP_ERR_SIGN_IN('could not store the login')
    const known = await this.#find(values)
    if (known !== null && known !== 'cannot tell') await this.#forget(known, null)
    return setCookie(value, this.#options, secure, this.#serialize)
  }

  /** Logs a browser out by a REST request: its login is forgotten, and its sessions end. Resolves to the Set-Cookie header that removes the cookie. */
  async signOut ({ cookieHeader, secure }: Arrival): Promise<string> {
    const known = await this.#find(readCookies(cookieHeader, this.#options.name))
    if (known !== null && known !== 'cannot tell') await this.#forget(known, null)
    return setCookie('', { ...this.#options, maxAge: 0 }, secure, this.#serialize)
  }

  /** The logins that are stored. Rejects with what the store throws. */
  async find (filter: LoginFilter = {}): Promise<StoredLogin[]> {
    const found = []
    for await (const [cookie, record] of this.#store.entries()) {
      if (isMeant(filter, cookie, record)) found.push({ cookie, record, lastSeen: this.#seen.get(cookie) ?? record.created, connected: this.connected(cookie) })
    }
    return found
  }

  /**
   * Forgets logins, and ends the sessions on their connections with GOODBYE `wamp.close.logout`. Resolves to the number of
   * cookies that were forgotten. Rejects with what the store throws.
   */
  async revoke (filter: LoginFilter): Promise<number> {
    const keys = new Set((await this.find(filter)).flatMap(({ cookie, record }) => [cookie, ...record.siblings ?? []]))
    this.#end([...keys], null)
    for (const key of keys) await this.#store.remove(key)
    return keys.size
  }

  /** How many connections are open by a cookie, given its key. */
  connected (cookie: string): number {
    return this.#connections.get(cookie).length
  }

  /** Stops the timers, and closes the store. */
  async close (): Promise<void> {
    clearInterval(this.#recheckTimer)
    this.#deadlines.close()
    await this.#store.close()
  }

  /** @internal */
  async recall (login: Login): Promise<Principal | null> {
    const record = await this.#store.get(login.key)
    if (record === 'cannot tell' || record === null) return null
    return await this.#verified({ key: login.key, record })
  }

  /** @internal */
  async bind (connection: CookieConnection, principal: Principal): Promise<void> {
    const { login } = connection
    if (this.#verify === null || principal.authmethod === 'anonymous') return
    if (login !== undefined) {
      // The same user again: the login stays. Anybody else: it is over, and its id, which others may know, is bound no more.
      if (login.record.authid === principal.authid && login.record.authrealm === principal.realm) return
      connection.detach()
      return await this.forget(login, connection)
    }
    await this.#attach(connection, connection.handed?.bind() ?? [], principal)
  }

  /** @internal */
  async forget (login: Login, except: CookieConnection): Promise<void> {
    await this.#forget(login, except)
  }

  async #forget ({ key, record }: Login, except: CookieConnection | null): Promise<void> {
    const keys = [key, ...record.siblings ?? []]
    this.#end(keys, except)
    for (const one of keys) await this.#store.delete(one)
  }

  /** @internal */
  expire ({ record: { created, maxAge } }: Login, end: () => void): () => void {
    return this.#deadlines.add(created + maxAge * 1000, end)
  }

  /** @internal */
  left (connection: CookieConnection): void {
    for (const key of connection.keys) this.#connections.delete(key, connection)
    for (const { key } of connection.handed?.leave() ?? []) this.#handed.delete(key)
  }

  #open (given: Omit<ConstructorParameters<typeof CookieConnection>[0], 'tracker'>): CookieConnection {
    const connection = new CookieConnection({ tracker: this, ...given })
    const key = connection.login?.key ?? connection.handed?.key
    if (key !== undefined) this.#know(connection, key)
    return connection
  }

  #know (connection: CookieConnection, key: string): void {
    if (connection.keys.includes(key)) return
    connection.keys.push(key)
    this.#connections.add(key, connection)
  }

  #hand (key: string, brought: string | undefined, connection: CookieConnection): HandedId<CookieConnection> {
    const parent = brought === undefined ? undefined : this.#handed.get(keyOf(brought))
    const handed = parent?.handOn(key, connection) ?? new HandedId(key, connection)
    this.#handed.set(key, handed)
    return handed
  }

  /** Attaches an identity to ids. Who logged in comes in even if that cannot be stored. */
  async #attach (by: CookieConnection, ids: readonly HandedId<CookieConnection>[], principal: Principal): Promise<void> {
    const keys = ids.map(({ key }) => key)
    const common = this.#recordOf(principal, by.device)
    for (const { key, connection } of ids) {
      const record: CookieRecord = keys.length === 1 ? common : { ...common, siblings: keys.filter((other) => other !== key) }
      const login: Login = { key, record }
      // A logout on any of them is one on all: so they are known before the store is asked.
      for (const concerned of new Set([by, connection ?? by])) {
        concerned.attach(login)
        this.#know(concerned, key)
      }
      await this.#store.set(key, record)
    }
  }

  #recordOf ({ realm, authid, authrole, authmethod, authextra }: Principal, device: Device): CookieRecord {
    return { created: this.#now(), maxAge: this.#options.maxAge, authid, authrole, authmethod, authrealm: realm, ...device, ...(authextra === undefined ? {} : { authextra }) }
  }

  /** Remembers when a login was used. In memory only: to write it might bring back what somebody else deletes meanwhile. */
  #see (key: string): void {
    this.#seen.delete(key)
    this.#seen.set(key, this.#now())
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.keys().next().value!)
  }

  /** Ends all that hangs on these cookies: sessions, what connections remember, and answers that are on their way. */
  #end (keys: readonly string[], except: CookieConnection | null): void {
    for (const key of keys) {
      this.#store.voidLookUps(key)
      for (const connection of this.#connections.get(key)) {
        connection.detach()
        if (connection !== except) connection.end(reasons.logout)
      }
    }
  }

  async #find (values: readonly string[]): Promise<Login | null | 'cannot tell'> {
    if (this.#verify === null) return null
    for (const value of values.filter(mayBeKnown)) {
      const key = keyOf(value)
      const record = await this.#store.get(key)
      if (record === 'cannot tell') return record
      if (record !== null) return { key, record }
    }
    return null
  }

  async #verified ({ record }: Login): Promise<Principal | null> {
    const { authid, authrole, authmethod, authrealm, authextra } = record
    try {
      const verdict = await this.#verify?.(record) ?? false
      if (verdict === false) return null
      return {
        realm: authrealm,
        authid,
        authrole: verdict === true ? authrole : verdict.authrole,
        authmethod,
        authprovider: 'cookie',
        ...(authextra === undefined ? {} : { authextra })
      }
    } catch (error) {
      this.#log.error({ err: error }, 'auth.cookie.verify failed')
      return null
    }
  }

  /** Another process may have forgotten a login. */
  #recheck (): void {
    for (const connection of this.#connections.values()) {
      const { login } = connection
      if (login === undefined || !connection.letsIn) continue
      this.#store.get(login.key).then((record) => {
        if (record === null && connection.login === login) this.#end([login.key], null)
      }, () => {})
    }
  }
}
