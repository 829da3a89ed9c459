import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { MessageCode } from '../protocol/message.ts'
import type { Dict } from '../protocol/message-options.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Values } from '../protocol/values.ts'
import { WampError } from '../protocol/wamp-error.ts'
import { onAbort } from '../abort-callbacks.ts'
import { LONGEST_TIMER } from '../longest-timer.ts'
import type { Receiver } from './channel.ts'
import { ClientError } from './client-error.ts'
import { endedByRouter, errorOf } from './connection-end.ts'
import type { End } from './connection-end.ts'
import { unexpected } from './incoming.ts'
import type { Incoming } from './incoming.ts'
import { Invocations } from './invocations.ts'
import type { InvocationParts } from './invocations.ts'

/** An answer to a request. */
export type Reply = Extract<Incoming, { readonly request: Id | 0 }>

/** What a request is made of. */
export interface Request<T> {
  readonly type: 16 | 32 | 34 | 48 | 64 | 66
  /** What follows the request id, before args and kwargs. */
  readonly fields: readonly [Dict, Uri] | readonly [Id]
  readonly values?: Values
  /** Runs as the answer arrives, before any message after it. */
  accept (reply: Reply): T
  /** Cancels a call. */
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((values: Values) => void) | undefined
  /** Milliseconds after which a call is canceled. */
  readonly timeout?: number | undefined
}

interface Pending extends Pick<Request<unknown>, 'type' | 'accept' | 'progress'> {
  readonly what: Uri | Id
  resolve (value: unknown): void
  reject (error: unknown): void
  /** Undoes the listening to a signal. */
  readonly forget: () => void
  readonly timer: ReturnType<typeof setTimeout> | undefined
}

/** Takes an event. */
export type EventHandler = (event: Extract<Incoming, { readonly type: 36 }>) => unknown

/** The parts of a link. */
export interface LinkParts extends InvocationParts {
  readonly ended: (end: End) => void
  /** The router has ended a subscription or registration. */
  readonly revoked: (type: 32 | 64, id: Id, error: WampError) => void
}

/** A session as long as one connection lasts: requests and their answers, events and invocations. */
export class Link implements Receiver {
  /** The procedures of this session. */
  declare readonly invocations: Invocations
  readonly #parts: LinkParts
  /** The requests without a response. The garbage collector would keep the content of a Map that changes often until a full collection. */
  readonly #pending: Record<Id, Pending> = {}
  readonly #subscriptions = new Map<Id, Set<EventHandler>>()
  #lastRequest: Id = 0
  #isLeaving = false

  constructor (parts: LinkParts) {
    this.#parts = parts
    this.invocations = new Invocations(parts)
  }

  /**
   * Sends a request and waits for its answer. Rejects with the WampError of an ERROR, with WAMP_ERR_INVALID_MESSAGE before
   * anything is sent, and with WAMP_ERR_IN_DOUBT when the connection ends first.
   */
  request<T> ({ type, fields, values, accept, signal, progress, timeout = 0 }: Request<T>): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      signal?.throwIfAborted()
      const { channel } = this.#parts
      const what = fields.at(-1) as Uri | Id
      if (this.#isLeaving || !channel.isOpen) {
        throw new ClientError(this.#isLeaving ? 'WAMP_ERR_SESSION_CLOSED' : 'WAMP_ERR_NOT_CONNECTED', `${what}: not connected`)
      }
      const request = nextId(this.#lastRequest)
      const data = channel.encode([type, request, ...fields], values)
      this.#lastRequest = request
      this.#pending[request] = {
        type,
        what,
        accept,
        progress,
        resolve,
        reject,
        forget: onAbort(signal, () => { this.#cancel(request, signal!.reason) }),
        // The router alone measures a longer one.
        timer: timeout > 0 && timeout <= LONGEST_TIMER ? setTimeout(() => { this.#cancel(request, new WampError(reasons.timeout, { args: [`no answer in ${timeout} ms`] })) }, timeout) : undefined
      }
      channel.send(data)
    }) as Promise<T>
  }

  /** Has the events of a subscription handled, from now on. */
  addHandler (subscription: Id, handler: EventHandler): void {
    this.#subscriptions.set(subscription, (this.#subscriptions.get(subscription) ?? new Set()).add(handler))
  }

  /** Undoes `addHandler`. */
  removeHandler (subscription: Id, handler: EventHandler): void {
    this.#subscriptions.get(subscription)?.delete(handler)
  }

  /** Ends a subscription that nobody handles any more. */
  async giveUp (subscription: Id): Promise<void> {
    if (this.#subscriptions.get(subscription)?.size !== 0) return
    this.#subscriptions.delete(subscription)
    await this.request({ type: MessageType.Unsubscribe, fields: [subscription], accept: () => {} })
  }

  /** Says GOODBYE. The session is over when the router answers, or the connection ends. */
  leave (reason: Uri): void {
    const { channel } = this.#parts
    this.#isLeaving = true
    channel.say([6, {}, reason])
    // Nothing follows GOODBYE.
    channel.send = () => {}
  }

  receive (message: Incoming): void {
    switch (message.type) {
      case MessageType.Event: return this.#event(message)
      case MessageType.Invocation: return this.invocations.invoke(message)
      case MessageType.Interrupt: return this.invocations.interrupt(message.request)
      case MessageType.Error: return this.#answered(message, message.requestType)?.reject(new WampError(message.error, message))
      case MessageType.Goodbye:
      case MessageType.Abort:
        if (message.type === MessageType.Goodbye) this.#parts.channel.say([6, {}, reasons.goodbyeAndOut])
        return this.#parts.channel.close(endedByRouter(message))
      case MessageType.Welcome:
      case MessageType.Challenge: return unexpected()
      default: return this.#reply(message)
    }
  }

  ended (end: End): void {
    const error = errorOf(end)
    this.invocations.end(error)
    for (const request in this.#pending) {
      const { what, reject } = this.#take(Number(request))!
      reject(new ClientError('WAMP_ERR_IN_DOUBT', `${what}: connection lost`, error))
    }
    this.#parts.ended(end)
  }

  #reply (reply: Exclude<Reply, { readonly type: 8 | 68 | 69 }>): void {
    if (reply.request === 0) return this.#revocation(reply)
    if (reply.type === MessageType.Result && reply.details.progress === true) {
      const pending = this.#find(reply, MessageType.Call)
      return this.#run(() => pending?.progress?.(reply))
    }
    const pending = this.#answered(reply, reply.type === MessageType.Result ? MessageType.Call : reply.type - 1)
    try {
      pending?.resolve(pending.accept(reply))
    } catch (error) {
      pending?.reject(error)
    }
  }

  /** The request of this type that a message answers; undefined if nobody waits for it any more: answer and CANCEL may cross. */
  #find ({ request }: Reply, type: number): Pending | undefined {
    if (request > this.#lastRequest) unexpected()
    const pending = this.#pending[request]
    if (pending === undefined || pending.type === type) return pending
    unexpected()
  }

  #answered (reply: Reply, type: number): Pending | undefined {
    this.#find(reply, type)
    return this.#take(reply.request)
  }

  /** A request that nobody waits for any more. */
  #take (request: Id): Pending | undefined {
    const pending = this.#pending[request]
    delete this.#pending[request]
    pending?.forget()
    clearTimeout(pending?.timer)
    return pending
  }

  #revocation ({ type, details }: { readonly type: MessageCode, readonly details?: Dict | undefined }): void {
    const { subscription, registration, reason } = details ?? {}
    const id = (type === MessageType.Unsubscribed ? subscription : registration) as Id
    if (id === subscription) this.#subscriptions.delete(id)
    else this.invocations.handlers.delete(id)
    this.#parts.revoked(type === MessageType.Unsubscribed ? MessageType.Subscribe : MessageType.Register, id, new WampError(typeof reason === 'string' ? reason : reasons.notAuthorized, { args: ['revoked'] }))
  }

  /** Nobody waits for a request any more: what comes for it is ignored. Only a call can be taken back. */
  #cancel (request: Id, reason: unknown): void {
    const pending = this.#take(request)
    if (pending?.type === MessageType.Call) this.#parts.channel.say([49, request, { mode: 'killnowait' }])
    pending?.reject(reason)
  }

  #event (event: Extract<Incoming, { readonly type: 36 }>): void {
    // A retained event comes right after SUBSCRIBED, for the latest handler.
    const handlers = [...this.#subscriptions.get(event.subscription) ?? []].slice(event.details.retained === true ? -1 : 0)
    handlers.forEach((handler, i) => {
      this.#run(() => handler(i < handlers.length - 1 ? structuredClone(event) : event))
    })
  }

  /** Runs a function of the app in this turn, so that events are handled in their order. */
  #run (work: () => unknown): void {
    try {
      (work() as Partial<Promise<unknown>> | undefined)?.catch?.(this.#parts.onError)
    } catch (error) {
      this.#parts.onError(error)
    }
  }
}
