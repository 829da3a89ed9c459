import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Principal } from './auth/authenticator.ts'
import type { Id } from './protocol/id.ts'
import type { Uri } from './protocol/uri.ts'
import type { Congestion, TransportDetails } from './transport/transport.ts'

// Where messages pass by the hundred thousand, a message for a channel is made, and a clock read, only after
// `channel.hasSubscribers` said yes: `if (callStarted.hasSubscribers) callStarted.publish({ … })`. Node.js keeps that
// answer on the channel's prototype, so without subscribers it costs a nanosecond.

/** The names of the channels of `node:diagnostics_channel` on which this plugin tells what happens. */
export const wampChannels = {
  /** A session has joined: SessionMessage. */
  sessionJoined: 'fastify-wamp:session.joined',
  /** A session has left, however that came: SessionMessage. */
  sessionLeft: 'fastify-wamp:session.left',
  /** Somebody was not let in by the method that was tried: LoginFailedMessage. */
  loginFailed: 'fastify-wamp:login.failed',
  /** A CALL has come, and is not looked at yet: CallMessage. */
  callStarted: 'fastify-wamp:call.started',
  /** A callee is about to be sent an INVOCATION: InvocationMessage. */
  invocationStarted: 'fastify-wamp:invocation.started',
  /** It has answered, or is not waited for any longer: InvocationEndedMessage. */
  invocationEnded: 'fastify-wamp:invocation.ended',
  /** The caller has its answer, or is gone: CallEndedMessage. */
  callEnded: 'fastify-wamp:call.ended',
  /** A PUBLISH has come, and is not looked at yet: PublicationMessage. */
  publicationStarted: 'fastify-wamp:publication.started',
  /** Its events are on their way, or it was refused: PublicationEndedMessage. */
  publicationEnded: 'fastify-wamp:publication.ended',
  /** A client that had not kept up, and lost events, has caught up or is gone: EventsDroppedMessage. */
  eventsDropped: 'fastify-wamp:events.dropped',
  /** The cookie store has answered, or failed to: StoreMessage. */
  storeDone: 'fastify-wamp:store.done'
} as const

/** Who a session is. */
export interface SessionIdentity extends Omit<Principal, 'authextra'> {
  /** The session id. */
  readonly session: Id
}

/** What all messages have. */
export interface DiagnosticsMessage {
  /** The router that tells it, which is `app.wamp`: channels are shared by all apps of a process. */
  readonly router: object
}

/** A session that has joined or left. */
export interface SessionMessage extends DiagnosticsMessage, SessionIdentity {
  /** How its connection came. */
  readonly transport: TransportDetails
}

/** A login that has failed. */
export interface LoginFailedMessage extends DiagnosticsMessage {
  /** The realm that was asked for, or null. Anybody may have written it, as `authid`. */
  readonly realm: Uri | null
  /** Who the client said it was; nobody has proven it. */
  readonly authid: string | undefined
  /** One of the configured methods. */
  readonly authmethod: string
  /** The URI by which it was refused. */
  readonly reason: Uri
  /** The address that it came from, if that is known. */
  readonly peer: string | undefined
}

/** Of CALL.Options what is known and harmless: clients may put anything into others. */
export interface CallDetails {
  /** CALL.Options.timeout, milliseconds. */
  readonly timeout?: number
  /** CALL.Options.receive_progress. */
  readonly receive_progress?: boolean
  /** CALL.Options.progress. */
  readonly progress?: boolean
  /** CALL.Options.disclose_me. */
  readonly disclose_me?: boolean
  /** The trace that it belongs to [W3C Trace Context]. */
  readonly traceparent?: string
  /** What vendors add to that. */
  readonly tracestate?: string
}

/** A call: one object from its start to its end. */
export interface CallMessage extends DiagnosticsMessage {
  /** Who calls. */
  readonly caller: SessionIdentity
  /** CALL.Request: its number in the caller's session. */
  readonly request: Id
  /** What is called. */
  readonly procedure: Uri
  /** Those of its options that may be told. */
  readonly options: CallDetails
}

/** How a call has ended: with a result, an error, because the caller canceled it, or because the caller is gone. */
export type CallOutcome = 'result' | 'error' | 'canceled' | 'caller gone'

/** A call that has ended. */
export interface CallEndedMessage extends DiagnosticsMessage {
  /** What was told of its start. */
  readonly call: CallMessage
  /** How it ended. */
  readonly outcome: CallOutcome
  /** The URI of the ERROR, null where there is none. */
  readonly error: Uri | null
  /** Since the CALL came. */
  readonly milliseconds: number
}

/** An invocation of a callee, one object from its start to its end. A call that is re-routed has several. */
export interface InvocationMessage extends DiagnosticsMessage {
  /** What was told of the call's start. */
  readonly call: CallMessage
  /** Who is invoked. */
  readonly callee: SessionIdentity
  /** INVOCATION.Request. */
  readonly invocation: Id
  /** Who is told of the start may put attributes in here that INVOCATION.Details then carry. */
  readonly details: Record<string, unknown>
}

/** An invocation that has ended: as its call, or with the error for which another callee may be asked. */
export interface InvocationEndedMessage extends DiagnosticsMessage {
  /** What was told of its start. */
  readonly invocation: InvocationMessage
  /** How it ended. */
  readonly outcome: CallOutcome
  /** The URI of an error, else null. */
  readonly error: Uri | null
}

/** Of PUBLISH.Options what is known and harmless. */
export interface PublicationDetails {
  /** PUBLISH.Options.acknowledge. */
  readonly acknowledge?: boolean
  /** PUBLISH.Options.exclude_me. */
  readonly exclude_me?: boolean
  /** PUBLISH.Options.disclose_me. */
  readonly disclose_me?: boolean
  /** PUBLISH.Options.retain. */
  readonly retain?: boolean
  /** The trace that it belongs to [W3C Trace Context]. */
  readonly traceparent?: string
  /** What vendors add to that. */
  readonly tracestate?: string
}

/** A publication of a session, one object from its start to its end. Those of the meta API are not told. */
export interface PublicationMessage extends DiagnosticsMessage {
  /** Who publishes. */
  readonly publisher: SessionIdentity
  /** PUBLISH.Request: its number in the publisher's session. */
  readonly request: Id
  /** Where to. */
  readonly topic: Uri
  /** Those of its options that may be told. */
  readonly options: PublicationDetails
  /** Who is told of the start may put attributes in here that EVENT.Details then carry. */
  readonly details: Record<string, unknown>
}

/** A publication that has ended. */
export interface PublicationEndedMessage extends DiagnosticsMessage {
  /** What was told of its start. */
  readonly publication: PublicationMessage
  /** How it ended. */
  readonly outcome: 'published' | 'refused' | 'publisher gone'
  /** The URI by which it was refused. */
  readonly error: Uri | null
  /** How many events were sent: one for each subscription of a session that it matches. */
  readonly receivers: number
}

/** Events that a session has lost. */
export interface EventsDroppedMessage extends DiagnosticsMessage, SessionIdentity, Congestion {}

/** What is asked of a cookie store. */
export type StoreOperation = 'get' | 'set' | 'delete' | 'entries' | 'close'

/** Something that was asked of a cookie store. */
export interface StoreMessage extends DiagnosticsMessage {
  /** What was asked for. */
  readonly operation: StoreOperation
  /** How long the answer took. */
  readonly milliseconds: number
  /** Whether it was done. */
  readonly outcome: 'done' | 'failed'
}

/** What is told on each channel. */
export interface WampMessages {
  /** A session has joined. */
  sessionJoined: SessionMessage
  /** A session has left. */
  sessionLeft: SessionMessage
  /** A login was refused. */
  loginFailed: LoginFailedMessage
  /** A CALL has come. */
  callStarted: CallMessage
  /** A callee is asked. */
  invocationStarted: InvocationMessage
  /** A callee has answered, or is not waited for any longer. */
  invocationEnded: InvocationEndedMessage
  /** A call has its answer. */
  callEnded: CallEndedMessage
  /** A PUBLISH has come. */
  publicationStarted: PublicationMessage
  /** Its events are sent, or it was refused. */
  publicationEnded: PublicationEndedMessage
  /** A client that has lost events keeps up again, or is gone. */
  eventsDropped: EventsDroppedMessage
  /** The cookie store has answered. */
  storeDone: StoreMessage
}

interface TypedChannel<M> {
  readonly hasSubscribers: boolean
  publish (message: M): void
}

// Held for as long as the module is: Node.js forgets channels that nobody holds.
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

/** Has what one router tells on a channel listened to, until what is returned is called. */
export function hear<N extends keyof WampMessages> (router: object, name: N, take: (message: WampMessages[N]) => void): () => void {
  const listener = (message: unknown): void => { if ((message as DiagnosticsMessage).router === router) take(message as WampMessages[N]) }
  subscribe(wampChannels[name], listener)
  return () => { unsubscribe(wampChannels[name], listener) }
}

/** Who a session is, in a message: `authextra` is between it and the router. */
export function identityOf ({ id, principal: { realm, authid, authrole, authmethod, authprovider } }: { readonly id: Id, readonly principal: Principal }): SessionIdentity {
  return { session: id, realm, authid, authrole, authmethod, authprovider }
}

/** The longest that a tracestate may be [W3C Trace Context, 3.3.1.5]; no client makes a message large. */
const LONGEST = 512

/** Of options those that are named, where they have the type that they should. */
export function tellable (options: Readonly<Record<string, unknown>>, types: Readonly<Record<string, 'string' | 'number' | 'boolean'>>): Record<string, never> {
  const told: Record<string, unknown> = {}
  for (const name in types) {
    const value = options[name]
    const type: string = typeof value
    if (type === types[name] && (typeof value !== 'string' || value.length <= LONGEST)) told[name] = value
  }
  return told as Record<string, never>
}
