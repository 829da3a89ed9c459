import { EndedLogins } from './ended-logins.ts'
import type { DeletionTexts, EndedLogin } from './ended-logins.ts'
import { isExpired } from './cookie-store.ts'
import type { GuardedStore } from './guarded-store.ts'
import { isSelected } from './login-filter.ts'
import type { LoginFilter, SelectableLogin } from './login-filter.ts'
import type { StoreLog } from './store-log.ts'

/** A login that a filter selects, with the known keys of its cookies. */
type SelectedLogin = SelectableLogin & EndedLogin

/** A revocation whose logins may still be in the store. */
interface Revocation {
  readonly filter: LoginFilter
  /** The time of the revocation, in milliseconds since 1970. Later logins are not affected. */
  readonly at: number
  /** The keys of logins that this process has made since. */
  readonly spared: Set<string>
  /** The keys of the deleted logins. */
  deleted: readonly string[]
  state: 'being deleted' | 'not deleted'
}

/** The maximum number of revocations that wait for the store. */
const MOST_REVOCATIONS = 1000

const texts: DeletionTexts = {
  failed: 'the cookie store could not find or delete the logins of a revocation',
  left: 'the cookie store could not find or delete the logins of revocations: they are valid again when it is next opened'
}

/**
 * Revocations whose logins have not been found and deleted yet. Until then, the logins that they select are invalid in this process. If the
 * store fails, a revocation is retried until it succeeds.
 */
export class Revocations {
  readonly #store: GuardedStore
  readonly #search: (filter: LoginFilter) => Promise<readonly SelectedLogin[]>
  readonly #remove: (logins: readonly EndedLogin[]) => Promise<void>
  readonly #now: () => number
  /** By filter. */
  readonly #revocations = new Map<string, Revocation>()
  readonly #ended: EndedLogins
  /** The latest time at which this process has made a login: later than now if the clock has been set back since. */
  #latest = -Infinity

  /** `search` finds the valid logins of a filter, and `remove` deletes logins and ends their sessions. Both reject with the error of the store. */
  constructor ({ store, search, remove, log, now }: {
    store: GuardedStore
    search: (filter: LoginFilter) => Promise<readonly SelectedLogin[]>
    remove: (logins: readonly EndedLogin[]) => Promise<void>
    log: StoreLog
    now: () => number
  }) {
    this.#store = store
    this.#search = search
    this.#remove = remove
    this.#now = now
    this.#ended = new EndedLogins(({ key }) => this.#retry(key), log, texts)
  }

  /** Revokes logins, in this process at once. Resolves to the keys of the deleted ones. Rejects with the error of the store. */
  async revoke (filter: LoginFilter): Promise<readonly string[]> {
    const revocation: Revocation = { filter, at: Math.max(this.#now(), this.#latest), spared: new Set(), deleted: [], state: 'being deleted' }
    if (this.#revocations.size >= MOST_REVOCATIONS) return await this.#complete(revocation)
    const name = JSON.stringify([filter.cookie, filter.realm, filter.authid, filter.authrole])
    this.#revocations.set(name, revocation)
    await this.#ended.end([{ key: name, cookies: [] }])
    return revocation.deleted
  }

  /** True for a login that has been revoked, and that the store may still contain. */
  has (login: SelectableLogin): boolean {
    for (const revocation of this.#revocations.values()) {
      if (isSelected(revocation.filter, login) && this.#isMeant(revocation, login)) return true
    }
    return false
  }

  /** Called for a new login, which earlier revocations do not affect. */
  spare (login: SelectableLogin): void {
    this.#latest = Math.max(this.#latest, login.record.created)
    for (const { filter, spared } of this.#revocations.values()) if (isSelected(filter, login)) spared.add(login.key)
  }

  /** Retries a last time. */
  async close (): Promise<void> {
    await this.#ended.close()
  }

  async #retry (name: string): Promise<void> {
    const revocation = this.#revocations.get(name)
    if (revocation === undefined) return
    try {
      revocation.deleted = await this.#complete(revocation)
    } catch (error) {
      revocation.state = 'not deleted'
      throw error
    }
    if (this.#revocations.get(name) === revocation) this.#revocations.delete(name)
  }

  /**
   * True for a login that was made before a revocation. One that seems to be made in the future was made before the clock was set back, or by
   * a process with another clock: it is revoked, because the user can log in again.
   */
  #isMeant ({ at, spared }: Revocation, { key, record: { created } }: SelectableLogin): boolean {
    return (created <= at || created > this.#now()) && !spared.has(key)
  }

  /** Deletes the logins of a revocation. Those without cookies are deleted, too: another process may be storing their cookies. */
  async #complete (revocation: Revocation): Promise<readonly string[]> {
    const { filter, spared, state } = revocation
    const found = filter.cookie === undefined ? await this.#search(filter) : await this.#lookUp(filter.cookie, filter)
    // At the first attempt, a later time only means that the clocks of two processes differ.
    const meant = found.filter((login) => state === 'being deleted' ? !spared.has(login.key) : this.#isMeant(revocation, login))
    await this.#remove(meant)
    return meant.map(({ key }) => key)
  }

  /** The login with this key, if it matches the filter. Other cookies of the login are invalid without it. */
  async #lookUp (key: string, filter: LoginFilter): Promise<SelectedLogin[]> {
    const record = await this.#store.get(key)
    const matches = record !== undefined && 'authid' in record && !isExpired(record, this.#now()) && isSelected(filter, { key, record })
    return matches ? [{ key, record, cookies: [] }] : []
  }
}
