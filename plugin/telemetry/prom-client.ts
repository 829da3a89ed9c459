/** What a sample is told apart by. */
export type Labels = Record<string, string>

/** What a metric is made of. */
export interface MetricConfiguration {
  readonly name: string
  readonly help: string
  readonly labelNames: string[]
  /** `never`, since every version of prom-client names the type of its registries otherwise. */
  readonly registers: never[]
}

/** As much of a registry of prom-client as is used. */
export interface PromRegistry {
  readonly contentType: string
  metrics (): Promise<string>
  removeSingleMetric (name: string): void
}

/** As much of the module prom-client as is used: who does not use it need not install it. */
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
  /** Where the metrics are registered. @default client.register */
  registry?: PromRegistry
  /** A route for Prometheus. Without it none is mounted. */
  path?: string
  /** What the name of each metric begins with. @default 'wamp_' */
  prefix?: string
}
