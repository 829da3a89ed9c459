import { WampError } from '../errors.ts'
import type { HeldValues } from '../held-values.ts'
import { memoryOf } from '../memory-of.ts'
import { randomId } from '../protocol/random-id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { ErrorMessage, Interrupt, Invocation, RouterMessage, Yield } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args, Kwargs, Values } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { trusted } from '../protocol/trusted.ts'
import type { Uri } from '../protocol/uri.ts'
import { Queue } from '../queue.ts'
import type { Delivery } from '../transport/transport.ts'
import { spend } from '../work.ts'
import { metaError } from './meta-argument.ts'
import { OwnSession } from '../routing/own-session.ts'
import { sharerOf } from '../routing/routed-session.ts'
import type { RoutedSession } from '../routing/routed-session.ts'

/** A call of a meta procedure. */
export interface MetaCall {
  readonly caller: RoutedSession
  readonly args: Args
  readonly kwargs: Kwargs
  /** `canceled`: the answer is no longer needed. */
  state: 'open' | 'canceled'
  /** Set by a procedure that waits: called if the call is canceled. */
  whenCanceled: () => void
}

/** The content of the RESULT: only args, or also kwargs. */
export type MetaResult = Args | { readonly args: Args, readonly kwargs: Kwargs }

/** Answers a call, at once unless it must wait. Throws a WampError to refuse it. */
export type MetaProcedure = (call: MetaCall) => MetaResult | Promise<MetaResult>

interface Invoked { readonly invocation: Invocation, readonly values: Values }

/** The bytes that a pending call takes in addition to its payload. */
const BYTES_OF_CALL = 512

/** The session by which the router provides the meta API of a realm. Broker and dealer treat it like any other session. */
export class ServiceSession extends OwnSession {
  readonly features: ReadonlySet<string> = new Set(['publisher', 'callee', 'callee.call_canceling'])
  readonly #procedures: readonly MetaProcedure[]
  readonly #registered = new Map<Id, MetaProcedure>()
  /** The calls that wait for their answers, by invocation. */
  readonly #pending = new Map<Id, MetaCall>()
  /** The realm must not be re-entered while it routes: invocations wait until it has finished. */
  readonly #invocations = new Queue<Invoked>()
  /** The pending calls of each session, and the bytes that they take. */
  readonly #waiting = new Map<RoutedSession, { readonly calls: Set<MetaCall>, bytes: number }>()
  readonly #octets: number
  readonly #held: HeldValues
  #state: 'idle' | 'answering' = 'idle'
  readonly #findSession: (id: Id) => RoutedSession | undefined
  readonly #say: (message: Yield | ErrorMessage) => void
  readonly #log: { error (details: object, text: string): void }

  constructor ({ realm, octets, held, procedures, findSession, say, log }: {
    realm: Uri
    /** The maximum octets of pending calls for one session. */
    octets: number
    /** The decoded values that pending calls hold. */
    held: HeldValues
    /** In the order of registration, as requests 1, 2, 3, … */
    procedures: readonly MetaProcedure[]
    /** A session of the realm. */
    findSession: (id: Id) => RoutedSession | undefined
    /** Receives the messages of this session. */
    say: (message: Yield | ErrorMessage) => void
    log: { error (details: object, text: string): void }
  }) {
    super({ id: randomId(), principal: Object.freeze({ realm, authid: 'fastify-wamp', authrole: trusted, authmethod: 'in-process', authprovider: 'in-process' }) })
    this.#procedures = procedures
    this.#octets = octets
    this.#held = held
    this.#findSession = findSession
    this.#say = say
    this.#log = log
  }

  send (message: RouterMessage): Delivery {
    switch (message.type) {
      case MessageType.Registered: this.#registered.set(message.registration, this.#procedures[message.request - 1]!); break
      case MessageType.Invocation: return this.#take(message)
      case MessageType.Interrupt: this.#interrupt(message); break
      default:
    }
    return 'sent'
  }

  /** Cancels the calls of a session that has left, one per step. */
  * forget (caller: RoutedSession): Generator<void> {
    for (const call of this.#waiting.get(caller)?.calls ?? []) {
      cancel(call)
      yield
    }
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
  #take (invocation: Invocation): Delivery {
    try {
      this.#wait({ invocation, values: invocation.payload.values() })
    } catch {
      return 'unencodable'
    }
    return 'sent'
  }

  /** Handled after the message at work, because the realm must not be re-entered. With `kill`, the caller waits for an answer. */
  #interrupt ({ request, options }: Interrupt): void {
    const call = this.#pending.get(request)
    if (call === undefined) return
    queueMicrotask(() => {
      cancel(call)
      if (options['mode'] === 'kill') this.#refuse(request, new WampError(reasons.canceled))
    })
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
      if (caller === undefined) return this.#yield(request, [])
      const bytes = payload.size + BYTES_OF_CALL
      if ((this.#waiting.get(caller)?.bytes ?? 0) + bytes > this.#octets) {
        throw metaError(reasons.limitExceeded, 'limits.parkedBytes: this session has too many pending calls of the meta API')
      }
      const memory = memoryOf(values)
      if (!this.#held.hasRoom(sharerOf(caller), memory)) throw metaError(reasons.limitExceeded, 'limits.heldBytes: the pending calls hold too many values')
      const call: MetaCall = { caller, ...values, state: 'open', whenCanceled: () => {} }
      const result = this.#registered.get(registration)!(call)
      if (result instanceof Promise) this.#answerLater(call, request, { bytes, memory }, result)
      else this.#yield(request, result)
    } catch (error) {
      this.#refuse(request, error)
    }
  }

  /** Answers a call that waits. Its arguments may have to be kept until then, even if it is canceled: up to the limit for parked messages. */
  #answerLater (call: MetaCall, request: Id, { bytes, memory }: { bytes: number, memory: number }, result: Promise<MetaResult>): void {
    const { caller } = call
    const held = this.#held.hold(sharerOf(caller), memory)
    const waiting = this.#waiting.get(caller) ?? { calls: new Set(), bytes: 0 }
    this.#waiting.set(caller, waiting)
    waiting.calls.add(call)
    waiting.bytes += bytes
    this.#pending.set(request, call)
    result.then((result) => { this.#yield(request, result) }, (error: unknown) => { this.#refuse(request, error) }).finally(() => {
      this.#pending.delete(request)
      waiting.calls.delete(call)
      waiting.bytes -= bytes
      this.#held.release(held)
      if (waiting.calls.size === 0) this.#waiting.delete(caller)
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

/** The answer is no longer needed. A procedure that waits is notified. */
function cancel (call: MetaCall): void {
  call.state = 'canceled'
  call.whenCanceled()
}
