import type { ClientMessage, RouterMessage } from '../protocol/message.ts'
import { OpaqueValue } from '../protocol/opaque-value.ts'
import { setOwn } from '../protocol/set-own.ts'
import type { Args, EncodedPayload, Kwargs } from '../protocol/payload.ts'
import { MalformedText, ProtocolViolation } from '../protocol/violation.ts'
import { isDict } from '../protocol/wire-value.ts'
import { spendOctets } from '../work.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { cborCodec } from './cbor-codec.ts'
import { cborReader } from './cbor-reader.ts'
import { cborForms } from './cbor-writer.ts'
import { EncodingError, mostTranscoded } from './codec.ts'
import type { Allocate, Codec, DecodeLimits } from './codec.ts'
import type { MutableDict } from './dict.ts'
import { countRead, countWritten } from './encoding-work.ts'
import { readUtf8 } from './utf8.ts'
import { writeValue } from './value-forms.ts'
import type { ValueForms } from './value-forms.ts'
import type { WampSerializer } from './wamp-serializer.ts'

/**
 * Adapts a serializer of the app, which knows only whole messages as lists. In the router, its messages have the form of CBOR: all checks and
 * limits of that codec apply, payloads stay octets, and the app's serializer shares no values with the router.
 */
export class CustomCodec implements Codec {
  readonly name: string
  readonly subprotocol: string
  readonly binary: boolean
  readonly rawSocketNumber: number | null
  readonly typed = null
  readonly #serializer: WampSerializer
  /** The option with the serializer, for errors. */
  readonly #option: string

  /** `option` is the path of the serializer in the options, such as `serializers[2]`. */
  constructor (serializer: WampSerializer, option: string) {
    this.name = serializer.name
    this.subprotocol = `wamp.2.${serializer.name}`
    this.binary = serializer.binary !== false
    this.rawSocketNumber = serializer.rawSocketNumber ?? null
    this.#serializer = serializer
    this.#option = option
  }

  decode (data: Buffer, limits: DecodeLimits): ClientMessage {
    spendOctets(data.length)
    const list = this.#parse(data)
    if (!Array.isArray(list)) throw new ProtocolViolation('a message must be a non-empty list')
    return cborCodec.decode(inCbor(list, mostTranscoded(limits)), limits)
  }

  encode (message: RouterMessage, allocate: Allocate): Buffer {
    const most = 'payload' in message ? message.payload.mostTranscoded : Infinity
    const octets = this.#serialize(() => cborCodec.encode(message, Buffer.allocUnsafe), most)
    const buffer = allocate(octets.length)
    buffer.set(octets, buffer.length - octets.length)
    return buffer
  }

  encodePayload (args: Args | Uint8Array | undefined, kwargs: Kwargs | undefined, most = Infinity): EncodedPayload {
    const elements = kwargs === undefined ? [args] : [args, kwargs]
    const octets = this.#serialize(() => cborCodec.encodePayload(elements, undefined, most).bytes, most)
    return { elements: kwargs === undefined ? 1 : 2, bytes: Buffer.from(octets) }
  }

  #parse (data: Buffer): unknown {
    const serializer = this.#serializer
    try {
      if (serializer.binary !== false) return settled(serializer.decode(data))
      return settled(serializer.decode(readUtf8(data, 0, data.length, MalformedText)))
    } catch (error) {
      throw error instanceof MalformedText ? error : new ProtocolViolation(`the message is not ${this.name}`, { cause: error })
    }
  }

  /** What the serializer makes of a list in the form of CBOR. */
  #serialize (toCbor: () => Buffer, most: number): Uint8Array {
    let octets
    try {
      octets = settled(this.#serializer.encode(valuesOf(toCbor())))
    } catch (error) {
      throw error instanceof EncodingError ? this.#error(`: ${error.message}`, error) : this.#error('.encode has thrown an error', error)
    }
    if (!this.binary) octets = typeof octets === 'string' ? Buffer.from(octets) : null
    if (!(octets instanceof Uint8Array) || octets.length === 0) throw this.#error(`.encode must return ${this.binary ? 'a Uint8Array' : 'a string'} that is not empty`)
    if (octets.length > most) throw this.#error(' exceeds the size limit')
    spendOctets(octets.length)
    return octets
  }

  #error (text: string, cause?: unknown): EncodingError {
    return new EncodingError(`${this.#option}${text}`, { cause })
  }
}

/** The forms of values from the app's code. An instance of a class, such as a library's own type of integers, is not a dict. */
const strictForms: ValueForms = { ...cborForms, isDict }
/** Writers that are not in use. A getter in a value may cause another message to be written before this one is complete. */
const writers: ByteWriter[] = []

/** A list of a serializer of the app, in the form of CBOR. Only its data are read, once, and no more than fit. */
function inCbor (list: unknown[], most: number): Buffer {
  const writer = writers.pop() ?? new ByteWriter()
  try {
    writer.start(most)
    writeValue(strictForms, writer, list)
    return writer.toBuffer()
  } catch (error) {
    throw new ProtocolViolation(`the message cannot be used: ${EncodingError.of(error, 'cbor').message}`, { cause: error })
  } finally {
    countWritten(writer)
    writers.push(writer)
  }
}

/** The values of a list in the form of CBOR. Throws an EncodingError for a value that only CBOR can represent. */
function valuesOf (cbor: Buffer): unknown[] {
  const reader = new ByteReader(cbor)
  try {
    return forApp(cborReader.read(reader, Infinity, false)) as unknown[]
  } finally {
    countRead(reader)
  }
}

/** The value with octets as a Uint8Array instead of a Buffer, which has a `toJSON` that hides from a replacer of JSON.stringify what it was. */
function forApp (value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.length)
  if (value instanceof OpaqueValue) throw EncodingError.for(value, 'another serializer')
  if (Array.isArray(value)) return value.map(forApp)
  const dict = value as MutableDict
  for (const [key, item] of Object.entries(dict)) if (typeof item === 'object') setOwn(dict, key, forApp(item), true)
  return dict
}

/** A result. A promise is not awaited, and must not end the process if it rejects. */
function settled (result: unknown): unknown {
  if (result instanceof Promise) result.catch(() => {})
  return result
}
