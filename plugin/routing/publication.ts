import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Receivers } from './receivers.ts'
import type { RoutedSession } from './routed-session.ts'

/** An accepted publication, independent of the PUBLISH that it came from. */
export interface Publication {
  readonly id: Id
  readonly topic: Uri
  /** EVENT.Details without the topic. */
  readonly details: Dict
  readonly payload: Payload
  readonly receivers: Receivers | null
  /** The id of the publisher's session if it must not receive the event, or null. */
  readonly excluded: Id | null
}

/** A stored publication: retained, or in a history. Its payload does not refer to the received chunk. */
export interface StoredPublication extends Publication {
  /** Milliseconds since 1970. */
  readonly at: number
  /** The approximate number of bytes in memory. */
  readonly size: number
}

/** True if a session may receive a publication. */
export function mayReceive (session: RoutedSession, { receivers, excluded }: Publication): boolean {
  return session.id !== excluded && (receivers === null || receivers.include(session))
}
