import type { FastifyBaseLogger } from 'fastify'
import { useKeyOf } from './cookie-id.ts'
import { isExpired } from './cookie-store.ts'
import type { LoginRecord, StoredRecord } from './cookie-store.ts'
import { EndedCookies } from './ended-cookies.ts'
import type { Spared } from './ended-cookies.ts'
import { EndedLogins } from './ended-logins.ts'
import type { EndedLogin } from './ended-logins.ts'
import { FirstLogin } from './first-login.ts'
import type { GuardedStore } from './guarded-store.ts'
import { KeyedSet } from './keyed-set.ts'
import type { Deletion, FoundLogin, Login } from './login.ts'
import { isSelected } from './login-filter.ts'
import type { LoginFilter, LoginRange } from './login-filter.ts'
import { scanLogins } from './login-scan.ts'
import type { ListedLogin } from './login-snapshot.ts'
import { LoginSnapshots } from './login-snapshots.ts'
import { LoginUses } from './login-uses.ts'
import { Outage } from './outage.ts'
import { Revocations } from './revocations.ts'
import { Sweep } from './sweep.ts'

/** The maximum number of logins that are looked up for a cookie, because each has been replaced by the next one in the meantime. */
const MOST_SUCCESSORS = 5

/** A pending look-up. A logout in the meantime invalidates its result. */
interface LookUp { void: boolean }

/** A login that is being stored. If it ends in the meantime, it is deleted again. */
interface Addition {
  readonly login: Login
  state: 'is valid' | 'has ended'
}

/** Logins and cookies, on a store that may throw, be slow, or keep expired records. */
export class LoginStore {
  readonly #store: GuardedStore
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  /** Seconds: the maximum lifetime of a login, whatever its record contains. */
  readonly #maxAge: number
  readonly #lookUps = new KeyedSet<LookUp>()
  readonly #ended: EndedLogins
  readonly #endedCookies: EndedCookies
  readonly #revocations: Revocations
  readonly #endSessions: (key: string) => void
  readonly #additions = new Map<string, Addition>()
  /** Logins that are being stored, or could not be stored. */
  readonly #unstored = new WeakSet<Login>()
  readonly #uses: LoginUses
  readonly #writes = new Set<Promise<void>>()
  readonly #snapshots: LoginSnapshots
  readonly #sweep: Sweep | null
  readonly #first: FirstLogin
  readonly #outages: Readonly<Record<'reading' | 'adding', Outage>>

  /** `endSessions` is called for logins that end otherwise than by a logout. `idleTimeout` is in milliseconds, 0 for none, and `maxAge` in seconds. */
  constructor ({ store, log, now, idleTimeout, maxAge, endSessions = () => {} }: {
    store: GuardedStore
    log: FastifyBaseLogger
    now: () => number
    idleTimeout: number
    maxAge: number
    endSessions?: (key: string) => void
  }) {
    this.#store = store
    this.#log = log
    this.#now = now
    this.#maxAge = maxAge
    this.#endSessions = endSessions
    this.#first = new FirstLogin(store, log)
    const uses = this.#uses = new LoginUses({ store, log, now, idleTimeout })
    this.#snapshots = new LoginSnapshots(() => scanLogins({ store, uses, now, capped: (record) => this.#capped(record) }))
    this.#ended = new EndedLogins((login) => this.#delete(login), log)
    this.#endedCookies = new EndedCookies({ store, log, endLogin: (key) => this.#endLogin(key) })
    this.#revocations = new Revocations({
      ...{ store, log, now },
      search: (filter) => this.#snapshots.search(filter, ({ key }) => this.#ended.has(key), {}),
      remove: async (logins) => {
        for (const { key } of logins) endSessions(key)
        await this.remove(logins)
      }
    })
    this.#sweep = store.traits.keepsExpired ? new Sweep({ store, log, now }) : null
    this.#outages = {
      reading: new Outage(log, 'error', 'the cookie store cannot look up a cookie'),
      adding: new Outage(log, 'error', 'a login could not be stored: it cannot be restored by cookie')
    }
  }

  /** The login of a cookie, or null if there is no valid one. Never rejects. */
  async find (key: string): Promise<FoundLogin | null | 'cannot tell'> {
    let ended: string | undefined
    for (let i = 0; i < MOST_SUCCESSORS; i++) {
      if (this.#endedCookies.has(key)) return null
      const record = await this.#read(key)
      if (record === 'cannot tell') return record
      if (record === undefined || !('login' in record)) return null
      const login = record.login === ended ? null : await this.get(record.login)
      if (login === 'cannot tell') return login
      if (login !== null && this.#endedCookies.isOver(key, login)) return null
      if (login !== null && !isExpired(record, this.#now())) {
        this.#endedCookies.note(key)
        return { key: record.login, record: login, cookies: [key], cookie: { key, record } }
      }
      if (login !== null || record.login === ended) {
        this.#goOn(this.#clearUnlessLed(key, record.login))
        return null
      }
      // Another login of the user may have taken its place since the cookie was read.
      ended = record.login
    }
    return 'cannot tell'
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
      const login = this.#capped(record)
      // Sessions that it logged in have their own deadline. Others do not depend on it.
      if (isExpired(login, this.#now())) await this.forget({ key, cookies: [] })
      else if (await this.#uses.isIdle(key, login)) await this.#endLogin(key)
      else if (!lookUp.void && !await this.#isRevoked(key, login)) return login
      return null
    } catch (error) {
      return this.#cannotTell(error)
    } finally {
      this.#lookUps.delete(key, lookUp)
    }
  }

  /** Stores a login and its cookies. A failure is logged. Resolves to 'has ended' if the login has ended in the meantime. */
  async add (login: Login): Promise<'is stored' | 'is not stored' | 'has ended'> {
    const addition: Addition = { login, state: 'is valid' }
    this.#additions.set(login.key, addition)
    this.#revocations.spare(login)
    this.#unstored.add(login)
    for (const cookie of login.cookies) this.#endedCookies.note(cookie)
    const stored = await this.#write(login)
    this.#additions.delete(login.key)
    if (addition.state === 'is valid') return stored ? 'is stored' : 'is not stored'
    // Its deletion may have overtaken it.
    await this.forget(login)
    return 'has ended'
  }

  async #write (login: Login): Promise<boolean> {
    const { key, record, cookies } = login
    const { created, maxAge } = record
    try {
      // The login is stored before its cookies, because a look-up deletes cookies without a login.
      await this.#store.set(key, record)
      await Promise.all(cookies.map((cookie) => this.#store.set(cookie, { created, maxAge, login: key })))
      this.#unstored.delete(login)
      this.#outages.adding.worked()
      await this.#first.check(login, () => this.#additions.get(key)?.state !== 'is valid')
      return true
    } catch (error) {
      this.#outages.adding.failed(error)
      return false
    }
  }

  /** True for a login that may be missing in the store although it has not been ended: it was not stored, or has expired. */
  mayBeMissing (login: Login): boolean {
    return this.#unstored.has(login) || isExpired(login.record, this.#now())
  }

  /** Records that a login is in use. A failure is logged. */
  use ({ key, record }: Pick<Login, 'key' | 'record'>): void {
    if (!this.#ended.has(key)) this.#goOn(this.#uses.note(key, record))
  }

  /** Deletes a login, in this process at once. If the store fails, the deletion is retried until it succeeds. Never rejects. */
  async forget (login: EndedLogin): Promise<Deletion> {
    return await this.remove([login]).then(() => 'is deleted', () => 'is not deleted')
  }

  /** Deletes the logins of cookies, except those that are spared. If the store cannot find them, it is queried until it can. Never rejects. */
  async forgetCookies (keys: readonly string[], spared: Spared | null): Promise<Deletion> {
    return await this.#endedCookies.end(keys, spared)
  }

  /**
   * Deletes the logins that a filter selects, and those of them that this process knows. They end in this process at once, even if the store
   * fails; the deletion is then retried until it succeeds. Resolves to the keys of the deleted logins. Rejects with the error of the store.
   */
  async revoke (filter: LoginFilter, known: readonly Login[]): Promise<readonly string[]> {
    const additions = [...this.#additions.values()].filter(({ login }) => isSelected(filter, login))
    for (const addition of additions) addition.state = 'has ended'
    const own = [...known, ...additions.map(({ login }) => login)]
    // At the same time, because each of them may wait for a store that hangs.
    const [selected, removed] = await Promise.allSettled([this.#revocations.revoke(filter), this.remove(own)])
    if (selected.status === 'rejected') throw selected.reason
    if (removed.status === 'rejected') throw removed.reason
    return [...new Set([...selected.value, ...own.map(({ key }) => key)])]
  }

  /** Deletes logins, and those of these cookies that have ended but are not deleted yet. Rejects with the error of the store, because the caller must know. */
  async remove (logins: readonly EndedLogin[], cookies: readonly string[] = []): Promise<void> {
    for (const { key } of logins) {
      for (const lookUp of this.#lookUps.get(key)) lookUp.void = true
      this.#snapshots.forget(key)
      const addition = this.#additions.get(key)
      if (addition !== undefined) addition.state = 'has ended'
    }
    await this.#ended.end([...logins, ...this.#ended.of(cookies)])
  }

  /**
   * The valid logins that match a filter, oldest first, after a position, up to a maximum number. Logins deleted in the meantime are
   * omitted. Rejects with the error of the store.
   */
  async search (filter: LoginFilter, range: LoginRange = {}): Promise<ListedLogin[]> {
    return await this.#snapshots.search(filter, ({ key, cookies }) => cookies.length === 0 || this.#ended.has(key), range)
  }

  /** Waits for pending changes and closes the store. A failure or timeout of the store is logged. Never rejects. */
  async close (): Promise<void> {
    await this.#endedCookies.close()
    await this.#revocations.close()
    this.#sweep?.close()
    await this.#ended.close()
    await Promise.all(this.#writes)
    try {
      await this.#store.close()
    } catch (error) {
      this.#log.error({ err: error }, 'the cookie store could not be closed')
    }
  }

  async #endLogin (key: string): Promise<void> {
    this.#endSessions(key)
    await this.forget({ key, cookies: [] })
  }

  /** The record with the lifetime of this process's options, if that is shorter. */
  #capped (record: LoginRecord): LoginRecord {
    return record.maxAge <= this.#maxAge ? record : { ...record, maxAge: this.#maxAge }
  }

  /** True for a login that has been revoked. It is deleted here if it could not be deleted with the others. */
  async #isRevoked (key: string, record: LoginRecord): Promise<boolean> {
    const state = this.#revocations.stateOf({ key, record })
    if (state === 'not deleted') await this.#endLogin(key)
    return state !== null
  }

  async #read (key: string): Promise<StoredRecord | undefined | 'cannot tell'> {
    try {
      const record = await this.#store.get(key)
      this.#outages.reading.worked()
      return record
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
    await Promise.all([...new Set(successors)].map((successor) => this.#endLogin(successor)))
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
