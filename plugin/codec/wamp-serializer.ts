/** A serializer of the app's own whose messages are octets, for the option `serializers`. */
export interface WampBinarySerializer {
  /** The name: up to 40 lower-case letters, digits, `-` and `_`. The WebSocket subprotocol is `wamp.2.` followed by the name. */
  readonly name: string
  /** True for octets. @default true */
  readonly binary?: true
  /** The number by which RawSocket clients request the serializer, from 4 to 15. Required by `wampRawSocket`. @default none */
  readonly rawSocketNumber?: number
  /**
   * Serializes a message: a list of strings, numbers, BigInts, booleans, null, undefined, Dates, Uint8Arrays, lists and plain objects. The list is a
   * copy. Throws for a value that it cannot represent. The returned octets are copied. It must not be asynchronous.
   */
  encode (message: readonly unknown[]): Uint8Array
  /**
   * Parses a message, which comes from a client and may be malformed or hostile. Returns the list, with the same kinds of values. Throws if the
   * message is malformed. The list is copied; a Date becomes text, as in JSON. It must not be asynchronous.
   */
  decode (octets: Uint8Array): unknown
}

/** A serializer of the app's own whose messages are text, for the option `serializers`. */
export interface WampTextSerializer {
  /** The name: up to 40 lower-case letters, digits, `-` and `_`. The WebSocket subprotocol is `wamp.2.` followed by the name. */
  readonly name: string
  /** False for text. */
  readonly binary: false
  /** The number by which RawSocket clients request the serializer, from 4 to 15. Required by `wampRawSocket`. @default none */
  readonly rawSocketNumber?: number
  /** Serializes a message to text. Otherwise as for octets. */
  encode (message: readonly unknown[]): string
  /** Parses a message that is text. Otherwise as for octets. */
  decode (text: string): unknown
}

/** A serializer of the app's own, for the option `serializers`. */
export type WampSerializer = WampBinarySerializer | WampTextSerializer
