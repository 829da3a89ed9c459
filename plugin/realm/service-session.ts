import type { Principal } from '../auth/authenticator.ts'
import { WampError } from '../errors.ts'
import { nextId } from '../protocol/id.ts'
import { randomId } from '../protocol/random-id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, CallOptions, Cancel, ErrorMessage, Invocation, Result, RouterMessage, Yield } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args, Kwargs, Values } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { Queue } from '../queue.ts'
import type { Delivery, TransportDetails } from '../transport/transport.ts'
import { spend } from '../work.ts'
import { metaError } from './meta-argument.ts'
import type { RoutedSession } from './routed-session.ts'

/** A call of a meta procedure. */
export interface MetaCall {
  readonly caller: RoutedSession
  readonly args: Args
  readonly kwargs: Kwargs
}

/** The content of the RESULT: only args, or also kwargs. */
export type MetaResult = Args | { readonly args: Args, readonly kwargs: Kwargs }

/** Answers a call, at once unless it must wait. Throws a WampError to refuse it. */
export type MetaProcedure = (call: MetaCall) => MetaResult | Promise<MetaResult>

interface Invoked { readonly invocation: Invocation, readonly values: Values }

/** The options of a call by the router itself. */
export interface ServiceCallOptions {
  readonly options?: CallOptions
  /** Cancels the call. It then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** The session that the call is about. When it leaves, the call is canceled and rejects with `Abandoned`. */
  readonly about?: Id | undefined
}

/** Nobody needs the answer of a call, because the session that it is about has left. */
export class Abandoned extends Error {}

interface PendingCall {
  resolve (result: { args: Args, kwargs: Kwargs }): void
  reject (error: unknown): void
}

/** Units of work to cancel a call, and to interrupt its callee. */
const UNITS_OF_CANCEL = 100

/**
 * The router's own session in a realm: it provides the meta API and calls authorizers. Broker and dealer treat it like any other session.
 * It is not among the realm's sessions, and never ends.
 */
export class ServiceSession implements RoutedSession {
  readonly id: Id = randomId()
  readonly principal: Principal
  readonly features: ReadonlySet<string> = new Set(['publisher', 'caller', 'callee'])
  readonly transport: TransportDetails = { type: 'in-process' }
  place = 0
  readonly #procedures: readonly MetaProcedure[]
  readonly #registered = new Map<Id, MetaProcedure>()
  readonly #calls = new Map<Id, PendingCall>()
  /** The pending calls that are about a session, by its id. */
  readonly #about = new Map<Id, Set<Id>>()
  /** The realm must not be re-entered while it routes: invocations wait until it has finished. */
  readonly #invocations = new Queue<Invoked>()
  /** The octets of pending calls, by session. */
  readonly #waiting = new WeakMap<RoutedSession, number>()
  readonly #octets: number
  #state: 'idle' | 'answering' = 'idle'
  readonly #findSession: (id: Id) => RoutedSession | undefined
  readonly #say: (message: Call | Cancel | Yield | ErrorMessage) => void
  readonly #log: { error (details: object, text: string): void }
  #lastRequest: Id

  constructor ({ realm, octets, procedures, findSession, say, log }: {
    realm: Uri
    /** The maximum octets of pending calls for one session. */
    octets: number
    /** In the order of registration, as requests 1, 2, 3, … */
    procedures: readonly MetaProcedure[]
    /** A session of the realm. */
    findSession: (id: Id) => RoutedSession | undefined
    /** Receives the messages of this session. */
    say: (message: Call | Cancel | Yield | ErrorMessage) => void
    log: { error (details: object, text: string): void }
  }) {
    this.principal = Object.freeze({ realm, authid: 'fastify-wamp', authrole: 'trusted', authmethod: 'in-process', authprovider: 'in-process' })
    this.#procedures = procedures
    this.#lastRequest = procedures.length
    this.#octets = octets
    this.#findSession = findSession
    this.#say = say
    this.#log = log
  }

  /** Calls a procedure. Rejects with the WampError of the answer. */
  async call (procedure: Uri, args: Args, { options = noDetails, signal, about }: ServiceCallOptions = {}): Promise<{ args: Args, kwargs: Kwargs }> {
    signal?.throwIfAborted()
    const request = this.#lastRequest = nextId(this.#lastRequest)
    const abort = (): void => { this.#cancel(request, signal?.reason) }
    try {
      return await new Promise((resolve, reject) => {
        this.#calls.set(request, { resolve, reject })
        if (about !== undefined) this.#noteAbout(about, request)
        this.#say({ type: MessageType.Call, request, options, procedure, payload: Payload.of(args) })
        signal?.addEventListener('abort', abort)
      })
    } finally {
      signal?.removeEventListener('abort', abort)
      if (about !== undefined) this.#forgetAbout(about, request)
    }
  }

  /** Cancels the calls about a session that has left, one per step. */
  * forget (session: Id): Generator<void> {
    for (const request of this.#about.get(session) ?? []) {
      this.#cancel(request, new Abandoned())
      yield
    }
  }

  send (message: RouterMessage): Delivery {
    switch (message.type) {
      case MessageType.Registered: this.#registered.set(message.registration, this.#procedures[message.request - 1]!); break
      case MessageType.Invocation:
      case MessageType.Result:
      case MessageType.Error: return this.#take(message)
      default:
    }
    return 'sent'
  }

  takes (payload: Payload): boolean {
    return payload.hasForm(null)
  }

  get isLosing (): boolean {
    return false
  }

  caughtUp (): null {
    return null
  }

  end (): void {}

  #noteAbout (session: Id, request: Id): void {
    const requests = this.#about.get(session)
    if (requests === undefined) this.#about.set(session, new Set([request]))
    else requests.add(request)
  }

  #forgetAbout (session: Id, request: Id): void {
    const requests = this.#about.get(session)
    requests?.delete(request)
    if (requests?.size === 0) this.#about.delete(session)
  }

  /** Nobody needs the answer: the call ends at once, and its callee is interrupted. */
  #cancel (request: Id, reason: unknown): void {
    const call = this.#callOf(request)
    if (call === undefined) return
    spend(UNITS_OF_CANCEL)
    call.reject(reason)
    this.#say({ type: MessageType.Cancel, request, options: { mode: 'killnowait' } })
  }

  #callOf (request: Id): PendingCall | undefined {
    const call = this.#calls.get(request)
    this.#calls.delete(request)
    return call
  }

  /**
   * Runs the procedures that were invoked while a message was routed. They count as work of that message: a client that calls many of them
   * is read no faster than they are answered. Never throws.
   */
  answer (): void {
    if (this.#state === 'answering') return
    this.#state = 'answering'
    for (let next = this.#invocations.take(); next !== undefined; next = this.#invocations.take()) this.#run(next)
    this.#state = 'idle'
  }

  /** Decodes the payload, where an unrepresentable one can still be answered. */
  #take (message: Invocation | Result | ErrorMessage): Delivery {
    let values: Values
    try {
      values = message.payload.values()
    } catch {
      return 'unencodable'
    }
    if (message.type === MessageType.Invocation) this.#wait({ invocation: message, values })
    else if (message.type === MessageType.Result) this.#callOf(message.request)?.resolve(values)
    else this.#callOf(message.request)?.reject(new WampError(message.error, values))
    return 'sent'
  }

  #wait (invoked: Invoked): void {
    this.#invocations.add(invoked)
    // For calls that are routed later, after the decision of an authorizer.
    if (this.#invocations.size === 1) queueMicrotask(() => { this.answer() })
  }

  #run ({ invocation: { request, registration, details, payload }, values }: Invoked): void {
    spend(1)
    try {
      // Registered with disclose_caller: every invocation names the caller. A caller that has left needs no answer.
      const caller = this.#findSession(details.caller as Id)
      if (caller !== undefined && (this.#waiting.get(caller) ?? 0) + payload.size > this.#octets) {
        throw metaError(reasons.limitExceeded, 'limits.parked: this session waits for too many answers')
      }
      const result = caller === undefined ? [] : this.#registered.get(registration)!({ caller, ...values })
      if (result instanceof Promise) this.#answerLater(caller!, request, payload.size, result)
      else this.#yield(request, result)
    } catch (error) {
      this.#refuse(request, error)
    }
  }

  /** The arguments of a call may have to be kept until it is answered, for one session up to the limit for parked messages. */
  #answerLater (caller: RoutedSession, request: Id, octets: number, result: Promise<MetaResult>): void {
    this.#waiting.set(caller, (this.#waiting.get(caller) ?? 0) + octets)
    result.then((result) => { this.#yield(request, result) }, (error: unknown) => { this.#refuse(request, error) }).finally(() => {
      this.#waiting.set(caller, this.#waiting.get(caller)! - octets)
    })
  }

  #yield (request: Id, result: MetaResult): void {
    const { args, kwargs } = Array.isArray(result) ? { args: result, kwargs: {} } : result
    this.#reply({ type: MessageType.Yield, request, options: noDetails, payload: Payload.of(args, kwargs) })
  }

  #refuse (request: Id, error: unknown): void {
    const refused = { type: MessageType.Error, requestType: MessageType.Invocation, request, details: noDetails } as const
    if (error instanceof WampError) return this.#reply({ ...refused, error: error.error, payload: Payload.of(error.args) })
    this.#log.error({ err: error }, 'a meta procedure failed')
    this.#reply({ ...refused, error: reasons.runtimeError, payload: Payload.of(['the procedure failed']) })
  }

  /** Never throws: errors of the realm are logged. */
  #reply (answer: Yield | ErrorMessage): void {
    try {
      this.#say(answer)
    } catch (error) {
      this.#log.error({ err: error }, 'the answer of a meta procedure could not be routed')
    }
  }
}
