import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Principal } from './auth/authenticator.ts'
import type { Id } from './protocol/id.ts'
import type { Uri } from './protocol/uri.ts'
import type { Congestion, TransportDetails } from './transport/transport.ts'

// On hot paths, create the message for a channel and read the clock only if `channel.hasSubscribers` is true: `if
// (callStarted.hasSubscribers) callStarted.publish({ … })`. Node.js keeps this property on the channel's prototype, so without subscribers
// the check costs a nanosecond.

/** The names of the channels of `node:diagnostics_channel` on which this plugin publishes. */
export const wampChannels = {
  /** A session has joined: SessionMessage. */
  sessionJoined: 'fastify-wamp:session.joined',
  /** A session has left, for any reason: SessionMessage. */
  sessionLeft: 'fastify-wamp:session.left',
  /** A login was rejected by the attempted method: LoginFailedMessage. */
  loginFailed: 'fastify-wamp:login.failed',
  /** A CALL has arrived and is not yet processed: CallMessage. */
  callStarted: 'fastify-wamp:call.started',
  /** An INVOCATION is about to be sent to a callee: InvocationMessage. */
  invocationStarted: 'fastify-wamp:invocation.started',
  /** The callee has answered, or its answer is no longer awaited: InvocationEndedMessage. */
  invocationEnded: 'fastify-wamp:invocation.ended',
  /** The call was answered, or the caller has disconnected: CallEndedMessage. */
  callEnded: 'fastify-wamp:call.ended',
  /** A PUBLISH has arrived and is not yet processed: PublicationMessage. */
  publicationStarted: 'fastify-wamp:publication.started',
  /** The events were sent, or the publication was refused: PublicationEndedMessage. */
  publicationEnded: 'fastify-wamp:publication.ended',
  /** A slow client that lost events has caught up or disconnected: EventsDroppedMessage. */
  eventsDropped: 'fastify-wamp:events.dropped',
  /** The cookie store has answered or failed: StoreMessage. */
  storeDone: 'fastify-wamp:store.done'
} as const

/** The identity of a session. */
export interface SessionIdentity extends Omit<Principal, 'authextra'> {
  /** The session id. */
  readonly session: Id
}

/** The fields of all messages. */
export interface DiagnosticsMessage {
  /** The router that publishes the message, which is `app.wamp`. All apps of a process share the channels. */
  readonly router: object
}

/** A session that has joined or left. */
export interface SessionMessage extends DiagnosticsMessage, SessionIdentity {
  /** The connection of the session. */
  readonly transport: TransportDetails
}

/** A failed login. */
export interface LoginFailedMessage extends DiagnosticsMessage {
  /** The requested realm, or null. Like `authid`, it is not verified. */
  readonly realm: Uri | null
  /** The authid that the client claims, which is not verified. */
  readonly authid: string | undefined
  /** The configured method. */
  readonly authmethod: string
  /** The URI of the rejection. */
  readonly reason: Uri
  /** The address of the client, if known. */
  readonly peer: string | undefined
}

/** The CALL.Options that are published. Other options are not, because clients may put any data into them. */
export interface CallDetails {
  /** CALL.Options.timeout, milliseconds. */
  readonly timeout?: number
  /** CALL.Options.receive_progress. */
  readonly receive_progress?: boolean
  /** CALL.Options.progress. */
  readonly progress?: boolean
  /** CALL.Options.disclose_me. */
  readonly disclose_me?: boolean
  /** The trace context of the call [W3C Trace Context]. */
  readonly traceparent?: string
  /** The vendor-specific part of the trace context. */
  readonly tracestate?: string
}

/** A call. All messages about the call contain the same object. */
export interface CallMessage extends DiagnosticsMessage {
  /** The caller. */
  readonly caller: SessionIdentity
  /** CALL.Request: the id in the caller's session. */
  readonly request: Id
  /** The URI of the procedure. */
  readonly procedure: Uri
  /** The options of the CALL that the channel publishes. */
  readonly options: CallDetails
}

/** The outcome of a call. `canceled` means that the caller canceled it, and `caller_gone` that the caller disconnected. */
export type CallOutcome = 'result' | 'error' | 'canceled' | 'caller_gone'

/** A call that has ended. */
export interface CallEndedMessage extends DiagnosticsMessage {
  /** The message of `callStarted`. */
  readonly call: CallMessage
  /** The outcome of the call. */
  readonly outcome: CallOutcome
  /** The URI of the ERROR, or null. */
  readonly error: Uri | null
  /** The time since the CALL arrived. */
  readonly milliseconds: number
}

/** An invocation of a callee. All messages about the invocation contain the same object. A re-routed call has several invocations. */
export interface InvocationMessage extends DiagnosticsMessage {
  /** The message of `callStarted` for the call. */
  readonly call: CallMessage
  /** The callee. */
  readonly callee: SessionIdentity
  /** INVOCATION.Request. */
  readonly invocation: Id
  /** Subscribers of `invocationStarted` may add attributes here, which are copied to INVOCATION.Details. */
  readonly details: Record<string, unknown>
}

/** An invocation that has ended: with the outcome of its call, or with the error that causes re-routing. */
export interface InvocationEndedMessage extends DiagnosticsMessage {
  /** The message of `invocationStarted`. */
  readonly invocation: InvocationMessage
  /** The outcome of the invocation. */
  readonly outcome: CallOutcome
  /** The URI of an error, or null. */
  readonly error: Uri | null
}

/** The PUBLISH.Options that are published. Other options are not, because clients may put any data into them. */
export interface PublicationDetails {
  /** PUBLISH.Options.acknowledge. */
  readonly acknowledge?: boolean
  /** PUBLISH.Options.exclude_me. */
  readonly exclude_me?: boolean
  /** PUBLISH.Options.disclose_me. */
  readonly disclose_me?: boolean
  /** PUBLISH.Options.retain. */
  readonly retain?: boolean
  /** The trace context of the publication [W3C Trace Context]. */
  readonly traceparent?: string
  /** The vendor-specific part of the trace context. */
  readonly tracestate?: string
}

/** A publication of a session. All messages about the publication contain the same object. Publications of the meta API are not included. */
export interface PublicationMessage extends DiagnosticsMessage {
  /** The publisher. */
  readonly publisher: SessionIdentity
  /** PUBLISH.Request: the id in the publisher's session. */
  readonly request: Id
  /** The topic. */
  readonly topic: Uri
  /** The options of the PUBLISH that the channel publishes. */
  readonly options: PublicationDetails
  /** Subscribers of `publicationStarted` may add attributes here, which are copied to EVENT.Details. */
  readonly details: Record<string, unknown>
}

/** A publication that has ended. */
export interface PublicationEndedMessage extends DiagnosticsMessage {
  /** The message of `publicationStarted`. */
  readonly publication: PublicationMessage
  /** The outcome of the publication. */
  readonly outcome: 'published' | 'refused' | 'publisher_gone'
  /** The URI of the refusal. */
  readonly error: Uri | null
  /** The number of sent events: one for each matching subscription of a session. */
  readonly receivers: number
}

/** The events that a session has lost. */
export interface EventsDroppedMessage extends DiagnosticsMessage, SessionIdentity, Congestion {}

/** The operations of a cookie store. */
export type StoreOperation = 'get' | 'set' | 'delete' | 'entries' | 'close'

/** A completed operation of a cookie store. */
export interface StoreMessage extends DiagnosticsMessage {
  /** The operation. */
  readonly operation: StoreOperation
  /** The duration of the operation. */
  readonly milliseconds: number
  /** The outcome of the operation. */
  readonly outcome: 'done' | 'failed'
}

/** The message types of the channels. */
export interface WampMessages {
  /** A session has joined. */
  sessionJoined: SessionMessage
  /** A session has left. */
  sessionLeft: SessionMessage
  /** A login was rejected. */
  loginFailed: LoginFailedMessage
  /** A CALL has arrived. */
  callStarted: CallMessage
  /** A callee is invoked. */
  invocationStarted: InvocationMessage
  /** A callee has answered, or its answer is no longer awaited. */
  invocationEnded: InvocationEndedMessage
  /** A call was answered. */
  callEnded: CallEndedMessage
  /** A PUBLISH has arrived. */
  publicationStarted: PublicationMessage
  /** The events of a PUBLISH were sent, or the PUBLISH was refused. */
  publicationEnded: PublicationEndedMessage
  /** A slow client that lost events has caught up or disconnected. */
  eventsDropped: EventsDroppedMessage
  /** The cookie store has answered. */
  storeDone: StoreMessage
}

interface TypedChannel<M> {
  readonly hasSubscribers: boolean
  publish (message: M): void
}

// Keep references for the lifetime of the module, because Node.js drops unreferenced channels.
export const sessionJoined: TypedChannel<SessionMessage> = channel(wampChannels.sessionJoined)
export const sessionLeft: TypedChannel<SessionMessage> = channel(wampChannels.sessionLeft)
export const loginFailed: TypedChannel<LoginFailedMessage> = channel(wampChannels.loginFailed)
export const callStarted: TypedChannel<CallMessage> = channel(wampChannels.callStarted)
export const invocationStarted: TypedChannel<InvocationMessage> = channel(wampChannels.invocationStarted)
export const invocationEnded: TypedChannel<InvocationEndedMessage> = channel(wampChannels.invocationEnded)
export const callEnded: TypedChannel<CallEndedMessage> = channel(wampChannels.callEnded)
export const publicationStarted: TypedChannel<PublicationMessage> = channel(wampChannels.publicationStarted)
export const publicationEnded: TypedChannel<PublicationEndedMessage> = channel(wampChannels.publicationEnded)
export const eventsDropped: TypedChannel<EventsDroppedMessage> = channel(wampChannels.eventsDropped)
export const storeDone: TypedChannel<StoreMessage> = channel(wampChannels.storeDone)

/** Subscribes to one router's messages on a channel. Returns a function that unsubscribes. */
export function listenTo<N extends keyof WampMessages> (router: object, name: N, take: (message: WampMessages[N]) => void): () => void {
  const listener = (message: unknown): void => { if ((message as DiagnosticsMessage).router === router) take(message as WampMessages[N]) }
  subscribe(wampChannels[name], listener)
  return () => { unsubscribe(wampChannels[name], listener) }
}

/** The identity of a session in a message, without `authextra`, which is private to the session and the router. */
export function identityOf ({ id, principal: { realm, authid, authrole, authmethod, authprovider } }: { readonly id: Id, readonly principal: Principal }): SessionIdentity {
  return { session: id, realm, authid, authrole, authmethod, authprovider }
}

/** The maximum length of a tracestate [W3C Trace Context, 3.3.1.5], so that clients cannot make messages large. */
const LONGEST = 512

/** The named options that have the expected type. */
export function tellable (options: Readonly<Record<string, unknown>>, types: Readonly<Record<string, 'string' | 'number' | 'boolean'>>): Record<string, never> {
  const told: Record<string, unknown> = {}
  for (const name in types) {
    const value = options[name]
    const type: string = typeof value
    if (type === types[name] && (typeof value !== 'string' || value.length <= LONGEST)) told[name] = value
  }
  return told as Record<string, never>
}
