import { reasons } from '../protocol/reasons.ts'
import type { CookieConnection } from './cookie-connection.ts'
import { KeyedSet } from './keyed-set.ts'
import type { LoginStore } from './login-store.ts'
import type { StoreLog } from './store-log.ts'

/** The open connections, by the keys of the logins behind them. */
export class LoginConnections extends KeyedSet<CookieConnection> {
  readonly #store: LoginStore
  readonly #log: StoreLog

  constructor (store: LoginStore, log: StoreLog) {
    super()
    this.#store = store
    this.#log = log
  }

  /** Ends everything that depends on a login: sessions, and what connections remember. */
  end (key: string, except: CookieConnection | null): void {
    for (const connection of this.get(key)) {
      this.delete(key, connection)
      connection.detach()
      if (connection !== except) connection.end(reasons.logout)
    }
  }

  /**
   * Ends the logins that another process has forgotten, with the sessions that made them. Such a session does not depend on the
   * store otherwise: it stays if its login could not be stored, or has expired.
   */
  recheck (): void {
    for (const connection of this.values()) {
      const { login } = connection
      if (login === undefined || (!connection.letsIn && this.#store.mayBeMissing(login))) continue
      this.#store.get(login.key).then((record) => { if (record === null && connection.login === login) this.end(login.key, null) }).catch((error: unknown) => { this.#log.error({ err: error }, 'the sessions of a login that is over could not be ended') })
    }
  }

  /** Notes that the logins are in use: whoever is connected is not idle. */
  use (): void {
    for (const { login } of this.values()) if (login !== undefined) this.#store.use(login)
  }
}
