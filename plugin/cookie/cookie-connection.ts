import type { MethodType } from '../auth/method-type.ts'
import type { Principal } from '../auth/authenticator.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { LoginRecord } from './cookie-store.ts'
import type { Spared } from './ended-cookies.ts'
import type { HandedId } from './handed-id.ts'
import { isSelectedUser } from './login-filter.ts'
import type { Device, LoginFilter } from './login-filter.ts'
import type { Deletion, Login } from './login.ts'
import type { Visitor } from './visitor.ts'

/** The endpoint of a connection. */
export interface Entry {
  /** The path of the endpoint, which its logins record. */
  readonly path: string
  /** The type of one of its methods. */
  typeOf (method: string): MethodType | undefined
  /** The principal that a login grants there, or null. Never rejects. */
  admit (record: LoginRecord): Promise<Principal | null>
}

/** The parts of the tracker that a connection needs. */
export interface ConnectionTracker {
  recall (login: Login): Promise<LoginRecord | null>
  challenged (connection: CookieConnection): void
  prove (connection: CookieConnection, principal: Principal): boolean
  bind (connection: CookieConnection, principal: Principal, method: string): Promise<void>
  forget (login: Login, except: CookieConnection): Promise<Deletion>
  forgetCookies (keys: readonly string[], spared: Spared | null): Promise<Deletion>
  expire (login: Login, end: () => void): () => void
  left (connection: CookieConnection): void
}

type OpenSession = NonNullable<Parameters<Visitor['setSession']>[0]>

/** An open connection of a browser: its cookie and the login of the cookie. */
export class CookieConnection implements Visitor {
  readonly pseudonym: string
  /** The value of the Set-Cookie header for the 101 response, or undefined if the browser keeps its cookie. */
  readonly setCookie: string | undefined
  readonly device: Device
  /** The id that the server sent; undefined if the cookie has a login, or if nothing may be bound. */
  readonly handed: HandedId<CookieConnection> | undefined
  readonly entry: Entry
  readonly #tracker: ConnectionTracker
  #login: Login | undefined
  /** The keys of other cookies that the client sent, which may have logins: all of them if the store could not look them up. */
  #others: readonly string[]
  #session: OpenSession | null = null
  /** The last login that has ended: it may not be deleted from the store yet, or may have a successor there. */
  #former: Login | undefined
  /** The login whose principal has been recalled. */
  #recalled: Login | undefined
  #liftExpiry: (() => void) | undefined
  /** Whether the next session on this connection may stay open. */
  #next: 'stays' | 'ends' = 'stays'
  /** The user of the session, or of the login in progress, unless the cookie logged it in. */
  #proven: Principal | null = null
  /** The revocations since the first challenge; null if there is none. */
  #revocations: LoginFilter[] | null = null
  #state: 'open' | 'left' = 'open'

  constructor ({ tracker, entry, pseudonym, setCookie, hand, login, others = [], device }: {
    tracker: ConnectionTracker
    entry: Entry
    pseudonym: string
    device: Device
    setCookie?: string | undefined
    hand?: (connection: CookieConnection) => HandedId<CookieConnection>
    login?: Login
    others?: readonly string[]
  }) {
    this.device = device
    this.#tracker = tracker
    this.entry = entry
    this.pseudonym = pseudonym
    this.setCookie = setCookie
    this.#login = login
    this.#others = others
    this.handed = hand?.(this)
  }

  /** The login of this connection. */
  get login (): Login | undefined {
    return this.#login
  }

  /** True if the open session logged in by the cookie. */
  get letsIn (): boolean {
    return this.#session?.viaCookie === true
  }

  /** Called when a login was attached to the id that was sent on this connection. */
  attach (login: Login): void {
    this.#login = login
  }

  /** Called when the login has ended, so that it cannot log in any more. */
  detach (): void {
    this.#former = this.#login ?? this.#former
    this.#login = undefined
  }

  /** Called for a revocation. Ends the session of a user that it selects, also if no login is attached to the cookie. */
  revoke (filter: LoginFilter): void {
    if (this.#proven !== null && isSelectedUser(filter, this.#proven)) this.end(reasons.logout)
    this.#revocations?.push(filter)
  }

  /** Called if the login being attached has already ended: its session ends as soon as it is open. */
  overrule (): void {
    this.#next = 'ends'
  }

  /** Ends the session with GOODBYE: at once, or as soon as it is open if a login is being made. */
  end (reason: Uri): void {
    if (this.#session === null) {
      if (this.#proven !== null) this.overrule()
      return
    }
    this.#proven = null
    this.#session.end(reason)
  }

  async recall (): Promise<Principal | null> {
    this.#next = 'stays'
    this.#proven = null
    this.#revocations = null
    const login = this.#recalled = this.#login
    if (login === undefined) return null
    const record = await this.#tracker.recall(login)
    const principal = record === null ? null : await this.entry.admit(record)
    // A logout may have happened in the meantime.
    return this.#login === login ? principal : null
  }

  challenged (): void {
    this.#revocations ??= []
    this.#tracker.challenged(this)
  }

  async bind (principal: Principal, method = principal.authmethod): Promise<void> {
    this.#next = 'stays'
    if (this.#state !== 'open') return
    this.#proven = this.#tracker.prove(this, principal) ? principal : null
    const revocations = this.#revocations ?? []
    this.#revocations = null
    for (const filter of revocations) this.revoke(filter)
    await this.#endOthers(principal)
    await this.#tracker.bind(this, principal, method)
    // The user may have been revoked before the login was attached.
    if (this.#isOverruled() && this.#login !== undefined) await this.#tracker.forget(this.#login, this)
  }

  #isOverruled (): boolean {
    return this.#next === 'ends'
  }

  /** A login takes the place of those of the other cookies, except those of the same user with the same role. */
  async #endOthers (principal: Principal): Promise<void> {
    if (this.#others.length === 0 || principal.authmethod === 'anonymous') return
    const { realm, authid, authrole, expires } = principal
    await this.#tracker.forgetCookies(this.#others, expires === undefined ? { realm, authid, authrole } : null)
  }

  async logout (): Promise<Deletion> {
    const login = this.#former = this.#login ?? this.#former
    this.#login = undefined
    // Both at the same time, because each of them may wait for a store that hangs.
    const deletion = login === undefined ? 'is deleted' : this.#tracker.forget(login, this)
    const others = this.#others
    this.#others = []
    const all = others.length === 0 ? 'is deleted' : await this.#tracker.forgetCookies(others, null)
    const own = await deletion
    this.#former = own === 'is deleted' ? undefined : login
    return own === 'is deleted' ? all : own
  }

  setSession (session: OpenSession | null): void {
    this.#liftExpiry?.()
    this.#liftExpiry = undefined
    this.#session = session
    if (session === null) this.#proven = null
    // A logout, or a login with another role, may have landed after the cookie had been asked, while something else was waited for.
    const isOver = session?.viaCookie === true && (this.#login === undefined || this.#login.record.authrole !== (this.#recalled ?? this.#login).record.authrole)
    if (session !== null && (this.#next === 'ends' || isOver)) {
      this.#next = 'stays'
      queueMicrotask(() => { session.end(reasons.logout) })
    }
    if (session?.viaCookie !== true || this.#login === undefined) return
    this.#liftExpiry = this.#tracker.expire(this.#login, () => { this.end(reasons.logout) })
  }

  /** Called when the connection is closed or the upgrade failed. */
  leave (): void {
    if (this.#state === 'left') return
    this.#state = 'left'
    this.setSession(null)
    this.#tracker.left(this)
  }
}
