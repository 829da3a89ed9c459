import Fastify from 'fastify'
import promClient from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampMetrics } from 'fastify-wamp'
import type { MetricsOptions } from 'fastify-wamp'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

const [json] = wireCodecs

/** An app with metrics in a registry of its own, and what Prometheus would read: the samples by their names. */
async function build (t: Test, given: Partial<MetricsOptions> = {}) {
  const registry = new promClient.Registry()
  const app = Fastify()
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { anonymous: everything, user: everything } } },
    auth: { anonymous: { type: 'static' }, ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'user' } } }, cookie: {} },
    cookie: {},
    limits: { bufferedEventBytes: 2 ** 16 },
    shutdownTimeout: 100
  })
  await app.register(wampMetrics, { client: promClient, registry, path: '/metrics', ...given })
  t.teardown(() => app.close())
  const http = await app.listen({ port: 0, host: '127.0.0.1' })
  const samples = async (): Promise<Record<string, number>> => {
    const text = await (await fetch(`${http}/metrics`)).text()
    return Object.fromEntries(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
  }
  return { app, registry, samples, http, url: `${http.replace('http', 'ws')}/ws` }
}

t.test('sessions are counted by realm and role, and calls that are open', async (t) => {
  const { app, samples, url } = await build(t)
  const callee = await WireClient.join(t, url, json!)
  await callee.ask([64, 1, {}, 'p'])
  const caller = await WireClient.join(t, url, json!)
  caller.send([48, 1, {}, 'p'])
  const [, invocation] = await callee.next()
  app.wamp.join('realm1')
  t.match(await samples(), {
    'wamp_sessions{realm="realm1",authrole="anonymous"}': 2, 'wamp_sessions{realm="realm1",authrole="user"}': 0, 'wamp_sessions{realm="realm1",authrole="trusted"}': 1, 'wamp_calls_in_flight{realm="realm1"}': 1
  })
  callee.send([70, invocation, {}])
  await caller.next()
  await caller.ask([6, {}, 'wamp.close.normal'])
  t.match(await samples(), { 'wamp_sessions{realm="realm1",authrole="anonymous"}': 1, 'wamp_calls_in_flight{realm="realm1"}': 0 })
})

t.test('messages are counted by type, from before the metrics were asked for', async (t) => {
  const { samples, url } = await build(t)
  const client = await WireClient.join(t, url, json!)
  await client.ask([32, 1, {}, 'com.example.news'])
  for (const request of [2, 3]) client.send([16, request, { exclude_me: false }, 'com.example.news'])
  for (let i = 0; i < 2; i++) await client.next()
  const found = await samples()
  const count = (name: string, type: string): number | undefined => found[`wamp_messages_${name}_total{type="${type}"}`]
  t.same(['HELLO', 'SUBSCRIBE', 'PUBLISH', 'CALL'].map((type) => count('received', type)), [1, 1, 2, undefined])
  t.same(['WELCOME', 'SUBSCRIBED', 'EVENT', 'ERROR'].map((type) => count('sent', type)), [1, 1, 2, undefined])
})

t.test('the duration of calls is measured by outcome', async (t) => {
  const { app, samples } = await build(t)
  const session = app.wamp.join('realm1')
  await session.register('com.example.p', () => 1)
  await session.call('com.example.p')
  await session.call('com.example.p')
  await t.rejects(session.call('com.example.none'))
  const found = await samples()
  t.equal(found['wamp_call_duration_seconds_count{realm="realm1",outcome="result"}'], 2)
  t.equal(found['wamp_call_duration_seconds_count{realm="realm1",outcome="error"}'], 1)
  t.equal(found['wamp_call_duration_seconds_bucket{le="+Inf",realm="realm1",outcome="result"}'], 2)
})

t.test('failed logins are counted by method, and the duration of the cookie store by operation', async (t) => {
  const { samples, url } = await build(t)
  for (const ticket of ['guessed', 'secret']) {
    const client = await WireClient.connect(t, url, json!)
    await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'joe' }])
    await client.ask([5, ticket, {}])
  }
  const found = await samples()
  t.equal(found['wamp_login_failures_total{authmethod="ticket"}'], 1)
  t.equal(found['wamp_cookie_store_duration_seconds_count{operation="set",outcome="done"}'], 2, 'the login, and the cookie that leads to it')
})

t.test('events that clients lose are counted', async (t) => {
  const { app, samples, url } = await build(t)
  const backend = app.wamp.join('realm1')
  const told = new Promise<number>((resolve) => { backend.subscribe('wamp.session.on_congestion', ({ args: [about] }) => { resolve((about as { dropped: number }).dropped) }).catch(() => {}) })
  const slow = await WireClient.join(t, url, json!)
  await slow.ask([32, 1, {}, 'com.example.news'])
  slow.socket.pause()
  for (let i = 0; i < 600; i++) await backend.publish('com.example.news', ['x'.repeat(32_000)])
  slow.socket.resume()
  const dropped = await told
  t.ok(dropped > 0)
  t.equal((await samples())['wamp_events_dropped_total{realm="realm1"}'], dropped)
})

t.test('labels never contain a URI, an authid or an id', async (t) => {
  const { registry, samples, app, url } = await build(t)
  const session = app.wamp.join('realm1', { authid: 'backend' })
  for (let i = 0; i < 20; i++) {
    await t.rejects(session.call(`com.example.p${i}`))
    const client = await WireClient.connect(t, url, json!)
    await client.ask([1, `realm${i}`, { ...HELLO[2], authmethods: ['ticket', `method${i}`], authid: `user${i}` }])
    client.terminate()
  }
  const names = Object.keys(await samples()).join('\n')
  t.notMatch(names, new RegExp(`com\\.example|user\\d|backend|method\\d|realm[02-9]|realm1\\d|${session.id}`))
  t.ok((await registry.getMetricsAsJSON()).length >= 8)
})

t.test('two apps of a process are counted separately, and leave nothing behind', async (t) => {
  const [one, other] = [await build(t), await build(t, { prefix: 'other_' })]
  const session = one.app.wamp.join('realm1')
  await t.rejects(session.call('com.example.none'))
  t.equal((await one.samples())['wamp_call_duration_seconds_count{realm="realm1",outcome="error"}'], 1)
  const found = await other.samples()
  t.equal(found['other_call_duration_seconds_count{realm="realm1",outcome="error"}'], undefined)
  t.equal(found['other_sessions{realm="realm1",authrole="trusted"}'], 0)
  await one.app.close()
  t.same(await one.registry.getMetricsAsJSON(), [])
})

t.test('without a path no route is mounted, and the default is the registry of the client', async (t) => {
  const { app } = await buildApp(t)
  const before = app.printRoutes()
  const other = Fastify()
  t.teardown(() => other.close())
  await other.register(wampPlugin, { realms: { realm1: { roles: { anonymous: {} } } } })
  await other.register(wampMetrics, { client: promClient })
  await other.ready()
  t.equal(other.printRoutes(), before)
  t.match(await promClient.register.metrics(), /^wamp_sessions\{realm="realm1",authrole="anonymous"\} 0$/m)
})

t.test('the response has the type that Prometheus expects', async (t) => {
  const { http } = await build(t)
  const response = await fetch(`${http}/metrics`)
  t.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  t.equal(response.headers.get('cache-control'), 'no-store')
})

t.test('options that make no sense are refused', async (t) => {
  for (const [options, message] of [
    [{}, /"client" must be/], [{ client: promClient, registry: {} }, /"registry"/], [{ client: promClient, prefix: 'wamp-' }, /"prefix"/], [{ client: promClient, path: 'metrics' }, /"path"/]
  ] as const) {
    const app = Fastify()
    await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: {} } } } })
    await t.rejects(async () => { await app.register(wampMetrics, options as unknown as MetricsOptions) }, { message })
    await app.close()
  }
})
