import type { X509Certificate } from 'node:crypto'
import type { ClientMessage, RouterMessage } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { ProtocolViolation } from '../protocol/violation.ts'

/**
 * How a transport is closed: orderly, since the app closes, after a violation, after a text that is not UTF-8, or because the
 * router failed.
 */
export type CloseKind = 'normal' | 'shutdown' | 'violation' | 'malformed' | 'failure'

/**
 * What became of a message: on its way, without a form in the receiver's serializer or in JavaScript, refused because the receiver does
 * not keep up, or too late.
 */
export type Delivery = 'sent' | 'unencodable' | 'congested' | 'closed'

/** What a peer that did not keep up has missed. */
export interface Congestion {
  /** Events that were dropped. */
  readonly dropped: number
  readonly milliseconds: number
}

/** What may be known about a peer's way in. Never a cookie, a header or a secret: authenticators and logs see this. */
export interface TransportDetails {
  /** Which kind of transport it is. */
  readonly type: 'websocket' | 'in-process'
  /** The negotiated subprotocol, such as `wamp.2.json`. */
  readonly protocol?: string
  /** The peer's address, as the host app sees it (`request.ip`). */
  readonly peer?: string
  /** True if the connection is encrypted, as the host app sees it. */
  readonly secure?: boolean
}

/** A TLS channel that ends in this process. Authenticators see it; logs and other clients never do. */
export interface TlsChannel {
  /** The client's certificate, if it sent one, and an authority that the server trusts has signed it. */
  readonly peerCertificate: X509Certificate | null
  /**
   * What only the two ends of this channel know, by the type of channel binding; null for a type that cannot be had
   * here. There is `tls-exporter`, 32 octets, on TLS 1.3 [RFC 9266].
   */
  channelBinding (type: string): Buffer | null
}

/** As much of a logger as a transport needs. */
export interface TransportLog {
  debug (details: object, text: string): void
  info (details: object, text: string): void
  warn (details: object, text: string): void
  error (details: object, text: string): void
}

/** Who listens to a transport: the session side. */
export interface TransportListener {
  /** Where to write what happens: it knows whose transport this is. */
  readonly log: TransportLog
  /** A message, and its size in bytes. */
  receive (message: ClientMessage, size: number): void
  /** The peer sent what is no message. */
  fail (violation: ProtocolViolation): void
  /** The peer keeps up again, or is gone: so much was dropped meanwhile. */
  congested (congestion: Congestion): void
  /** The transport is gone. */
  closed (): void
}

/** One peer's way in and out, as the session sees it. Only the session writes to it. */
export interface Transport {
  readonly details: TransportDetails
  /** Null, or absent, where no TLS channel ends in this process. */
  readonly tls?: TlsChannel | null
  /** Sends a message, after all that were sent before. Never throws, and calls nothing back before it returns. */
  send (message: RouterMessage): Delivery
  /** True if the values of a payload can be read here, and have a form in the peer's serializer. Never throws. */
  takes (payload: Payload): boolean
  /** True for a peer that has lost events and is still owed much. */
  readonly isLosing: boolean
  /** Resolves when a peer that is behind has caught up, or so many milliseconds after it fell behind; null if nobody need wait. */
  caughtUp (patience: number): Promise<void> | null
  /** Reads nothing more from the peer until `resume`. */
  pause (): void
  /** Reads on. */
  resume (): void
  /**
   * Lets what was sent leave, then closes. What arrives from the peer afterwards is ignored. A peer that has not closed its end
   * after so many milliseconds is cut off. @default patience 1000
   */
  close (kind: CloseKind, patience?: number): void
}
