import { Transform } from 'node:stream'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { EncodingError } from '../plugin/codec/codec.ts'
import { readValues } from '../plugin/codec/json-value.ts'
import { stringifyValue } from '../plugin/codec/json-writer.ts'
import { OpaqueValue } from '../plugin/protocol/opaque-value.ts'

/**
 * The one way in and the one way out for JSON where a schema of Fastify stands between: integers beyond 2^53 are exact, and octets are
 * U+0000 and Base64, as in `wamp.2.json`. A schema sees the nearest number instead, and the text.
 */

type Container = Record<string, unknown>
/** A value that a schema cannot judge, and what stands in its place while one does. */
interface StandIn { readonly container: Container, readonly key: string, readonly value: unknown, readonly plain: unknown }

const LONG_INTEGER = /^-?\d{16,}$/

/** What requests have brought, until it has been validated. */
const texts = new WeakMap<FastifyRequest, () => string>()
const standIns = new WeakMap<FastifyRequest, readonly StandIn[]>()

/** The hooks of a route by which what it takes is read as `wamp.2.json` would be. `depth` is the most levels of lists and dicts in a body. */
export function exactHooks (depth: number): { preParsing: typeof keepText, preValidation: (request: FastifyRequest) => Promise<void>, preHandler: typeof restore } {
  return {
    preParsing: keepText,
    preValidation: async (request) => {
      const body = texts.get(request)
      if (body !== undefined) request.body = valuesOf(body(), depth)
      const found: StandIn[] = []
      simplify({ body: request.body }, found)
      for (const container of [request.query, request.params]) noteLongIntegers(container as Container, found)
      if (found.length > 0) standIns.set(request, found)
    },
    preHandler: restore
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

/** True if a BigInt is in it. */
export function hasBigInt (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint'
  return !(value instanceof Uint8Array) && Object.values(value).some(hasBigInt)
}

/** Keeps a body's text beside what Fastify parses of it. */
async function keepText (request: FastifyRequest, _reply: unknown, payload: Readable & { receivedEncodedLength?: number }): Promise<Readable> {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return payload
  const chunks: Buffer[] = []
  const kept = Object.assign(new Transform({
    transform (chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      kept.receivedEncodedLength += chunk.length
      done(null, chunk)
    }
  }), { receivedEncodedLength: 0 })
  texts.set(request, () => Buffer.concat(chunks).toString())
  payload.once('error', (error) => { kept.destroy(error) }).once('close', () => { if (!kept.writableFinished) kept.end() })
  return payload.pipe(kept)
}

/** Fastify has parsed this text before, so it is JSON. Throws an error of status 400. */
function valuesOf (text: string, depth: number): unknown {
  try {
    return readValues(text, depth)
  } catch (error) {
    throw Object.assign(new Error(`the body cannot be taken: ${(error as Error).message}`), { statusCode: 400 })
  }
}

/** Puts back what a schema could not judge, where the schema has left it in its place. */
async function restore (request: FastifyRequest): Promise<void> {
  for (const { container, key, value, plain } of standIns.get(request) ?? []) if (container[key] === plain) container[key] = value
}

function simplify (container: Container, found: StandIn[]): void {
  for (const [key, value] of Object.entries(container)) {
    const plain = typeof value === 'bigint' ? Number(value) : value instanceof Uint8Array ? textOf(value) : value
    if (plain !== value) {
      found.push({ container, key, value, plain })
      container[key] = plain
    } else if (typeof value === 'object' && value !== null) simplify(value as Container, found)
  }
}

/** In a URL all is text: what a schema makes numbers of is noted first. */
function noteLongIntegers (container: Container | null | undefined, found: StandIn[]): void {
  for (const [key, value] of Object.entries(container ?? {})) {
    if (typeof value === 'string' && LONG_INTEGER.test(value) && !Number.isSafeInteger(Number(value))) found.push({ container: container!, key, value: BigInt(value), plain: Number(value) })
    else if (Array.isArray(value)) noteLongIntegers(value as unknown as Container, found)
  }
}

function textOf (octets: Uint8Array): string {
  return JSON.parse(stringifyValue(octets)) as string
}
