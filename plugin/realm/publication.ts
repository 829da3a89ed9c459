import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Receivers } from './receivers.ts'
import type { RoutedSession } from './routed-session.ts'

/** What was published, as it is kept: retained, or in a history. */
export interface Publication {
  readonly id: Id
  /** Milliseconds since 1970. */
  readonly at: number
  readonly topic: Uri
  /** EVENT.Details, but for the topic. */
  readonly details: Dict
  /** On bytes of its own. */
  readonly payload: Payload
  readonly receivers: Receivers | null
  /** The session id of a publisher that is not to receive it itself, or null. */
  readonly excluded: Id | null
  /** About how many bytes it takes to keep. */
  readonly size: number
}

/** True if a session may receive a publication that was kept. */
export function mayReceive (session: RoutedSession, { receivers, excluded }: Publication): boolean {
  return session.id !== excluded && (receivers === null || receivers.include(session))
}
