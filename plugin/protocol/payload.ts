import { OpaqueValue } from './opaque-value.ts'
import type { Args, Kwargs, Values } from './values.ts'
import { isPlain } from './wire-value.ts'

export type { Args, Kwargs, Values } from './values.ts'

/** What a payload needs of a codec. */
export interface PayloadCodec {
  /** The serializer's name: `json`, `msgpack`, `cbor`. */
  readonly name: string
  /** Reads what `encodePayload` wrote; a new object at each call. Throws for a value that has no form in JavaScript. */
  decodePayload (encoded: EncodedPayload): Values
  /**
   * Writes args and kwargs as they stand in a message, one after the other; `undefined` is not written.
   * Throws for more than `most` octets, as for a value without a form. @default Infinity
   */
  encodePayload (args: Args | undefined, kwargs: Kwargs | undefined, most?: number): EncodedPayload
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

/** Kept payloads that hold transcoded bytes until the turn ends. */
const toForget = new Set<Payload>()

function forgetAll (): void {
  for (const payload of toForget) payload.forget()
  toForget.clear()
}

/**
 * Args and kwargs on their way through the router. They travel as the bytes that came in, and are read only where the
 * receiver's codec differs or the receiver lives in this process. Each representation is made once; a payload that is kept
 * (`detached`) forgets it when the turn ends if it is larger, because the limits count only its own bytes.
 * A trailing empty kwargs, and then a trailing empty args, is left out [basic, Empty Arguments and Keyword Arguments].
 */
export class Payload {
  /** No args, no kwargs. */
  static readonly empty = new Payload(undefined, nothing, undefined, Infinity)

  /**
   * From the bytes of a message. They are a slice of what was read: `detached` copies what outlives the turn. In another
   * serializer they may have `mostTranscoded` octets.
   */
  static ofBytes (codec: PayloadCodec, encoded: EncodedPayload, mostTranscoded = Infinity): Payload {
    return encoded.elements === 0 ? Payload.empty : new Payload(codec, encoded, undefined, mostTranscoded)
  }

  /** From values of this process. They are taken as they are, and must not be changed afterwards. */
  static of (args: Args = [], kwargs: Kwargs = {}): Payload {
    const hasKwargs = Object.keys(kwargs).length > 0
    if (args.length === 0 && !hasKwargs) return Payload.empty
    return new Payload(undefined, undefined, { args, kwargs: hasKwargs ? kwargs : undefined }, Infinity)
  }

  readonly #codec: PayloadCodec | undefined
  #encoded: EncodedPayload | undefined
  #given: { args: Args, kwargs: Kwargs | undefined } | undefined
  /** Octets that it may become in another serializer. */
  readonly #mostTranscoded: number
  readonly #isKept: boolean
  #transcoded: Map<PayloadCodec, Transcoded> | undefined
  /** For which codecs it has a form, as far as somebody has asked; null stands for the values of this process. */
  #forms: Map<PayloadCodec | null, boolean> | undefined
  /** Of values, once somebody has asked. */
  #size: number | undefined

  private constructor (codec: PayloadCodec | undefined, encoded: EncodedPayload | undefined, given: { args: Args, kwargs: Kwargs | undefined } | undefined, mostTranscoded = Infinity, isKept = false) {
    this.#codec = codec
    this.#encoded = encoded
    this.#given = given
    this.#mostTranscoded = mostTranscoded
    this.#isKept = isKept
  }

  /** The bytes for a receiver of this codec. Throws what the codec throws for a value that it has no form for. */
  in (codec: PayloadCodec): EncodedPayload {
    if (this.#encoded !== undefined && (this.#codec === codec || this.#codec === undefined)) return this.#encoded
    this.#transcoded ??= new Map()
    let made = this.#transcoded.get(codec)
    if (made === undefined) {
      this.#transcoded.set(codec, made = this.#transcode(codec))
      if (this.#isKept && toForget.add(this).size === 1) setImmediate(forgetAll)
    }
    if ('failure' in made) throw made.failure
    return made
  }

  /**
   * True if the values can be read in this process, and written by a codec, or null for no codec. Only the answer is
   * remembered, not the bytes.
   */
  hasForm (codec: PayloadCodec | null): boolean {
    this.#forms ??= new Map()
    let has = this.#forms.get(codec)
    if (has === undefined) this.#forms.set(codec, has = this.#isWritable(codec))
    return has
  }

  /**
   * Lets go of transcoded bytes that take more than the payload itself. Others stay, and failures: they would cost as much again, to
   * each receiver, and may be far smaller than what has to be read for them.
   */
  forget (): void {
    for (const [codec, made] of this.#transcoded ?? []) if (!('failure' in made) && made.bytes.length > this.size) this.#transcoded!.delete(codec)
  }

  /** About how many bytes of memory this takes: what came in, or its values. In each other serializer it may take as many again. */
  get size (): number {
    return this.#encoded?.bytes.length ?? (this.#size ??= sizeOf(this.#given))
  }

  #transcode (codec: PayloadCodec): Transcoded {
    try {
      return this.#write(codec)
    } catch (error) {
      return { failure: error }
    }
  }

  #isWritable (codec: PayloadCodec | null): boolean {
    try {
      if (codec === null || (codec === this.#codec && this.#encoded !== undefined)) this.values()
      else this.#write(codec)
      return true
    } catch {
      return false
    }
  }

  #write (codec: PayloadCodec): EncodedPayload {
    const { args, kwargs } = this.#given ?? this.values()
    const hasKwargs = kwargs !== undefined && Object.keys(kwargs).length > 0
    return codec.encodePayload(args, hasKwargs ? kwargs : undefined, this.#mostTranscoded)
  }

  /**
   * Args and kwargs as values that belong to the receiver: it may change them. Throws what the codec throws for a value
   * that has no form in JavaScript: call it where that can be answered.
   */
  values (): Values {
    if (this.#codec !== undefined && this.#encoded !== undefined) return this.#codec.decodePayload(this.#encoded)
    if (this.#given !== undefined) return copyOfValues({ args: this.#given.args, kwargs: this.#given.kwargs ?? {} })
    return { args: [], kwargs: {} }
  }

  /** Has the values that were read from its bytes take their place: what these may say besides, such as a key twice, reaches nobody. */
  keep (values: { args: Args, kwargs: Kwargs }): void {
    if (this.#codec === undefined || this.#encoded === undefined) return
    this.#encoded = undefined
    this.#given = values
    this.#transcoded = undefined
  }

  /** The same payload on bytes of its own. For what outlives the turn: a slice pins the whole chunk that was read. */
  detached (): Payload {
    if (this.#given !== undefined) return new Payload(undefined, undefined, this.#given, this.#mostTranscoded, true)
    if (this.#codec === undefined || this.#encoded === undefined) return this
    return new Payload(this.#codec, { elements: this.#encoded.elements, bytes: Buffer.from(this.#encoded.bytes) }, undefined, this.#mostTranscoded, true)
  }
}

/** A copy for one more receiver: what one changes the other does not see. */
export function copyOfValues ({ args, kwargs }: Values): Values {
  return { args: args.map(copyOf), kwargs: dictOf(kwargs) }
}

/** A copy of data: all that can be changed is the receiver's own. */
function copyOf (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyOf)
  if (value instanceof Uint8Array) return Buffer.isBuffer(value) ? Buffer.from(value) : new Uint8Array(value)
  if (value instanceof Date) return new Date(value)
  if (value instanceof OpaqueValue) return new OpaqueValue(value.codec, value.tag, copyOf(value.content))
  return isPlain(value) ? dictOf(value) : value
}

function dictOf (value: object): Kwargs {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]))
}

/** Bytes of memory that a list or a dict takes, and each of its entries, besides what these hold. */
const BYTES_OF_LIST = 32
const BYTES_OF_DICT = 64
const BYTES_OF_ENTRY = 16

/** About how many bytes of memory a value takes. On the wire many values take far less: an empty dict is one octet of MessagePack. */
export function sizeOf (value: unknown): number {
  if (typeof value === 'string') return value.length + BYTES_OF_ENTRY
  if (ArrayBuffer.isView(value)) return value.byteLength + BYTES_OF_DICT
  if (typeof value !== 'object' || value === null) return BYTES_OF_ENTRY
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), BYTES_OF_LIST)
  return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + BYTES_OF_ENTRY + sizeOf(item), BYTES_OF_DICT)
}
