import type { Principal } from '../auth/authenticator.ts'
import type { Id } from '../protocol/id.ts'
import { sizeOfEvent } from '../protocol/event-size.ts'
import { MessageType } from '../protocol/message.ts'
import type { CallOptions, Dict, EventMessage, PublishOptions, RegisterOptions, SubscribeOptions } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args, Kwargs, Values } from '../protocol/payload.ts'
import { errors, WampError } from '../errors.ts'
import { reasons } from '../protocol/reasons.ts'
import { isUri } from '../protocol/uri.ts'
import type { Uri } from '../protocol/uri.ts'
import { isDict } from '../protocol/wire-value.ts'
import { onAbort } from '../abort-callbacks.ts'
import { CallResult, valueOf } from '../peer/call-result.ts'
import type { Called, Received, Registration, Subscription } from '../peer/session-types.ts'
import type { EventHandler } from './busy-handlers.ts'
import { payloadOf, publicationOf, valuesOf } from './answers.ts'
import type { Answer } from './answers.ts'
import type { InProcessPeer, RequestOptions } from './in-process-peer.ts'
import type { InvocationHandler } from './invocations.ts'
import { checkLocalOptions } from './checked-request.ts'
import { ownValues } from './own-values.ts'
import type { PropagationSlot } from './propagation.ts'

/** The options of an in-process call. */
export interface InProcessCallOptions extends CallOptions {
  /** Cancels the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Receives progressive results. The call resolves to the last one. If it fails, the call is canceled and rejects with its error. It may be asynchronous. */
  readonly onProgress?: (value: unknown) => void
}

/** Creates a payload from copied values. */
export type Pack = (args: Args, kwargs: Kwargs) => Payload

/** The dependencies of a session. */
export interface SessionParts {
  readonly id: Id
  readonly principal: Principal
  readonly peer: InProcessPeer
  /** The context that is sent along with its messages. */
  readonly propagation: PropagationSlot
  /** The encoding of its values. By default they are not encoded. */
  readonly pack?: Pack
}

/**
 * Subscribes a session to a topic. The handler reads the payloads in a serializer, in which each of them is encoded once for all receivers,
 * and which may not be able to represent them. This is not a method, because apps read values.
 */
export let subscribeToPayloads: (
  session: InProcessSession, topic: Uri, handler: (event: EventMessage) => unknown, options?: SubscribeOptions
) => Promise<Subscription>

/** From now on, a session creates its payloads in this way. */
export let packBy: (session: InProcessSession, pack: Pack) => void

/**
 * A WAMP session of the app itself, for REST handlers and background work. It needs no login. Otherwise it is an ordinary session, which can be
 * ended by `app.wamp.kick` and receives GOODBYE. The meta API does not show sessions with the role `trusted`.
 * Every method rejects with WAMP_ERR_SESSION_CLOSED once it is closed.
 */
export class InProcessSession {
  /** The identity of this session. */
  readonly principal: Principal
  /** The session id. */
  readonly id: Id
  readonly #peer: InProcessPeer
  #pack: Pack
  readonly #propagation: PropagationSlot
  /** The pending subscribe requests, by topic and match policy. */
  readonly #subscribing = new Map<Promise<Subscription>, string>()
  /** Subscriptions without a handler, until it is known whether they will get one. */
  readonly #leaving = new Map<Id, Promise<void>>()

  static {
    subscribeToPayloads = (session, topic, handler, options = {}) => session.#subscribe(topic, 'payload', handler, options)
    packBy = (session, pack) => { session.#pack = pack }
  }

  constructor ({ id, principal, peer, propagation, pack = (args, kwargs) => Payload.of(args, kwargs) }: SessionParts) {
    this.id = id
    this.principal = principal
    this.#peer = peer
    this.#pack = pack
    this.#propagation = propagation
  }

  /**
   * Calls a procedure. Resolves to its value, or to a CallResult if it returned several values or kwargs. Rejects with the WampError that
   * it raised. The type is not checked.
   */
  call<T = unknown> (procedure: Uri, args: Args = [], kwargs: Kwargs = {}, given: InProcessCallOptions = {}): Promise<T> {
    // Not an async function, which would keep the values until the answer.
    try {
      checkLocalOptions('call', given)
      const { signal, onProgress, ...options } = given
      const progress = onProgress === undefined ? undefined : (values: Values): unknown => onProgress(valueOf(values))
      return this.#call(procedure, { args, kwargs }, options, { signal, progress }).then(({ values }) => valueOf(values) as T)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Calls a procedure and iterates over its progressive results. The iterator returns the last result. Breaking out of the loop cancels the call. */
  async * results<T = unknown> (procedure: Uri, args: Args = [], kwargs: Kwargs = {}, given: CallOptions & { readonly signal?: AbortSignal } = {}): AsyncGenerator<T, T, void> {
    checkLocalOptions('results', given)
    const { signal, ...options } = given
    const stop = new AbortController()
    const results = this.#peer.waitingResults<T>()
    const call = this.#call(procedure, { args, kwargs }, options, {
      progress: (_, payload) => { results.put(payload, (values) => valueOf(values) as T) },
      signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
      takes: 'payload'
    })
    call.then(() => { results.end() }, (error: unknown) => { results.end(error) })
    try {
      yield * results
      const { payload } = await call
      return valueOf(this.#peer.valuesOf(payload)) as T
    } finally {
      stop.abort(new WampError(reasons.canceled))
    }
  }

  /**
   * Registers a procedure. The handler may be asynchronous. Its return value is the single value of the result; return a CallResult for
   * several values. A thrown WampError is sent to the caller. Any other error is logged and becomes `wamp.error.runtime_error`. The type
   * of the args is not checked.
   */
  register<A extends Args = Args> (procedure: Uri, handler: (called: Called<A>) => unknown, options: RegisterOptions = {}): Promise<Registration> {
    if (typeof handler !== 'function') return Promise.reject(new errors.WAMP_ERR_INVALID_MESSAGE(`register("${String(procedure)}") requires a handler function`))
    const invoke: InvocationHandler = async ({ details }, { args, kwargs }, controller, send) => {
      const progress = send === null ? null : (value: unknown): void => { send(this.#payloadOf(value)) }
      const answer = (): unknown => handler({ args: args as A, kwargs, details, get signal () { return controller.signal }, progress })
      return this.#payloadOf(await (this.#propagation.current === null ? answer() : this.#propagation.current.run(details, answer)))
    }
    return this.#peer.request(
      (request) => ({ type: MessageType.Register, request, options, procedure }),
      (reply) => {
        const id = 'registration' in reply ? reply.registration : reply.request
        this.#peer.invocations.setHandler(id, invoke)
        return { id, procedure, unregister: () => this.#unregister(id) }
      })
  }

  /**
   * Publishes an event. Resolves to the publication's id when the router has accepted it, and rejects with a WampError if the router
   * refuses it. The publisher does not receive the event, unless `exclude_me` is false.
   */
  publish (topic: Uri, args: Args = [], kwargs: Kwargs = {}, options: PublishOptions = {}): Promise<Id> {
    // Not an async function, like `call`.
    try {
      checkLocalOptions('publish', options)
      const carried = this.#carrying(options)
      return this.#peer.request(
        (request) => ({ type: MessageType.Publish, request, options: { ...carried, acknowledge: true }, topic, payload: this.#payload(args, kwargs) }),
        publicationOf)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Subscribes to a topic. Errors of the handler are logged and do not affect other subscribers. The type of the args is not checked. */
  subscribe<A extends Args = Args> (topic: Uri, handler: (received: Received<A>) => unknown, options: SubscribeOptions = {}): Promise<Subscription> {
    if (typeof handler !== 'function') return Promise.reject(new errors.WAMP_ERR_INVALID_MESSAGE(`subscribe("${String(topic)}") requires a handler function`))
    return this.#subscribe(topic, 'values', ({ details, publication }, { args, kwargs }) => handler({ args: args as A, kwargs, details, publication }), options)
  }

  #subscribe (topic: Uri, takes: EventHandler['takes'], handle: EventHandler['handle'], options: SubscribeOptions): Promise<Subscription> {
    const handler: EventHandler = {
      takes,
      handle: (event, values) => {
        const { current } = this.#propagation
        return current === null ? handle(event, values) : current.run(event.details, () => handle(event, values))
      }
    }
    if (!isDict(options)) return Promise.reject(new errors.WAMP_ERR_INVALID_MESSAGE('subscribe.options must be an object'))
    const wanted = `${String(options.match ?? 'exact')} ${String(topic)}`
    const subscribed = this.#peer.request(
      (request) => ({ type: MessageType.Subscribe, request, options, topic }),
      (reply) => {
        const id = 'subscription' in reply ? reply.subscription : reply.request
        this.#peer.events.add(id, handler)
        return { id, topic, unsubscribe: () => this.#unsubscribe(id, wanted, handler) }
      })
    this.#subscribing.set(subscribed, wanted)
    const settled = (): void => { this.#subscribing.delete(subscribed) }
    subscribed.then(settled, settled)
    return subscribed
  }

  /**
   * Subscribes to a topic and iterates over its events. Breaking out of the loop or aborting the signal ends the subscription. The
   * iteration ends with the session. Rejects with WAMP_ERR_SLOW_READER if 10,000 events or `limits.bufferedBytes` bytes are queued.
   */
  async * events<A extends Args = Args> (topic: Uri, given: SubscribeOptions & { readonly signal?: AbortSignal } = {}): AsyncGenerator<Received<A>, void, void> {
    checkLocalOptions('events', given)
    const { signal, ...options } = given
    if (signal?.aborted === true) return
    const events = this.#peer.waitingEvents<Received<A>>()
    const put = (event: EventMessage): void => {
      const { details, publication, payload } = event
      events.put(payload, ({ args, kwargs }) => ({ args: args as A, kwargs, details, publication }), sizeOfEvent(event))
    }
    const subscribing = this.#subscribe(topic, 'payload', put, options)
    const stop = (): void => { events.end() }
    const ignore = onAbort(signal, stop)
    let forget = (): void => {}
    subscribing.then(() => { forget = this.#peer.whenClosed(stop) }, (error: unknown) => { events.end(error) })
    try {
      yield * events
    } finally {
      ignore()
      const left = subscribing.then(async (subscription) => {
        forget()
        if (this.#peer.isOpen) await subscription.unsubscribe()
      })
      // An authorizer may take long: if the subscription is granted later, it is then removed.
      if (this.#subscribing.has(subscribing)) left.catch(() => {})
      else await left
    }
  }

  /** Calls `tell` when either side ends the session, or at once if it has already ended. Returns a function that removes the callback. */
  whenClosed (tell: () => void): () => void {
    if (typeof tell !== 'function') throw new errors.WAMP_ERR_INVALID_MESSAGE('whenClosed requires a function')
    return this.#peer.whenClosed(tell)
  }

  /** Leaves the realm at the end of a block: `await using session = app.wamp.join('realm1')`. */
  async [Symbol.asyncDispose] (): Promise<void> {
    await this.leave()
  }

  /** Leaves the realm. Registrations and subscriptions end with the session. Resolves when it is closed. Rejects with WAMP_ERR_INVALID_MESSAGE for a reason that is not a URI. */
  async leave (reason: Uri = reasons.closeRealm): Promise<void> {
    if (!isUri(reason)) throw new errors.WAMP_ERR_INVALID_MESSAGE('leave requires a URI as its reason')
    await this.#peer.leave(reason)
  }

  /** Makes a call. Resolves to its last result: the values, unless the request takes payloads, and the payload, which is then a copy. */
  #call (procedure: Uri, { args, kwargs }: Values, sent: CallOptions, request: RequestOptions): Promise<Answer> {
    const options = this.#carrying(request.progress === undefined ? sent : { ...sent, receive_progress: true })
    return this.#peer.request(
      (request) => ({ type: MessageType.Call, request, options, procedure, payload: this.#payload(args, kwargs) }),
      request.takes === 'payload' ? payloadOf : valuesOf,
      request)
  }

  #payload (given: Args, named: Kwargs): Payload {
    const { args, kwargs } = ownValues(given, named)
    return this.#pack(args, kwargs)
  }

  #payloadOf (value: unknown): Payload {
    if (value instanceof CallResult) return this.#payload(value.args, value.kwargs)
    return value === undefined ? Payload.empty : this.#payload([value], {})
  }

  /** The options with the active context added. Explicit options take precedence. */
  #carrying<O extends Dict> (options: O): O {
    const attributes = this.#propagation.current?.attributes() ?? null
    return attributes === null ? options : { ...attributes, ...options }
  }

  async #unregister (registration: Id): Promise<void> {
    await this.#peer.request((request) => ({ type: MessageType.Unregister, request, registration }), () => {
      this.#peer.invocations.removeHandler(registration)
    })
  }

  async #unsubscribe (subscription: Id, wanted: string, handler: EventHandler): Promise<void> {
    // Other handlers of this session may use the same subscription: only the last one removes it.
    if (!this.#peer.events.delete(subscription, handler)) return
    // Other handlers may also be about to use it, while an authorizer decides.
    let leaving = this.#leaving.get(subscription)
    if (leaving === undefined && this.#wanting(wanted).length > 0) this.#leaving.set(subscription, leaving = this.#giveUpLater(subscription, wanted))
    await (leaving ?? this.#giveUp(subscription))
  }

  async #giveUpLater (subscription: Id, wanted: string): Promise<void> {
    for (let others = this.#wanting(wanted); others.length > 0; others = this.#wanting(wanted)) await Promise.allSettled(others)
    this.#leaving.delete(subscription)
    if (this.#peer.isOpen && !this.#peer.events.has(subscription)) await this.#giveUp(subscription)
  }

  async #giveUp (subscription: Id): Promise<void> {
    await this.#peer.request((request) => ({ type: MessageType.Unsubscribe, request, subscription }), () => {})
  }

  #wanting (wanted: string): Promise<Subscription>[] {
    return [...this.#subscribing].filter(([, what]) => what === wanted).map(([subscribed]) => subscribed)
  }
}
