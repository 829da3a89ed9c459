/** The open calls of a session, in total and by connection. */
interface OpenCalls { total: number, readonly of: Map<object, number> }

/**
 * The calls that a session of the app makes for the requests of many connections. Below half of its limit, any connection may have calls.
 * Above it, a connection may have at most as many open calls as there is capacity left, so that no connection uses up the limit.
 */
export class CallerShares {
  readonly #limit: number
  readonly #sessions = new WeakMap<object, OpenCalls>()

  /** `limit` is the number of calls that a session can have open. */
  constructor (limit: number) {
    this.#limit = limit
  }

  /** Begins a call. Returns a function to call when it has ended, or null if the connection has used up its share. */
  begin (session: object, connection: object): (() => void) | null {
    const calls = this.#sessions.get(session) ?? { total: 0, of: new Map<object, number>() }
    this.#sessions.set(session, calls)
    const own = calls.of.get(connection) ?? 0
    if (calls.total * 2 >= this.#limit && own > this.#limit - calls.total) return null
    calls.total++
    calls.of.set(connection, own + 1)
    return () => {
      calls.total--
      const left = calls.of.get(connection)! - 1
      if (left === 0) calls.of.delete(connection)
      else calls.of.set(connection, left)
    }
  }
}
