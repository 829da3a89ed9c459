import { Shares } from '../plugin/shares.ts'

/**
 * The calls that a session of the app makes for the requests of many connections. A connection may have at most as many open calls as there
 * is capacity left, so that no connection uses up the limit.
 */
export class CallerShares {
  readonly #limit: number
  /** The open calls of a session, by connection. */
  readonly #sessions = new WeakMap<object, Shares<object>>()

  /** `limit` is the number of calls that a session can have open. */
  constructor (limit: number) {
    this.#limit = limit
  }

  /** Begins a call. Returns a function to call when it has ended, or null if the connection has used up its share. */
  begin (session: object, connection: object): (() => void) | null {
    const calls = this.#sessions.get(session) ?? new Shares()
    this.#sessions.set(session, calls)
    if (!calls.isFair(connection, this.#limit - calls.total)) return null
    calls.add(connection)
    return () => { calls.remove(connection) }
  }
}
