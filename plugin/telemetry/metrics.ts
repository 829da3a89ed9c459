import { listenTo } from '../diagnostics.ts'
import { refuseUnknown } from '../did-you-mean.ts'
import { errors } from '../errors.ts'
import { layoutOf } from '../protocol/wire-format.ts'
import { MessageType } from '../protocol/message.ts'
import type { Router } from '../router.ts'
import type { MetricsOptions, PromClient, PromRegistry } from './prom-client.ts'

/** Bucket limits in seconds. A call within one machine takes some hundred microseconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Validated options. */
export type ResolvedMetrics = Required<Omit<MetricsOptions, 'path'>> & { readonly path: string | null }

/** Validates the options of `wampMetrics`. Throws WAMP_ERR_INVALID_OPTION. */
export function resolveMetrics (given: MetricsOptions): ResolvedMetrics {
  refuseUnknown(given, ['client', 'registry', 'path', 'prefix'])
  const { client, registry = client?.register, prefix = 'wamp_', path = null } = given
  if (typeof client?.Histogram !== 'function') throw new errors.WAMP_ERR_INVALID_OPTION('client', 'must be the module prom-client')
  if (typeof registry?.metrics !== 'function') throw new errors.WAMP_ERR_INVALID_OPTION('registry', 'must be a registry of prom-client')
  if (!/^[a-zA-Z_:][\w:]*$/.test(prefix)) throw new errors.WAMP_ERR_INVALID_OPTION('prefix', 'must be a prefix for metric names, such as "wamp_"')
  if (path !== null && !(typeof path === 'string' && path.startsWith('/'))) throw new errors.WAMP_ERR_INVALID_OPTION('path', 'must be a path that begins with "/"')
  return { client, registry, prefix, path }
}

/**
 * Records a router's activity in metrics of prom-client. Labels never contain URIs, authids or ids, so clients cannot make the metrics
 * grow. Realms, roles and login methods are those of the configuration.
 */
export class Metrics {
  readonly #client: PromClient
  readonly #registry: PromRegistry
  readonly #prefix: string
  readonly #router: Pick<Router, 'traffic' | 'census'>
  readonly #names: string[] = []
  readonly #undo: (() => void)[] = []

  constructor ({ client, registry, prefix }: ResolvedMetrics, router: Pick<Router, 'traffic' | 'census'>) {
    this.#client = client
    this.#registry = registry
    this.#prefix = prefix
    this.#router = router
    try {
      this.#countState()
      this.#countTraffic()
      this.#countEvents()
    } catch (cause) {
      throw taken(this.#names, cause)
    }
  }

  /** Stops recording and removes the metrics from the registry, because the process may start another app. */
  close (): void {
    for (const undo of this.#undo) undo()
    for (const name of this.#names) this.#registry.removeSingleMetric(name)
  }

  /** Gauges that are read when Prometheus requests them. */
  #countState (): void {
    const sessions = new this.#client.Gauge({
      ...this.#named('sessions', 'Current sessions, including those of the app.', ['realm', 'authrole']),
      collect: () => {
        for (const [realm, { sessions: ofRole }] of this.#router.census()) for (const [authrole, count] of ofRole) sessions.set({ realm, authrole }, count)
      }
    })
    const calls = new this.#client.Gauge({
      ...this.#named('calls_in_flight', 'Calls that callees have not answered.', ['realm']),
      collect: () => { for (const [realm, { calls: count }] of this.#router.census()) calls.set({ realm }, count) }
    })
  }

  #countTraffic (): void {
    const { received, sent } = this.#router.traffic
    this.#countMessages(received, 'messages_received', 'Received WAMP messages.')
    this.#countMessages(sent, 'messages_sent', 'Sent WAMP messages.')
  }

  /** Counters of the router, which are only read here. */
  #countMessages (counts: Float64Array, name: string, help: string): void {
    const counter = new this.#client.Counter({
      ...this.#named(`${name}_total`, help, ['type']),
      collect: () => {
        counter.reset()
        for (const code of Object.values(MessageType)) if (counts[code]! > 0) counter.inc({ type: layoutOf(code).name }, counts[code])
      }
    })
  }

  /** Metrics from the router's channels. */
  #countEvents (): void {
    const { Counter, Histogram } = this.#client
    const calls = new Histogram({ ...this.#named('call_duration_seconds', 'Time from a CALL to its answer.', ['realm', 'outcome']), buckets: BUCKETS })
    const dropped = new Counter(this.#named('events_dropped_total', 'Events lost by slow clients.', ['realm']))
    const failures = new Counter(this.#named('login_failures_total', 'Failed logins.', ['authmethod']))
    const store = new Histogram({ ...this.#named('cookie_store_duration_seconds', 'Response time of the cookie store.', ['operation', 'outcome']), buckets: BUCKETS })
    const router = this.#router
    this.#undo.push(
      listenTo(router, 'callEnded', ({ call: { caller: { realm } }, outcome, milliseconds }) => { calls.observe({ realm, outcome }, milliseconds / 1000) }),
      listenTo(router, 'eventsDropped', ({ realm, dropped: count }) => { dropped.inc({ realm }, count) }),
      listenTo(router, 'loginFailed', ({ authmethod }) => { failures.inc({ authmethod }) }),
      listenTo(router, 'storeDone', ({ operation, outcome, milliseconds }) => { store.observe({ operation, outcome }, milliseconds / 1000) })
    )
  }

  #named (name: string, help: string, labelNames: string[]): { name: string, help: string, labelNames: string[], registers: never[] } {
    const full = `${this.#prefix}${name}`
    this.#names.push(full)
    return { name: full, help, labelNames, registers: [this.#registry as never] }
  }
}

/** prom-client throws if the registry already has the name. */
function taken (names: readonly string[], cause: unknown): unknown {
  if (!(cause instanceof Error) || !cause.message.includes('already been registered')) return cause
  return new errors.WAMP_ERR_INVALID_OPTION('registry', `already has a metric "${names.at(-1)}", possibly of another app: give each app its own registry or prefix`)
}
