import { errors, WampError } from '../errors.ts'
import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { ClientMessage, ErrorMessage, Published, Registered, Result, RouterMessage, Subscribed, Unregistered, Unsubscribed } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Values } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { onAbort } from '../abort-callbacks.ts'
import type { Held, HeldValues } from '../held-values.ts'
import { memoryOf } from '../memory-of.ts'
import { isThenable } from '../thenable.ts'
import { checked } from './checked-request.ts'
import { EventHandlers } from './event-handlers.ts'
import { Invocations } from './invocations.ts'
import type { PeerLog } from './invocations.ts'
import { WaitingMessages } from './waiting-messages.ts'

/** The message that answers a request. */
export type Reply = Published | Subscribed | Unsubscribed | Result | Registered | Unregistered
interface Pending {
  accept (reply: Reply, values: Values): void
  reject (error: unknown): void
  /** Receives a progressive result. */
  readonly progress: ((values: Values, payload: Payload) => unknown) | undefined
  readonly takes: 'values' | 'payload'
  /** The calls of `progress` whose promises are not settled. */
  running: number
}

/** The maximum number of progressive results of a call that asynchronous functions handle at the same time. */
const MOST_RUNNING = 1000

/** The options of a request in addition to its message. */
export interface RequestOptions {
  /** Cancels a call. */
  readonly signal?: AbortSignal | undefined
  /** Receives a progressive result. What it throws, or what its promise rejects with, fails the request. */
  readonly progress?: ((values: Values, payload: Payload) => unknown) | undefined
  /** If it takes the payloads of results, it is given no values. @default values */
  readonly takes?: 'values' | 'payload'
}

/** The client side of the protocol in this process: requests and their answers, invocations and events. The router treats it like any other peer, without privileges. */
export class InProcessPeer {
  /** The handlers of its subscriptions. */
  readonly events: EventHandlers
  /** The procedures of its registrations. */
  readonly invocations: Invocations
  readonly #read: (payload: Payload) => Values | undefined
  readonly #bufferedBytes: number
  readonly #send: (message: ClientMessage) => void
  readonly #log: PeerLog
  readonly #held: HeldValues
  readonly #closed: () => void
  /** Not a Map: it changes so often that the tables which it leaves behind would keep what they held until a full garbage collection. */
  #pending: Record<Id, Pending> = {}
  #lastRequest: Id = 0
  #state: 'open' | 'closing' | 'closed' = 'open'
  #closeReason = ''
  readonly #whenClosed = new Set<() => void>()

  constructor ({ send, ended, log, bufferedBytes, bufferedEventBytes, held, read }: {
    send: (message: ClientMessage) => void
    /** The callbacks for the end of the session, each called once. */
    ended: () => void
    log: PeerLog
    /** The maximum octets of the messages that wait for an iterator. */
    bufferedBytes: number
    /** The maximum octets of the events that wait for the handlers of a subscription. */
    bufferedEventBytes: number
    /** The values that running handlers hold. */
    held: HeldValues
    /** Decodes a payload. Returns undefined if it has no values here. */
    read: (payload: Payload) => Values | undefined
  }) {
    this.#send = send
    this.#closed = ended
    this.#log = log
    this.#held = held
    this.#read = read
    this.#bufferedBytes = bufferedBytes
    this.invocations = new Invocations({ held, log, say: (message) => { if (this.#state === 'open') send(message) } })
    this.events = new EventHandlers({
      bufferedBytes: bufferedEventBytes,
      held,
      read,
      failed: (error, subscription) => { log.error({ err: error, subscription }, 'an event handler failed') },
      dropped: (dropped, subscription) => {
        if (dropped === 0) log.warn({ subscription }, 'the event handlers of a subscription do not keep up: events are dropped')
        else log.warn({ subscription, dropped }, 'the event handlers of a subscription have caught up: events were dropped')
      }
    })
  }

  /**
   * Sends a request and waits for its answer. `accept` runs when the answer arrives, before any later message, and must not throw. Rejects with the WampError
   * of an ERROR, with WAMP_ERR_SESSION_CLOSED if the session ends first, and with WAMP_ERR_INVALID_MESSAGE, which names the field, if the
   * message would abort a remote client or has an unknown option. If the signal is aborted, it rejects with the signal's reason, and a call is canceled.
   */
  request<T> (make: (request: Id) => ClientMessage, accept: (reply: Reply, values: Values) => T, options: RequestOptions = {}): Promise<T> {
    // Nothing here may keep the message until the answer: its values take far more memory than its octets.
    try {
      options.signal?.throwIfAborted()
      if (this.#state !== 'open') throw new errors.WAMP_ERR_SESSION_CLOSED(this.#closeReason)
      const request = nextId(this.#lastRequest)
      const message = checked(make(request))
      this.#lastRequest = request
      const answer = this.#answerTo(request, accept, options)
      this.#send(message)
      return answer
    } catch (error) {
      return Promise.reject(error)
    }
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

  /** True for a result that is given without values. */
  decodes ({ request }: Result): boolean {
    return this.#pending[request]?.takes === 'payload'
  }

  /** A queue of events for an iterator. Events without values here are skipped. */
  waitingEvents<T> (): WaitingMessages<T> {
    return new WaitingMessages({ bufferedBytes: this.#bufferedBytes, read: this.#read })
  }

  /** A queue of results for an iterator, which throws like `valuesOf`. */
  waitingResults<T> (): WaitingMessages<T> {
    return new WaitingMessages({ bufferedBytes: this.#bufferedBytes, read: (payload) => this.valuesOf(payload) })
  }

  /** Decodes the payload of a result. Throws a WampError if it has no values here. */
  valuesOf (payload: Payload): Values {
    const values = this.#read(payload)
    if (values === undefined) throw new WampError(reasons.invalidArgument, { args: ['JavaScript cannot represent the result'] })
    return values
  }

  /** Receives a message of the router, and the values of its payload, except of events and of results that are given without. Never throws. */
  receive (message: RouterMessage, values: Values, held: Held | null = null): void {
    switch (message.type) {
      case MessageType.Event: return this.events.handle(message)
      case MessageType.Invocation: return this.invocations.handle(message, values, held)
      case MessageType.Error: return this.#error(message, values)
      case MessageType.Goodbye: return this.#goodbye(message.reason)
      case MessageType.Abort: return this.closed(message.reason)
      case MessageType.Published:
      case MessageType.Subscribed:
      case MessageType.Unsubscribed:
      case MessageType.Result:
      case MessageType.Registered:
      case MessageType.Unregistered: return this.#reply(message, values)
      case MessageType.Interrupt: return this.invocations.interrupt(message)
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
    const pending = Object.values(this.#pending)
    this.#pending = {}
    this.invocations.close(new errors.WAMP_ERR_SESSION_CLOSED(this.#closeReason))
    for (const { reject } of pending) reject(new errors.WAMP_ERR_SESSION_CLOSED(this.#closeReason))
    for (const tell of this.#whenClosed) {
      this.#tellEnd(tell)
    }
    this.#whenClosed.clear()
    this.#closed()
  }

  async #answerTo<T> (request: Id, accept: (reply: Reply, values: Values) => T, { signal, progress, takes = 'values' }: RequestOptions): Promise<T> {
    let forget = (): void => {}
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#pending[request] = { accept: (reply, values) => { resolve(accept(reply, values)) }, reject, progress, takes, running: 0 }
        forget = onAbort(signal, () => { this.#cancel(request, signal?.reason) })
      })
    } finally {
      forget()
    }
  }

  #tellEnd (tell: () => unknown): void {
    const failed = (error: unknown): void => { this.#log.error({ err: error }, 'a callback for the end of a session failed') }
    try {
      const result = tell()
      if (isThenable(result)) Promise.resolve(result).catch(failed)
    } catch (error) {
      failed(error)
    }
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
    if (reply.type === MessageType.Result && reply.details.progress === true) return this.#progress(reply, pending, values)
    delete this.#pending[reply.request]
    pending.accept(reply, values)
  }

  #progress ({ request, payload }: Result, pending: Pending, values: Values): void {
    try {
      const result = pending.progress?.(values, payload)
      if (isThenable(result)) this.#follow(request, pending, values, Promise.resolve(result))
    } catch (error) {
      this.#cancel(request, error)
    }
  }

  /** An asynchronous function that has been given a progressive result: it may fail, and others arrive before it has ended. */
  #follow (request: Id, pending: Pending, values: Values, handled: Promise<unknown>): void {
    const bytes = memoryOf(values)
    if (pending.running >= MOST_RUNNING || !this.#held.hasRoom(pending, bytes)) this.#cancel(request, new errors.WAMP_ERR_SLOW_READER(pending.running))
    pending.running++
    this.#held.until(handled, this.#held.hold(pending, bytes))
    handled.catch((error: unknown) => {
      if (this.#pending[request] === pending) this.#cancel(request, error)
      else this.#log.error({ err: error }, 'a function for progressive results failed')
    }).then(() => { pending.running-- })
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
}
