import type { Principal } from '../auth/authenticator.ts'
import type { Features } from '../protocol/features.ts'
import type { Id } from '../protocol/id.ts'
import type { RouterMessage } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Delivery, TransportDetails } from '../transport/transport.ts'

/** A session as broker and dealer see it. */
export interface RoutedSession {
  readonly id: Id
  readonly principal: Principal
  /** What its client announced. */
  readonly features: Features
  /** How its client came in. */
  readonly transport: TransportDetails
  /** Its place in the order in which sessions joined the realm, from 1. The realm sets it. */
  place: number
  /** Sends a message. Never throws, and never calls back into the realm before it returns. */
  send (message: RouterMessage): Delivery
  /** True if the values of a payload can be read here, and have a form in the client's serializer. Never throws. */
  takes (payload: Payload): boolean
  /** True for a client that has lost events and is still owed much. */
  readonly isLosing: boolean
  /** Resolves when a client that is behind has caught up, or so many milliseconds after it fell behind; null if nobody need wait. */
  caughtUp (patience: number): Promise<void> | null
  /** Ends the session with GOODBYE; `message` is for people. What it held in the realm ends at once. */
  end (reason: Uri, message?: string): void
}
