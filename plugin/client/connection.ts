import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { WampError } from '../protocol/wamp-error.ts'
import { Channel } from './channel.ts'
import type { ConnectionState, ResolvedOptions } from './client-options.ts'
import { closedEnd, endedByClient, errorOf } from './connection-end.ts'
import type { End } from './connection-end.ts'
import { Handshake } from './handshake.ts'
import type { Welcome } from './handshake.ts'
import { Link } from './link.ts'
import type { Login, LoginAttempt } from './login.ts'
import { waitAwake } from './waking.ts'

/** Receives the events of a connection. */
export interface ConnectionUser {
  /** A session is open; called before any message after WELCOME is taken. */
  readonly opened: (link: Link, welcome: Welcome) => void
  /** The state has changed. */
  readonly changed: (state: ConnectionState, end: End | null) => void
  /** The router has ended a subscription or registration. */
  readonly revoked: (type: 32 | 64, id: Id, error: WampError) => void
}

/** Connects, and connects again after each end that is not final. */
export class Connection {
  state: ConnectionState = 'connecting'
  /** The session, while there is one. */
  link: Link | null = null
  /** How the last connection ended. */
  end: End | null = null
  readonly #options: ResolvedOptions
  readonly #user: ConnectionUser
  /** Why this client leaves, once it does. */
  #leaving: End | null = null
  /** Attempts that failed in a row. */
  #failures = 0
  #openedAt = 0
  /** Ends what is under way, without a word. */
  #interrupt: (end: End) => void = () => {}

  constructor (options: ResolvedOptions, user: ConnectionUser) {
    this.#options = options
    this.#user = user
  }

  /** Connects. A function that asks the user is called when the cookie was not enough. */
  start (): void {
    const { cookie, login } = this.#options
    this.#change('connecting', this.end)
    this.#begin(() => typeof login !== 'function' ? login : cookie ? null : login())
  }

  /** Ends it for good: an open session says GOODBYE first. */
  close (end: End): void {
    if (this.#leaving !== null) return
    this.#leaving = end
    const { link } = this
    const cut = this.#interrupt
    if (link === null) {
      cut(end)
      return this.#change('closed', end)
    }
    // A router that does not answer is not waited for.
    const timer = setTimeout(cut, this.#options.handshakeTimeout, end)
    this.#interrupt = () => { clearTimeout(timer) }
    link.leave(end.reason)
  }

  /** Prepares a login, and connects with it. */
  async #begin (loginOf: () => Login | Promise<Login> | null): Promise<void> {
    const isWanted = (): boolean => this.state === 'connecting' && this.#leaving === null
    let reason: Uri = reasons.authenticationFailed
    try {
      const login = isWanted() ? await loginOf() : null
      const attempt = await login?.begin() ?? null
      reason = reasons.networkFailure
      if (isWanted()) this.#dial(login, attempt)
    } catch (error) {
      if (isWanted()) this.#change('closed', endedByClient(reason, error))
    }
  }

  #dial (login: Login | null, attempt: LoginAttempt | null): void {
    const { cookie, realm, serializers, open, handshakeTimeout } = this.#options
    const methods = [cookie ? 'cookie' : [], login?.method ?? (this.#options.login === null ? 'anonymous' : [])].flat()
    let timer: ReturnType<typeof setTimeout> | undefined
    const watch = (isWaiting: boolean): void => {
      clearTimeout(timer)
      if (isWaiting) timer = setTimeout(() => { channel.close({ ...closedEnd(), message: 'no answer in time' }) }, handshakeTimeout)
    }
    const ended = (end: End): void => {
      watch(false)
      this.#refused(end, login)
    }
    const welcomed = (welcome: Welcome): void => { this.#welcomed(channel, welcome) }
    const channel: Channel = new Channel(open, serializers, new Handshake({ realm, methods, authid: login?.authid, cookie, attempt, watch, welcomed, ended }))
    this.#interrupt = (end) => { channel.close(end) }
    watch(true)
  }

  #welcomed (channel: Channel, welcome: Welcome): void {
    const { opened, revoked } = this.#user
    this.link = channel.receiver = new Link({ channel, onError: this.#options.onError, ended: (end) => { this.#lost(end) }, revoked })
    this.#openedAt = Date.now()
    opened(this.link, welcome)
    this.#change('open', null)
  }

  #refused (end: End, login: Login | null): void {
    const { login: ask } = this.#options
    // These say that the cookie alone is not enough.
    const loginNeeded: readonly Uri[] = [reasons.noMatchingAuthMethod, reasons.authenticationRequired, reasons.noAuthMethod]
    if (login === null && typeof ask === 'function' && loginNeeded.includes(end.reason)) this.#begin(ask)
    else this.#next(end)
  }

  #lost (end: End): void {
    this.link = null
    this.#interrupt(end)
    // What opens and ends at once, again and again, is not a success.
    if (Date.now() - this.#openedAt >= this.#options.most) this.#failures = 0
    this.#next(this.#leaving ?? end)
  }

  #next (end: End): void {
    const { first, most, attempts, onError } = this.#options
    if (end.next === 'stop' || this.#failures >= attempts) return this.#change('closed', end)
    // A wrong URL looks the same as a server that is down: the app keeps waiting, but not silently.
    if (this.#openedAt + this.#failures === 0) onError(errorOf(end))
    const longest = Math.min(most, first * 2 ** this.#failures++)
    // Those that lost their connection together do not come back together.
    const delay = Math.max(longest / 2, end.retryAfter ?? 0) + Math.random() * longest / 2
    this.#interrupt = waitAwake(delay, () => { this.start() })
    this.#change('waiting', end)
  }

  #change (state: ConnectionState, end: End | null): void {
    if (this.state === 'closed') return
    this.state = state
    this.end = end
    this.#user.changed(state, end)
  }
}
