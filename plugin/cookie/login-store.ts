import type { FastifyBaseLogger } from 'fastify'
import { useKeyOf } from './cookie-id.ts'
import { isExpired } from './cookie-store.ts'
import type { CookieRecord, CookieStore, LoginRecord, StoredRecord, UseRecord } from './cookie-store.ts'
import { KeyedSet } from './keyed-set.ts'
import type { LoginFilter } from './login-filter.ts'
import { LoginSnapshot, pause, RUN } from './login-snapshot.ts'
import type { ListedLogin } from './login-snapshot.ts'
import { LoginSnapshots } from './login-snapshots.ts'
import { askStore, runsOf } from './store-deadline.ts'

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
/** Of how many logins it is remembered that their use was noted. */
const MOST_SEEN = 100_000

/** Logins, and what leads to them, over a store that may throw, be slow, or keep what is expired. */
export class LoginStore {
  readonly #store: CookieStore
  readonly #log: FastifyBaseLogger
  readonly #now: () => number
  /** Milliseconds; 0 for none. */
  readonly #idleTimeout: number
  readonly #lookUps = new KeyedSet<LookUp>()
  /** Logins that are over, though the store may not know yet. */
  readonly #over = new Map<string, { readonly login: Pick<Login, 'key' | 'cookies'>, state: 'being deleted' | 'not deleted' }>()
  readonly #seen = new Map<string, number>()
  readonly #writes = new Set<Promise<void>>()
  readonly #snapshots = new LoginSnapshots(() => this.#scan())

  constructor ({ store, log, now, idleTimeout }: { store: CookieStore, log: FastifyBaseLogger, now: () => number, idleTimeout: number }) {
    this.#store = store
    this.#log = log
    this.#now = now
    this.#idleTimeout = idleTimeout
  }

  /** The login that a cookie leads to, null if there is none that counts. Never rejects. */
  async find (key: string): Promise<FoundLogin | null | 'cannot tell'> {
    const record = await this.#read(key)
    if (record === 'cannot tell') return record
    if (record === undefined || !('login' in record)) return null
    const login = await this.get(record.login)
    if (login === 'cannot tell') return login
    if (login !== null && !isExpired(record, this.#now())) return { key: record.login, record: login, cookies: [key], cookie: { key, record } }
    this.#goOn(this.#clear([key]))
    return null
  }

  /** The record of a login, null if it is over. Never rejects. */
  async get (key: string): Promise<LoginRecord | null | 'cannot tell'> {
    if (this.#over.has(key)) return null
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
  async add ({ key, record, cookies }: Login): Promise<boolean> {
    const { created, maxAge } = record
    try {
      // In this order: a cookie that leads nowhere is cleared away by who looks it up.
      const writes = [askStore(() => this.#store.set(key, record))]
      for (const cookie of cookies) writes.push(askStore(() => this.#store.set(cookie, { created, maxAge, login: key })))
      await Promise.all(writes)
      return true
    } catch (error) {
      this.#log.error({ err: error }, 'a login could not be stored: its cookie will not bring it back')
      return false
    }
  }

  /** Notes that a login is in use. A failure is logged. */
  use ({ key, record: { created, maxAge } }: Pick<Login, 'key' | 'record'>): void {
    if (this.#over.has(key)) return
    const now = this.#now()
    const exactness = this.#idleTimeout === 0 ? EXACTNESS : Math.min(EXACTNESS, this.#idleTimeout / 8)
    if (now - (this.#seen.get(key) ?? created) < exactness) return
    this.#seen.delete(key)
    this.#seen.set(key, now)
    if (this.#seen.size > MOST_SEEN) this.#seen.delete(this.#seen.keys().next().value!)
    // A record of its own: to write the login again might bring back what somebody else deletes meanwhile.
    const record: UseRecord = { created, maxAge, used: key, lastSeen: now }
    this.#goOn(askStore(() => this.#store.set(useKeyOf(key), record))
      .catch((error: unknown) => { this.#log.warn({ err: error }, 'the use of a login could not be noted in the cookie store') }))
  }

  /** Forgets a login. From now on it is over here; a store that fails is logged, and asked again by `retry`. Never rejects. */
  async forget (login: Pick<Login, 'key' | 'cookies'>): Promise<void> {
    try {
      await this.remove([login])
    } catch (error) {
      this.#log.error({ err: error }, 'a login could not be deleted from the cookie store')
    }
  }

  /** Forgets logins likewise. Rejects with what the store throws: who revokes must know. */
  async remove (logins: readonly Pick<Login, 'key' | 'cookies'>[]): Promise<void> {
    for (const login of logins) {
      for (const lookUp of this.#lookUps.get(login.key)) lookUp.void = true
      this.#over.set(login.key, { login, state: 'being deleted' })
      this.#snapshots.forget(login.key)
    }
    const deletions = await Promise.allSettled(logins.map(async ({ key, cookies }) => {
      try {
        await askStore(() => this.#store.delete(key))
        this.#over.delete(key)
      } catch (error) {
        this.#over.get(key)!.state = 'not deleted'
        throw error
      }
      await this.#clear([useKeyOf(key), ...cookies])
    }))
    for (const deletion of deletions) if (deletion.status === 'rejected') throw deletion.reason
  }

  /** Tries again to delete what could not be deleted. */
  async retry (): Promise<void> {
    for (const { login, state } of [...this.#over.values()]) if (state === 'not deleted') await this.forget(login)
  }

  /**
   * The logins that count and to which a filter applies, the oldest first: those beyond a place, at most so many. What is
   * forgotten meanwhile is left out. Rejects with what the store throws.
   */
  async search (filter: LoginFilter, after = '', most = Infinity): Promise<ListedLogin[]> {
    return await this.#snapshots.search(filter, after, most, (key) => this.#over.has(key))
  }

  async #scan (): Promise<LoginSnapshot> {
    const logins: [key: string, record: LoginRecord][] = []
    const cookies = new KeyedSet<string>()
    const uses = new Map<string, number>()
    for await (const run of runsOf(this.#store.entries(), RUN)) {
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

  /** Waits for what is under way, and closes the store. */
  async close (): Promise<void> {
    await this.retry()
    await Promise.all(this.#writes)
    await this.#store.close()
  }

  async #isIdle (key: string, login: LoginRecord): Promise<boolean> {
    if (this.#idleTimeout === 0) return false
    const record = await askStore(() => this.#store.get(useKeyOf(key)))
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
      const record: unknown = await askStore(() => this.#store.get(key))
      if (record === undefined || record === null) return undefined
      if (typeof record !== 'object') throw new TypeError(`the cookie store returned a ${typeof record} for a record`)
      return record as StoredRecord
    } catch (error) {
      return this.#cannotTell(error)
    }
  }

  #cannotTell (error: unknown): 'cannot tell' {
    this.#log.error({ err: error }, 'the cookie store cannot tell who this is')
    return 'cannot tell'
  }

  /** Nobody waits for it but who closes the store. */
  #goOn (write: Promise<void>): void {
    const going = write.finally(() => { this.#writes.delete(going) })
    this.#writes.add(going)
  }

  /** Clears away what leads nowhere: it is of no harm if that fails. */
  async #clear (keys: readonly string[]): Promise<void> {
    await Promise.allSettled(keys.map((key) => askStore(() => this.#store.delete(key))))
  }
}
