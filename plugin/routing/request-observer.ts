import type { CallOutcome, PublicationEndedMessage } from '../diagnostics.ts'
import type { Id } from '../protocol/id.ts'
import type { Call, Dict, ErrorMessage, Publish, Result } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import type { RoutedSession } from './routed-session.ts'

/** Observes the requests of sessions. Its methods never throw. */
export interface RequestObserver {
  /** A new call has arrived. Null if nobody watches it. */
  called (caller: RoutedSession, call: Call): CallWatch | null
  /** A publication has arrived. Null if nobody watches it. */
  published (publisher: RoutedSession, publish: Publish): PublicationWatch | null
}

/** Watches one call. */
export interface CallWatch {
  /** An invocation is about to be sent. */
  invoke (callee: RoutedSession, invocation: Id): void
  /** INVOCATION.Details with attributes of the watch. The router's own attributes are not replaced. */
  told (details: Dict): Dict
  /** An invocation has ended. */
  endInvocation (outcome: CallOutcome, error: Uri | null): void
  /** The call has ended. */
  end (outcome: CallOutcome, error: Uri | null): void
  /** The caller has canceled or left while an authorizer was deciding. */
  abandoned (why: 'canceled' | 'gone'): void
  /** The call has ended with this answer, or null if the caller has left. */
  answered (answer: Result | ErrorMessage | null, outcome?: CallOutcome): void
}

/** Watches one publication. */
export interface PublicationWatch {
  /** Attributes for EVENT.Details, or null. */
  readonly details: Dict | null
  /** The publication has ended, with the number of events that were sent, or with an error. */
  end (outcome: PublicationEndedMessage['outcome'], result?: { receivers?: number, error?: Uri | null }): void
}
