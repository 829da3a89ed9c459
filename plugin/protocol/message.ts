import type { Id } from './id.ts'
import type { Dict, HelloDetails, PublishOptions, SubscribeOptions, RegisterOptions, CallOptions, CancelOptions, YieldOptions } from './message-options.ts'
import type { Payload } from './payload.ts'
import type { Uri } from './uri.ts'

export type * from './message-options.ts'

/** The codes of all messages [basic, Message Codes and Direction]. */
export const MessageType = {
  Hello: 1,
  Welcome: 2,
  Abort: 3,
  Challenge: 4,
  Authenticate: 5,
  Goodbye: 6,
  Error: 8,
  Publish: 16,
  Published: 17,
  Subscribe: 32,
  Subscribed: 33,
  Unsubscribe: 34,
  Unsubscribed: 35,
  Event: 36,
  Call: 48,
  Cancel: 49,
  Result: 50,
  Register: 64,
  Registered: 65,
  Unregister: 66,
  Unregistered: 67,
  Invocation: 68,
  Interrupt: 69,
  Yield: 70
} as const

/** The code of a message. */
export type MessageCode = typeof MessageType[keyof typeof MessageType]

/** The types of requests that the router may answer with ERROR. The router's own INVOCATION is also one. */
export type RequestCode = 16 | 32 | 34 | 48 | 64 | 66 | 68

/** Empty details or options: a single shared object that codecs recognize by identity. */
export const noDetails: Dict = /* @__PURE__ */ Object.freeze({})

/** [HELLO, Realm|uri, Details|dict]; null requests the realm of the principal. */
export interface Hello { readonly type: 1, readonly realm: Uri | null, readonly details: HelloDetails }
/** [WELCOME, Session|id, Details|dict] */
export interface Welcome { readonly type: 2, readonly session: Id, readonly details: Dict }
/** [ABORT, Details|dict, Reason|uri, Arguments|list, ArgumentsKw|dict] */
export interface Abort { readonly type: 3, readonly details: Dict, readonly reason: Uri, readonly payload: Payload }
/** [CHALLENGE, AuthMethod|string, Extra|dict] */
export interface Challenge { readonly type: 4, readonly authmethod: string, readonly extra: Dict }
/** [AUTHENTICATE, Signature|string, Extra|dict]; null, as sent by nexus's client, means an empty dict. */
export interface Authenticate { readonly type: 5, readonly signature: string, readonly extra: Dict | null }
/** [GOODBYE, Details|dict, Reason|uri] */
export interface Goodbye { readonly type: 6, readonly details: Dict, readonly reason: Uri }
/** [ERROR, REQUEST.Type|int, REQUEST.Request|id, Details|dict, Error|uri, Arguments|list, ArgumentsKw|dict] */
export interface ErrorMessage {
  readonly type: 8
  readonly requestType: RequestCode
  readonly request: Id
  readonly details: Dict
  readonly error: Uri
  readonly payload: Payload
}
/** [PUBLISH, Request|id, Options|dict, Topic|uri, Arguments|list, ArgumentsKw|dict] */
export interface Publish { readonly type: 16, readonly request: Id, readonly options: PublishOptions, readonly topic: Uri, readonly payload: Payload }
/** [PUBLISHED, PUBLISH.Request|id, Publication|id] */
export interface Published { readonly type: 17, readonly request: Id, readonly publication: Id }
/** [SUBSCRIBE, Request|id, Options|dict, Topic|uri] */
export interface Subscribe { readonly type: 32, readonly request: Id, readonly options: SubscribeOptions, readonly topic: Uri }
/** [SUBSCRIBED, SUBSCRIBE.Request|id, Subscription|id] */
export interface Subscribed { readonly type: 33, readonly request: Id, readonly subscription: Id }
/** [UNSUBSCRIBE, Request|id, SUBSCRIBED.Subscription|id]; a fourth element, as Autobahn sends it, is ignored. */
export interface Unsubscribe { readonly type: 34, readonly request: Id, readonly subscription: Id, readonly options?: Dict | undefined }
/** [UNSUBSCRIBED, UNSUBSCRIBE.Request|id, Details|dict]; details only when the router revokes, with request 0. */
export interface Unsubscribed { readonly type: 35, readonly request: Id | 0, readonly details?: Dict | undefined }
/** [EVENT, SUBSCRIBED.Subscription|id, PUBLISHED.Publication|id, Details|dict, Arguments|list, ArgumentsKw|dict] */
export interface EventMessage {
  readonly type: 36
  readonly subscription: Id
  readonly publication: Id
  readonly details: Dict
  readonly payload: Payload
  /** Not on the wire: the policy if its receiver does not keep up. Without it, the event is dropped. */
  readonly overflow?: Overflow | undefined
  /** Not on the wire: in whose share of `limits.heldBytes` a handler of the app holds the values. */
  readonly sharer?: unknown
}
/** The policy for an event whose receiver does not keep up: drop the oldest events, drop older events of its topic, or end the session. */
export interface Overflow { readonly policy: 'drop-oldest' | 'keep-latest' | 'close', readonly topic: Uri }
/** [CALL, Request|id, Options|dict, Procedure|uri, Arguments|list, ArgumentsKw|dict] */
export interface Call { readonly type: 48, readonly request: Id, readonly options: CallOptions, readonly procedure: Uri, readonly payload: Payload }
/** [CANCEL, CALL.Request|id, Options|dict] */
export interface Cancel { readonly type: 49, readonly request: Id, readonly options: CancelOptions }
/** [RESULT, CALL.Request|id, Details|dict, Arguments|list, ArgumentsKw|dict] */
export interface Result { readonly type: 50, readonly request: Id, readonly details: Dict, readonly payload: Payload }
/** [REGISTER, Request|id, Options|dict, Procedure|uri] */
export interface Register { readonly type: 64, readonly request: Id, readonly options: RegisterOptions, readonly procedure: Uri }
/** [REGISTERED, REGISTER.Request|id, Registration|id] */
export interface Registered { readonly type: 65, readonly request: Id, readonly registration: Id }
/** [UNREGISTER, Request|id, REGISTERED.Registration|id]; a fourth element, as Autobahn sends it, is ignored. */
export interface Unregister { readonly type: 66, readonly request: Id, readonly registration: Id, readonly options?: Dict | undefined }
/** [UNREGISTERED, UNREGISTER.Request|id, Details|dict]; details only when the router revokes, with request 0. */
export interface Unregistered { readonly type: 67, readonly request: Id | 0, readonly details?: Dict | undefined }
/** [INVOCATION, Request|id, REGISTERED.Registration|id, Details|dict, Arguments|list, ArgumentsKw|dict] */
export interface Invocation {
  readonly type: 68
  readonly request: Id
  readonly registration: Id
  readonly details: Dict
  readonly payload: Payload
  /** Not on the wire: in whose share of `limits.heldBytes` a procedure of the app holds the values. */
  readonly sharer?: unknown
}
/** [INTERRUPT, INVOCATION.Request|id, Options|dict] */
export interface Interrupt { readonly type: 69, readonly request: Id, readonly options: Dict }
/** [YIELD, INVOCATION.Request|id, Options|dict, Arguments|list, ArgumentsKw|dict] */
export interface Yield { readonly type: 70, readonly request: Id, readonly options: YieldOptions, readonly payload: Payload }

/** The messages that a client may send. */
export type ClientMessage = Hello | Abort | Authenticate | Goodbye | ErrorMessage | Publish | Subscribe | Unsubscribe |
  Call | Cancel | Register | Unregister | Yield
/** The messages that the router may send. */
export type RouterMessage = Welcome | Abort | Challenge | Goodbye | ErrorMessage | Published | Subscribed | Unsubscribed |
  EventMessage | Result | Registered | Unregistered | Invocation | Interrupt
/** Any message. */
export type Message = ClientMessage | RouterMessage
