import { FirstLogin } from './first-login.ts'
import type { GuardedStore } from './guarded-store.ts'
import { isSelected } from './login-filter.ts'
import type { LoginFilter } from './login-filter.ts'
import type { Login } from './login.ts'
import { Outage } from './outage.ts'
import type { StoreLog } from './store-log.ts'

/** The outcome of storing a login: it `has ended` if it was ended in the meantime, so it must be deleted again. */
export type Addition = 'is stored' | 'is not stored' | 'has ended'

/** The logins that are being stored, or could not be stored. */
export class LoginAdditions {
  readonly #store: GuardedStore
  readonly #first: FirstLogin
  readonly #outage: Outage
  readonly #pending = new Map<string, { readonly login: Login, state: 'is valid' | 'has ended' }>()
  readonly #unstored = new WeakSet<Login>()

  constructor (store: GuardedStore, log: StoreLog) {
    this.#store = store
    this.#first = new FirstLogin(store, log)
    this.#outage = new Outage(log, 'error', 'a login could not be stored: it cannot be restored by cookie')
  }

  /** Stores a login and its cookies. A failure is logged. Never rejects. */
  async add (login: Login): Promise<Addition> {
    const addition: { readonly login: Login, state: 'is valid' | 'has ended' } = { login, state: 'is valid' }
    this.#pending.set(login.key, addition)
    this.#unstored.add(login)
    const stored = await this.#write(login)
    this.#pending.delete(login.key)
    if (addition.state === 'has ended') return 'has ended'
    return stored ? 'is stored' : 'is not stored'
  }

  /** Called when a login ends. */
  end (key: string): void {
    const addition = this.#pending.get(key)
    if (addition !== undefined) addition.state = 'has ended'
  }

  /** Ends the logins that a filter selects, and that are being stored. Returns them. */
  revoke (filter: LoginFilter): Login[] {
    const selected = [...this.#pending.values()].filter(({ login }) => isSelected(filter, login))
    for (const addition of selected) addition.state = 'has ended'
    return selected.map(({ login }) => login)
  }

  /** True for a login that is being stored, or could not be stored. */
  isUnstored (login: Login): boolean {
    return this.#unstored.has(login)
  }

  async #write (login: Login): Promise<boolean> {
    const { key, record, cookies } = login
    const { created, maxAge } = record
    try {
      // The login is stored before its cookies, because a look-up deletes cookies without a login.
      await this.#store.set(key, record)
      await Promise.all(cookies.map((cookie) => this.#store.set(cookie, { created, maxAge, login: key })))
      this.#unstored.delete(login)
      this.#outage.worked()
      await this.#first.check(login, () => this.#pending.get(key)?.state !== 'is valid')
      return true
    } catch (error) {
      this.#outage.failed(error)
      return false
    }
  }
}
