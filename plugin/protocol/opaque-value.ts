/** The tag of a CBOR simple value without a meaning. */
export const SIMPLE_VALUE = -1

/**
 * A value that only one serializer can represent: a MessagePack extension or a CBOR tag. It is forwarded unchanged between peers with that
 * serializer, and cannot be encoded in another.
 */
export class OpaqueValue {
  readonly codec: 'msgpack' | 'cbor'
  /** The extension's type, the tag's number, or SIMPLE_VALUE. */
  readonly tag: number | bigint
  /** The extension's octets, the tagged value, or the simple value's number. */
  readonly content: unknown

  constructor (codec: 'msgpack' | 'cbor', tag: number | bigint, content: unknown) {
    this.codec = codec
    this.tag = tag
    this.content = content
  }
}
