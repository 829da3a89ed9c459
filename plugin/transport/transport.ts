import type { X509Certificate } from 'node:crypto'
import type { ClientMessage, RouterMessage } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { ProtocolViolation } from '../protocol/violation.ts'

/** The reason for closing a transport: an orderly end, the shutdown of the app, a protocol violation, a text that is not UTF-8, or a failure of the router. */
export type CloseKind = 'normal' | 'shutdown' | 'violation' | 'malformed' | 'failure'

/**
 * The fate of a message: sent, not representable in the receiver's serializer or in JavaScript, longer than the receiver accepts, refused
 * because the receiver does not keep up, refused because its values would exceed `limits.heldBytes`, or too late.
 */
export type Delivery = 'sent' | 'unencodable' | 'oversized' | 'congested' | 'full' | 'closed'

/** The events that a slow peer has missed. */
export interface Congestion {
  /** The number of dropped events. */
  readonly dropped: number
  readonly milliseconds: number
}

/** Public information about a peer's connection, for authenticators and logs. It never contains cookies, headers or secrets. */
export interface TransportDetails {
  /** The kind of transport: `websocket`, `rawsocket`, `longpoll`, `in-process`, or the name of a transport of the app's own. */
  readonly type: 'websocket' | 'rawsocket' | 'longpoll' | 'in-process' | (string & {})
  /** The negotiated subprotocol, such as `wamp.2.json`. Over RawSocket, the name of the subprotocol with the same serializer. */
  readonly protocol?: string
  /** The peer's address, as the host app sees it (`request.ip`). */
  readonly peer?: string
  /** True if the connection is encrypted, as the host app sees it. */
  readonly secure?: boolean
}

/** A TLS channel that terminates in this process. It is available to authenticators, but never to logs or other clients. */
export interface TlsChannel {
  /** The client's certificate, if it sent one that is signed by an authority that the server trusts. */
  readonly peerCertificate: X509Certificate | null
  /**
   * Returns a value that only the two ends of this channel know, for a type of channel binding, or null if the type is unavailable. The only
   * type is `tls-exporter` [RFC 9266], which requires TLS 1.3 and returns 32 bytes.
   */
  channelBinding (type: string): Buffer | null
}

/** The part of a logger that a transport needs. */
export interface TransportLog {
  debug (details: object, text: string): void
  info (details: object, text: string): void
  warn (details: object, text: string): void
  error (details: object, text: string): void
}

/** The listener of a transport: the session. */
export interface TransportListener {
  /** The logger, which identifies the peer. */
  readonly log: TransportLog
  /** Called with a message and its size in bytes. */
  receive (message: ClientMessage, size: number): void
  /** Called when the peer has sent an invalid message. */
  fail (violation: ProtocolViolation): void
  /** Called when the peer has caught up or disconnected, with the number of dropped events. */
  congested (congestion: Congestion): void
  /** Called when the transport has ended. */
  closed (): void
}

/** The connection of one peer, as used by the session. Only the session writes to it. */
export interface Transport {
  readonly details: TransportDetails
  /** Null or absent if no TLS channel terminates in this process. */
  readonly tls?: TlsChannel | null
  /** Sends a message after all earlier ones. Never throws, and makes no callbacks before it returns. */
  send (message: RouterMessage): Delivery
  /** True if the values of a payload can be decoded here and represented in the peer's serializer. Never throws. */
  takes (payload: Payload): boolean
  /** True for a peer that has lost events and still has much data buffered. */
  readonly isLosing: boolean
  /** Resolves when a slow peer has caught up, or this many milliseconds after it fell behind; null if there is no need to wait. */
  caughtUp (patience: number): Promise<void> | null
  /** Stops reading from the peer until `resume`. */
  pause (): void
  /** Continues reading. */
  resume (): void
  /**
   * Sends the buffered data, then closes. Later data from the peer is ignored. A peer that has not closed its end after this many
   * milliseconds is disconnected. @default patience 1000
   */
  close (kind: CloseKind, patience?: number): void
}
