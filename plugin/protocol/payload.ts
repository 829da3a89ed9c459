import { OpaqueValue } from './opaque-value.ts'
import { isPlain } from './wire-value.ts'

/** Positional arguments: the values that a message carries in order. */
export type Args = unknown[]
/** Keyword arguments: the values that a message carries by name. */
export type Kwargs = { [name: string]: unknown }

/** What a payload needs of a codec. */
export interface PayloadCodec {
  /** The serializer's name: `json`, `msgpack`, `cbor`. */
  readonly name: string
  /** Reads what `encodePayload` wrote; a new object at each call. */
  decodePayload (encoded: EncodedPayload): { args: Args, kwargs: Kwargs }
  /** Writes args and kwargs as they stand in a message, one after the other; `undefined` is not written. */
  encodePayload (args: Args | undefined, kwargs: Kwargs | undefined): EncodedPayload
}

/** The bytes of args and kwargs as they stand at the end of a message. */
export interface EncodedPayload {
  /** How many elements of the message's list these are: none, args, or args and kwargs. */
  readonly elements: 0 | 1 | 2
  /** The elements, separated as the codec separates them (JSON: a comma between, none before or after). */
  readonly bytes: Buffer
}

// A failure is kept as well: it must not be paid for again at each of a thousand receivers.
type Transcoded = EncodedPayload | { readonly failure: unknown }

const nothing: EncodedPayload = { elements: 0, bytes: Buffer.alloc(0) }

/**
 * Args and kwargs on their way through the router. They travel as the bytes that came in, and are read only where the
 * receiver's codec differs or the receiver lives in this process; each representation is made once and kept.
 * A trailing empty kwargs, and then a trailing empty args, is left out [basic, Empty Arguments and Keyword Arguments].
 */
export class Payload {
  /** No args, no kwargs. */
  static readonly empty = new Payload(undefined, nothing, undefined)

  /** From the bytes of a message. They are a slice of what was read: `detached` copies what outlives the turn. */
  static ofBytes (codec: PayloadCodec, encoded: EncodedPayload): Payload {
    return encoded.elements === 0 ? Payload.empty : new Payload(codec, encoded, undefined)
  }

  /** From values of this process. They are taken as they are, and must not be changed afterwards. */
  static of (args: Args = [], kwargs: Kwargs = {}): Payload {
    const hasKwargs = Object.keys(kwargs).length > 0
    if (args.length === 0 && !hasKwargs) return Payload.empty
    return new Payload(undefined, undefined, { args, kwargs: hasKwargs ? kwargs : undefined })
  }

  readonly #codec: PayloadCodec | undefined
  readonly #encoded: EncodedPayload | undefined
  readonly #given: { args: Args, kwargs: Kwargs | undefined } | undefined
  #transcoded: Map<PayloadCodec, Transcoded> | undefined

  private constructor (codec: PayloadCodec | undefined, encoded: EncodedPayload | undefined, given: { args: Args, kwargs: Kwargs | undefined } | undefined) {
    this.#codec = codec
    this.#encoded = encoded
    this.#given = given
  }

  /** The bytes for a receiver of this codec. Throws what the codec throws for a value that it has no form for. */
  in (codec: PayloadCodec): EncodedPayload {
    if (this.#encoded !== undefined && (this.#codec === codec || this.#codec === undefined)) return this.#encoded
    this.#transcoded ??= new Map()
    let made = this.#transcoded.get(codec)
    if (made === undefined) this.#transcoded.set(codec, made = this.#transcode(codec))
    if ('failure' in made) throw made.failure
    return made
  }

  /** About how many bytes this takes: what came in, or would be written of values. */
  get size (): number {
    return this.#encoded?.bytes.length ?? sizeOf(this.#given)
  }

  #transcode (codec: PayloadCodec): Transcoded {
    try {
      const { args, kwargs } = this.#given ?? this.values()
      const hasKwargs = kwargs !== undefined && Object.keys(kwargs).length > 0
      return codec.encodePayload(args, hasKwargs ? kwargs : undefined)
    } catch (error) {
      return { failure: error }
    }
  }

  /** Args and kwargs as values that belong to the receiver: it may change them. */
  values (): { args: Args, kwargs: Kwargs } {
    if (this.#codec !== undefined && this.#encoded !== undefined) return this.#codec.decodePayload(this.#encoded)
    if (this.#given !== undefined) return { args: this.#given.args.map(copyOf), kwargs: dictOf(this.#given.kwargs ?? {}) }
    return { args: [], kwargs: {} }
  }

  /** The same payload on bytes of its own. For what outlives the turn: a slice pins the whole chunk that was read. */
  detached (): Payload {
    if (this.#codec === undefined || this.#encoded === undefined) return this
    return new Payload(this.#codec, { elements: this.#encoded.elements, bytes: Buffer.from(this.#encoded.bytes) }, undefined)
  }
}

/** A copy of data: lists, dicts and octets are the receiver's own. A Date, and what only one serializer knows, is as it was. */
function copyOf (value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof OpaqueValue) return value
  if (Array.isArray(value)) return value.map(copyOf)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return isPlain(value) ? dictOf(value) : value
}

function dictOf (value: object): Kwargs {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]))
}

/** About how many bytes a value takes on the wire. */
function sizeOf (value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (ArrayBuffer.isView(value)) return value.byteLength + 2
  if (typeof value !== 'object' || value === null) return 8
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 2)
  return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + 2 + sizeOf(item), 2)
}
