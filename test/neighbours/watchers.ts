import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { callBothWays, wsOf } from './good-neighbour.ts'
import { refusedUpgrade } from './neighbour.ts'
import type { Neighbour, Plugin } from './neighbour.ts'

interface Span { readonly name: string, readonly attributes: Readonly<Record<string, unknown>>, spanContext (): { readonly traceId: string } }
interface Exporter { getFinishedSpans (): Span[], reset (): void }
interface Api {
  context: { setGlobalContextManager (manager: object): void }
  trace: { setGlobalTracerProvider (provider: object): void, getActiveSpan (): Span | undefined }
}
interface Sdk { BasicTracerProvider: new (options: object) => object, InMemorySpanExporter: new () => Exporter, SimpleSpanProcessor: new (exporter: Exporter) => object }

let exporter: Exporter | undefined

/** Sets OpenTelemetry up, once for this process. */
function exporterOf (load: <T>(name: string) => T): Exporter {
  if (exporter !== undefined) return exporter
  const { context, trace } = load<Api>('@opentelemetry/api')
  const { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } = load<Sdk>('@opentelemetry/sdk-trace-base')
  const { AsyncLocalStorageContextManager } = load<{ AsyncLocalStorageContextManager: new () => { enable (): object } }>('@opentelemetry/context-async-hooks')
  exporter = new InMemorySpanExporter()
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  return exporter
}

interface RequestContext { get (name: string): unknown, set (name: string, value: unknown): void }

/** Plugins that watch requests, and one that loads others. */
export const watchers: readonly Neighbour[] = [
  {
    name: '@fastify/otel',
    packages: { '@fastify/otel': '0.21.2', '@opentelemetry/api': '1.9.1', '@opentelemetry/context-async-hooks': '2.12.1', '@opentelemetry/sdk-trace-base': '2.12.1' },
    register: async (app, { load }) => {
      exporterOf(load).reset()
      const { FastifyOtelInstrumentation } = load<{ FastifyOtelInstrumentation: new () => { plugin (): Plugin } }>('@fastify/otel')
      await app.register(new FastifyOtelInstrumentation().plugin())
    },
    works: async (t, { app, url, order, installed: { load } }) => {
      await (await fetch(`${url}/rest`)).text()
      await app.wamp.join('realm1').register('com.example.seen', () => load<Api>('@opentelemetry/api').trace.getActiveSpan()?.spanContext().traceId ?? null)
      const seen = await callBothWays(t, url, 'com.example.seen')
      const spans = exporterOf(load).getFinishedSpans()
      const requests = spans.filter(({ name }) => name === 'request')
      t.same(requests.map(({ attributes }) => attributes['http.route']), ['/rest', '/call'], 'the spans of requests that end, which those of accepted upgrades do not')
      t.equal(spans.some(({ attributes, name }) => attributes['http.route'] === '/ws' && name.startsWith('handler')), order === 'before', 'the handler of the upgrade has a span')
      t.same(seen, { websocket: null, http: requests[1]!.spanContext().traceId }, 'what a procedure sees')
    }
  },
  {
    name: '@fastify/request-context',
    packages: { '@fastify/request-context': '7.0.0' },
    register: async (app, { load }) => {
      const { requestContext } = load<{ requestContext: RequestContext }>('@fastify/request-context')
      await app.register(load<Plugin>('@fastify/request-context'))
      app.addHook('onRequest', async ({ url }) => { requestContext.set('url', url) })
      app.get('/context', async () => ({ url: requestContext.get('url'), called: await app.wamp.join('realm1').call('com.example.seen') }))
    },
    works: async (t, { app, url, installed: { load } }) => {
      const { requestContext } = load<{ requestContext: RequestContext }>('@fastify/request-context')
      await app.wamp.join('realm1').register('com.example.seen', () => requestContext.get('url') ?? null)
      t.same(await (await fetch(`${url}/context`)).json(), { url: '/context', called: '/context' })
      t.same(await callBothWays(t, url, 'com.example.seen'), { websocket: null, http: '/call' }, 'what a procedure sees')
    }
  },
  {
    name: 'fastify-metrics',
    packages: { 'fastify-metrics': '13.2.1' },
    register: async (app, { load }) => { await app.register(load<{ default: Plugin }>('fastify-metrics').default, { endpoint: '/metrics', clearRegisterOnInit: true }) },
    works: async (t, { app, url, order }) => {
      await (await fetch(`${url}/rest`)).text()
      await app.wamp.join('realm1').register('com.example.seen', () => 1)
      await callBothWays(t, url, 'com.example.seen')
      await refusedUpgrade(wsOf(url))
      const text = await (await fetch(`${url}/metrics`)).text()
      const routes = [...text.matchAll(/^http_request_duration_seconds_count\{.*route="([^"]*)"/gm)].map(([, route]) => route)
      t.same(routes, order === 'before' ? ['/rest', '/call', '/ws'] : ['/rest'])
      if (order === 'before') t.match(text, /route="\/ws",status_code="400"\} 1/, 'only the upgrade that was refused is counted')
    }
  },
  {
    name: '@fastify/autoload',
    packages: { '@fastify/autoload': '6.5.0' },
    register: async (app, { folder, load }) => {
      const dir = join(folder, 'routes')
      await mkdir(dir, { recursive: true })
      await writeFile(join(dir, 'loaded.js'), "export default async (app) => { app.get('/loaded', async () => 'loaded') }\n")
      await app.register(load<Plugin>('@fastify/autoload'), { dir })
    },
    works: async (t, { url }) => { t.equal(await (await fetch(`${url}/loaded`)).text(), 'loaded') }
  }
]
