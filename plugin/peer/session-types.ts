import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message-options.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Args, Kwargs } from '../protocol/values.ts'

/** What a procedure is called with. The values are its own. */
export interface Called<A extends Args = Args> {
  /** The positional arguments. */
  readonly args: A
  /** The arguments by name. */
  readonly kwargs: Kwargs
  /** INVOCATION.Details: `caller`, `caller_authid`, `procedure`, … where they apply. */
  readonly details: Dict
  /** Aborted when the caller cancels the call or is gone, when its time is over, and when this session ends. */
  readonly signal: AbortSignal
  /** Sends a result by progress: one value, or a CallResult. Null if the caller does not want any. */
  readonly progress: ((value: unknown) => void) | null
}

/** What a subscriber is given. The values are its own. */
export interface Received<A extends Args = Args> {
  /** The positional values. */
  readonly args: A
  /** The values by name. */
  readonly kwargs: Kwargs
  /** EVENT.Details: `publisher`, `topic`, … where they apply. */
  readonly details: Dict
  /** The id of the publication, the same for all who receive it. */
  readonly publication: Id
}

/** A registration of this session. */
export interface Registration {
  /** REGISTERED.Registration. */
  readonly id: Id
  /** What is registered. */
  readonly procedure: Uri
  /** Rejects with a WampError if the registration is gone already. */
  unregister (): Promise<void>
}

/** A subscription of this session. */
export interface Subscription {
  /** SUBSCRIBED.Subscription. */
  readonly id: Id
  /** What is subscribed to. */
  readonly topic: Uri
  /** Removes this handler. Rejects with a WampError if the subscription is gone already. */
  unsubscribe (): Promise<void>
}
