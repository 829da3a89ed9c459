import { Recent } from '../recent.ts'
import type { CookieConnection } from './cookie-connection.ts'
import { keyOf } from './cookie-id.ts'
import { HandedId } from './handed-id.ts'

/** Milliseconds: the time in which requests with a replaced cookie may still arrive. */
const IN_FLIGHT = 5000
/** The maximum number of replaced cookies that are remembered. */
const MOST_REPLACED = 10_000

/** The ids that were sent to browsers, while a connection needs them, and cookies that were replaced by a login. */
export class HandedIds {
  readonly #now: () => number
  readonly #ids = new Map<string, HandedId<CookieConnection>>()
  /** The times of replacement, by the keys of cookies. */
  readonly #replaced = new Recent<string, number>(MOST_REPLACED)

  constructor (now: () => number) {
    this.#now = now
  }

  /** Registers an id that is sent on a connection, for a browser that sent the value `brought`. */
  hand (value: string, brought: string | undefined, connection: CookieConnection): HandedId<CookieConnection> {
    const key = keyOf(value)
    const parent = brought === undefined ? undefined : this.#ids.get(keyOf(brought))
    const handed = parent?.handOn(key, connection) ?? new HandedId(key, connection)
    this.#ids.set(key, handed)
    return handed
  }

  /** Called when the connection of an id is closed. */
  leave (handed: HandedId<CookieConnection>): void {
    for (const { key } of handed.leave()) this.#ids.delete(key)
  }

  /** Called when a response to a request with this cookie logs the browser in with another one. */
  replace (key: string): void {
    this.#replaced.set(key, this.#now())
  }

  /**
   * True for a cookie that has been replaced by a login, or has been logged in, since the browser sent the request. Another cookie would
   * overwrite that of the login.
   */
  isOutdated (key: string): boolean {
    const login = this.#ids.get(key)?.connection?.login
    const since = login?.cookies.includes(key) === true ? login.record.created : this.#replaced.get(key)
    // The clock may have been set back.
    return since !== undefined && Math.abs(this.#now() - since) < IN_FLIGHT
  }
}
