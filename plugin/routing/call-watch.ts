import { callEnded, callStarted, identityOf, invocationEnded, invocationStarted, tellable } from '../diagnostics.ts'
import type { CallMessage, CallOutcome, InvocationMessage } from '../diagnostics.ts'
import { MessageType } from '../protocol/message.ts'
import type { Call, Dict, ErrorMessage, Result } from '../protocol/message.ts'
import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { RoutedSession } from './routed-session.ts'

/** The published options. */
const types = { timeout: 'number', receive_progress: 'boolean', progress: 'boolean', disclose_me: 'boolean', traceparent: 'string', tracestate: 'string' } as const

/** Publishes the progress of one call to the diagnostics channels. Only created if there are subscribers. */
export class CallWatch {
  readonly #call: CallMessage
  readonly #since = performance.now()
  /** The current invocation. */
  #invocation: InvocationMessage | null = null

  private constructor (call: CallMessage) {
    this.#call = call
  }

  /** Publishes the start of a call. Null if there are no subscribers. */
  static start (router: object, caller: RoutedSession, { request, procedure, options }: Call): CallWatch | null {
    if (!callStarted.hasSubscribers && !callEnded.hasSubscribers && !invocationStarted.hasSubscribers && !invocationEnded.hasSubscribers) return null
    const call: CallMessage = { router, caller: identityOf(caller), request, procedure, options: tellable(options, types) }
    callStarted.publish(call)
    return new CallWatch(call)
  }

  /** Publishes that an invocation is about to be sent. */
  invoke (callee: RoutedSession, invocation: Id): void {
    const { router } = this.#call
    this.#invocation = { router, call: this.#call, callee: identityOf(callee), invocation, details: {} }
    invocationStarted.publish(this.#invocation)
  }

  /** INVOCATION.Details with the attributes that subscribers have added. The router's own attributes are not replaced. */
  told (details: Dict): Dict {
    return { ...this.#invocation?.details, ...details }
  }

  /** Publishes the end of an invocation. */
  endInvocation (outcome: CallOutcome, error: Uri | null): void {
    const invocation = this.#invocation
    this.#invocation = null
    if (invocation !== null && invocationEnded.hasSubscribers) invocationEnded.publish({ router: this.#call.router, invocation, outcome, error })
  }

  /** Publishes the end of the call. */
  end (outcome: CallOutcome, error: Uri | null): void {
    this.endInvocation(outcome, error)
    if (!callEnded.hasSubscribers) return
    callEnded.publish({ router: this.#call.router, call: this.#call, outcome, error, milliseconds: performance.now() - this.#since })
  }

  /** Publishes that the caller canceled or disconnected while an authorizer was deciding. */
  abandoned (why: 'canceled' | 'gone'): void {
    if (why === 'canceled') this.end('canceled', reasons.canceled)
    else this.end('caller gone', null)
  }

  /** Publishes the end of the call with this answer, or null if the caller has disconnected. */
  answered (answer: Result | ErrorMessage | null, outcome = outcomeOf(answer)): void {
    this.end(outcome, answer?.type === MessageType.Error ? answer.error : null)
  }
}

function outcomeOf (answer: Result | ErrorMessage | null): CallOutcome {
  if (answer === null) return 'caller gone'
  if (answer.type === MessageType.Result) return 'result'
  return answer.error === reasons.canceled ? 'canceled' : 'error'
}
