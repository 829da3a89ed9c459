import type { OpenTelemetryApi, SpanContext } from './opentelemetry.ts'

/** A trace context in the options and details of messages [W3C Trace Context]. */
export interface TraceAttributes {
  readonly traceparent: string
  readonly tracestate?: string
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1
/** The number of characters of a tracestate that must be propagated [3.3.1.5]. */
const LONGEST = 512

/** Reads a trace context. Returns null if it is absent or malformed; a malformed one is treated as absent [3.2.3]. */
export function readTraceContext ({ traceparent, tracestate }: { readonly traceparent?: unknown, readonly tracestate?: unknown }, { createTraceState }: Pick<OpenTelemetryApi, 'createTraceState'>): SpanContext | null {
  if (typeof traceparent !== 'string') return null
  const [, version, traceId = '', spanId = '', flags = '', more] = FORM.exec(traceparent) ?? []
  // A later version may have additional fields at the end, but must begin like this one.
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  const context: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & SAMPLED, isRemote: true }
  if (typeof tracestate !== 'string' || tracestate === '' || tracestate.length > LONGEST) return context
  return { ...context, traceState: createTraceState(tracestate) }
}

/** Writes the context of a span. */
export function writeTraceContext ({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceAttributes {
  const traceparent = `00-${traceId}-${spanId}-0${traceFlags & SAMPLED}`
  const tracestate = traceState?.serialize() ?? ''
  return tracestate === '' ? { traceparent } : { traceparent, tracestate }
}
