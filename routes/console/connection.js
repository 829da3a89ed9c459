import { LOST, Session, WampError } from './wamp.js'

const FIRST_DELAY = 1000
const LAST_DELAY = 15_000
const PROBE_EVERY = 5000
const PATIENCE = 10_000

/** With these nobody comes in by the same cookie again. */
const LOGIN_OVER = ['wamp.close.logout', 'wamp.error.no_matching_auth_method', 'wamp.error.authentication_required', 'wamp.error.authentication_denied']

/**
 * One session after the other, for as long as the page is open. `listener` has `open (session)`, `lost ()`, `over ()`, and
 * `state (tone, text)` and `latency (milliseconds or null)` to show.
 */
export class Connection {
  #url
  #listener
  #session = null
  #delay = FIRST_DELAY
  #since = 0
  /** `waiting` to try again, `idle` until somebody asks, `connecting`, `open`. */
  #state = 'idle'
  #retry
  #probe

  constructor (url, listener) {
    this.#url = url
    this.#listener = listener
    window.addEventListener('online', () => { if (this.#state === 'waiting') this.connect() })
  }

  /** Connects now, unless that is done already. */
  async connect () {
    if (this.#state === 'connecting' || this.#state === 'open') return
    clearTimeout(this.#retry)
    this.#state = 'connecting'
    this.#listener.state('busy', 'Connecting…')
    try {
      const session = await Session.open(this.#url, (error) => this.#lose(error))
      this.#session = session
      this.#state = 'open'
      this.#since = performance.now()
      this.#listener.state('good', 'Connected')
      this.#listener.open(session)
      this.#measure(session)
    } catch (error) {
      this.#comeBack(error)
    }
  }

  #lose (error) {
    this.#session = null
    clearTimeout(this.#probe)
    // Who is sent away as soon as it comes waits longer and longer.
    if (performance.now() - this.#since > LAST_DELAY) this.#delay = FIRST_DELAY
    this.#listener.latency(null)
    this.#listener.lost()
    this.#comeBack(error)
  }

  #comeBack (error) {
    this.#state = 'idle'
    if (!(error instanceof WampError)) throw error
    if (LOGIN_OVER.includes(error.uri)) {
      this.#listener.state('bad', 'Your login has ended')
      return this.#listener.over()
    }
    // Pages that lost one server together should not come back to it together.
    const delay = this.#delay * (0.75 + Math.random() / 2)
    this.#delay = Math.min(this.#delay * 2, LAST_DELAY)
    const why = error.uri === LOST ? 'Connection lost' : `Ended: ${error.message}`
    this.#listener.state('bad', `${why}, trying again…`)
    this.#state = 'waiting'
    this.#retry = setTimeout(() => this.connect(), delay)
  }

  /** How long the router takes to answer. A refusal is as good an answer as any. */
  async #measure (session) {
    const deadline = setTimeout(() => session.close(), PATIENCE)
    const start = performance.now()
    await session.call('wamp.session.get', [session.details.id]).catch(() => {})
    clearTimeout(deadline)
    if (this.#session !== session) return
    this.#listener.latency(performance.now() - start)
    this.#probe = setTimeout(() => this.#measure(session), PROBE_EVERY)
  }
}
