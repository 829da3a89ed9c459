import { CallResult, connect } from './client.js'

const LAST_DELAY = 15_000
const PROBE_EVERY = 5000
const PATIENCE = 10_000

/** The reasons after which the same cookie cannot log in again. */
const LOGIN_OVER = ['wamp.close.logout', 'wamp.error.authentication_failed', 'wamp.error.authentication_denied']
const NO_CONNECTION = ['WAMP_ERR_IN_DOUBT', 'WAMP_ERR_NOT_CONNECTED', 'WAMP_ERR_SESSION_CLOSED']

/** True for what failed with the connection. */
export function isLost ({ code }) {
  return NO_CONNECTION.includes(code)
}

/** A result as it was sent: args and kwargs. */
export function valuesOf (result) {
  return result instanceof CallResult ? result : { args: result === undefined ? [] : [result], kwargs: {} }
}

/** The page comes in by its browser's cookie, and in no other way. */
function login () {
  throw new Error('the cookie does not log in')
}

/**
 * A session that reconnects by itself while the page is open. `listener` has `open (session)`, `lost ()`, `over ()`, and
 * `state (tone, text)` and `latency (milliseconds or null)` to show. A session may open several times.
 */
export class Connection {
  #url
  #listener
  /** Gives up the session that is there, or is being opened. */
  #given = new AbortController()
  #session = null
  #state = 'closed'
  #probe

  constructor (url, listener) {
    this.#url = url
    this.#listener = listener
  }

  /** Connects now, unless that is done already. */
  connect () {
    if (this.#state !== 'connecting' && this.#state !== 'open') this.#begin()
  }

  #begin () {
    const before = this.#given
    const given = this.#given = new AbortController()
    before.abort()
    this.#session = null
    const onState = (state, end) => { if (given === this.#given) this.#change(state, end) }
    connect(this.#url, { login, retry: { most: LAST_DELAY }, signal: given.signal, onState, onError () {} }).then((session) => {
      if (given !== this.#given) return
      this.#session = session
      if (this.#state === 'open') this.#open()
    }, () => {})
  }

  #change (state, end) {
    const wasOpen = this.#state === 'open'
    this.#state = state
    if (state === 'connecting') return this.#listener.state('busy', 'Connecting…')
    if (state === 'open') {
      // The first time there is no session yet.
      if (this.#session !== null) this.#open()
      return
    }
    if (wasOpen) this.#lose()
    if (state === 'waiting') return this.#listener.state('bad', `${textOf(end)}, trying again…`)
    if (!LOGIN_OVER.includes(end.reason)) return this.#listener.state('bad', textOf(end))
    this.#listener.state('bad', 'Your login has ended')
    this.#listener.over()
  }

  #open () {
    this.#listener.state('good', 'Connected')
    this.#listener.open(this.#session)
    this.#measure(this.#session)
  }

  #lose () {
    clearTimeout(this.#probe)
    this.#listener.latency(null)
    this.#listener.lost()
  }

  /** How long the router takes to answer. A refusal is as good an answer as any. */
  async #measure (session) {
    const { id } = session
    const isCurrent = () => session === this.#session && session.id === id && this.#state === 'open'
    const start = performance.now()
    const error = await session.call('wamp.session.get', [id], {}, { timeout: PATIENCE }).catch((error) => error)
    if (!isCurrent()) return
    if (error?.error === 'wamp.error.timeout') {
      this.#lose()
      return this.#begin()
    }
    this.#listener.latency(performance.now() - start)
    this.#probe = setTimeout(() => { if (isCurrent()) this.#measure(session) }, PROBE_EVERY)
  }
}

/** How a connection ended. */
function textOf ({ by, reason, message }) {
  if (by === 'network') return 'Connection lost'
  return `Ended: ${reason}${message === reason ? '' : `: ${message}`}`
}
