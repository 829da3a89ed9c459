import { reasons } from '../protocol/reasons.ts'
import type { CookieConnection } from './cookie-connection.ts'
import { KeyedSet } from './keyed-set.ts'
import type { LoginStore } from './login-store.ts'
import type { StoreLog } from './store-log.ts'

/** The open connections, by the keys of their logins. */
export class LoginConnections extends KeyedSet<CookieConnection> {
  readonly #store: LoginStore
  readonly #log: StoreLog

  constructor (store: LoginStore, log: StoreLog) {
    super()
    this.#store = store
    this.#log = log
  }

  /** Ends all sessions of a login, and detaches its connections. */
  end (key: string, except: CookieConnection | null): void {
    for (const connection of this.get(key)) {
      this.delete(key, connection)
      connection.detach()
      if (connection !== except) connection.end(reasons.logout)
    }
  }

  /**
   * Ends logins that another process has deleted, including the sessions that created them. These sessions do not otherwise depend on the
   * store: they stay open if their login could not be stored or has expired.
   */
  recheck (): void {
    for (const connection of this.values()) {
      const { login } = connection
      if (login === undefined || (!connection.letsIn && this.#store.mayBeMissing(login))) continue
      this.#store.get(login.key).then((record) => { if (record === null && connection.login === login) this.end(login.key, null) }).catch((error: unknown) => { this.#log.error({ err: error }, 'the sessions of an ended login could not be ended') })
    }
  }

  /** Records that the logins are in use, because open connections count as use. */
  use (): void {
    for (const { login } of this.values()) if (login !== undefined) this.#store.use(login)
  }
}
