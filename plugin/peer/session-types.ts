import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message-options.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Args, Kwargs } from '../protocol/values.ts'

/** The arguments of a procedure's handler. The values are copies. */
export interface Called<A extends Args = Args> {
  /** The positional arguments. */
  readonly args: A
  /** The keyword arguments. */
  readonly kwargs: Kwargs
  /** INVOCATION.Details: `caller`, `caller_authid`, `procedure`, … if present. */
  readonly details: Dict
  /** Aborted when the caller cancels the call or disconnects, when the call times out, or when this session ends. */
  readonly signal: AbortSignal
  /** Sends a progressive result: one value or a CallResult. Null if the caller did not request progressive results. */
  readonly progress: ((value: unknown) => void) | null
}

/** The arguments of an event handler. The values are copies. */
export interface Received<A extends Args = Args> {
  /** The positional values. */
  readonly args: A
  /** The keyword values. */
  readonly kwargs: Kwargs
  /** EVENT.Details: `publisher`, `topic`, … if present. */
  readonly details: Dict
  /** The id of the publication, which is the same for all receivers. */
  readonly publication: Id
}

/** A registration of this session. */
export interface Registration {
  /** REGISTERED.Registration. */
  readonly id: Id
  /** The registered procedure or pattern. */
  readonly procedure: Uri
  /** Removes the registration. Rejects with a WampError if it no longer exists. */
  unregister (): Promise<void>
}

/** A subscription of this session. */
export interface Subscription {
  /** SUBSCRIBED.Subscription. */
  readonly id: Id
  /** The topic or pattern. */
  readonly topic: Uri
  /** Removes this handler. Rejects with a WampError if the subscription no longer exists. */
  unsubscribe (): Promise<void>
}
