import type { FastifyBaseLogger } from 'fastify'
import type { Principal } from '../../plugin/auth/authenticator.ts'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import type { CookieStore } from '../../plugin/cookie/cookie-store.ts'
import { CookieTracker } from '../../plugin/cookie/cookie-tracker.ts'
import { CookieEntrance } from '../../plugin/cookie/cookie-entrance.ts'
import type { VerifyLogin } from '../../plugin/cookie/cookie-entrance.ts'
import { LoginChecks } from '../../plugin/cookie/login-checks.ts'
import { GuardedStore } from '../../plugin/cookie/guarded-store.ts'
import { Logins } from '../../plugin/cookie/logins.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { TrackingCookie } from '../../plugin/cookie/tracking-cookie.ts'
import type { CookieOptions } from '../../plugin/cookie-options.ts'

/** What the options are, if nothing is given. */
export const defaults: Required<CookieOptions> = {
  store: { type: 'memory' }, name: 'cbtid', length: 24, maxAge: 604_800, secure: 'auto', httpOnly: true, sameSite: 'lax', partitioned: false, path: '/', idleTimeout: 0, rotateAfter: 0, secret: [], recheck: 60
}

/** Somebody who logged in. */
export function principal (given: Partial<Principal> = {}): Principal {
  return { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'static', ...given }
}

/** A tracker with its one entrance. */
export type TestTracker = CookieEntrance & Pick<Logins, 'find' | 'revoke'> & Pick<CookieTracker, 'page' | 'forget' | 'connected' | 'close'>

/** A tracker over a memory store, and what it logged. */
export function buildTracker ({ store = new MemoryStore(), shared = false, options = {}, verify = () => true, path = '/ws', now }: {
  store?: CookieStore, shared?: boolean, options?: Partial<CookieOptions>, verify?: VerifyLogin | null, path?: string, now?: () => number
} = {}) {
  const logged: string[] = []
  const line = (_: object, text: string): void => { logged.push(text) }
  const given = { ...defaults, ...options }
  const log = { warn: line, error: line, info: line, debug: line } as unknown as FastifyBaseLogger
  const cookies = new CookieTracker({
    store: new GuardedStore(store, { name: store.constructor.name, keepsExpired: false }, log),
    shared,
    options: given,
    cookie: new TrackingCookie(given, (name, value, { maxAge, path, httpOnly, secure, sameSite }) => `${name}=${value}; ${JSON.stringify({ maxAge, path, httpOnly, secure, sameSite })}`),
    log,
    ...(now === undefined ? {} : { now })
  })
  if (verify !== null) cookies.enableLogins()
  const logins = new Logins()
  logins.add(cookies)
  const tracker: TestTracker = Object.assign(new CookieEntrance({ tracker: cookies, log, path, verify, typeOf: () => 'static', checks: new LoginChecks(10_000) }), {
    find: logins.find.bind(logins),
    page: cookies.page.bind(cookies),
    revoke: logins.revoke.bind(logins),
    forget: cookies.forget.bind(cookies),
    connected: cookies.connected.bind(cookies),
    close: cookies.close.bind(cookies)
  })
  return { tracker, cookies, store, logged }
}

/** The value that a connection was handed, or undefined. */
export function handedValue ({ setCookie }: CookieConnection): string | undefined {
  return setCookie === undefined ? undefined : /^cbtid=([^;]*);/.exec(setCookie)![1]
}

/** A browser with one cookie jar. */
export class Browser {
  readonly #tracker: CookieEntrance
  value: string | undefined

  constructor (tracker: CookieEntrance) {
    this.#tracker = tracker
  }

  get header (): string | undefined {
    return this.value === undefined ? undefined : `cbtid=${this.value}`
  }

  /** Opens a WebSocket, as a tab does. */
  async open (): Promise<CookieConnection> {
    const connection = await this.#tracker.arrive({ cookieHeader: this.header, secure: false })
    this.value = handedValue(connection) ?? this.value
    return connection
  }

  /** Who this browser would come back as. */
  async identity (): Promise<string | undefined> {
    const identity = await this.#tracker.identify(this.header)
    identity?.release()
    return identity?.principal.authid
  }
}
