import { KeyedSet } from './keyed-set.ts'
import { Outage } from './outage.ts'
import type { StoreLog } from './store-log.ts'

/** An ended login: its key, and the known keys of its cookies. */
export interface EndedLogin {
  readonly key: string
  readonly cookies: readonly string[]
  /** The login that has replaced it: it `remains` if the user has only logged in again. @default it ends, too */
  readonly successor?: 'remains'
  /** The keys of logins that are being deleted because this one belongs to the same cookies. */
  readonly endedWith?: readonly string[]
}

/** An ended login whose further cookies are added when they become known. */
type KnownLogin = EndedLogin & { readonly cookies: string[] }

/** Milliseconds until a deletion is retried. The delay doubles after each failure, up to the maximum. */
const FIRST_DELAY = 1000
const LONGEST_DELAY = 60_000
/** The number of concurrent deletions. */
const AT_A_TIME = 100

/** The log messages about deletions. */
export interface DeletionTexts {
  /** A deletion has failed, and is retried. */
  readonly failed: string
  /** The store is closed before all deletions have succeeded. */
  readonly left: string
}

const aboutLogins: DeletionTexts = {
  failed: 'a login could not be deleted from the cookie store',
  left: 'ended logins could not be deleted from the cookie store: they are valid again when it is next opened'
}

/** Logins that have ended but may still be in the store. Deletions are retried until they succeed, or until the store is closed. */
export class EndedLogins {
  readonly #remove: (login: EndedLogin) => Promise<void>
  readonly #log: StoreLog
  readonly #outage: Outage
  readonly #texts: DeletionTexts
  readonly #logins = new Map<string, { readonly login: KnownLogin, state: 'being deleted' | 'not deleted' }>()
  /** The keys of the ended logins, by the keys of their cookies. */
  readonly #byCookie = new KeyedSet<string>()
  /** The pending deletions. */
  readonly #deletions = new Set<Promise<void>>()
  #delay = FIRST_DELAY
  #timer: NodeJS.Timeout | undefined
  #state: 'open' | 'closed' = 'open'

  /** `remove` deletes a login from the store, and rejects with the error of the store. `texts` are needed if it has to find the login first. */
  constructor (remove: (login: EndedLogin) => Promise<void>, log: StoreLog, texts = aboutLogins) {
    this.#remove = remove
    this.#log = log
    this.#texts = texts
    this.#outage = new Outage(log, 'error', texts.failed)
  }

  /** The number of ended logins that may still be in the store. */
  get size (): number {
    return this.#logins.size
  }

  /** True for an ended login. */
  has (key: string): boolean {
    return this.#logins.has(key)
  }

  /** The ended logins of these cookies that may still be in the store. */
  of (cookies: readonly string[]): EndedLogin[] {
    const keys = new Set(cookies.flatMap((cookie) => this.#byCookie.get(cookie)))
    return [...keys].flatMap((key) => this.#logins.get(key)?.login ?? [])
  }

  /** Called for a cookie that refers to a login, which may have ended. */
  note (key: string, cookie: string): void {
    const ended = this.#logins.get(key)
    if (ended === undefined || ended.login.cookies.includes(cookie)) return
    ended.login.cookies.push(cookie)
    this.#byCookie.add(cookie, key)
  }

  /** Ends logins, in this process at once. Rejects with the error of the store; the deletion is then retried. */
  async end (logins: readonly EndedLogin[]): Promise<void> {
    const all = logins.map((login) => merge(login, this.#logins.get(login.key)?.login))
    for (const login of all) this.#add(login)
    const deletions = await Promise.allSettled(all.map((login) => this.#delete(login)))
    const failed = deletions.find(({ status }) => status === 'rejected')
    if (failed?.status !== 'rejected') return
    this.#schedule()
    throw failed.reason
  }

  /** Waits for pending deletions, and retries failed ones a last time. */
  async close (): Promise<void> {
    this.#state = 'closed'
    clearTimeout(this.#timer)
    await Promise.allSettled(this.#deletions)
    await Promise.allSettled(this.#waiting().map((login) => this.#delete(login)))
    const left = this.#logins.size
    if (left > 0) this.#log.error({ left }, this.#texts.left)
  }

  #add (login: KnownLogin): void {
    this.#logins.set(login.key, { login, state: 'being deleted' })
    for (const cookie of login.cookies) this.#byCookie.add(cookie, login.key)
  }

  #forget (login: KnownLogin): void {
    this.#logins.delete(login.key)
    for (const cookie of login.cookies) this.#byCookie.delete(cookie, login.key)
  }

  #waiting (): KnownLogin[] {
    return [...this.#logins.values()].flatMap(({ login, state }) => state === 'not deleted' ? [login] : [])
  }

  #delete (login: KnownLogin): Promise<void> {
    const deletion = this.#tryToDelete(login).finally(() => { this.#deletions.delete(deletion) })
    this.#deletions.add(deletion)
    return deletion
  }

  async #tryToDelete (login: KnownLogin): Promise<void> {
    try {
      await this.#remove(login)
      if (this.#isLatest(login)) this.#forget(login)
      this.#outage.worked()
    } catch (error) {
      if (this.#isLatest(login)) this.#logins.set(login.key, { login, state: 'not deleted' })
      this.#outage.failed(error)
      throw error
    }
  }

  /** False if it has been ended again since: a later deletion then decides whether it is still in the store. */
  #isLatest (login: EndedLogin): boolean {
    return this.#logins.get(login.key)?.login === login
  }

  #schedule (): void {
    if (this.#state === 'closed') return
    this.#timer ??= setTimeout(() => {
      this.#retry().then(() => { this.#delay = FIRST_DELAY }, () => { this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY) }).finally(() => {
        this.#timer = undefined
        if (this.#waiting().length > 0) this.#schedule()
      })
    }, this.#delay).unref()
  }

  /** Starts with one deletion, so that an unavailable store gets no further requests. */
  async #retry (): Promise<void> {
    const [first, ...others] = this.#waiting()
    if (first !== undefined) await this.#delete(first)
    while (others.length > 0) await Promise.all(others.splice(0, AT_A_TIME).map((login) => this.#delete(login)))
  }
}

/** A login that has been ended before, with everything that is known of it. */
function merge (login: EndedLogin, before: KnownLogin | undefined): KnownLogin {
  return { ...before, ...login, cookies: [...new Set([...before?.cookies ?? [], ...login.cookies])] }
}
