import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authenticator } from '../plugin/auth/authenticator.ts'
import type { CookieConnection } from '../plugin/cookie/cookie-connection.ts'
import type { CookieEntrance } from '../plugin/cookie/cookie-entrance.ts'
import type { Arrival } from '../plugin/gateway.ts'
import type { ResolvedEndpoint } from '../plugin/resolved-options.ts'
import { Closing } from './closing.ts'
import { arrivalOf } from './identity.ts'
import type { PortConnections } from './port-connections.ts'

/** An endpoint at which clients connect by HTTP requests. */
export interface ArrivalOptions {
  readonly endpoint: ResolvedEndpoint
  /** Looked at when a connection is made: an app adds authenticators until it is ready. */
  readonly authenticators: { readonly lookAtRequests: boolean, entries (): ReadonlyMap<string, Authenticator> }
  /** Null for an endpoint without a cookie. */
  readonly entrance: CookieEntrance | null
  /** The connections at a further port, or null. */
  readonly connections: PortConnections | null
}

type About = 'scheme' | 'secure' | 'origin'

/** The browsers that connect to an endpoint, which are identified by its cookie. */
export class Arrivals {
  readonly #fastify: FastifyInstance
  readonly #options: ArrivalOptions
  readonly #closing: Closing
  readonly #warned = new Set<About>()

  constructor (fastify: FastifyInstance, options: ArrivalOptions) {
    this.#fastify = fastify
    this.#options = options
    this.#closing = new Closing(fastify)
  }

  /**
   * Looks up the cookie of a request that opens a connection. Resolves to null if the endpoint has no cookie, and to `closing` if the app
   * closes before a slow store has answered. Call `leave` of the visitor when the connection has ended.
   */
  async arrive (request: FastifyRequest): Promise<CookieConnection | null | 'closing'> {
    const { entrance } = this.#options
    if (entrance === null) return null
    const arrival = arrivalOf(request)
    this.#inspect(request, arrival.secure)
    const arriving = entrance.arrive(this.#ignoresCookie(request) ? { ...arrival, ignoresCookies: true } : arrival)
    const visitor = await this.#closing.before(arriving)
    if (visitor === 'closing') arriving.then((late) => { late.leave() }, () => {})
    return visitor
  }

  /** How the client of a connection may log in. */
  identityOf (request: FastifyRequest, visitor: CookieConnection | null): Pick<Arrival, 'visitor' | 'request' | 'authenticators' | 'cookieLogin' | 'port' | 'log'> {
    const { endpoint, authenticators, connections } = this.#options
    return {
      visitor,
      log: request.log,
      // To keep a request costs memory: only the app's own authenticators look at it.
      request: authenticators.lookAtRequests ? request : null,
      authenticators: authenticators.entries(),
      cookieLogin: endpoint.auth.cookie !== undefined,
      port: connections
    }
  }

  /** True if only a page of the browser itself may use a cookie, and nothing shows that this is one. */
  #ignoresCookie ({ headers }: FastifyRequest): boolean {
    const { requireOrigin, cookie } = this.#options.endpoint
    return headers.origin === undefined && (requireOrigin === 'auto' ? cookie?.sameSite === 'none' : requireOrigin)
  }

  /** Warns once if a proxy changes requests, and once if Fastify does not trust it. */
  #inspect ({ headers, host }: FastifyRequest, secure: boolean): void {
    const { cookie } = this.#options.endpoint
    if (!secure && /^(?:https|wss)\b/.test(String(headers['x-forwarded-proto']))) {
      this.#warn('scheme', 'a proxy in front says https, but Fastify does not trust it: set trustProxy, otherwise cookies are not Secure')
    } else if (!secure && cookie?.secure === 'auto' && headers.origin === `https://${host}`) {
      this.#warn('scheme', 'a page that was served over https connects over http, so cookies are not Secure: let the proxy set X-Forwarded-Proto, and set trustProxy')
    } else if (!secure && cookie?.secure === true) {
      this.#warn('secure', 'a Secure cookie was sent over http: WebKit does not store it, not even on localhost; behind a proxy that terminates TLS, set trustProxy')
    }
    if (headers.origin === undefined && headers['user-agent'] === undefined && cookie !== null && headers.cookie?.includes(`${cookie.name}=`) === true) {
      this.#warn('origin', 'an upgrade has a cookie but neither Origin nor User-Agent: if browsers connect through a proxy, the proxy removes Origin, and pages of other origins can connect')
    }
  }

  #warn (about: About, text: string): void {
    if (this.#warned.has(about)) return
    this.#warned.add(about)
    this.#fastify.log.warn(text)
  }
}
