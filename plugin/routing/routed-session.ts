import type { Principal } from '../auth/authenticator.ts'
import type { NodeId } from '../cluster/node-id.ts'
import type { Features } from '../protocol/features.ts'
import type { Id } from '../protocol/id.ts'
import type { RouterMessage } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Delivery, TransportDetails } from '../transport/transport.ts'

/** The client that a call of the router is about: the id of its session, or the network of its address while it logs in. */
export type ClientKey = Id | string

/** A session as used by broker and dealer. */
export interface RoutedSession {
  readonly id: Id
  readonly principal: Principal
  /** True for the sessions of the app and of the router. The meta API hides them, and some limits do not apply to them. */
  readonly isTrusted: boolean
  /** The features that its client announced. */
  readonly features: Features
  /** The connection of its client. */
  readonly transport: TransportDetails
  /** The other node to which its client is connected; undefined for a session of this node. */
  readonly node?: NodeId
  /** The client because of which the router itself calls. */
  readonly client?: ClientKey
  /** Its position in the order in which sessions joined the realm, from 1. Set by the realm. */
  place: number
  /** Sends a message. Never throws, and never calls back into the realm before it returns. */
  send (message: RouterMessage): Delivery
  /** True if the values of a payload can be decoded here and represented in the client's serializer. Never throws. */
  takes (payload: Payload): boolean
  /** True for a client that has lost events and still has much data buffered. */
  readonly isLosing: boolean
  /** Resolves when a slow client has caught up, or this many milliseconds after it fell behind; null if there is no need to wait. */
  caughtUp (patience: number): Promise<void> | null
  /** Ends the session with GOODBYE; `message` is for people. Its resources in the realm are released at once. */
  end (reason: Uri, message?: string): void
}

/**
 * In whose share a request counts: that of a session, or of the client because of which the router calls. An id, because a waiting event would
 * keep a session that has ended in memory.
 */
export function sharerOf ({ client, id }: RoutedSession): ClientKey {
  return client ?? id
}
