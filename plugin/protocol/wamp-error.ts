import type { Uri } from './uri.ts'
import type { Args, Kwargs } from './values.ts'

/**
 * An error that crosses the wire: a URI, with args and kwargs. A procedure throws it to answer with ERROR, `call`
 * rejects with it, an authenticator throws it to refuse. In a program that has loaded the router it has a `statusCode`, too:
 * as what a route that throws it is answered.
 */
export class WampError extends Error {
  override readonly name = 'WampError'
  /** The URI. */
  readonly error: Uri
  /** Positional values; the first is often a text for people. */
  readonly args: Args
  /** Values by name. */
  readonly kwargs: Kwargs

  constructor (error: Uri, { args = [], kwargs = {}, cause }: { args?: Args, kwargs?: Kwargs, cause?: unknown } = {}) {
    const [first] = args
    super(typeof first === 'string' ? `${error}: ${first}` : error, cause === undefined ? {} : { cause })
    this.error = error
    this.args = args
    this.kwargs = kwargs
  }

  /** The URI, as Fastify writes it into a reply. */
  get code (): Uri {
    return this.error
  }
}
