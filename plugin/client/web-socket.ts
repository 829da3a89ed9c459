import type { Octets } from './octets.ts'

/** The part of a WebSocket's events that the client uses. */
interface WebSocketEvent {
  /** Of a message. */
  readonly data?: unknown
  /** Of the close frame. */
  readonly code?: number
  /** Of the close frame. */
  readonly reason?: string
}

/** The part of an open WebSocket that transfers messages. */
export interface MessageSocket {
  /** Sends a message. */
  send (data: string | Octets): void
  /** Closes the connection. */
  close (): void
  /** Adds a listener. */
  addEventListener (type: 'message', listener: (event: WebSocketEvent) => void): void
}

/** The part of a WebSocket that the client uses. */
export interface WebSocketLike extends MessageSocket {
  /** Set to `arraybuffer`. */
  binaryType: string
  /** The subprotocol that the server chose. */
  readonly protocol: string
  /** Adds a listener. */
  addEventListener (type: 'open' | 'message' | 'close' | 'error', listener: (event: WebSocketEvent) => void): void
}

/** The class of a WebSocket, such as that of browsers, of Node.js 22, or of the package `ws`. */
export type WebSocketClass = new (url: never, protocols?: never, options?: never) => object

/** Opens WebSockets. */
export type OpenSocket = (protocols: string[]) => WebSocketLike
