import type { IncomingMessage } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'

/** A pino logger shares its serializers by this symbol. */
const kSerializers: unique symbol = Symbol.for('pino.serializers') as never
type Serializer = (value: unknown) => unknown
interface Serializers { readonly req?: Serializer, readonly res?: Serializer }
type Logger = FastifyBaseLogger & { readonly [kSerializers]?: Serializers }

const HIDDEN = '[hidden]'
/**
 * A `childLoggerFactory` for routes whose URLs contain secrets, which `secretsOf` returns. Log lines of their requests do not contain them,
 * whichever serializers of the app write `req` and `res`. This includes lines of Fastify, such as `incoming request`.
 */
export function hideSecrets (fastify: FastifyInstance, secretsOf: (url: string) => readonly string[]): FastifyInstance['childLoggerFactory'] {
  return function (logger, bindings, options, raw) {
    const { serializers = {} } = options as { serializers?: Serializers }
    const { [kSerializers]: known = {} } = logger as Logger
    // Those of a scope may be inherited properties.
    const { req = known.req, res = known.res } = serializers
    const secrets = secretsOf((raw as IncomingMessage).url ?? '')
    const hidden = { ...serializers, ...(req === undefined ? {} : { req: withoutSecrets(req, secrets) }), ...(res === undefined ? {} : { res: withoutSecrets(res, secrets) }) }
    return fastify.childLoggerFactory.call(this, logger, bindings, { ...options, serializers: hidden }, raw)
  }
}

function withoutSecrets (serialize: Serializer, secrets: readonly string[]): Serializer {
  return secrets.length === 0 ? serialize : (request) => hide(serialize(request), secrets)
}

/** A copy of what a serializer returned. */
function hide (value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, secret.startsWith('?') ? `?${HIDDEN}` : HIDDEN), value)
  if (Array.isArray(value)) return value.map((one) => hide(one, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hide(one, secrets)]))
}
