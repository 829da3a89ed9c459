import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { WampError } from '../protocol/wamp-error.ts'
import { Channel } from './channel.ts'
import type { ConnectionState, ResolvedOptions } from './client-options.ts'
import { messageOf } from './client-error.ts'
import { closedEnd, endedByClient } from './connection-end.ts'
import type { End } from './connection-end.ts'
import { Handshake, LATE } from './handshake.ts'
import type { Welcome } from './handshake.ts'
import { Link } from './link.ts'
import type { Login, LoginAttempt } from './login.ts'
import { waitAwake } from './waking.ts'

/** Refusals that say that the cookie alone is not enough. */
const loginNeeded: ReadonlySet<Uri> = new Set([reasons.noMatchingAuthMethod, reasons.authenticationRequired])

/** Who is told what becomes of a connection. */
export interface ConnectionUser {
  /** A session is open; called before any message after WELCOME is taken. */
  opened (link: Link): void
  /** The state has changed. */
  changed (state: ConnectionState, end: End | null): void
  /** The router has ended a subscription or registration. */
  revoked (type: 32 | 64, id: number, error: WampError): void
}

/** Connects, and connects again after each end that is not final. */
export class Connection {
  readonly #options: ResolvedOptions
  readonly #user: ConnectionUser
  #state: ConnectionState = 'connecting'
  /** The session, while there is one. */
  #link: Link | null = null
  /** How the last connection ended. */
  #end: End | null = null
  /** Why this client leaves, once it does. */
  #leaving: End | null = null
  /** Attempts that failed in a row. */
  #failures = 0
  #openedAt = 0
  /** Ends what is under way while there is no session. */
  #interrupt: (end: End) => void = () => {}

  constructor (options: ResolvedOptions, user: ConnectionUser) {
    this.#options = options
    this.#user = user
  }

  get state (): ConnectionState {
    return this.#state
  }

  get link (): Link | null {
    return this.#link
  }

  get end (): End | null {
    return this.#end
  }

  /** Connects. A function that asks the user is called when the cookie was not enough. */
  start (): void {
    const { cookie, login } = this.#options
    this.#change('connecting', this.#end)
    if (typeof login !== 'function') this.#begin(async () => login)
    else if (cookie) this.#begin(async () => null)
    else this.#begin(async () => await login())
  }

  /** Ends it for good: an open session says GOODBYE first. */
  close (end: End): void {
    if (this.#state === 'closed' || this.#leaving !== null) return
    this.#leaving = end
    if (this.#link === null) {
      this.#interrupt(end)
      return this.#over(end)
    }
    const link = this.#link
    // A router that does not answer is not waited for.
    const timer = setTimeout(() => { link.cut(end) }, this.#options.handshakeTimeout)
    this.#interrupt = () => { clearTimeout(timer) }
    link.leave(end.reason)
  }

  /** Prepares a login, and connects with it. */
  #begin (loginOf: () => Promise<Login | null>): void {
    const begun = (async () => {
      const login = await loginOf()
      return { login, attempt: await login?.begin() ?? null }
    })()
    const isWanted = (): boolean => this.#state === 'connecting' && this.#leaving === null
    begun.then(({ login, attempt }) => { if (isWanted()) this.#dial(login, attempt) })
      .catch((error: unknown) => { if (isWanted()) this.#over(endedByClient(reasons.authenticationFailed, messageOf(error), error)) })
  }

  #dial (login: Login | null, attempt: LoginAttempt | null): void {
    const { cookie, realm, serializers, open, handshakeTimeout } = this.#options
    const anonymous = this.#options.login === null
    const methods = [...cookie ? ['cookie'] : [], ...login !== null ? [login.method] : anonymous ? ['anonymous'] : []]
    let timer: ReturnType<typeof setTimeout> | undefined
    const watch = (late: string | null): void => {
      clearTimeout(timer)
      if (late !== null) timer = setTimeout(() => { channel.close({ ...closedEnd(), message: late }) }, handshakeTimeout)
    }
    const ended = (end: End): void => {
      watch(null)
      this.#refused(end, login)
    }
    const channel: Channel = new Channel(open, serializers, { receive () {}, ended }, () => {
      const handshake = new Handshake({ channel, attempt, watch, welcomed: (welcome) => { this.#welcomed(channel, welcome) }, ended })
      channel.receiver = handshake
      handshake.hello(realm, methods, login)
    })
    this.#interrupt = (end) => { channel.close(end) }
    watch(LATE)
  }

  #welcomed (channel: Channel, { session, details }: Welcome): void {
    this.#link = channel.receiver = new Link({
      channel, session, details, onError: this.#options.onError, ended: (end) => { this.#lost(end) }, revoked: (type, id, error) => { this.#user.revoked(type, id, error) }
    })
    this.#openedAt = Date.now()
    this.#user.opened(this.#link)
    this.#change('open', null)
  }

  #refused (end: End, login: Login | null): void {
    const { login: ask } = this.#options
    if (login === null && typeof ask === 'function' && loginNeeded.has(end.reason)) return this.#begin(async () => await ask())
    this.#next(end)
  }

  #lost (end: End): void {
    this.#link = null
    this.#interrupt(end)
    // What opens and ends at once, again and again, is not a success.
    if (Date.now() - this.#openedAt >= this.#options.most) this.#failures = 0
    this.#next(this.#leaving ?? end)
  }

  #next (end: End): void {
    const { first, most, attempts } = this.#options
    if (end.next === 'stop' || this.#failures >= attempts) return this.#over(end)
    const longest = Math.min(most, first * 2 ** this.#failures++)
    // Those that lost their connection together do not come back together.
    const delay = Math.max(longest / 2, end.retryAfter ?? 0) + Math.random() * longest / 2
    this.#interrupt = waitAwake(delay, () => { this.start() })
    this.#change('waiting', end)
  }

  #over (end: End): void {
    this.#change('closed', end)
  }

  #change (state: ConnectionState, end: End | null): void {
    if (this.#state === 'closed') return
    this.#state = state
    this.#end = end
    this.#user.changed(state, end)
  }
}
