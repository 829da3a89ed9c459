import { callEnded, callStarted, identityOf, invocationEnded, invocationStarted, tellable } from '../diagnostics.ts'
import type { CallMessage, CallOutcome, InvocationMessage } from '../diagnostics.ts'
import { MessageType } from '../protocol/message.ts'
import type { Call, Dict, ErrorMessage, Result } from '../protocol/message.ts'
import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { RoutedSession } from './routed-session.ts'

/** The options that are told. */
const types = { timeout: 'number', receive_progress: 'boolean', progress: 'boolean', disclose_me: 'boolean', traceparent: 'string', tracestate: 'string' } as const

/** Tells the diagnostics channels what becomes of one call. Only made while somebody listens. */
export class CallWatch {
  readonly #call: CallMessage
  readonly #since = performance.now()
  /** Who has the call now. */
  #invocation: InvocationMessage | null = null

  private constructor (call: CallMessage) {
    this.#call = call
  }

  /** Tells that a call has started. Null if nobody wants to know of calls. */
  static start (router: object, caller: RoutedSession, { request, procedure, options }: Call): CallWatch | null {
    if (!callStarted.hasSubscribers && !callEnded.hasSubscribers && !invocationStarted.hasSubscribers && !invocationEnded.hasSubscribers) return null
    const call: CallMessage = { router, caller: identityOf(caller), request, procedure, options: tellable(options, types) }
    callStarted.publish(call)
    return new CallWatch(call)
  }

  /** A callee is about to be sent the call. */
  invoke (callee: RoutedSession, invocation: Id): void {
    const { router } = this.#call
    this.#invocation = { router, call: this.#call, callee: identityOf(callee), invocation, details: {} }
    invocationStarted.publish(this.#invocation)
  }

  /** INVOCATION.Details with what a subscriber has added: nothing of the router's is replaced. */
  told (details: Dict): Dict {
    return { ...this.#invocation?.details, ...details }
  }

  /** The callee is not waited for any longer. */
  endInvocation (outcome: CallOutcome, error: Uri | null): void {
    const invocation = this.#invocation
    this.#invocation = null
    if (invocation !== null && invocationEnded.hasSubscribers) invocationEnded.publish({ router: this.#call.router, invocation, outcome, error })
  }

  /** The call is over. */
  end (outcome: CallOutcome, error: Uri | null): void {
    this.endInvocation(outcome, error)
    if (!callEnded.hasSubscribers) return
    callEnded.publish({ router: this.#call.router, call: this.#call, outcome, error, milliseconds: performance.now() - this.#since })
  }

  /** The caller thought better of it, or is gone, while an authorizer was thinking. */
  abandoned (why: 'canceled' | 'gone'): void {
    if (why === 'canceled') this.end('canceled', reasons.canceled)
    else this.end('caller gone', null)
  }

  /** The call is over with this answer, null for a caller who is gone. */
  answered (answer: Result | ErrorMessage | null, outcome = outcomeOf(answer)): void {
    this.end(outcome, answer?.type === MessageType.Error ? answer.error : null)
  }
}

function outcomeOf (answer: Result | ErrorMessage | null): CallOutcome {
  if (answer === null) return 'caller gone'
  if (answer.type === MessageType.Result) return 'result'
  return answer.error === reasons.canceled ? 'canceled' : 'error'
}
