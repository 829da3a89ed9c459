import { isName } from './uri.ts'
import type { Uri } from './uri.ts'
import type { Args, Kwargs } from './values.ts'

/**
 * A WAMP error: a URI, with args and kwargs. A procedure throws it to answer with ERROR, `call` rejects with it, and an authenticator
 * throws it to reject a login. The constructor throws a TypeError for an invalid URI. If the router is loaded, the error also has a
 * `statusCode`: the HTTP status of a route that throws it.
 */
export class WampError extends Error {
  override readonly name = 'WampError'
  /** The URI of the error. */
  declare readonly error: Uri
  /** Positional values. The first one is often a text for people. */
  declare readonly args: Args
  /** Keyword values. */
  declare readonly kwargs: Kwargs

  constructor (error: Uri, values: { args?: Args, kwargs?: Kwargs, cause?: unknown } = {}) {
    if (!isName(error)) throw new TypeError(`invalid URI ${String(error)}`)
    if (Object(values) !== values || Array.isArray(values)) throw new TypeError(`${error}: values must be an object`)
    const { args = [], kwargs = {}, cause } = values
    const [first] = args
    super(typeof first === 'string' ? `${error}: ${first}` : error, cause === undefined ? {} : { cause })
    this.error = error
    this.args = args
    this.kwargs = kwargs
  }

  /** The URI, which Fastify includes in a response. */
  get code (): Uri {
    return this.error
  }
}
