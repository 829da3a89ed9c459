import type { Octets } from './octets.ts'
import type { MessageSocket } from './web-socket.ts'

/** A serializer of messages for the option `serializers`, such as `json()`. */
export interface Serializer {
  /** The WebSocket subprotocol, such as `wamp.2.json`. */
  readonly subprotocol: string
  /** Serializes a message. Throws for a value that cannot be represented. */
  encode (message: readonly unknown[]): string | Octets
  /** Parses a message. Throws if it is malformed. */
  decode (data: string | Uint8Array): unknown
  /** Combines several messages in one WebSocket message, for a batched subprotocol. Called once for each WebSocket; the result is used in its place. */
  batch? (socket: MessageSocket): MessageSocket
}
