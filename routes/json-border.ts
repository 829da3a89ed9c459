import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { EncodingError } from '../plugin/codec/codec.ts'
import { readValues } from '../plugin/codec/json-value.ts'
import { stringifyValue } from '../plugin/codec/json-writer.ts'
import { OpaqueValue } from '../plugin/protocol/opaque-value.ts'
import { noteStandIns, restored } from './stand-ins.ts'
import type { StandIn } from './stand-ins.ts'

/**
 * The one way in and the one way out for JSON where a schema of Fastify stands between: integers beyond 2^53 are exact, and octets are
 * U+0000 and Base64, as in `wamp.2.json`. A schema sees the nearest number instead, and the text.
 */

/** Where the arguments of a route are that its path does not name. */
export type Place = 'query' | 'body'

interface NotedStandIn extends StandIn { readonly part: Place | 'params' }

/** A stream that a hook of the host may have made, such as one that decompresses. */
type Payload = Readable & { receivedEncodedLength?: number }

interface ExactHooks {
  readonly preParsing: (request: FastifyRequest, reply: unknown, payload: Payload) => Promise<Readable>
  readonly preValidation: (request: FastifyRequest) => Promise<void>
  readonly preHandler: (request: FastifyRequest) => Promise<void>
}

const JSON_TYPE = /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i

/** The texts of bodies, until they have been validated. */
const texts = new WeakMap<FastifyRequest, () => string>()
const standIns = new WeakMap<FastifyRequest, readonly NotedStandIn[]>()

/**
 * The hooks that keep the arguments of a route exact. The body remains what the host's parser made of it; only numbers and strings that
 * stand for something else are replaced, once the schema has seen them. `depth` is the most levels of lists and dicts in a body.
 */
export function exactHooks (depth: number, place: Place): ExactHooks {
  return {
    preParsing: async (request, _reply, payload) => place === 'body' && JSON_TYPE.test(request.headers['content-type'] ?? '') ? keepText(request, payload) : payload,
    preValidation: async (request) => {
      const found: NotedStandIn[] = []
      for (const part of [place, 'params'] as const) {
        const given = request[part]
        const read = part === 'body' ? valuesOf(request, depth) : undefined
        for (const standIn of noteStandIns(given, read ?? given, depth)) found.push({ part, ...standIn })
      }
      if (found.length > 0) standIns.set(request, found)
    },
    preHandler: async (request) => {
      for (const { part, ...standIn } of standIns.get(request) ?? []) restored(request[part], standIn)
    }
  }
}

/** The value of a result as a serializer of Fastify can write it: octets as text. Throws an EncodingError for what has no form in JSON. */
export function withTextForOctets (value: unknown): unknown {
  if (value instanceof OpaqueValue) throw EncodingError.for(value, 'json')
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return textOf(value)
  if (Array.isArray(value)) return value.map(withTextForOctets)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTextForOctets(item)]))
}

/** Keeps a copy of the text while Fastify parses it. */
function keepText (request: FastifyRequest, payload: Payload): Readable {
  const chunks: Buffer[] = []
  const kept = new Transform({
    transform (chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done(null, chunk)
    }
  })
  // Fastify compares Content-Length with this, since it cannot see how long a compressed body was.
  Object.defineProperty(kept, 'receivedEncodedLength', { get: () => payload.receivedEncodedLength })
  // Fastify's own parser drops a byte order mark; a TextDecoder does as well.
  texts.set(request, () => new TextDecoder().decode(Buffer.concat(chunks)))
  payload.once('error', (error) => { kept.destroy(error) }).once('close', () => { if (!kept.writableFinished) kept.end() })
  return payload.pipe(kept)
}

/**
 * What a body is as `wamp.2.json`, or undefined if its text was not kept or is not JSON: the host's parser may take more than JSON.
 * Throws an error of status 400 for what is nested too deep, or has an integer that is too long.
 */
function valuesOf (request: FastifyRequest, depth: number): unknown {
  try {
    const text = texts.get(request)
    return text === undefined ? undefined : readValues(text(), depth)
  } catch (error) {
    if (!(error instanceof EncodingError)) return undefined
    throw Object.assign(new Error(`the body cannot be accepted: ${error.message}`), { statusCode: 400 })
  }
}

function textOf (octets: Uint8Array): string {
  return JSON.parse(stringifyValue(octets)) as string
}
