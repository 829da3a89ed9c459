import type { Called, Received, Registration, Subscription } from '../peer/session-types.ts'
import type { Id } from '../protocol/id.ts'
import type { CallOptions, Dict, PublishOptions, RegisterOptions, SubscribeOptions } from '../protocol/message-options.ts'
import type { Api, ProcedureTypes, TopicTypes } from './contract.ts'

type ProcedureOf<A extends Api> = keyof A['procedures'] & string
type TopicOf<A extends Api> = keyof A['topics'] & string
type CallOf<E extends ProcedureTypes> = Omit<Called<E['args']>, 'kwargs' | 'progress'> & { readonly kwargs: E['kwargs'], readonly progress: ((value: E['progress']) => void) | null }
type EventOf<E extends TopicTypes> = Omit<Received<E['args']>, 'kwargs'> & { readonly kwargs: E['kwargs'] }

/** Args, kwargs and options of which those may be left out that may be empty. */
type Given<E extends TopicTypes, O> = Record<never, never> extends E['kwargs']
  ? [] extends E['args'] ? [args?: E['args'], kwargs?: E['kwargs'], options?: O] : [args: E['args'], kwargs?: E['kwargs'], options?: O]
  : [args: E['args'], kwargs: E['kwargs'], options?: O]

type OptionsWithProgress<E extends ProcedureTypes> = CallOptions & { readonly signal?: AbortSignal, readonly onProgress?: (value: E['progress']) => void }

/** The methods of a session that only accepts the procedures and topics of an API. */
export interface TypedMethods<A extends Api> {
  /** Calls a procedure of the API. */
  call<U extends ProcedureOf<A>> (procedure: U, ...given: Given<A['procedures'][U], OptionsWithProgress<A['procedures'][U]>>): Promise<A['procedures'][U]['result']>
  /** Calls a procedure of the API and iterates over its progressive results. The iterator returns the last result. */
  results<U extends ProcedureOf<A>> (procedure: U, ...given: Given<A['procedures'][U], CallOptions & { readonly signal?: AbortSignal }>): AsyncGenerator<A['procedures'][U]['progress'], A['procedures'][U]['result'], void>
  /** Registers a procedure of the API. */
  register<U extends ProcedureOf<A>> (procedure: U, handler: (called: CallOf<A['procedures'][U]>) => A['procedures'][U]['result'] | Promise<A['procedures'][U]['result']>, options?: RegisterOptions): Promise<Registration>
  /** Publishes to a topic of the API. */
  publish<U extends TopicOf<A>> (topic: U, ...given: Given<A['topics'][U], PublishOptions>): Promise<Id>
  /** Subscribes to a topic of the API. */
  subscribe<U extends TopicOf<A>> (topic: U, handler: (received: EventOf<A['topics'][U]>) => unknown, options?: SubscribeOptions): Promise<Subscription>
  /** Subscribes to a topic of the API, and iterates over its events. */
  events<U extends TopicOf<A>> (topic: U, options?: SubscribeOptions & { readonly signal?: AbortSignal }): AsyncGenerator<EventOf<A['topics'][U]>, void, void>
}

/** A session of AutobahnJS with the types of an API: `connection.session as unknown as AutobahnSession<MyApi>`. */
export interface AutobahnSession<A extends Api> {
  /** The session id. */
  readonly id: number
  /** Calls a procedure of the API. */
  call<U extends ProcedureOf<A>> (procedure: U, ...given: Given<A['procedures'][U], CallOptions>): Promise<A['procedures'][U]['result']>
  /** Registers a procedure of the API. */
  register<U extends ProcedureOf<A>> (procedure: U, endpoint: (args: A['procedures'][U]['args'], kwargs: A['procedures'][U]['kwargs'], details: Dict) => unknown, options?: RegisterOptions): Promise<unknown>
  /** Publishes to a topic of the API. */
  publish<U extends TopicOf<A>> (topic: U, ...given: Given<A['topics'][U], PublishOptions>): Promise<unknown> | undefined
  /** Subscribes to a topic of the API. */
  subscribe<U extends TopicOf<A>> (topic: U, handler: (args: A['topics'][U]['args'], kwargs: A['topics'][U]['kwargs'], details: Dict) => void, options?: SubscribeOptions): Promise<unknown>
}

/** Args and kwargs as wampy is given them. */
type WampyPayload<E extends TopicTypes> = E['args'] | { argsList: E['args'], argsDict?: E['kwargs'] } | (Record<never, never> extends E['kwargs'] ? never : { argsDict: E['kwargs'] })

/** A client of wampy with the types of an API: `wampy as unknown as WampyClient<MyApi>`. The single value of a result is `argsList[0]`. */
export interface WampyClient<A extends Api> {
  /** Calls a procedure of the API. */
  call<U extends ProcedureOf<A>> (procedure: U, payload: WampyPayload<A['procedures'][U]> | null, options?: object): Promise<{ readonly argsList: [A['procedures'][U]['result']] }>
  /** Registers a procedure of the API. */
  register<U extends ProcedureOf<A>> (procedure: U, handler: (called: { argsList: A['procedures'][U]['args'], argsDict: A['procedures'][U]['kwargs'] }) => unknown, options?: object): Promise<unknown>
  /** Publishes to a topic of the API. */
  publish<U extends TopicOf<A>> (topic: U, payload: WampyPayload<A['topics'][U]> | null, options?: object): Promise<unknown>
  /** Subscribes to a topic of the API. */
  subscribe<U extends TopicOf<A>> (topic: U, handler: (event: { argsList: A['topics'][U]['args'], argsDict: A['topics'][U]['kwargs'] }) => void, options?: object): Promise<unknown>
}
