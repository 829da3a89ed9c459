// The part of `@opentelemetry/api` that this plugin uses. It is declared here, so apps that do not use OpenTelemetry need not install it.

/** The context of an execution: immutable, and opaque except to the API. */
export interface Context {
  getValue (key: symbol): unknown
  setValue (key: symbol, value: unknown): Context
  deleteValue (key: symbol): Context
}

/** The vendor-specific part of a trace context. */
export interface TraceState {
  get (key: string): string | undefined
  set (key: string, value: string): TraceState
  unset (key: string): TraceState
  serialize (): string
}

/** Identifies a span of a trace. */
export interface SpanContext {
  traceId: string
  spanId: string
  isRemote?: boolean | undefined
  traceFlags: number
  traceState?: TraceState | undefined
}

/** A timed operation. */
export interface Span {
  spanContext (): SpanContext
  setAttribute (key: string, value: string | number): unknown
  setStatus (status: { code: number, message?: string }): unknown
  end (): void
}

/** Starts spans. */
export interface Tracer {
  startSpan (name: string, options: { kind: number, attributes: Record<string, string | number> }, context: Context): Span
}

/** The module `@opentelemetry/api`. */
export interface OpenTelemetryApi {
  readonly ROOT_CONTEXT: Context
  readonly SpanKind: { readonly SERVER: number, readonly CLIENT: number, readonly PRODUCER: number }
  readonly SpanStatusCode: { readonly ERROR: number }
  readonly context: {
    active (): Context
    with<T> (context: Context, work: () => T): T
  }
  readonly trace: {
    getTracer (name: string): Tracer
    getSpanContext (context: Context): SpanContext | undefined
    setSpanContext (context: Context, spanContext: SpanContext): Context
  }
  createTraceState (text: string): TraceState
}

/** The options of `wampTracing`. */
export interface TracingOptions {
  /** The app's own module: `import * as api from '@opentelemetry/api'`. */
  api: OpenTelemetryApi
}
