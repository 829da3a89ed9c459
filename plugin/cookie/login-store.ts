import type { FastifyBaseLogger } from 'fastify'
import { Recent } from '../recent.ts'
import { useKeyOf } from './cookie-id.ts'
import { isExpired } from './cookie-store.ts'
import type { CookieRecord, LoginRecord, StoredRecord, UseRecord } from './cookie-store.ts'
import { EndedCookies } from './ended-cookies.ts'
import type { Spares } from './ended-cookies.ts'
import { EndedLogins } from './ended-logins.ts'
import type { EndedLogin } from './ended-logins.ts'
import type { GuardedStore } from './guarded-store.ts'
import { KeyedSet } from './keyed-set.ts'
import type { LoginFilter } from './login-filter.ts'
import { LoginSnapshot, pause, RUN } from './login-snapshot.ts'
import type { ListedLogin } from './login-snapshot.ts'
import { LoginSnapshots } from './login-snapshots.ts'
import { Outage } from './outage.ts'
import { Sweep } from './sweep.ts'

/** A login that cookies lead to. */
export interface Login {
  readonly key: string
  readonly record: LoginRecord
  /** The keys of its cookies, as far as they are known. */
  readonly cookies: readonly string[]
}

/** A login, and the cookie by which it was found. */
export interface FoundLogin extends Login {
  readonly cookie: { readonly key: string, readonly record: CookieRecord }
}

/** A look-up that is under way: a logout that lands meanwhile makes its answer void. */
interface LookUp { void: boolean }

/** Milliseconds: how exactly it is known when a login was used last. */
const EXACTNESS = 60_000
/** Seconds: memcached takes more for a date. */
const LONGEST_OF_MEMCACHED = 2_592_000
/** Of how many logins it is remembered that their use was noted. */
const MOST_SEEN = 100_000

/** Logins, and what leads to them, over a store that may throw, be slow, or keep what is expired. */
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
  /** Logins that are being stored, or could not be. */
  readonly #unstored = new WeakSet<Login>()
  readonly #seen = new Recent<string, number>(MOST_SEEN)
  readonly #writes = new Set<Promise<void>>()
  readonly #snapshots = new LoginSnapshots(() => this.#scan())
  readonly #sweep: Sweep | null
  /** Whether the store has given back a login that it was given. */
  #keeping: 'not asked' | 'asked' = 'not asked'
  readonly #outages: Readonly<Record<'reading' | 'adding' | 'using', Outage>>

  /** `endSuccessor` ends a login that has taken the place of one that is deleted. */
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
      reading: new Outage(log, 'error', 'the cookie store cannot tell who this is'),
      adding: new Outage(log, 'error', 'a login could not be stored: its cookie will not bring it back'),
      using: new Outage(log, 'warn', 'the use of a login could not be noted in the cookie store')
    }
  }

  /** The login that a cookie leads to, null if there is none that counts. Never rejects. */
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

  /** The record of a login, null if it is over. Never rejects. */
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

  /** Stores a login, and the cookies that lead to it. False if that failed, which is logged. */
  async add (login: Login): Promise<boolean> {
    const { key, record, cookies } = login
    const { created, maxAge } = record
    this.#unstored.add(login)
    try {
      // The login is stored before any cookie leads to it: a look-up clears away a cookie that leads nowhere.
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

  /** Reads the first login back. Some storages take what they do not keep, such as memcached, for which 40 days are a date in 1970. */
  async #checkOnce ({ key, record: { maxAge } }: Login): Promise<void> {
    if (this.#keeping === 'asked') return
    this.#keeping = 'asked'
    if (await this.#read(key) !== undefined || this.#ended.has(key)) return
    const { name } = this.#store.traits
    this.#log.error({ store: name, maxAge }, `${name} took a login and does not have it: its cookie will not bring it back. ${maxAge > LONGEST_OF_MEMCACHED
      ? `Storages such as memcached keep nothing for longer than 30 days: set cookie.maxAge to ${LONGEST_OF_MEMCACHED} or less, or use another cookie.store`
      : 'Use another cookie.store'}`)
  }

  /** True for a login that the store may not have although nobody has ended it: it is not stored, or has expired. */
  mayBeMissing (login: Login): boolean {
    return this.#unstored.has(login) || isExpired(login.record, this.#now())
  }

  /** Notes that a login is in use. A failure is logged. */
  use ({ key, record: { created, maxAge } }: Pick<Login, 'key' | 'record'>): void {
    if (this.#ended.has(key)) return
    const now = this.#now()
    const exactness = this.#idleTimeout === 0 ? EXACTNESS : Math.min(EXACTNESS, this.#idleTimeout / 8)
    if (now - (this.#seen.get(key) ?? created) < exactness) return
    this.#seen.set(key, now)
    // A record of its own: to write the login again might bring back what somebody else deletes meanwhile.
    const record: UseRecord = { created, maxAge, used: key, lastSeen: now }
    const { using } = this.#outages
    this.#goOn(this.#store.set(useKeyOf(key), record).then(() => { using.worked() }, (error: unknown) => { using.failed(error) }))
  }

  /** Forgets a login. From now on it is over here; a store that fails is asked again, until it has deleted it. Never rejects. */
  async forget (login: EndedLogin): Promise<void> {
    await this.remove([login]).catch(() => {})
  }

  /** Forgets the logins that cookies lead to, but for those that are spared: a store that cannot tell is asked again until it can. Never rejects. */
  async forgetCookies (keys: readonly string[], spares: Spares | null): Promise<void> {
    await this.#endedCookies.end(keys, spares)
  }

  /** Forgets logins likewise. Rejects with what the store throws: who revokes must know. */
  async remove (logins: readonly EndedLogin[]): Promise<void> {
    for (const { key } of logins) {
      for (const lookUp of this.#lookUps.get(key)) lookUp.void = true
      this.#snapshots.forget(key)
    }
    await this.#ended.end(logins)
  }

  /**
   * The logins that count and to which a filter applies, the oldest first: those beyond a place, at most so many. What is
   * forgotten meanwhile is left out. Rejects with what the store throws.
   */
  async search (filter: LoginFilter, after = '', most = Infinity): Promise<ListedLogin[]> {
    return await this.#snapshots.search(filter, after, most, (key) => this.#ended.has(key))
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

  /** Waits for what is under way, and closes the store. A store that fails, or takes too long, is logged. Never rejects. */
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

  /** What this process knows may be newer than what is stored. */
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

  /** Nobody waits for it but who closes the store. */
  #goOn (write: Promise<void>): void {
    const going = write.finally(() => { this.#writes.delete(going) })
    this.#writes.add(going)
  }

  async #delete ({ key, cookies }: EndedLogin): Promise<void> {
    await this.#store.delete(key)
    // Another process may have led a cookie to a login that takes the place of this one, and not have seen that this one is over.
    const successors = (await Promise.all(cookies.map((cookie) => this.#read(cookie)))).flatMap((record) => {
      return typeof record === 'object' && 'login' in record && record.login !== key ? [record.login] : []
    })
    await this.#clear([useKeyOf(key), ...cookies])
    await Promise.all([...new Set(successors)].map((successor) => this.#endSuccessor(successor)))
  }

  /** Clears a cookie away whose login is over, unless it was led to another login meanwhile. */
  async #clearUnlessLed (cookie: string, login: string): Promise<void> {
    const record = await this.#read(cookie)
    if (record !== 'cannot tell' && record !== undefined && 'login' in record && record.login === login) await this.#clear([cookie])
  }

  /** Clears away what leads nowhere: it is of no harm if that fails. */
  async #clear (keys: readonly string[]): Promise<void> {
    await Promise.allSettled(keys.map((key) => this.#store.delete(key)))
  }
}
