import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { WampError, wampTracing } from 'fastify-wamp'
import type { TracingOptions } from 'fastify-wamp'
import type { Router } from '../../plugin/router.ts'
import { Tracing } from '../../plugin/telemetry/tracing.ts'
import { buildParties } from '../helper/build-parties.ts'
import { everything } from '../helper/build-router.ts'
import { forEachTransport, inProcess } from '../helper/transports.ts'

const exporter = new InMemorySpanExporter()
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))

const traceId = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${traceId}-b7ad6b7169203331-01`

/** The spans that have ended since the last look. */
function spans (): ReadableSpan[] {
  const found = exporter.getFinishedSpans()
  exporter.reset()
  return found
}

function idOf (span: ReadableSpan | undefined): string {
  return span!.spanContext().spanId
}

/** The context of a span, as messages carry it. */
function written (span: ReadableSpan | undefined): string {
  return `00-${span!.spanContext().traceId}-${idOf(span)}-01`
}

async function buildTraced (t: Test) {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampTracing, { api })
  t.teardown(() => app.close())
  await app.ready()
  spans()
  return app
}

forEachTransport(t, 'a trace continues from the options of the caller through CALL and INVOCATION to the callee', async (t, transport) => {
  const { app, alice, bob } = await buildParties(t, transport)
  const tracing = new Tracing(api, app.wamp as Router)
  t.teardown(() => { tracing.close() })
  await alice.ask([64, 1, {}, 'com.example.add2'])
  spans()
  bob.send([48, 1, { traceparent, tracestate: 'vendor=1' }, 'com.example.add2'])
  const [, invocation, , details] = await alice.next()
  alice.send([70, invocation, {}])
  await bob.next()
  const [client, server] = spans()
  t.same([server!.spanContext().traceId, client!.spanContext().traceId], [traceId, traceId])
  t.same([server!.parentSpanContext?.spanId, server!.kind], ['b7ad6b7169203331', api.SpanKind.SERVER])
  t.same([client!.parentSpanContext?.spanId, client!.kind], [idOf(server), api.SpanKind.CLIENT])
  t.same(details, { traceparent: written(client), tracestate: 'vendor=1' })
  for (const span of [server, client]) {
    t.equal(span!.name, 'com.example.add2')
    t.same(span!.attributes, { 'rpc.system': 'wamp', 'rpc.method': 'com.example.add2', 'wamp.realm': 'realm1', 'wamp.authrole': 'user' })
    t.same(span!.status, { code: api.SpanStatusCode.UNSET })
  }
})

t.test('a trace continues from a request through an in-process call to the procedure, and back', async (t) => {
  const app = await buildTraced(t)
  const tracer = api.trace.getTracer('app')
  const [backend, other] = [app.wamp.join('realm1'), app.wamp.join('realm1')]
  await backend.register('com.example.inner', () => api.trace.getActiveSpan()?.spanContext().traceId)
  await backend.register('com.example.outer', async ({ details }) => {
    await Promise.resolve()
    return [details['traceparent'], await tracer.startActiveSpan('work', async (span) => {
      const result = await other.call('com.example.inner')
      span.end()
      return result
    })]
  })
  spans()
  const [told, innermost] = await tracer.startActiveSpan('GET /sum', async (span) => {
    const result = await other.call<[string, string]>('com.example.outer')
    span.end()
    return result
  })
  const found = spans()
  const named = (name: string): ReadableSpan[] => found.filter((span) => span.name === name)
  const [[root], [work], outer, inner] = [named('GET /sum'), named('work'), named('com.example.outer'), named('com.example.inner')]
  t.equal(new Set(found.map((span) => span.spanContext().traceId)).size, 1, 'one trace')
  t.equal(innermost, root!.spanContext().traceId)
  const parents = [inner[0], inner[1], work, outer[0], outer[1]].map((span) => span!.parentSpanContext?.spanId)
  t.same(parents, [idOf(inner[1]), idOf(work), idOf(outer[0]), idOf(outer[1]), idOf(root)], 'each is within the one that caused it')
  t.equal(told, written(outer[0]))
})

t.test('a publication is a span, and its subscribers continue the trace', async (t) => {
  const app = await buildTraced(t)
  const [backend, other] = [app.wamp.join('realm1'), app.wamp.join('realm1')]
  const come = new Promise<{ active: string | undefined, details: object }>((resolve) => {
    backend.subscribe('com.example.news', ({ details }) => { resolve({ active: api.trace.getActiveSpan()?.spanContext().spanId, details }) }).catch(() => {})
  })
  await other.publish('com.example.news', [], {}, { traceparent })
  const { active, details } = await come
  const [span] = spans()
  t.same([span!.name, span!.kind, span!.parentSpanContext?.spanId], ['publish com.example.news', api.SpanKind.PRODUCER, 'b7ad6b7169203331'])
  t.same(span!.attributes, {
    'messaging.system': 'wamp', 'messaging.destination.name': 'com.example.news', 'messaging.operation.name': 'publish', 'messaging.operation.type': 'send', 'wamp.realm': 'realm1', 'wamp.authrole': 'trusted', 'wamp.receivers': 1
  })
  t.equal(active, idOf(span))
  t.same(details, { traceparent: written(span) })
})

t.test('a traceparent that is malformed is ignored', async (t) => {
  const app = await buildTraced(t)
  const session = app.wamp.join('realm1')
  await session.register('com.example.p', ({ details }) => details['tracestate'])
  for (const wrong of [
    '', 'x', 1, null, true, {}, traceparent.toUpperCase(), traceparent.replace('00-', 'ff-'), `${traceparent}-more`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `00-${traceId}-${'0'.repeat(16)}-01`, ` ${traceparent}`, 'x'.repeat(100_000)
  ]) {
    spans()
    t.equal(await session.call('com.example.p', [], {}, { traceparent: wrong, tracestate: 'vendor=1' }), undefined, JSON.stringify(wrong).slice(0, 70))
    for (const span of spans()) t.not(span.spanContext().traceId, traceId)
  }
  for (const [right, state] of [[traceparent.replace('00-', 'cc-'), 1], [`${traceparent.replace('00-', 'cc-')}-more`, 'x'.repeat(513)]] as const) {
    spans()
    t.equal(await session.call('com.example.p', [], {}, { traceparent: right, tracestate: state }), undefined, 'a tracestate that is no good is left out')
    for (const span of spans()) t.equal(span.spanContext().traceId, traceId, 'a later version begins as this one')
  }
})

t.test('a failed call records the reason, and a refused call is a span, too', async (t) => {
  const app = await buildTraced(t)
  const session = app.wamp.join('realm1')
  await session.register('com.example.fails', () => { throw new WampError('com.example.error', { args: ['payload'] }) })
  spans()
  await t.rejects(session.call('com.example.fails'))
  await t.rejects(session.call('com.example.none'))
  const found = spans()
  t.same(found.map(({ name, kind, status, attributes }) => [name, kind, status, attributes['error.type']]), [
    ['com.example.fails', api.SpanKind.CLIENT, { code: api.SpanStatusCode.ERROR, message: 'com.example.error' }, 'com.example.error'],
    ['com.example.fails', api.SpanKind.SERVER, { code: api.SpanStatusCode.ERROR, message: 'com.example.error' }, 'com.example.error'],
    ['com.example.none', api.SpanKind.SERVER, { code: api.SpanStatusCode.ERROR, message: 'wamp.error.no_such_procedure' }, 'wamp.error.no_such_procedure']
  ])
  t.notMatch(JSON.stringify(found.map(({ attributes, events }) => [attributes, events])), /payload/)
})

t.test('a procedure called without a trace runs outside of any active span', async (t) => {
  const app = await buildTraced(t)
  const session = app.wamp.join('realm1')
  await session.register('com.example.p', ({ details }) => [details['traceparent'] !== undefined, api.trace.getActiveSpan()?.spanContext().traceId === traceId])
  const span = api.trace.wrapSpanContext({ traceId, spanId: 'b7ad6b7169203331', traceFlags: 1 })
  const within = api.trace.setSpan(api.ROOT_CONTEXT, span)
  t.same(await api.context.with(within, () => session.call('com.example.p')), [true, true])
  t.same(await session.call('com.example.p'), [true, false])
})

t.test('spans that are open when the app closes end, and nothing is traced without the plugin', async (t) => {
  const app = await buildTraced(t)
  const session = app.wamp.join('realm1')
  await session.register('com.example.hangs', async () => await new Promise(() => {}))
  spans()
  const call = session.call('com.example.hangs').catch(() => {})
  await session.publish('com.example.fence')
  await app.close()
  await call
  t.same(spans().map(({ name }) => name).sort(), ['com.example.hangs', 'com.example.hangs', 'publish com.example.fence'])

  const { alice, bob } = await buildParties(t, inProcess)
  await alice.ask([64, 1, {}, 'p'])
  bob.send([48, 1, { traceparent }, 'p'])
  t.same((await alice.next())[3], {})
  t.same(spans(), [])
})

t.test('a module that is not the OpenTelemetry API is refused', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: {} } } } })
  await t.rejects(async () => { await app.register(wampTracing, {} as unknown as TracingOptions) }, { message: /"api" must be/ })
  await app.close()
})
