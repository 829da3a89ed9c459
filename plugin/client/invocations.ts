import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Values } from '../protocol/values.ts'
import { WampError } from '../protocol/wamp-error.ts'
import { CallResult } from '../peer/call-result.ts'
import type { Called } from '../peer/session-types.ts'
import { unexpected } from './incoming.ts'
import type { Incoming } from './incoming.ts'
import type { Channel } from './channel.ts'

type Invocation = Extract<Incoming, { readonly type: 68 }>

/** Answers an invocation: what it returns becomes YIELD, what it throws ERROR. */
export type InvocationHandler = (called: Called) => unknown

/** The parts of a link that invocations use. */
export interface InvocationParts {
  readonly channel: Channel
  /** Takes what an app's handler threw. */
  readonly onError: (error: unknown) => void
}

/** The procedures of a session, and the invocations that are neither answered nor interrupted. */
export class Invocations {
  /** The handlers of the invocations, by registration. */
  readonly handlers = new Map<Id, InvocationHandler>()
  readonly #parts: InvocationParts
  readonly #running = new Map<Id, AbortController>()

  constructor (parts: InvocationParts) {
    this.#parts = parts
  }

  /** Takes an INVOCATION. */
  invoke (invocation: Invocation): void {
    const { request, registration } = invocation
    if (this.#running.has(request)) unexpected()
    const handler = this.handlers.get(registration)
    // UNREGISTER and INVOCATION may cross.
    if (handler === undefined) return this.#fail(request, new WampError(reasons.noSuchRegistration))
    const controller = new AbortController()
    this.#running.set(request, controller)
    this.#answer(handler, invocation, controller)
  }

  /** Takes an INTERRUPT. The procedure may never end, so the invocation is forgotten, but an answer is still sent. */
  interrupt (request: Id): void {
    const controller = this.#running.get(request)
    this.#running.delete(request)
    controller?.abort(new WampError(reasons.canceled))
  }

  /** The session is over: nobody waits for answers. */
  end (error: WampError): void {
    for (const controller of this.#running.values()) controller.abort(error)
  }

  /** Never rejects. */
  async #answer (handler: InvocationHandler, { request, details, args, kwargs }: Invocation, { signal }: AbortController): Promise<void> {
    const progress = (value: unknown): void => {
      if (this.#running.has(request)) this.#parts.channel.say([70, request, { progress: true }], valuesOf(value))
    }
    try {
      const value = await handler({ args, kwargs, details, signal, progress: details.receive_progress === true ? progress : null })
      signal.throwIfAborted()
      this.#parts.channel.say([70, request, {}], valuesOf(value))
    } catch (error) {
      this.#fail(request, signal.aborted ? signal.reason : error)
    } finally {
      this.#running.delete(request)
    }
  }

  /** What a procedure threw is for its own side; only a WampError is meant for the caller. */
  #fail (request: Id, error: unknown): void {
    try {
      if (!(error instanceof WampError)) throw error
      this.#parts.channel.say([8, 68, request, {}, error.error], error)
    } catch (cause) {
      this.#parts.onError(cause)
      this.#fail(request, new WampError(reasons.runtimeError, { args: ['the procedure failed'] }))
    }
  }
}

function valuesOf (value: unknown): Values {
  if (value instanceof CallResult) return value
  return { args: value === undefined ? [] : [value], kwargs: {} }
}
