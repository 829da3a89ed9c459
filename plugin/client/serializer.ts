import type { Octets } from './octets.ts'

/** A serializer of messages, such as `json()`: what `serializers` takes. */
export interface Serializer {
  /** The WebSocket subprotocol, such as `wamp.2.json`. */
  readonly subprotocol: string
  /** Writes a message. Throws for a value that has no form. */
  encode (message: readonly unknown[]): string | Octets
  /** Reads a message. Throws for anything malformed. */
  decode (data: string | Uint8Array): unknown
}
