import type { Octets } from './octets.ts'

/** As much of a WebSocket's events as is needed here. */
interface WebSocketEvent {
  /** Of a message. */
  readonly data?: unknown
  /** Of the close frame. */
  readonly code?: number
  /** Of the close frame. */
  readonly reason?: string
}

/** As much of a WebSocket as is needed here. */
export interface WebSocketLike {
  /** Set to `arraybuffer`. */
  binaryType: string
  /** The subprotocol that the server chose. */
  readonly protocol: string
  /** Sends a message. */
  send (data: string | Octets): void
  /** Closes the connection. */
  close (code?: number, reason?: string): void
  /** Listens. */
  addEventListener (type: 'open' | 'message' | 'close' | 'error', listener: (event: WebSocketEvent) => void): void
}

/** The class of a WebSocket: that of browsers, of Node.js 22, and of the package `ws` are such. */
export type WebSocketClass = new (url: never, protocols?: never, options?: never) => object

/** Opens WebSockets. */
export type OpenSocket = (protocols: string[]) => WebSocketLike
