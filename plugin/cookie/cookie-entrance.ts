import type { Principal } from '../auth/authenticator.ts'
import type { CookieAuthOptions } from '../auth-options.ts'
import type { MethodType } from '../auth/method-type.ts'
import { errors } from '../errors.ts'
import { isThenable } from '../thenable.ts'
import type { CookieConnection } from './cookie-connection.ts'
import type { LoginRecord } from './cookie-store.ts'
import type { CookieTracker } from './cookie-tracker.ts'
import type { FollowedLogin } from './followed-login.ts'
import type { LoginChecks } from './login-checks.ts'
import type { Arrival } from './login-filter.ts'
import type { StoreLog } from './store-log.ts'

/** Decides whether a stored login is still valid, and its role. */
export type VerifyLogin = NonNullable<CookieAuthOptions['verify']>

/** The user of a request. */
export interface Identity {
  readonly principal: Principal
  /** The key of the login. */
  readonly login: string
  /** The time when the login ends, at the latest. */
  readonly expires: Date
  /** Calls back when the login ends: at once if it has ended since it was read. */
  follow (end: () => void): void
  /** Stops following the login. Must be called when the request is over, or if the identity is not used. */
  release (): void
}

/** The tracker as used by one endpoint. Endpoints may share a tracker, but each one decides which logins are valid there. */
export class CookieEntrance {
  readonly #tracker: CookieTracker
  readonly #log: StoreLog
  readonly #path: string
  readonly #verify: VerifyLogin | null
  readonly #typeOf: (method: string) => MethodType | undefined
  readonly #checks: LoginChecks

  /** `path` is that of the endpoint. `verify` is null for an endpoint without logins by cookie. Its answers are awaited in `checks`. */
  constructor ({ tracker, log, path, verify, typeOf, checks }: {
    tracker: CookieTracker
    log: StoreLog
    path: string
    verify: VerifyLogin | null
    typeOf: (method: string) => MethodType | undefined
    checks: LoginChecks
  }) {
    this.#tracker = tracker
    this.#log = log
    this.#path = path
    this.#verify = verify
    this.#typeOf = typeOf
    this.#checks = checks
  }

  /** Registers a browser that connects. Resolves when its cookie has been looked up. Call `leave` when it has disconnected. */
  async arrive (arrival: Arrival): Promise<CookieConnection> {
    return await this.#tracker.arrive(arrival, { path: this.#path, typeOf: this.#typeOf, admit: async (record) => await this.#admit(record, async () => true) })
  }

  /** The identity of a request's cookie; null also if the store cannot tell. */
  async identify (cookieHeader: string | undefined): Promise<Identity | null> {
    const known = await this.#tracker.known(cookieHeader)
    if (known === null) return null
    const principal = await this.#admit(known.login.record, async () => await this.#tracker.recall(known.login) !== null)
    if (principal !== null && !known.hasEnded) return identityOf(known, principal)
    known.release()
    return null
  }

  /** Logs a browser in by a REST request. Resolves to the Set-Cookie header and the identity. Rejects with WAMP_ERR_SIGN_IN. */
  async signIn (arrival: Arrival, principal: Principal): Promise<{ cookie: string, identity: Identity }> {
    if (this.#verify === null) throw new errors.WAMP_ERR_SIGN_IN('requires the option auth.cookie')
    const { cookie, login } = await this.#tracker.signIn(arrival, principal)
    return { cookie, identity: identityOf(login, { ...principal, authprovider: 'cookie' }) }
  }

  /** Logs a browser out by a REST request. Resolves to the Set-Cookie header that removes the cookie. Rejects with WAMP_ERR_SIGN_OUT. */
  async signOut (arrival: Arrival): Promise<string> {
    return await this.#tracker.signOut(arrival)
  }

  /** The principal of a login, or null. `lasts` is called if the check is asynchronous: a logout may have happened in the meantime. */
  async #admit (record: LoginRecord, lasts: () => Promise<boolean>): Promise<Principal | null> {
    const { authid, authrole, authmethod, authrealm, authextra } = record
    try {
      const answer = this.#verify?.(record) ?? false
      const verdict = isThenable(answer) ? await this.#checks.wait(answer) : answer
      if (verdict === false || (isThenable(answer) && !await lasts())) return null
      return {
        realm: authrealm,
        authid,
        authrole: verdict === true ? authrole : verdict.authrole,
        authmethod,
        authprovider: 'cookie',
        ...(authextra === undefined ? {} : { authextra })
      }
    } catch (error) {
      this.#log.error({ err: error }, 'auth.cookie.verify failed')
      return null
    }
  }
}

function identityOf (followed: FollowedLogin, principal: Principal): Identity {
  const { key, record: { created, maxAge } } = followed.login
  return {
    principal,
    login: key,
    expires: new Date(created + maxAge * 1000),
    follow: (end) => { followed.follow(end) },
    release: () => { followed.release() }
  }
}
