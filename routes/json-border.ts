import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { EncodingError } from '../plugin/codec/codec.ts'
import { readValues } from '../plugin/codec/json-value.ts'
import { stringifyValue } from '../plugin/codec/json-writer.ts'
import { OpaqueValue } from '../plugin/protocol/opaque-value.ts'
import { setOwn } from '../plugin/protocol/set-own.ts'
import { noteStandIns, restored } from './stand-ins.ts'
import type { StandIn } from './stand-ins.ts'

/**
 * The conversion of JSON where a Fastify schema is involved: integers beyond 2^53 are exact, and octets are U+0000 and Base64, as in
 * `wamp.2.json`. The schema validates the nearest number, and the text.
 */

/** The location of the arguments of a route that are not in its path. */
export type Place = 'query' | 'body'

interface NotedStandIn extends StandIn { readonly part: Place | 'params' }

/** A stream that may come from a hook of the host, such as a decompressing one. */
type Payload = Readable & { receivedEncodedLength?: number }

interface ExactHooks {
  readonly preParsing: (request: FastifyRequest, reply: unknown, payload: Payload) => Promise<Readable>
  readonly preValidation: (request: FastifyRequest) => Promise<void>
  readonly preHandler: (request: FastifyRequest) => Promise<void>
  readonly onSend: (request: FastifyRequest) => Promise<void>
}

const JSON_TYPE = /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i

/** The texts of bodies, as read, until they have been validated, or the request is answered without that. */
const texts = new WeakMap<FastifyRequest, Buffer[]>()
const standIns = new WeakMap<FastifyRequest, readonly NotedStandIn[]>()

/**
 * The hooks that keep the arguments of a route exact. The body is as returned by the host's parser, except that numbers and strings that
 * stand for other values are replaced after validation. `depth` is the maximum depth of lists and dicts in a body.
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
      standIns.delete(request)
    },
    onSend: async (request) => { textTaken(request) }
  }
}

/** The value of a result in a form that a Fastify serializer can write: octets as text. Throws an EncodingError for values that JSON cannot represent. */
export function withTextForOctets (value: unknown): unknown {
  if (value instanceof OpaqueValue) throw EncodingError.for(value, 'json')
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return textOf(value)
  if (Array.isArray(value)) return value.map(withTextForOctets)
  const dict: Record<string, unknown> = {}
  let hasTable = false
  for (const [key, item] of Object.entries(value)) hasTable = setOwn(dict, key, withTextForOctets(item), hasTable)
  return dict
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
  // Fastify compares Content-Length with this, because it does not know the compressed length of a body.
  Object.defineProperty(kept, 'receivedEncodedLength', { get: () => payload.receivedEncodedLength })
  texts.set(request, chunks)
  payload.once('error', (error) => { kept.destroy(error) }).once('close', () => { if (!kept.writableFinished) kept.end() })
  return payload.pipe(kept)
}

/** The text of a body. It is not kept, nor is its list, which listeners on the request refer to. */
function textTaken (request: FastifyRequest): Buffer[] | undefined {
  const text = texts.get(request)?.splice(0)
  texts.delete(request)
  return text
}

/**
 * The body as `wamp.2.json`, or undefined if its text was not kept or is not JSON, because the host's parser may accept other formats.
 * Throws an error of status 400 if it is nested too deeply, or contains an integer that is too long.
 */
function valuesOf (request: FastifyRequest, depth: number): unknown {
  try {
    const chunks = textTaken(request)
    // Like Fastify's own parser, a TextDecoder drops a byte order mark.
    return chunks === undefined ? undefined : readValues(new TextDecoder().decode(Buffer.concat(chunks)), depth)
  } catch (error) {
    if (!(error instanceof EncodingError)) return undefined
    throw Object.assign(new Error(`the body cannot be accepted: ${error.message}`), { statusCode: 400 })
  }
}

function textOf (octets: Uint8Array): string {
  return JSON.parse(stringifyValue(octets)) as string
}
