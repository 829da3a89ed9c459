import { callEnded, callStarted, identityOf, invocationEnded, invocationStarted, tellable } from '../diagnostics.ts'
import type { CallMessage, CallOutcome, InvocationMessage } from '../diagnostics.ts'
import { MessageType } from '../protocol/message.ts'
import type { Call, Dict, ErrorMessage, Result } from '../protocol/message.ts'
import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { CallWatch } from '../routing/request-observer.ts'
import type { RoutedSession } from '../routing/routed-session.ts'

/** The published options. */
const types = { timeout: 'number', receive_progress: 'boolean', progress: 'boolean', disclose_me: 'boolean', traceparent: 'string', tracestate: 'string' } as const

/** Publishes the progress of one call to the diagnostics channels. Only created if there are subscribers. */
export class CallReport implements CallWatch {
  readonly #call: CallMessage
  readonly #since = performance.now()
  /** The current invocation. */
  #invocation: InvocationMessage | null = null

  private constructor (call: CallMessage) {
    this.#call = call
  }

  /** Publishes the start of a call. Null if there are no subscribers. */
  static start (router: object, caller: RoutedSession, { request, procedure, options }: Call): CallReport | null {
    if (!callStarted.hasSubscribers && !callEnded.hasSubscribers && !invocationStarted.hasSubscribers && !invocationEnded.hasSubscribers) return null
    const call: CallMessage = { router, caller: identityOf(caller), request, procedure, options: tellable(options, types) }
    callStarted.publish(call)
    return new CallReport(call)
  }

  invoke (callee: RoutedSession, invocation: Id): void {
    const { router } = this.#call
    this.#invocation = { router, call: this.#call, callee: identityOf(callee), invocation, details: {} }
    invocationStarted.publish(this.#invocation)
  }

  told (details: Dict): Dict {
    return { ...this.#invocation?.details, ...details }
  }

  endInvocation (outcome: CallOutcome, error: Uri | null): void {
    const invocation = this.#invocation
    this.#invocation = null
    if (invocation !== null && invocationEnded.hasSubscribers) invocationEnded.publish({ router: this.#call.router, invocation, outcome, error })
  }

  end (outcome: CallOutcome, error: Uri | null): void {
    this.endInvocation(outcome, error)
    if (!callEnded.hasSubscribers) return
    callEnded.publish({ router: this.#call.router, call: this.#call, outcome, error, milliseconds: performance.now() - this.#since })
  }

  abandoned (why: 'canceled' | 'gone'): void {
    if (why === 'canceled') this.end('canceled', reasons.canceled)
    else this.end('caller_gone', null)
  }

  answered (answer: Result | ErrorMessage | null, outcome = outcomeOf(answer)): void {
    this.end(outcome, answer?.type === MessageType.Error ? answer.error : null)
  }
}

function outcomeOf (answer: Result | ErrorMessage | null): CallOutcome {
  if (answer === null) return 'caller_gone'
  if (answer.type === MessageType.Result) return 'result'
  return answer.error === reasons.canceled ? 'canceled' : 'error'
}
