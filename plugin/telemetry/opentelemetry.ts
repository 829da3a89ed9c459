// As much of `@opentelemetry/api` as is used: who does not use it need not install it.

/** What belongs to one execution: immutable, and only the API looks inside. */
export interface Context {
  getValue (key: symbol): unknown
  setValue (key: symbol, value: unknown): Context
  deleteValue (key: symbol): Context
}

/** What vendors add to a trace. */
export interface TraceState {
  get (key: string): string | undefined
  set (key: string, value: string): TraceState
  unset (key: string): TraceState
  serialize (): string
}

/** Which span of which trace. */
export interface SpanContext {
  traceId: string
  spanId: string
  isRemote?: boolean | undefined
  traceFlags: number
  traceState?: TraceState | undefined
}

/** Something that takes a time. */
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

/** The module. */
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
