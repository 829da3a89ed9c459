import { WampError } from '../errors.ts'
import type { Held, HeldValues } from '../held-values.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { ClientMessage, ErrorMessage, Interrupt, Invocation } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Values } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { ownValues } from './own-values.ts'

/** The part of a logger that is used here. */
export interface PeerLog {
  error (details: object, text: string): void
  warn (details: object, text: string): void
}

/** The parts of an invocation that its procedure needs. The payload is not among them, so that it is not kept in memory. */
export type Invoked = Pick<Invocation, 'request' | 'details'>

/** Answers an invocation. A thrown error becomes an ERROR. A signal takes long to create, so it should be read only if it is needed. `progress` sends a progressive result, and is null if the caller did not request any. */
export type InvocationHandler = (invoked: Invoked, values: Values, controller: Pick<AbortController, 'signal'>, progress: ((payload: Payload) => void) | null) => Promise<Payload>

/** An invocation whose procedure runs. `answer` is null until the procedure has been called. */
interface Running { readonly controller: AbortController, readonly held: Held | null, answer: Promise<ClientMessage> | null }

/** An abandoned invocation, and the memory of its values. */
interface Abandoned { readonly request: Id, readonly held: Held | null }

function failureOf (request: Id, error: Uri): ErrorMessage {
  return { type: MessageType.Error, requestType: 68, request, details: {}, error, payload: Payload.empty }
}

/** The procedures of one session's registrations, and its invocations. */
export class Invocations {
  readonly #say: (message: ClientMessage) => void
  readonly #log: PeerLog
  readonly #held: HeldValues
  readonly #handlers = new Map<Id, InvocationHandler>()
  /** The invocations whose answers the caller waits for. */
  readonly #running = new Map<Id, Running>()
  /** Abandoned invocations whose procedure never ends: nothing can settle its promise any more, so nothing runs. */
  readonly #unreachable = new FinalizationRegistry<Abandoned>((abandoned) => { this.#ended(abandoned) })

  constructor ({ say, log, held }: {
    /** Sends a message, if the session is open. */
    say: (message: ClientMessage) => void
    log: PeerLog
    /** The values that running procedures hold. */
    held: HeldValues
  }) {
    this.#say = say
    this.#log = log
    this.#held = held
  }

  /** Sets the handler for the invocations of a registration. */
  setHandler (registration: Id, handler: InvocationHandler): void {
    this.#handlers.set(registration, handler)
  }

  /** Removes the handler of a registration. */
  removeHandler (registration: Id): void {
    this.#handlers.delete(registration)
  }

  /** Calls a procedure. The memory that it holds is released when it has ended. Never throws. */
  handle ({ request, registration, details }: Invocation, values: Values, held: Held | null): void {
    const handler = this.#handlers.get(registration)
    if (handler === undefined) {
      this.#release(held)
      return this.#say(failureOf(request, reasons.noSuchRegistration))
    }
    const running: Running = { controller: new AbortController(), held, answer: null }
    this.#running.set(request, running)
    const answer = running.answer = this.#answer(handler, { request, details }, values, running.controller)
    const { controller } = running
    answer.then((message) => {
      if (this.#running.delete(request)) {
        this.#release(held)
        return this.#say(message)
      }
      this.#unreachable.unregister(controller)
      this.#ended({ request, held })
    })
  }

  /** With `kill`, the caller waits for the answer. Otherwise the invocation is abandoned, because its procedure may never answer. With `skip`, the procedure goes on. */
  interrupt ({ request, options }: Interrupt): void {
    const running = this.#running.get(request)
    if (running === undefined) return
    const { mode } = options
    if (mode !== 'kill') this.#abandon(request, running)
    if (mode !== 'skip') running.controller.abort(new WampError(reasons.canceled))
  }

  /** Aborts all procedures for this reason, and calls none any more. */
  close (reason: Error): void {
    this.#handlers.clear()
    for (const [request, running] of this.#running) {
      this.#abandon(request, running)
      running.controller.abort(reason)
    }
  }

  #abandon (request: Id, { controller, held, answer }: Running): void {
    this.#running.delete(request)
    this.#unreachable.register(answer!, { request, held }, controller)
  }

  /** The procedure of an abandoned invocation has ended: the router counts it until then. */
  #ended ({ request, held }: Abandoned): void {
    this.#release(held)
    this.#say(failureOf(request, reasons.canceled))
  }

  #release (held: Held | null): void {
    if (held !== null) this.#held.release(held)
  }

  /** Never rejects. */
  async #answer (handler: InvocationHandler, { request, details }: Invoked, values: Values, controller: AbortController): Promise<ClientMessage> {
    const progress = (payload: Payload): void => {
      if (this.#running.has(request) && !controller.signal.aborted) this.#say({ type: MessageType.Yield, request, options: { progress: true }, payload })
    }
    try {
      return { type: MessageType.Yield, request, options: {}, payload: await handler({ request, details }, values, controller, details.receive_progress === true ? progress : null) }
    } catch (error) {
      const canceled = failureOf(request, reasons.canceled)
      return controller.signal.aborted ? canceled : { ...canceled, ...this.#failure(error) }
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
