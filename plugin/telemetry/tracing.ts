import { listenTo } from '../diagnostics.ts'
import type { CallMessage, InvocationMessage, PublicationMessage } from '../diagnostics.ts'
import { refuseUnknown } from '../did-you-mean.ts'
import { errors } from '../errors.ts'
import type { Propagation, PropagationSlot } from '../in-process/propagation.ts'
import type { Dict } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Context, OpenTelemetryApi, Span, SpanContext, Tracer, TracingOptions } from './opentelemetry.ts'
import { readTraceContext, writeTraceContext } from './trace-context.ts'

/** Validates the options of `wampTracing`. Throws WAMP_ERR_INVALID_OPTION. */
export function checkTracing (given: TracingOptions): void {
  refuseUnknown(given, ['api'])
  const { api } = given
  if (typeof api?.trace?.getTracer !== 'function') throw new errors.WAMP_ERR_INVALID_OPTION('api', 'must be the module @opentelemetry/api')
}

/** Creates spans for a router's calls, invocations and publications, and propagates the trace with the messages. */
export class Tracing implements Propagation {
  readonly #api: OpenTelemetryApi
  readonly #tracer: Tracer
  readonly #slot: PropagationSlot
  /** The spans that have not ended. */
  readonly #spans = new Map<CallMessage | InvocationMessage | PublicationMessage, Span>()
  readonly #undo: readonly (() => void)[]

  constructor (api: OpenTelemetryApi, router: { readonly propagation: PropagationSlot }) {
    this.#api = api
    this.#tracer = api.trace.getTracer('fastify-wamp')
    this.#slot = router.propagation
    this.#slot.current = this
    this.#undo = [
      listenTo(router, 'callStarted', (call) => { this.#startCall(call) }),
      listenTo(router, 'callEnded', ({ call, outcome, error }) => { this.#end(call, failureOf(outcome, error)) }),
      listenTo(router, 'invocationStarted', (invocation) => { this.#startInvocation(invocation) }),
      listenTo(router, 'invocationEnded', ({ invocation, outcome, error }) => { this.#end(invocation, failureOf(outcome, error)) }),
      listenTo(router, 'publicationStarted', (publication) => { this.#startPublication(publication) }),
      listenTo(router, 'publicationEnded', ({ publication, outcome, error, receivers }) => {
        this.#spans.get(publication)?.setAttribute('wamp.receivers', receivers)
        this.#end(publication, failureOf(outcome, error))
      })
    ]
  }

  attributes (): Dict | null {
    const { trace, context } = this.#api
    const active = trace.getSpanContext(context.active())
    // In the API, zeros mean that there is no span.
    return active === undefined || /^0+$/.test(active.traceId) ? null : { ...writeTraceContext(active) }
  }

  // Without a trace context, run outside of any trace: the active context belongs to another message.
  run<T> (details: Dict, work: () => T): T {
    return this.#api.context.with(this.#within(readTraceContext(details, this.#api)), work)
  }

  /** Stops creating spans and ends the open ones. */
  close (): void {
    for (const undo of this.#undo) undo()
    if (this.#slot.current === this) this.#slot.current = null
    for (const span of this.#spans.values()) span.end()
    this.#spans.clear()
  }

  #startCall (call: CallMessage): void {
    const { procedure, options, caller: { realm, authrole } } = call
    const span = this.#tracer.startSpan(procedure, { kind: this.#api.SpanKind.SERVER, attributes: rpc(procedure, realm, authrole) }, this.#within(readTraceContext(options, this.#api)))
    this.#spans.set(call, span)
  }

  #startInvocation (invocation: InvocationMessage): void {
    const { call, call: { procedure }, callee: { realm, authrole }, details } = invocation
    const parent = this.#spans.get(call)?.spanContext() ?? null
    const span = this.#tracer.startSpan(procedure, { kind: this.#api.SpanKind.CLIENT, attributes: rpc(procedure, realm, authrole) }, this.#within(parent))
    this.#spans.set(invocation, span)
    Object.assign(details, writeTraceContext(span.spanContext()))
  }

  #startPublication (publication: PublicationMessage): void {
    const { topic, options, publisher: { realm, authrole }, details } = publication
    const attributes = {
      'messaging.system': 'wamp', 'messaging.destination.name': topic, 'messaging.operation.name': 'publish', 'messaging.operation.type': 'send', 'wamp.realm': realm, 'wamp.authrole': authrole
    }
    const span = this.#tracer.startSpan(`publish ${topic}`, { kind: this.#api.SpanKind.PRODUCER, attributes }, this.#within(readTraceContext(options, this.#api)))
    this.#spans.set(publication, span)
    Object.assign(details, writeTraceContext(span.spanContext()))
  }

  #end (what: CallMessage | InvocationMessage | PublicationMessage, failure: string | null): void {
    const span = this.#spans.get(what)
    this.#spans.delete(what)
    if (failure !== null) {
      span?.setAttribute('error.type', failure)
      span?.setStatus({ code: this.#api.SpanStatusCode.ERROR, message: failure })
    }
    span?.end()
  }

  #within (parent: SpanContext | null): Context {
    const { trace, ROOT_CONTEXT } = this.#api
    return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
  }
}

function rpc (procedure: Uri, realm: Uri, authrole: string): Record<string, string> {
  return { 'rpc.system': 'wamp', 'rpc.method': procedure, 'wamp.realm': realm, 'wamp.authrole': authrole }
}

/** The value of `error.type`: a URI, or the party that disconnected; null on success. */
function failureOf (outcome: string, error: Uri | null): string | null {
  return outcome === 'result' || outcome === 'published' ? null : error ?? outcome
}
