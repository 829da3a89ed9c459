import createError from '@fastify/error'
import { statusOf } from './protocol/http-status.ts'
import { WampError } from './protocol/wamp-error.ts'

export { WampError } from './protocol/wamp-error.ts'

declare module './protocol/wamp-error.ts' {
  interface WampError {
    /** The HTTP status of a route that throws this error. */
    readonly statusCode: number
  }
}

// Added here, because browsers do not need the table of statuses.
Object.defineProperty(WampError.prototype, 'statusCode', { configurable: true, get (this: WampError) { return statusOf(this.error) } })

/** The class of the errors with one code, constructed from the parameters of its message. */
interface ErrorClass<About extends readonly unknown[]> {
  new (...about: About): Error & { readonly code: string, readonly statusCode?: number }
}

// The type inferred from @fastify/error names one of its namespaces, which does not exist if modules are resolved for a bundler.
function coded<About extends [unknown?, unknown?, unknown?] = []> (...given: Parameters<typeof createError>): ErrorClass<About> {
  return createError(...given) as unknown as ErrorClass<About>
}

/** Errors of the host app. Each has a stable code. */
export const errors = {
  /** An option is invalid. */
  WAMP_ERR_INVALID_OPTION: coded<[path: string, expected: string]>(
    'WAMP_ERR_INVALID_OPTION', 'The option "%s" %s', 500, TypeError),
  /** A Crossbar.io configuration is invalid or has an unsupported setting. */
  WAMP_ERR_CROSSBAR_CONFIG: coded<[path: string, expected: string]>(
    'WAMP_ERR_CROSSBAR_CONFIG', 'The configuration\'s "%s" %s', 500, TypeError),
  /** A Crossbar.io configuration file cannot be found or parsed. */
  WAMP_ERR_CROSSBAR_FILE: coded<[filename: string, why: string]>(
    'WAMP_ERR_CROSSBAR_FILE', 'The configuration file "%s" %s', 500),
  /** The command line of `fastify-wamp` is invalid. */
  WAMP_ERR_COMMAND_LINE: coded<[what: string]>(
    'WAMP_ERR_COMMAND_LINE', '%s', 500),
  /** A realm that is not configured was named, for example in `join` or `kick`. */
  WAMP_ERR_NO_SUCH_REALM: coded<[realm: string]>(
    'WAMP_ERR_NO_SUCH_REALM', 'There is no realm "%s"', 500),
  /** The realm does not have the named role, or no realm has it. */
  WAMP_ERR_NO_SUCH_ROLE: coded<[role: string, where: string]>(
    'WAMP_ERR_NO_SUCH_ROLE', 'There is no role "%s" in %s', 500),
  /** A call, publication, registration or subscription of an in-process session is invalid. */
  WAMP_ERR_INVALID_MESSAGE: coded<[fault: string]>(
    'WAMP_ERR_INVALID_MESSAGE', 'The message is not valid: %s', 500, TypeError),
  /** An in-process session was used after it had ended. */
  WAMP_ERR_SESSION_CLOSED: coded<[reason: string]>(
    'WAMP_ERR_SESSION_CLOSED', 'The session is closed: %s', 503),
  /** The program that iterates over events or results is too slow. */
  WAMP_ERR_SLOW_READER: coded<[waiting: number]>(
    'WAMP_ERR_SLOW_READER', 'The reader is too slow: %d values are waiting', 500),
  /** `request.wamp` was used in a request without a principal. */
  WAMP_ERR_NO_PRINCIPAL: coded(
    'WAMP_ERR_NO_PRINCIPAL', 'The request has no principal: use the hook wampIdentify or wampRequireRole, and check request.wampPrincipal first', 401),
  /** `request.wamp` was used when the realm or the authid had reached its session limit. */
  WAMP_ERR_SESSION_LIMIT: coded<[limit: string]>(
    'WAMP_ERR_SESSION_LIMIT', 'limits.%s: there are too many sessions', 429),
  /** `reply.wampSignIn` could not log the user in. */
  WAMP_ERR_SIGN_IN: coded<[why: string]>(
    'WAMP_ERR_SIGN_IN', 'Signing in %s', 500),
  /**
   * `reply.wampSignOut` could not look up the cookie, because the cookie store failed or the request has too many cookies; or the request comes from a
   * page of another origin (status 403). The login remains valid. If the store could not delete the login, it has ended in this process only.
   */
  WAMP_ERR_SIGN_OUT: coded<[why: string, options?: ErrorOptions]>(
    'WAMP_ERR_SIGN_OUT', 'Signing out %s', 503),
  /** An authenticator was added with a name that is in use, or after the app was ready. */
  WAMP_ERR_AUTHENTICATOR: coded<[method: string, why: string]>(
    'WAMP_ERR_AUTHENTICATOR', 'The authenticator "%s" %s', 500),
  /** A connection of a transport of the app's own was refused. */
  WAMP_ERR_CONNECTION_REFUSED: coded<[why: string]>(
    'WAMP_ERR_CONNECTION_REFUSED', 'The connection was refused: %s', 503),
  /** This plugin, or one that it depends on, was registered incorrectly. */
  WAMP_ERR_HOST_PLUGIN: coded<[plugin: string, what: string]>(
    'WAMP_ERR_HOST_PLUGIN', '%s %s', 500),
  /** Another route uses the static prefix. */
  WAMP_ERR_STATIC_PREFIX: coded<[prefix: string]>(
    'WAMP_ERR_STATIC_PREFIX', 'The static prefix "%s" is already served: set static.prefix to another one', 500),
  /** The cookie store's database cannot be used. */
  WAMP_ERR_COOKIE_DATABASE: coded<[path: string, why: string, options?: { cause: unknown }]>(
    'WAMP_ERR_COOKIE_DATABASE', 'The cookie database "%s" %s', 500),
  /** The cookie store's file cannot be used. */
  WAMP_ERR_COOKIE_FILE: coded<[filename: string, why: string, options?: { cause: unknown }]>(
    'WAMP_ERR_COOKIE_FILE', 'The cookie file "%s" %s', 500)
} as const
