import type { FastifyBaseLogger } from 'fastify'
import { successorKeyOf } from './cookie-id.ts'
import { isExpired } from './cookie-store.ts'
import type { LoginRecord, StoredRecord } from './cookie-store.ts'
import { EndedCookies } from './ended-cookies.ts'
import type { Spared } from './ended-cookies.ts'
import { EndedLogins } from './ended-logins.ts'
import type { EndedLogin } from './ended-logins.ts'
import type { GuardedStore } from './guarded-store.ts'
import { KeyedSet } from './keyed-set.ts'
import type { Deletion, FoundLogin, Login } from './login.ts'
import type { LoginFilter, LoginRange } from './login-filter.ts'
import { LoginAdditions } from './login-additions.ts'
import type { Addition } from './login-additions.ts'
import { LoginDeletion } from './login-deletion.ts'
import { scanLogins } from './login-scan.ts'
import type { ListedLogin } from './login-snapshot.ts'
import { LoginSnapshots } from './login-snapshots.ts'
import { LoginUses } from './login-uses.ts'
import { Outage } from './outage.ts'
import { Revocations } from './revocations.ts'
import { Sweep } from './sweep.ts'

/** The maximum number of logins that are looked up for a cookie, because each has been replaced by the next one since the cookie was last used. */
const MOST_SUCCESSORS = 100

/** Called with the key and the record of a login at the moment at which it has been read. */
type Seen = (key: string, record: LoginRecord) => void

/** A pending look-up. A logout in the meantime invalidates its result. */
interface LookUp { void: boolean }

/** Logins and cookies, on a store that may throw, be slow, or keep expired records. */
export class LoginStore {
  readonly #store: GuardedStore
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  /** Seconds: the maximum lifetime of a login, whatever its record contains. */
  readonly #maxAge: number
  readonly #lookUps = new KeyedSet<LookUp>()
  readonly #ended: EndedLogins
  readonly #deletion: LoginDeletion
  readonly #endedCookies: EndedCookies
  readonly #revocations: Revocations
  readonly #endSessions: (key: string) => void
  readonly #additions: LoginAdditions
  readonly #uses: LoginUses
  readonly #writes = new Set<Promise<void>>()
  readonly #snapshots: LoginSnapshots
  readonly #sweep: Sweep | null
  readonly #outage: Outage

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
    this.#additions = new LoginAdditions(store, log)
    const uses = this.#uses = new LoginUses({ store, log, now, idleTimeout })
    this.#snapshots = new LoginSnapshots(() => scanLogins({ store, uses, now, capped: (record) => this.#capped(record) }))
    const end = async (login: EndedLogin): Promise<void> => {
      endSessions(login.key)
      await this.remove([login])
    }
    this.#deletion = new LoginDeletion(store, end)
    this.#ended = new EndedLogins((login) => this.#deletion.delete(login), log)
    this.#endedCookies = new EndedCookies({ store, log, endLogin: async (key) => { await end({ key, cookies: [] }) } })
    this.#revocations = new Revocations({
      ...{ store, log, now },
      // Logins that this process has ended, but not deleted yet, are still valid elsewhere.
      search: (filter) => this.#snapshots.search(filter, ({ key }, isForgotten) => isForgotten && !this.#ended.has(key), {}),
      remove: async (logins) => {
        for (const { key } of logins) endSessions(key)
        await this.remove(logins)
      }
    })
    this.#sweep = store.traits.keepsExpired ? new Sweep({ store, log, now }) : null
    this.#outage = new Outage(log, 'error', 'the cookie store cannot look up a cookie')
  }

  /** The login of a cookie, or null if there is no valid one. `seen` is called at the moment at which a login has been read. Never rejects. */
  async find (key: string, seen: (login: Login) => void = () => {}): Promise<FoundLogin | null | 'cannot tell'> {
    if (this.#endedCookies.has(key)) return null
    const record = await this.#read(key)
    if (record === 'cannot tell') return record
    if (record === undefined || !('login' in record)) return null
    const found = await this.#latest(record.login, (login, read) => { seen({ key: login, record: read, cookies: [key] }) })
    if (found === 'cannot tell') return found
    if (found !== null && this.#endedCookies.isOver(key, found.record)) return null
    if (found !== null && !isExpired(record, this.#now())) {
      this.#endedCookies.note(key)
      return { ...found, cookies: [key], cookie: { key, record } }
    }
    this.#ended.note(record.login, key)
    this.#goOn(this.#deletion.clearUnlessLed(key, record.login))
    return null
  }

  /** The valid login that has replaced one that has ended, or null. Never rejects. */
  async successorOf (ended: string, seen: Seen = () => {}, most = MOST_SUCCESSORS): Promise<Pick<Login, 'key' | 'record'> | null | 'cannot tell'> {
    const reference = await this.#read(successorKeyOf(ended))
    if (reference === 'cannot tell') return reference
    return reference === undefined || !('login' in reference) ? null : await this.#latest(reference.login, seen, most - 1)
  }

  /** A login if it is valid, or else the one that has replaced it. */
  async #latest (key: string, seen: Seen, most = MOST_SUCCESSORS): Promise<Pick<Login, 'key' | 'record'> | null | 'cannot tell'> {
    const record = await this.get(key, (read) => { seen(key, read) })
    if (record === 'cannot tell') return record
    if (record !== null) return { key, record }
    return most > 0 ? await this.successorOf(key, seen, most) : null
  }

  /** The record of a login, or null if it has ended. `seen` is called at the moment at which it has been read. Never rejects. */
  async get (key: string, seen: (record: LoginRecord) => void = () => {}): Promise<LoginRecord | null | 'cannot tell'> {
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
      else if (!lookUp.void && !await this.#isRevoked(key, login) && !this.#isVoid(lookUp)) {
        seen(login)
        return login
      }
      return null
    } catch (error) {
      return this.#cannotTell(error)
    } finally {
      this.#lookUps.delete(key, lookUp)
    }
  }

  /** Stores a login and its cookies. A failure is logged. Resolves to 'has ended' if the login has ended in the meantime. */
  async add (login: Login): Promise<Addition> {
    this.#revocations.spare(login)
    for (const cookie of login.cookies) this.#endedCookies.note(cookie)
    const added = await this.#additions.add(login)
    // Its deletion may have overtaken it.
    if (added === 'has ended') await this.forget(login)
    return added
  }

  /** True for a login that may be missing in the store although it has not been ended: it was not stored, or has expired. */
  mayBeMissing (login: Login): boolean {
    return this.#additions.isUnstored(login) || isExpired(login.record, this.#now())
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
    const own = [...known, ...this.#additions.revoke(filter)]
    const [selected] = await Promise.allSettled([this.#revocations.revoke(filter)])
    // Those that the store has listed are deleted already.
    const left = own.filter(({ key }) => selected.status === 'rejected' || !selected.value.includes(key))
    if (selected.status === 'rejected') {
      // Not awaited, because the store has already taken too long, or has failed.
      this.remove(left).catch(() => {})
      throw selected.reason
    }
    await this.remove(left)
    return [...new Set([...selected.value, ...own.map(({ key }) => key)])]
  }

  /** Deletes logins, and those of these cookies that have ended but are not deleted yet. Rejects with the error of the store, because the caller must know. */
  async remove (logins: readonly EndedLogin[], cookies: readonly string[] = []): Promise<void> {
    for (const { key } of logins) {
      for (const lookUp of this.#lookUps.get(key)) lookUp.void = true
      this.#snapshots.forget(key)
      this.#additions.end(key)
    }
    const waiting = cookies.filter((cookie) => this.#endedCookies.isWaiting(cookie))
    await this.#ended.end([...logins, ...this.#ended.of(cookies)])
    if (await this.#endedCookies.end(waiting, null) !== 'is deleted') throw new Error('the cookie store has not deleted the earlier login of a cookie')
  }

  /** True for a cookie of a login that has ended, but that may not be deleted yet. */
  isEnding (cookie: string): boolean {
    return this.#ended.of([cookie]).length > 0 || this.#endedCookies.isWaiting(cookie)
  }

  /**
   * The valid logins that match a filter, oldest first, after a position, up to a maximum number. Logins deleted in the meantime are
   * omitted. Rejects with the error of the store.
   */
  async search (filter: LoginFilter, range: LoginRange = {}): Promise<ListedLogin[]> {
    return await this.#snapshots.search(filter, ({ key, cookies }, isForgotten) => isForgotten || cookies.length === 0 || this.#ended.has(key), range)
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

  /** True if the login has ended during the look-up. */
  #isVoid (lookUp: LookUp): boolean {
    return lookUp.void
  }

  /** True for a login that has been revoked. It is deleted here, because it may not have been deleted with the others. */
  async #isRevoked (key: string, record: LoginRecord): Promise<boolean> {
    const isRevoked = this.#revocations.has({ key, record })
    if (isRevoked) await this.#endLogin(key)
    return isRevoked
  }

  async #read (key: string): Promise<StoredRecord | undefined | 'cannot tell'> {
    try {
      const record = await this.#store.get(key)
      this.#outage.worked()
      return record
    } catch (error) {
      return this.#cannotTell(error)
    }
  }

  #cannotTell (error: unknown): 'cannot tell' {
    this.#outage.failed(error)
    return 'cannot tell'
  }

  /** Only closing the store waits for this. */
  #goOn (write: Promise<void>): void {
    const going = write.finally(() => { this.#writes.delete(going) })
    this.#writes.add(going)
  }
}
