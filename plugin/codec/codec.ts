import type { ClientMessage, RouterMessage } from '../protocol/message.ts'
import { OpaqueValue } from '../protocol/opaque-value.ts'
import type { PayloadCodec, PayloadEncoder } from '../protocol/payload.ts'

/** Gives a buffer whose last `length` octets are the message's: what stands before them is the transport's framing. */
export type Allocate = (length: number) => Buffer

/** What writes messages as bytes. One instance serves all connections, and keeps nothing about any. */
export interface Encoder {
  /** True if messages are octets, false if they are UTF-8 text. */
  readonly binary: boolean
  /** The encoder for peers that read typed arrays; null if the serializer has no other form for them, and for this encoder itself. */
  readonly typed: Encoder | null
  /**
   * Writes a message into the buffer that `allocate` returns, and returns this buffer. Throws an EncodingError if this serializer cannot
   * represent one of its values.
   */
  encode (message: RouterMessage, allocate: Allocate): Buffer
}

/** The bounds of what a client may send. */
export interface DecodeLimits {
  /** Levels of lists and dicts in a message. */
  readonly depth: number
  /** Octets of a message. In another serializer its args and kwargs may have twice as many, and no form beyond. */
  readonly messageSize: number
}

/** How much more args and kwargs may take in another serializer than any message in its own. */
const GROWTH = 2

/** Octets that args and kwargs may have in another serializer. */
export function mostTranscoded ({ messageSize }: DecodeLimits): number {
  return GROWTH * messageSize
}

/** The peer that has sent a message. */
export interface Sender {
  /** It writes octets as typed arrays, so it can read them. */
  writesTypedArrays (): void
}

/** A serializer: messages as bytes. */
export interface Codec extends PayloadEncoder, Encoder {
  readonly typed: Codec | null
  /** The WebSocket subprotocol, such as `wamp.2.json`. */
  readonly subprotocol: string
  /** The number of the serializer in the handshake of RawSocket; null if it has none. */
  readonly rawSocketNumber: number | null
  /**
   * Reads a message of a client. Args and kwargs are checked and then left as a slice of `data`, which must not be
   * changed afterwards. `sender` is told what the message reveals about it.
   * Throws a ProtocolViolation for anything malformed, and for nesting beyond `limits.depth`.
   */
  decode (data: Buffer, limits: DecodeLimits, sender?: Sender): ClientMessage
}

/** The serializers of the router. */
export type SerializerName = 'json' | 'msgpack' | 'cbor'

/** A serializer of the router. */
export interface StandardCodec extends Codec, PayloadCodec {
  readonly name: SerializerName
}

/** The receiver's serializer cannot represent a value. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError'

  /** For an object that the serializer cannot represent. The message names the kind, never the value. */
  static for (value: object, codec: string): EncodingError {
    return new EncodingError(`${kindOf(value)} cannot be represented in ${codec}`)
  }

  /** What went wrong while writing, as an EncodingError: a value that contains itself ends in an exhausted stack. */
  static of (error: unknown, codec: string): EncodingError {
    return error instanceof EncodingError ? error : new EncodingError(`the values cannot be encoded in ${codec}`, { cause: error })
  }
}

function kindOf (value: object): string {
  if (value instanceof OpaqueValue) return `a value of ${value.codec} (${value.tag})`
  const kind = Object.prototype.toString.call(value)
  const { constructor } = value
  return kind === '[object Object]' && typeof constructor === 'function' ? `an instance of ${constructor.name}` : kind
}
