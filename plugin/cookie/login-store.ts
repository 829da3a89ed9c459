import type { FastifyBaseLogger } from 'fastify'
import { Recent } from '../recent.ts'
import { useKeyOf } from './cookie-id.ts'
import { isExpired } from './cookie-store.ts'
import type { CookieRecord, LoginRecord, StoredRecord, UseRecord } from './cookie-store.ts'
import { EndedCookies } from './ended-cookies.ts'
import type { Spared } from './ended-cookies.ts'
import { EndedLogins } from './ended-logins.ts'
import type { EndedLogin } from './ended-logins.ts'
import type { GuardedStore } from './guarded-store.ts'
import { KeyedSet } from './keyed-set.ts'
import type { LoginFilter, LoginRange } from './login-filter.ts'
import { LoginSnapshot, pause, RUN } from './login-snapshot.ts'
import type { ListedLogin } from './login-snapshot.ts'
import { LoginSnapshots } from './login-snapshots.ts'
import { Outage } from './outage.ts'
import { Sweep } from './sweep.ts'

/** A login that cookies refer to. */
export interface Login {
  readonly key: string
  readonly record: LoginRecord
  /** The known keys of its cookies. */
  readonly cookies: readonly string[]
}

/** A login, and the cookie by which it was found. */
export interface FoundLogin extends Login {
  readonly cookie: { readonly key: string, readonly record: CookieRecord }
}

/** A pending look-up. A logout in the meantime invalidates its result. */
interface LookUp { void: boolean }

/** Milliseconds: the precision of a login's last use. */
const EXACTNESS = 60_000
/** Seconds: memcached treats a longer time as a date. */
const LONGEST_OF_MEMCACHED = 2_592_000
/** The maximum number of logins whose recorded use is remembered. */
const MOST_SEEN = 100_000

/** Logins and cookies, on a store that may throw, be slow, or keep expired records. */
export class LoginStore {
  readonly #store: GuardedStore
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  /** Milliseconds; 0 for none. */
  readonly #idleTimeout: number
  readonly #lookUps = new KeyedSet<LookUp>()
  readonly #ended: EndedLogins
  readonly #endedCookies: EndedCookies
  readonly #endSuccessor: (key: string) => Promise<void>
  /** Logins that are being stored, or could not be stored. */
  readonly #unstored = new WeakSet<Login>()
  readonly #seen = new Recent<string, number>(MOST_SEEN)
  readonly #writes = new Set<Promise<void>>()
  readonly #snapshots = new LoginSnapshots(() => this.#scan())
  readonly #sweep: Sweep | null
  /** Whether the first stored login has been read back. */
  #keeping: 'not asked' | 'asked' = 'not asked'
  readonly #outages: Readonly<Record<'reading' | 'adding' | 'using', Outage>>

  /** `endSuccessor` ends a login that has replaced a deleted one. */
  constructor ({ store, log, now, idleTimeout, endSuccessor = (key) => this.forget({ key, cookies: [] }) }: {
    store: GuardedStore
    log: FastifyBaseLogger
    now: () => number
    idleTimeout: number
    endSuccessor?: (key: string) => Promise<void>
  }) {
    this.#store = store
    this.#log = log
    this.#now = now
    this.#idleTimeout = idleTimeout
    this.#endSuccessor = endSuccessor
    this.#ended = new EndedLogins((login) => this.#delete(login), log)
    this.#endedCookies = new EndedCookies({ store, log, endLogin: endSuccessor })
    this.#sweep = store.traits.keepsExpired ? new Sweep({ store, log, now }) : null
    this.#outages = {
      reading: new Outage(log, 'error', 'the cookie store cannot look up a cookie'),
      adding: new Outage(log, 'error', 'a login could not be stored: it cannot be restored by cookie'),
      using: new Outage(log, 'warn', 'the use of a login could not be noted in the cookie store')
    }
  }

  /** The login of a cookie, or null if there is no valid one. Never rejects. */
  async find (key: string): Promise<FoundLogin | null | 'cannot tell'> {
    if (this.#endedCookies.has(key)) return null
    const record = await this.#read(key)
    if (record === 'cannot tell') return record
    if (record === undefined || !('login' in record)) return null
    const login = await this.get(record.login)
    if (login === 'cannot tell') return login
    if (login !== null && this.#endedCookies.isOver(key, login)) return null
    if (login !== null && !isExpired(record, this.#now())) return { key: record.login, record: login, cookies: [key], cookie: { key, record } }
    this.#goOn(this.#clearUnlessLed(key, record.login))
    return null
  }

  /** The record of a login, or null if it has ended. Never rejects. */
  async get (key: string): Promise<LoginRecord | null | 'cannot tell'> {
    if (this.#ended.has(key)) return null
    const lookUp: LookUp = { void: false }
    this.#lookUps.add(key, lookUp)
    try {
      const record = await this.#read(key)
      if (record === 'cannot tell') return record
      if (record === undefined || !('authid' in record) || lookUp.void) return null
      const counts = !isExpired(record, this.#now()) && !await this.#isIdle(key, record)
      if (!counts) await this.forget({ key, cookies: [] })
      return counts && !lookUp.void ? record : null
    } catch (error) {
      return this.#cannotTell(error)
    } finally {
      this.#lookUps.delete(key, lookUp)
    }
  }

  /** Stores a login and its cookies. Returns false on failure, which is logged. */
  async add (login: Login): Promise<boolean> {
    const { key, record, cookies } = login
    const { created, maxAge } = record
    this.#unstored.add(login)
    try {
      // The login is stored before its cookies, because a look-up deletes cookies without a login.
      await this.#store.set(key, record)
      await Promise.all(cookies.map((cookie) => this.#store.set(cookie, { created, maxAge, login: key })))
      this.#unstored.delete(login)
      this.#outages.adding.worked()
      await this.#checkOnce(login)
      return true
    } catch (error) {
      this.#outages.adding.failed(error)
      return false
    }
  }

  /** Reads the first login back. Some storages accept records that they do not keep, such as memcached, which treats 40 days as a date in 1970. */
  async #checkOnce ({ key, record: { maxAge } }: Login): Promise<void> {
    if (this.#keeping === 'asked') return
    this.#keeping = 'asked'
    if (await this.#read(key) !== undefined || this.#ended.has(key)) return
    const { name } = this.#store.traits
    this.#log.error({ store: name, maxAge }, `${name} accepted a login but does not return it: the login cannot be restored by cookie. ${maxAge > LONGEST_OF_MEMCACHED
      ? `Storages such as memcached keep nothing for longer than 30 days: set cookie.maxAge to ${LONGEST_OF_MEMCACHED} or less, or use another cookie.store`
      : 'Use another cookie.store'}`)
  }

  /** True for a login that may be missing in the store although it has not been ended: it was not stored, or has expired. */
  mayBeMissing (login: Login): boolean {
    return this.#unstored.has(login) || isExpired(login.record, this.#now())
  }

  /** Records that a login is in use. A failure is logged. */
  use ({ key, record: { created, maxAge } }: Pick<Login, 'key' | 'record'>): void {
    if (this.#ended.has(key)) return
    const now = this.#now()
    const exactness = this.#idleTimeout === 0 ? EXACTNESS : Math.min(EXACTNESS, this.#idleTimeout / 8)
    if (now - (this.#seen.get(key) ?? created) < exactness) return
    this.#seen.set(key, now)
    // In a separate record, because rewriting the login could restore one that is deleted in the meantime.
    const record: UseRecord = { created, maxAge, used: key, lastSeen: now }
    const { using } = this.#outages
    this.#goOn(this.#store.set(useKeyOf(key), record).then(() => { using.worked() }, (error: unknown) => { using.failed(error) }))
  }

  /** Deletes a login, in this process at once. If the store fails, the deletion is retried until it succeeds. Never rejects. */
  async forget (login: EndedLogin): Promise<void> {
    await this.remove([login]).catch(() => {})
  }

  /** Deletes the logins of cookies, except those that are spared. If the store cannot find them, it is queried until it can. Never rejects. */
  async forgetCookies (keys: readonly string[], spared: Spared | null): Promise<void> {
    await this.#endedCookies.end(keys, spared)
  }

  /** Deletes logins. Rejects with the error of the store, because the caller of a revocation must know. */
  async remove (logins: readonly EndedLogin[]): Promise<void> {
    for (const { key } of logins) {
      for (const lookUp of this.#lookUps.get(key)) lookUp.void = true
      this.#snapshots.forget(key)
    }
    await this.#ended.end(logins)
  }

  /**
   * The valid logins that match a filter, oldest first, after a position, up to a maximum number. Logins deleted in the meantime are
   * omitted. Rejects with the error of the store.
   */
  async search (filter: LoginFilter, range: LoginRange = {}): Promise<ListedLogin[]> {
    return await this.#snapshots.search(filter, (key) => this.#ended.has(key), range)
  }

  async #scan (): Promise<LoginSnapshot> {
    const logins: [key: string, record: LoginRecord][] = []
    const cookies = new KeyedSet<string>()
    const uses = new Map<string, number>()
    for await (const run of this.#store.runs(RUN)) {
      for (const [key, record] of run) {
        if (isExpired(record, this.#now())) continue
        if ('login' in record) cookies.add(record.login, key)
        else if ('used' in record) uses.set(record.used, record.lastSeen)
        else logins.push([key, record])
      }
      await pause()
    }
    const listed: ListedLogin[] = []
    for (const [i, [key, record]] of logins.entries()) {
      if (i % RUN === 0) await pause()
      const login = { key, record, cookies: cookies.get(key), lastSeen: this.#lastSeen(key, record, uses.get(key)) }
      if (login.cookies.length > 0 && this.#isRecent(login.lastSeen)) listed.push(login)
    }
    return await LoginSnapshot.of(listed)
  }

  /** Waits for pending changes and closes the store. A failure or timeout of the store is logged. Never rejects. */
  async close (): Promise<void> {
    await this.#endedCookies.close()
    this.#sweep?.close()
    await this.#ended.close()
    await Promise.all(this.#writes)
    try {
      await this.#store.close()
    } catch (error) {
      this.#log.error({ err: error }, 'the cookie store could not be closed')
    }
  }

  async #isIdle (key: string, login: LoginRecord): Promise<boolean> {
    if (this.#idleTimeout === 0) return false
    const record = await this.#store.get(useKeyOf(key))
    const noted = record !== undefined && 'used' in record ? record.lastSeen : undefined
    return !this.#isRecent(this.#lastSeen(key, login, noted))
  }

  #isRecent (lastSeen: number): boolean {
    return this.#idleTimeout === 0 || this.#now() < lastSeen + this.#idleTimeout
  }

  /** Applies changes of this process that may be newer than the stored state. */
  #lastSeen (key: string, { created }: LoginRecord, noted = created): number {
    return Math.max(noted, this.#seen.get(key) ?? created)
  }

  async #read (key: string): Promise<StoredRecord | undefined | 'cannot tell'> {
    try {
      const record: unknown = await this.#store.get(key)
      if (typeof record !== 'object' && record !== undefined) throw new TypeError(`the cookie store returned a ${typeof record} for a record`)
      this.#outages.reading.worked()
      return (record ?? undefined) as StoredRecord | undefined
    } catch (error) {
      return this.#cannotTell(error)
    }
  }

  #cannotTell (error: unknown): 'cannot tell' {
    this.#outages.reading.failed(error)
    return 'cannot tell'
  }

  /** Only closing the store waits for this. */
  #goOn (write: Promise<void>): void {
    const going = write.finally(() => { this.#writes.delete(going) })
    this.#writes.add(going)
  }

  async #delete ({ key, cookies }: EndedLogin): Promise<void> {
    await this.#store.delete(key)
    // Another process may have let a cookie refer to a login that replaces this one, without noticing that this one has ended.
    const successors = (await Promise.all(cookies.map((cookie) => this.#read(cookie)))).flatMap((record) => {
      return typeof record === 'object' && 'login' in record && record.login !== key ? [record.login] : []
    })
    await this.#clear([useKeyOf(key), ...cookies])
    await Promise.all([...new Set(successors)].map((successor) => this.#endSuccessor(successor)))
  }

  /** Deletes a cookie whose login has ended, unless it refers to another login in the meantime. */
  async #clearUnlessLed (cookie: string, login: string): Promise<void> {
    const record = await this.#read(cookie)
    if (record !== 'cannot tell' && record !== undefined && 'login' in record && record.login === login) await this.#clear([cookie])
  }

  /** Deletes a cookie without a login. A failure is harmless. */
  async #clear (keys: readonly string[]): Promise<void> {
    await Promise.allSettled(keys.map((key) => this.#store.delete(key)))
  }
}
