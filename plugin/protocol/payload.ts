import { OpaqueValue } from './opaque-value.ts'
import { ownOctets } from './own-octets.ts'
import type { Args, Kwargs, Values } from './values.ts'
import { setOwn } from './set-own.ts'
import { isPlain } from './wire-value.ts'

export type { Args, Kwargs, Values } from './values.ts'

/** A codec whose bytes another codec reads as well. */
export interface PayloadSubset {
  readonly codec: PayloadEncoder
  /** Converts the bytes of the other codec without decoding them. */
  convert (encoded: EncodedPayload): EncodedPayload
}

/** The part of a codec that a payload needs for its receivers. */
export interface PayloadEncoder {
  /** The serializer's name, such as `json`. */
  readonly name: string
  /** The codec of the same serializer with fewer forms. @default none */
  readonly subset?: PayloadSubset | null
  /**
   * Encodes args, or octets in their place, and kwargs as in a message, one after the other. `undefined` is omitted. Throws for a value that cannot be represented,
   * and for more than `most` octets. @default Infinity
   */
  encodePayload (args: Args | Uint8Array | undefined, kwargs: Kwargs | undefined, most?: number): EncodedPayload
}

/** The part of a codec that a payload needs. */
export interface PayloadCodec extends PayloadEncoder {
  /**
   * Decodes the output of `encodePayload`. Octets in place of args are the only item of args. Returns a new object at each call. Throws for
   * a value that JavaScript cannot represent.
   */
  decodePayload (encoded: EncodedPayload): Values
}

/** The bytes of args and kwargs at the end of a message. */
export interface EncodedPayload {
  /** The number of elements in the message's list: none, args, or args and kwargs. */
  readonly elements: 0 | 1 | 2
  /** True if the element is not a list but octets, whose form only the peers know [Crossbar.io, payload transparency]. */
  readonly isOctets?: boolean
  /** The elements, with the separators of the codec (JSON: a comma between them, none before or after). */
  readonly bytes: Buffer
}

// Failures are cached as well, so that they are not repeated for each of a thousand receivers.
type Transcoded = EncodedPayload | { readonly failure: unknown }

const nothing: EncodedPayload = { elements: 0, bytes: Buffer.alloc(0) }

/** Stored payloads that keep transcoded bytes until the turn ends. */
const toForget = new Set<Payload>()

function forgetAll (): void {
  for (const payload of toForget) payload.forget()
  toForget.clear()
}

/**
 * The args and kwargs of a message. They stay the received bytes, and are only decoded if the receiver has another codec or lives in this
 * process. Each representation is created once. A stored payload (`detached`) drops it when the turn ends if it is larger, because the
 * limits only count the payload's own bytes. A trailing empty kwargs, and then a trailing empty args, is omitted [basic, Empty Arguments
 * and Keyword Arguments].
 */
export class Payload {
  /** No args, no kwargs. */
  static readonly empty = new Payload(undefined, nothing, undefined, Infinity)

  /**
   * Creates a payload from the bytes of a message. They are a slice of the received data; `detached` copies payloads that outlive the
   * turn. In another serializer they may have `mostTranscoded` octets.
   */
  static ofBytes (codec: PayloadCodec, encoded: EncodedPayload, mostTranscoded = Infinity): Payload {
    return encoded.elements === 0 ? Payload.empty : new Payload(codec, encoded, undefined, mostTranscoded)
  }

  /** Creates a payload from values of this process. They are not copied and must not be changed afterwards. `compact` encodes them by the codec. */
  static of (args: Args = [], kwargs: Kwargs = {}, codec?: PayloadCodec): Payload {
    const hasKwargs = Object.keys(kwargs).length > 0
    if (args.length === 0 && !hasKwargs) return Payload.empty
    return new Payload(codec, undefined, { args, kwargs: hasKwargs ? kwargs : undefined }, Infinity)
  }

  readonly #codec: PayloadCodec | undefined
  #encoded: EncodedPayload | undefined
  #given: { args: Args, kwargs: Kwargs | undefined } | undefined
  /** The maximum number of octets in another serializer. */
  readonly mostTranscoded: number
  readonly #isKept: boolean
  #transcoded: Map<PayloadEncoder, Transcoded> | undefined
  /** The codecs that can represent the payload, as far as checked; null stands for the values of this process. */
  #forms: Map<PayloadEncoder | null, boolean> | undefined
  /** The size of values, once computed. */
  #size: number | undefined

  private constructor (codec: PayloadCodec | undefined, encoded: EncodedPayload | undefined, given: { args: Args, kwargs: Kwargs | undefined } | undefined, mostTranscoded = Infinity, isKept = false) {
    this.#codec = codec
    this.#encoded = encoded
    this.#given = given
    this.mostTranscoded = mostTranscoded
    this.#isKept = isKept
  }

  /** The bytes for a receiver with this codec. Throws the codec's error for a value that it cannot represent. */
  in (codec: PayloadEncoder): EncodedPayload {
    const made = this.#made(codec)
    if ('failure' in made) throw made.failure
    return made
  }

  /** The bytes in the codec that they have already, or in the given one. Throws the codec's error for a value that it cannot represent. */
  packed (codec: PayloadCodec): { codec: PayloadCodec, encoded: EncodedPayload } {
    if (this.#codec !== undefined && this.#encoded !== undefined) return { codec: this.#codec, encoded: this.#encoded }
    return { codec, encoded: this.in(codec) }
  }

  /** True if the codec can represent the values. The bytes are created for `in`. */
  isIn (codec: PayloadEncoder): boolean {
    return !('failure' in this.#made(codec))
  }

  /**
   * True if an earlier receiver with this codec, or without one for null, could not be given the payload. A thousand receivers
   * would otherwise throw and catch a thousand errors.
   */
  hasFailed (codec: PayloadEncoder | null): boolean {
    if (codec === null) return this.#forms?.get(null) === false
    const made = this.#transcoded?.get(codec)
    return made !== undefined && 'failure' in made
  }

  /** True if the values can be decoded in this process and encoded by the codec, or null for no codec. Only the result is cached, not the bytes. */
  hasForm (codec: PayloadEncoder | null): boolean {
    this.#forms ??= new Map()
    let has = this.#forms.get(codec)
    if (has === undefined) this.#forms.set(codec, has = this.#isWritable(codec))
    return has
  }

  /**
   * Drops transcoded bytes that are larger than the payload itself. Smaller ones are kept, and also failures, because repeating them would
   * cost the same for each receiver.
   */
  forget (): void {
    for (const [codec, made] of this.#transcoded ?? []) if (!('failure' in made) && made.bytes.length > this.size) this.#transcoded!.delete(codec)
  }

  /** True if the payload is octets in place of args. In this process they are the only item of args. */
  get isOctets (): boolean {
    return this.#encoded?.isOctets === true
  }

  /** The approximate number of bytes in memory: the received bytes or the values. In each other serializer, the payload may use the same amount again. */
  get size (): number {
    return this.#encoded?.bytes.length ?? (this.#size ??= sizeOf(this.#given))
  }

  #made (codec: PayloadEncoder): Transcoded {
    if (this.#encoded !== undefined && (this.#codec === codec || this.#codec === undefined || this.#codec === codec.subset?.codec)) return this.#encoded
    this.#transcoded ??= new Map()
    let made = this.#transcoded.get(codec)
    if (made === undefined) {
      this.#transcoded.set(codec, made = this.#transcode(codec))
      if (this.#isKept && toForget.add(this).size === 1) setImmediate(forgetAll)
    }
    return made
  }

  #transcode (codec: PayloadEncoder): Transcoded {
    try {
      return this.#write(codec)
    } catch (error) {
      return { failure: error }
    }
  }

  #isWritable (codec: PayloadEncoder | null): boolean {
    try {
      if (codec === null || (this.#isOf(codec) && this.#encoded !== undefined)) this.values()
      else this.#write(codec)
      return true
    } catch {
      return false
    }
  }

  /** True if the bytes have the codec's serializer. */
  #isOf (codec: PayloadEncoder): boolean {
    return codec === this.#codec || codec === this.#codec?.subset?.codec || (this.#codec !== undefined && codec.subset?.codec === this.#codec)
  }

  #write (codec: PayloadEncoder): EncodedPayload {
    const subset = this.#codec?.subset
    if (this.#encoded !== undefined && subset?.codec === codec) return subset.convert(this.#encoded)
    const { args, kwargs } = this.#given ?? this.values()
    const hasKwargs = kwargs !== undefined && Object.keys(kwargs).length > 0
    return codec.encodePayload(this.isOctets ? args[0] as Uint8Array : args, hasKwargs ? kwargs : undefined, this.mostTranscoded)
  }

  /**
   * Args and kwargs as values that the receiver may change. Throws the codec's error for a value that JavaScript cannot represent: only
   * call it where an error can be answered.
   */
  values (): Values {
    if (this.#codec !== undefined && this.#encoded !== undefined) return this.#decoded(this.#codec, this.#encoded)
    if (this.#given !== undefined) return copyOfValues({ args: this.#given.args, kwargs: this.#given.kwargs ?? {} })
    return { args: [], kwargs: {} }
  }

  #decoded (codec: PayloadCodec, encoded: EncodedPayload): Values {
    try {
      return codec.decodePayload(encoded)
    } catch (error) {
      this.#forms ??= new Map()
      this.#forms.set(null, false)
      throw error
    }
  }

  /** Replaces the bytes by the values decoded from them, so that nothing else in the bytes, such as a duplicate key, is delivered. */
  keep (values: { args: Args, kwargs: Kwargs }): void {
    if (this.#codec === undefined || this.#encoded === undefined) return
    this.#encoded = undefined
    this.#given = values
    this.#transcoded = undefined
  }

  /** Replaces the values of a payload that has to wait by octets, which take far less memory. No effect if no codec was given for this. */
  compact (): void {
    if (this.#given === undefined || this.#codec === undefined) return
    try {
      this.#encoded = this.#write(this.#codec)
      this.#given = undefined
    } catch {
      // The codec cannot represent them: they stay values.
    }
  }

  /** Copies the payload, if it outlives the turn: a slice keeps the whole received chunk in memory. */
  detached (): Payload {
    if (this.#given !== undefined) return new Payload(undefined, undefined, this.#given, this.mostTranscoded, true)
    if (this.#codec === undefined || this.#encoded === undefined) return this
    return new Payload(this.#codec, { ...this.#encoded, bytes: ownOctets([this.#encoded.bytes]) }, undefined, this.mostTranscoded, true)
  }
}

/** A copy for another receiver. Changes of one receiver do not affect the other. */
export function copyOfValues ({ args, kwargs }: Values): Values {
  return { args: args.map(copyOf), kwargs: dictOf(kwargs) }
}

/** A deep copy of data that the receiver may change. */
function copyOf (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyOf)
  if (value instanceof Uint8Array) return Buffer.isBuffer(value) ? Buffer.from(value) : new Uint8Array(value)
  if (value instanceof Date) return new Date(value)
  if (value instanceof OpaqueValue) return new OpaqueValue(value.codec, value.tag, copyOf(value.content))
  return isPlain(value) ? dictOf(value) : value
}

function dictOf (value: object): Kwargs {
  const copy: Record<string, unknown> = {}
  let hasTable = false
  for (const [key, item] of Object.entries(value)) hasTable = setOwn(copy, key, copyOf(item), hasTable)
  return copy
}

/** The bytes of memory of a list or dict, and of each entry, in addition to the values in it. */
const BYTES_OF_LIST = 32
const BYTES_OF_DICT = 64
const BYTES_OF_ENTRY = 16

/** The approximate number of bytes of memory of a value. Many values are far smaller on the wire: an empty dict is one octet in MessagePack. */
export function sizeOf (value: unknown): number {
  if (typeof value === 'string') return value.length + BYTES_OF_ENTRY
  if (ArrayBuffer.isView(value)) return value.byteLength + BYTES_OF_DICT
  if (typeof value !== 'object' || value === null) return BYTES_OF_ENTRY
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), BYTES_OF_LIST)
  return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + BYTES_OF_ENTRY + sizeOf(item), BYTES_OF_DICT)
}
