import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import promClient from 'prom-client'
import t from 'tap'
import wampPlugin, { wampChannels, wampMetrics } from 'fastify-wamp'
import { run, writeFiles } from './snippets.ts'

const docs = new URL('../../docs/', import.meta.url)
const page = await readFile(new URL('observability.md', docs), 'utf8')

const main = `
import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { WebSocket } from 'ws'
import { connect } from 'fastify-wamp/client'
import type { AddressInfo } from 'node:net'
import { app } from './app.ts'
import { add } from './client.ts'
import './traces.ts'
import './slow.ts'

const exporter = new InMemorySpanExporter()
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
const backend = app.wamp.join('realm1')
await backend.register<[number, number]>('com.example.add2', ({ args: [x, y] }) => x + y)
await backend.register('com.example.slow', () => new Promise((resolve) => { setTimeout(resolve, 1100) }))
app.get('/sum', async () => await api.trace.getTracer('app').startActiveSpan('GET /sum', async (span) => {
  const sum = await backend.call('com.example.add2', [2, 3])
  span.end()
  return { sum }
}))
const http = await app.listen({ port: 0, host: '127.0.0.1' })
const { inside } = await import('./inside.ts')
const session = await connect(http + '/ws', { realm: 'realm1', WebSocket })
await add(session)
await backend.call('com.example.slow')
const read = async (url: string): Promise<string> => await (await fetch(url)).text()
await read(http + '/sum')
const metrics = [await read(http + '/metrics'), await read('http://127.0.0.1:' + (inside.server.address() as AddressInfo).port + '/metrics')]
await session.leave()
await inside.close()
await app.close()
const spans = exporter.getFinishedSpans().map((span) => [span.name, span.spanContext().traceId])
console.log(JSON.stringify({ metrics, spans }))
`

t.test('the programs of the page on what the router is doing run as they stand', async (t) => {
  const folder = writeFiles(t, 'docs/observability.md', { 'main.ts': main })
  await writeFile(join(folder, 'inside.ts'), (await readFile(join(folder, 'inside.ts'), 'utf8')).replace('port: 9090', 'port: 0'))
  const [warned, printed] = (await run(folder, 'main.ts')).split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as unknown)
  const { metrics, spans } = printed as { metrics: string[], spans: [string, string][] }
  t.match(warned, { msg: 'a slow call', procedure: 'com.example.slow', authid: 'app', outcome: 'result', milliseconds: Number })
  for (const text of metrics) t.match(text, /^wamp_call_duration_seconds_count\{realm="realm1",outcome="result"\} 3$/m)
  const traced = spans.filter(([name]) => name === 'com.example.add2').map(([, trace]) => trace)
  t.same(traced.slice(0, 2), Array(2).fill('0af7651916cd43dd8448eb211c80319c'), 'of the client')
  t.same(traced.slice(2), Array(2).fill(spans.find(([name]) => name === 'GET /sum')![1]), 'of the request')
})

t.test('the page names all channels and all metrics, and the dashboard shows each metric by labels that it has', async (t) => {
  for (const name of Object.keys(wampChannels)) t.ok(page.includes(`\`${name}\``), name)
  const registry = new promClient.Registry()
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: {} } } } })
  await app.register(wampMetrics, { client: promClient, registry })
  t.teardown(() => app.close())
  const metrics = registry.getMetricsAsArray() as unknown as { name: string, labelNames: string[] }[]
  for (const { name } of metrics) t.ok(page.includes(`\`${name}\``), name)

  const text = await readFile(new URL('grafana.json', docs), 'utf8')
  const { panels } = JSON.parse(text) as { panels: { targets: { expr: string, legendFormat: string }[] }[] }
  const shown = new Set<string>()
  for (const { expr, legendFormat } of panels.flatMap(({ targets }) => targets)) {
    const [[, name = ''] = []] = expr.matchAll(/(wamp_\w+?)(?:_bucket|_count|_sum)?\{/g)
    const metric = metrics.find((metric) => metric.name === name)
    t.ok(metric, expr)
    shown.add(name)
    const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g), ...expr.matchAll(/(\w+)=~?"/g)].map(([, label]) => label)
    const grouped = (/by \(([^)]*)\)/.exec(expr)?.[1] ?? '').split(', ')
    for (const label of [...labels, ...grouped]) t.ok(['instance', 'le', ...metric!.labelNames].includes(label!), `${label} of ${name}`)
  }
  for (const [name = ''] of text.matchAll(/wamp_\w+/g)) t.ok(metrics.some((metric) => name.startsWith(metric.name)), name)
  t.same([...shown].sort(), metrics.map(({ name }) => name).sort())
})
