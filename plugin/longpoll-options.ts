import type { AuthOptions } from './auth-options.ts'
import type { EndpointOptions } from './options.ts'

/** The options of `fastify.register(wampLongPoll, options)`. */
export interface LongPollOptions extends Omit<EndpointOptions, 'path' | 'auth'> {
  /** The base path of the routes. @default '/lp' */
  path?: string
  /** The authentication methods, without `tls`. @default only anonymous, with role `anonymous` */
  auth?: Omit<AuthOptions, 'tls'>
  /**
   * Milliseconds after which a request for messages is answered with 204 if there are none. Clients and proxies must wait longer for a
   * response. @default 10000
   */
  requestTimeout?: number
  /** Milliseconds after which a transport ends if its client makes no request. @default 30000 */
  sessionTimeout?: number
}
