import { errors, WampError } from '../errors.ts'
import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { ClientMessage, ErrorMessage, Interrupt, Invocation, Published, Registered, Result, RouterMessage, Subscribed, Unregistered, Unsubscribed } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Values } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { onAbort } from '../abortion.ts'
import { EventHandlers } from './event-handlers.ts'
import { checked } from './checked-request.ts'
import { ownValues } from './own-values.ts'

/** The message that answers a request. */
export type Reply = Published | Subscribed | Unsubscribed | Result | Registered | Unregistered
interface Pending {
  accept (reply: Reply, values: Values): void
  reject (error: unknown): void
  /** Receives a progressive result. */
  readonly progress: ((values: Values) => void) | undefined
}

/** The options of a request in addition to its message. */
export interface RequestOptions {
  /** Cancels a call. */
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((values: Values) => void) | undefined
}

/** Answers an invocation. A thrown error becomes an ERROR. A signal takes long to create, so it should be read only if it is needed. `progress` sends a progressive result, and is null if the caller did not request any. */
export type InvocationHandler = (invocation: Invocation, values: Values, abortion: Pick<AbortController, 'signal'>, progress: ((payload: Payload) => void) | null) => Promise<Payload>

/** The part of a logger that is used here. */
export interface PeerLog {
  error (details: object, text: string): void
  warn (details: object, text: string): void
}

/** An invocation whose procedure runs. `answer` is null until the procedure has been called. */
interface Running { readonly abortion: AbortController, answer: Promise<ClientMessage> | null }

function failureOf (request: Id, error: Uri): ErrorMessage {
  return { type: MessageType.Error, requestType: 68, request, details: {}, error, payload: Payload.empty }
}

/** The client side of the protocol in this process: requests and their answers, invocations and events. The router treats it like any other peer, without privileges. */
export class InProcessPeer {
  /** The handlers of its subscriptions. */
  readonly events: EventHandlers
  readonly #send: (message: ClientMessage) => void
  readonly #log: PeerLog
  readonly #closed: () => void
  /** Not a Map: it changes so often that the tables which it leaves behind would keep what they held until a full garbage collection. */
  #pending: Record<Id, Pending> = {}
  readonly #registrations = new Map<Id, InvocationHandler>()
  /** The invocations whose answers the caller waits for. */
  readonly #invocations = new Map<Id, Running>()
  /** Abandoned invocations whose procedure never ends: nothing can settle its promise any more, so nothing runs. */
  readonly #unreachable = new FinalizationRegistry<Id>((request) => { this.#ended(request) })
  #lastRequest: Id = 0
  #state: 'open' | 'closing' | 'closed' = 'open'
  #closeReason = ''
  readonly #whenClosed = new Set<() => void>()

  constructor ({ send, ended, log, owedEvents }: {
    send: (message: ClientMessage) => void
    /** The callbacks for the end of the session, each called once. */
    ended: () => void
    log: PeerLog
    /** The maximum octets of the events that wait for the handlers of a subscription. */
    owedEvents: number
  }) {
    this.#send = send
    this.#closed = ended
    this.#log = log
    this.events = new EventHandlers({
      owed: owedEvents,
      failed: (error, subscription) => { log.error({ err: error, subscription }, 'an event handler failed') },
      dropped: (dropped, subscription) => {
        if (dropped === 0) log.warn({ subscription }, 'the event handlers of a subscription do not keep up: events are dropped')
        else log.warn({ subscription, dropped }, 'the event handlers of a subscription have caught up: events were dropped')
      }
    })
  }

  /**
   * Sends a request and waits for its answer. `accept` runs when the answer arrives, before any later message. Rejects with the WampError
   * of an ERROR, with WAMP_ERR_SESSION_CLOSED if the session ends first, and with WAMP_ERR_INVALID_MESSAGE, which names the field, if the
   * message would abort a remote client or has an unknown option. If the signal is aborted, it rejects with the signal's reason, and a call is canceled.
   */
  async request<T> (make: (request: Id) => ClientMessage, accept: (reply: Reply, values: Values) => T, { signal, progress }: RequestOptions = {}): Promise<T> {
    signal?.throwIfAborted()
    if (this.#state !== 'open') throw new errors.WAMP_ERR_SESSION_CLOSED(this.#closeReason)
    const request = nextId(this.#lastRequest)
    const message = checked(make(request))
    this.#lastRequest = request
    let forget = (): void => {}
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#pending[request] = { accept: (reply, values) => { resolve(accept(reply, values)) }, reject, progress }
        forget = onAbort(signal, () => { this.#cancel(request, signal?.reason) })
        this.#send(message)
      })
    } finally {
      forget()
    }
  }

  /** Sets the handler for the invocations of a registration. */
  setInvocationHandler (registration: Id, handler: InvocationHandler): void {
    this.#registrations.set(registration, handler)
  }

  /** Removes the handler of a registration. */
  removeInvocationHandler (registration: Id): void {
    this.#registrations.delete(registration)
  }

  /** True until the session has ended or is ending. */
  get isOpen (): boolean {
    return this.#state === 'open'
  }

  /** Calls back when the session is closed, or at once if it is already closed. Returns a function that cancels this. */
  whenClosed (tell: () => void): () => void {
    if (this.#state === 'closed') {
      tell()
      return () => {}
    }
    this.#whenClosed.add(tell)
    return () => { this.#whenClosed.delete(tell) }
  }

  /** Leaves the realm. Resolves when the session is closed, by either side. */
  leave (reason: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#state === 'closed') return resolve()
      this.#whenClosed.add(resolve)
      if (this.#state === 'closing') return
      this.#state = 'closing'
      this.#closeReason = reason
      this.#send({ type: MessageType.Goodbye, details: {}, reason })
    })
  }

  /** Receives a message of the router, and the values of its payload. Never throws. */
  receive (message: RouterMessage, values: Values): void {
    switch (message.type) {
      case MessageType.Event: return this.events.handle(message, values)
      case MessageType.Invocation: return this.#invocation(message, values)
      case MessageType.Error: return this.#error(message, values)
      case MessageType.Goodbye: return this.#goodbye(message.reason)
      case MessageType.Abort: return this.closed(message.reason)
      case MessageType.Published:
      case MessageType.Subscribed:
      case MessageType.Unsubscribed:
      case MessageType.Result:
      case MessageType.Registered:
      case MessageType.Unregistered: return this.#reply(message, values)
      case MessageType.Interrupt: return this.#interrupt(message)
      // The content of WELCOME is known in advance, and sessions without a login are not challenged.
      case MessageType.Welcome:
      case MessageType.Challenge:
    }
  }

  /** Ends the session: pending requests are rejected. */
  closed (reason: string): void {
    if (this.#state === 'closed') return
    if (this.#state === 'open') this.#closeReason = reason
    this.#state = 'closed'
    this.events.clear()
    this.#registrations.clear()
    const pending = Object.values(this.#pending)
    this.#pending = {}
    for (const { abortion } of this.#invocations.values()) abortion.abort(new errors.WAMP_ERR_SESSION_CLOSED(this.#closeReason))
    this.#invocations.clear()
    for (const { reject } of pending) reject(new errors.WAMP_ERR_SESSION_CLOSED(this.#closeReason))
    for (const tell of this.#whenClosed) {
      try {
        tell()
      } catch (error) {
        this.#log.error({ err: error }, 'a callback for the end of a session failed')
      }
    }
    this.#whenClosed.clear()
    this.#closed()
  }

  #goodbye (reason: string): void {
    if (this.#state === 'open') {
      this.#send({ type: MessageType.Goodbye, details: {}, reason: reasons.goodbyeAndOut })
    }
    this.closed(reason)
  }

  #reply (reply: Reply, values: Values): void {
    if (reply.request === 0) return
    const pending = this.#pending[reply.request]
    if (pending === undefined) return
    try {
      if (reply.type === MessageType.Result && reply.details.progress === true) return pending.progress?.(values)
      delete this.#pending[reply.request]
      pending.accept(reply, values)
    } catch (error) {
      delete this.#pending[reply.request]
      pending.reject(error)
    }
  }

  /** Ignores further answers to a call. */
  #cancel (request: Id, reason: unknown): void {
    const pending = this.#pending[request]
    if (pending === undefined) return
    delete this.#pending[request]
    this.#send({ type: MessageType.Cancel, request, options: { mode: 'killnowait' } })
    pending.reject(reason)
  }

  #error ({ request, error }: ErrorMessage, values: Values): void {
    const pending = this.#pending[request]
    delete this.#pending[request]
    pending?.reject(new WampError(error, values))
  }

  #invocation (invocation: Invocation, values: Values): void {
    const handler = this.#registrations.get(invocation.registration)
    const { request } = invocation
    if (handler === undefined) return this.#say(failureOf(request, reasons.noSuchRegistration))
    const running: Running = { abortion: new AbortController(), answer: null }
    this.#invocations.set(request, running)
    const answer = running.answer = this.#answer(handler, invocation, values, running.abortion)
    const { abortion } = running
    answer.then((message) => {
      if (this.#invocations.delete(request)) return this.#say(message)
      this.#unreachable.unregister(abortion)
      this.#ended(request)
    })
  }

  /** The procedure of an abandoned invocation has ended: the router counts it until then. */
  #ended (request: Id): void {
    this.#say(failureOf(request, reasons.canceled))
  }

  #say (message: ClientMessage): void {
    if (this.#state === 'open') this.#send(message)
  }

  /** With `kill`, the caller waits for the answer. Otherwise the invocation is abandoned, because its procedure may never answer. With `skip`, the procedure goes on. */
  #interrupt ({ request, options }: Interrupt): void {
    const { abortion, answer } = this.#invocations.get(request) ?? {}
    const { mode } = options
    if (mode !== 'kill' && this.#invocations.delete(request)) this.#unreachable.register(answer!, request, abortion)
    if (mode !== 'skip') abortion?.abort(new WampError(reasons.canceled))
  }

  /** Never rejects. */
  async #answer (handler: InvocationHandler, invocation: Invocation, values: Values, abortion: AbortController): Promise<ClientMessage> {
    const { request, details } = invocation
    const progress = (payload: Payload): void => {
      if (this.#invocations.has(request) && !abortion.signal.aborted) this.#send({ type: MessageType.Yield, request, options: { progress: true }, payload })
    }
    try {
      return { type: MessageType.Yield, request, options: {}, payload: await handler(invocation, values, abortion, details.receive_progress === true ? progress : null) }
    } catch (error) {
      const canceled = failureOf(request, reasons.canceled)
      return abortion.signal.aborted ? canceled : { ...canceled, ...this.#failure(error) }
    }
  }

  /** The error of a procedure is logged here. Only a WampError is sent to the caller. */
  #failure (error: unknown): { error: string, payload: Payload } {
    if (error instanceof WampError) {
      try {
        const { args, kwargs } = ownValues(error.args, error.kwargs)
        return { error: error.error, payload: Payload.of(args, kwargs) }
      } catch (cause) {
        this.#log.error({ err: cause }, 'the values of an error cannot be serialized')
      }
    }
    this.#log.error({ err: error }, 'a procedure failed')
    return { error: reasons.runtimeError, payload: Payload.of(['the procedure failed']) }
  }
}
