import type { FastifyBaseLogger } from 'fastify'
import { Authenticators } from './auth/authenticators.ts'
import { verifyLogins } from './auth/cookie-authenticator.ts'
import type { CallProcedure } from './auth/dynamic-authenticator.ts'
import { areConfusable } from './check-logins.ts'
import type { LoginEndpoint } from './check-logins.ts'
import { codecsOf } from './codec/codecs.ts'
import { subprotocolsOf } from './codec/subprotocols.ts'
import type { Subprotocol } from './codec/subprotocols.ts'
import { CookieEntrance } from './cookie/cookie-entrance.ts'
import { CookieTracker } from './cookie/cookie-tracker.ts'
import { LoginChecks } from './cookie/login-checks.ts'
import { openCookieStore } from './cookie/cookie-stores.ts'
import { GuardedStore } from './cookie/guarded-store.ts'
import { TrackingCookie } from './cookie/tracking-cookie.ts'
import type { SerializeCookie } from './cookie/tracking-cookie.ts'
import { WatchedStore } from './cookie/watched-store.ts'
import { errors } from './errors.ts'
import type { LogLimit } from './log-limit.ts'
import type { CookieOptions } from './cookie-options.ts'
import type { ResolvedEndpoint } from './resolved-options.ts'

/** The state of one WebSocket route in addition to the router. */
export interface Endpoint {
  readonly options: ResolvedEndpoint
  readonly subprotocols: ReadonlyMap<string, Subprotocol>
  readonly authenticators: Authenticators
  readonly tracker: CookieTracker | null
  /** The tracker, as used by this endpoint. */
  readonly entrance: CookieEntrance | null
}

/** The cookie trackers of an app. Endpoints with the same cookie name and path share one, because browsers send them the same cookie. */
export class CookieTrackers {
  readonly #log: FastifyBaseLogger
  readonly #serialize: SerializeCookie
  readonly #router: object
  readonly #checks: LoginChecks
  readonly #logLimit: LogLimit
  readonly #known = new Map<string, { options: Required<CookieOptions>, tracker: CookieTracker, store: GuardedStore }>()
  readonly #endpoints: LoginEndpoint[] = []

  /** `router` is named in messages about stores. A check of a login has its `handshakeTimeout`. */
  constructor (log: FastifyBaseLogger, serialize: SerializeCookie, router: { readonly handshakeTimeout: number, readonly logLimit: LogLimit }) {
    this.#log = log
    this.#serialize = serialize
    this.#router = router
    this.#checks = new LoginChecks(router.handshakeTimeout)
    this.#logLimit = router.logLimit
  }

  /**
   * The tracker for an endpoint, with its store opened. Throws WAMP_ERR_INVALID_OPTION if the cookie is already tracked with other
   * options, or if the endpoint could be confused with another one, and the errors of the store.
   */
  async tracker ({ path, cookie, auth }: ResolvedEndpoint): Promise<CookieTracker | null> {
    if (cookie === null) return null
    const endpoint = { path, cookie, auth }
    if (this.#endpoints.some((other) => areConfusable(endpoint, other))) {
      throw new errors.WAMP_ERR_INVALID_OPTION('path', `must be another path: an endpoint at "${path}" of another port shares its logins with this one, but has a different "auth"`)
    }
    this.#endpoints.push(endpoint)
    const key = `${cookie.name};${cookie.path}`
    const known = this.#known.get(key)
    if (known !== undefined && !isSame(known.options, cookie)) {
      throw new errors.WAMP_ERR_INVALID_OPTION('cookie', `"${cookie.name}" is used by another endpoint with different options: use the same options or another name`)
    }
    const { tracker, store } = known ?? await this.#open(cookie)
    this.#known.set(key, { options: cookie, tracker, store })
    if (auth.cookie !== undefined) tracker.enableLogins()
    return tracker
  }

  /** The interface of a tracker for an endpoint with these options. */
  entrance (tracker: CookieTracker, endpoint: ResolvedEndpoint, authenticators: Authenticators): CookieEntrance {
    return new CookieEntrance({ tracker, log: this.#logLimit.of(this.#log), path: endpoint.path, verify: endpoint.auth.cookie === undefined ? null : verifyLogins(endpoint, authenticators), typeOf: (method) => authenticators.typeOf(method), checks: this.#checks })
  }

  /** Called when the app begins to close. Checks of logins end after this number of milliseconds, and lists of logins have a time limit. */
  beginToClose (milliseconds: number): void {
    this.#checks.endAfter(milliseconds)
    for (const { store } of this.#known.values()) store.limitLists()
  }

  /** Closes all trackers and their stores, at the same time. */
  async close (): Promise<void> {
    this.#checks.close()
    // Otherwise the process could end before a store has answered that nothing else waits for.
    const waiting = setInterval(() => {}, 60_000)
    try {
      await Promise.all([...this.#known.values()].map(async ({ tracker, store }) => {
        store.limitChanges()
        await tracker.close()
      }))
    } finally {
      clearInterval(waiting)
    }
  }

  async #open (options: Required<CookieOptions>): Promise<{ tracker: CookieTracker, store: GuardedStore }> {
    const { store, shared, ...traits } = await openCookieStore(options.store, this.#log)
    const guarded = new GuardedStore(new WatchedStore(store, this.#router), traits, this.#log)
    return { tracker: new CookieTracker({ store: guarded, shared, options, cookie: new TrackingCookie(options, this.#serialize), log: this.#log }), store: guarded }
  }
}

/** Creates the state of an endpoint from its options. `prefix` is that of its scope: its logins record the whole path. */
export async function buildEndpoint (options: ResolvedEndpoint, prefix: string, trackers: CookieTrackers, call: CallProcedure): Promise<Endpoint> {
  const placed = { ...options, path: `${prefix}${options.path}` }
  const authenticators = new Authenticators(options.auth, call)
  const tracker = await trackers.tracker(placed)
  const entrance = tracker === null ? null : trackers.entrance(tracker, placed, authenticators)
  return { options, subprotocols: subprotocolsOf(codecsOf(options.serializers), options.batched), authenticators, tracker, entrance }
}

function isSame (a: Required<CookieOptions>, b: Required<CookieOptions>): boolean {
  const stores = a.store === b.store || ('type' in a.store && 'type' in b.store && JSON.stringify(a.store) === JSON.stringify(b.store))
  return stores && JSON.stringify({ ...a, store: null }) === JSON.stringify({ ...b, store: null })
}
