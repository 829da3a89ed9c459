/** The tag of a CBOR simple value that means nothing. */
export const SIMPLE_VALUE = -1

/**
 * A value that only one serializer has a form for: a MessagePack extension, a CBOR tag. Between peers of that serializer
 * it travels untouched; it cannot be written in another.
 */
export class OpaqueValue {
  readonly codec: 'msgpack' | 'cbor'
  /** The extension's type, or the tag's number, or SIMPLE_VALUE. */
  readonly tag: number | bigint
  /** The extension's octets, the tagged value, or the simple value's number. */
  readonly content: unknown

  constructor (codec: 'msgpack' | 'cbor', tag: number | bigint, content: unknown) {
    this.codec = codec
    this.tag = tag
    this.content = content
  }
}
