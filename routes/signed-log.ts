import type { IncomingMessage } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'

/** A pino logger shares its serializers by this symbol. */
const kSerializers: unique symbol = Symbol.for('pino.serializers') as never
type Serializer = (value: unknown) => unknown
interface Serializers { readonly req?: Serializer }
type Logger = FastifyBaseLogger & { readonly [kSerializers]?: Serializers }

const HIDDEN = '[hidden]'
/** The length of a signature in Base64, without padding. A shorter text is not a signature, and clients must not be able to hide other parts of a line. */
const LENGTH = 43

/**
 * A `childLoggerFactory` for routes whose query contains a signature. Log lines of their requests do not contain the query or the signature,
 * whichever serializer of the app writes `req`. This includes lines of Fastify, such as `incoming request`.
 */
export function hideSignature (fastify: FastifyInstance): FastifyInstance['childLoggerFactory'] {
  return function (logger, bindings, options, raw) {
    const { serializers = {} } = options as { serializers?: Serializers }
    const req = serializers.req ?? (logger as Logger)[kSerializers]?.req
    const hidden = req === undefined ? options : { ...options, serializers: { ...serializers, req: withoutSignature(req, raw as IncomingMessage) } }
    return fastify.childLoggerFactory.call(this, logger, bindings, hidden, raw)
  }
}

function withoutSignature (serialize: Serializer, { url = '' }: IncomingMessage): Serializer {
  const query = url.slice(url.indexOf('?'))
  if (!query.startsWith('?')) return serialize
  const signature = new URLSearchParams(query).get('signature')?.replace(/=+$/, '') ?? ''
  const secrets = signature.length < LENGTH ? [query] : [query, signature]
  return (request) => hide(serialize(request), secrets)
}

/** A copy of what a serializer returned. */
function hide (value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, secret.startsWith('?') ? `?${HIDDEN}` : HIDDEN), value)
  if (Array.isArray(value)) return value.map((one) => hide(one, secrets))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hide(one, secrets)]))
}
