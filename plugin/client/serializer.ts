import type { Octets } from './octets.ts'
import type { MessageSocket } from './web-socket.ts'

/** A serializer of messages, such as `json()`: what `serializers` takes. */
export interface Serializer {
  /** The WebSocket subprotocol, such as `wamp.2.json`. */
  readonly subprotocol: string
  /** Writes a message. Throws for a value that has no form. */
  encode (message: readonly unknown[]): string | Octets
  /** Reads a message. Throws for anything malformed. */
  decode (data: string | Uint8Array): unknown
  /** Combines several messages in one WebSocket message, for a batched subprotocol. Called once for each WebSocket, which the result replaces. */
  batch? (socket: MessageSocket): MessageSocket
}
