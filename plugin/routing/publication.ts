import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Receivers } from './receivers.ts'
import type { RoutedSession } from './routed-session.ts'

/** A stored publication: retained, or in a history. */
export interface Publication {
  readonly id: Id
  /** Milliseconds since 1970. */
  readonly at: number
  readonly topic: Uri
  /** EVENT.Details without the topic. */
  readonly details: Dict
  /** Does not refer to the received chunk. */
  readonly payload: Payload
  readonly receivers: Receivers | null
  /** The session id of a publisher that must not receive it, or null. */
  readonly excluded: Id | null
  /** The approximate number of bytes in memory. */
  readonly size: number
}

/** True if a session may receive a stored publication. */
export function mayReceive (session: RoutedSession, { receivers, excluded }: Publication): boolean {
  return session.id !== excluded && (receivers === null || receivers.include(session))
}
