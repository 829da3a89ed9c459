/** The labels of a sample. */
export type Labels = Record<string, string>

/** The configuration of a metric. */
export interface MetricConfiguration {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  /** `never`, because each version of prom-client has a different type for registries. */
  readonly registers: never[]
}

/** The part of a prom-client registry that this plugin uses. */
export interface PromRegistry {
  readonly contentType: string
  metrics (): Promise<string>
  removeSingleMetric (name: string): void
}

/** The part of the module prom-client that this plugin uses. It is declared here, so apps that do not use prom-client need not install it. */
export interface PromClient {
  readonly register: PromRegistry
  readonly Counter: new (configuration: MetricConfiguration & { readonly collect?: () => void }) => { inc (labels: Labels, value?: number): void, reset (): void }
  readonly Gauge: new (configuration: MetricConfiguration & { readonly collect: () => void }) => { set (labels: Labels, value: number): void, reset (): void }
  readonly Histogram: new (configuration: MetricConfiguration & { readonly buckets: number[] }) => { observe (labels: Labels, value: number): void }
}

/** The options of `wampMetrics`. */
export interface MetricsOptions {
  /** The app's own module: `import client from 'prom-client'`. */
  client: PromClient
  /** The registry of the metrics. @default client.register */
  registry?: PromRegistry
  /** The path of a route for Prometheus. @default no route */
  path?: string
  /** The prefix of all metric names. @default 'wamp_' */
  prefix?: string
}
