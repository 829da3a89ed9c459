import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import * as api from '@opentelemetry/api'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { CallResult, wampBridge, WampError, wampTracing } from 'fastify-wamp'
import type { InProcessSession } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import type { WireCodec } from '../helper/wire-client.ts'
import { HostileClient } from './hostile-client.ts'
import type { Place } from './hostile-client.ts'
import { hostileValues, hostileWriters } from './hostile-octets.ts'
import type { HostileWriter } from './hostile-octets.ts'

const any = { type: 'array' }
const lines: string[] = []

/** What may be logged as an error: logins and decisions that failed since a client that makes them answered by what cannot be read. */
const expected = /^(?:authentication failed|the authorizer failed)(?:: further lines of this kind were not logged)?$/

interface Target {
  readonly app: FastifyInstance
  readonly http: string
  readonly url: string
  readonly session: InProcessSession
  /** A session whose authorizer is the hostile client. */
  readonly judged: InProcessSession
  /** Logins that the hostile client has decided about. The router answers those that failed later than others. */
  readonly logins: Promise<void>[]
}

/** An app in which every consumer of payloads is at work. */
async function build (t: Test): Promise<Target> {
  lines.length = 0
  const plenty = 1_000_000
  const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => { lines.push((JSON.parse(line) as { msg: string }).msg) } } } })
  t.teardown(() => app.close())
  await app.register(wampPlugin, {
    realms: {
      realm1: {
        roles: { anonymous: { authorizer: async () => true }, judged: { authorizer: 'hostile.judge' }, user: everything },
        contract: {
          procedures: { 'checked.call': { args: any, kwargs: { type: 'object' } }, 'hostile.checked': { result: { type: 'string' }, progress: { type: 'string' } } },
          topics: { 'checked.topic': { args: any, kwargs: { type: 'object' } } }
        },
        eventHistory: [{ uri: 'kept.topic', limit: 1000 }]
      }
    },
    shutdownTimeout: 100,
    failedLogins: { address: plenty, authid: plenty, cookie: plenty },
    auth: { anonymous: { type: 'static', role: 'anonymous' }, ticket: { type: 'dynamic', authenticator: 'hostile.check' } }
  })
  await app.register(wampTracing, { api })
  await app.register(wampBridge, { call: '/call', events: '/events', as: { realm: 'realm1', role: 'user' } })
  const session = app.wamp.join('realm1')
  app.wampRoute({ method: 'GET', url: '/hostile/:procedure', procedure: 'hostile.result', args: ['procedure'], contract: { args: { type: 'array', items: [{ type: 'string' }] } }, as: session })
  app.get('/rest/:id', { config: { wamp: { realm: 'realm1', procedure: 'rest.get', args: ['id'] } } }, async () => ({}))
  app.post('/rest', { config: { wamp: { realm: 'realm1', procedure: 'rest.post' } } }, async () => ({}))
  await session.register('app.echo', ({ args, kwargs }) => new CallResult(args, kwargs))
  await session.register('app.raise', ({ args, kwargs }) => { throw new WampError('app.error', { args, kwargs }) })
  await session.register('checked.call', () => 1)
  await session.subscribe('kept.topic', () => {})
  await session.subscribe('kept.topic', () => {})
  const http = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, http, url: `${http.replace('http', 'ws')}/ws`, session, judged: app.wamp.join('realm1', { role: 'judged' }), logins: [] }
}

/** Nobody may be left without an answer: what it is does not matter here. */
async function answered (...promises: Promise<unknown>[]): Promise<void> {
  for (const { status, reason } of (await Promise.allSettled(promises)) as { status: string, reason?: unknown }[]) {
    if (status === 'rejected' && !(reason instanceof WampError)) throw reason
  }
}

/** One hostile value as what a caller and publisher sends. */
async function send (client: HostileClient, writer: HostileWriter, value: Buffer, place: Place): Promise<void> {
  const { list, dict, write } = writer
  const payload = client.payload(value, place)
  for (const procedure of ['app.echo', 'app.raise', 'checked.call', 'bystander.echo', 'wamp.session.get', 'wamp.session.kill_by_authid', 'rest.get', 'rest.post', 'none']) {
    await client.ask(48, {}, procedure, ...payload)
  }
  await client.ask(48, {}, 'wamp.session.add_testament', list([write('kept.topic'), list([value])]), dict([]))
  await client.ask(48, {}, 'wamp.session.add_testament', list([write('kept.topic'), list([]), dict([[write('k'), value]])]))
  await client.ask(16, { acknowledge: true, retain: true, exclude_me: false }, 'kept.topic', ...payload)
  await client.ask(16, { acknowledge: true }, 'checked.topic', ...payload)
}

/** The same as what a callee answers, to every kind of caller. */
async function answer (client: HostileClient, { http, url, session, judged, logins }: Target, value: Buffer, place: Place): Promise<void> {
  const payload = client.payload(value, place)
  const ways: ((invocation: number) => void)[] = [
    (invocation) => { client.yield(invocation, {}, ...payload) },
    (invocation) => { client.error(invocation, 'constructor', ...payload) },
    (invocation) => {
      client.yield(invocation, { progress: true }, ...payload)
      client.yield(invocation, {}, ...payload)
    }
  ]
  for (const way of ways) {
    client.answerBy(way)
    const post = fetch(`${http}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"procedure":"hostile.result"}' })
    const get = fetch(`${http}/hostile/x`)
    await answered(session.call('hostile.result'), session.call('hostile.checked'), session.call('hostile.result', [], {}, { onProgress: () => {} }), post, get, judged.publish('any.topic'))
    const statuses = [(await post).status, (await get).status]
    if (statuses.some((status) => status >= 500)) throw new Error(`answered by ${statuses.join(' and ')}`)
    const decided = client.nextInvocation()
    logins.push(logIn(url))
    await decided
  }
}

/** A login that the hostile client decides about. */
async function logIn (url: string): Promise<void> {
  const client = new WireClient(url, wireCodecs[0]!)
  await new Promise((resolve) => { client.socket.once('open', resolve) })
  const [type] = await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'joe' }])
  if (type === 4) await client.ask([5, 'x', {}])
  client.terminate()
}

async function joinHostile (t: Test, url: string, writer: HostileWriter): Promise<HostileClient> {
  const client = await HostileClient.connect(t, url, writer)
  await client.hello()
  for (const procedure of ['hostile.result', 'hostile.checked', 'hostile.check', 'hostile.judge']) await client.ask(64, {}, procedure)
  return client
}

/** Their own libraries cannot read everything that peers of the same serializer may send to each other. */
const tolerant: readonly WireCodec[] = wireCodecs.map((codec) => ({
  ...codec,
  decode (data) {
    try {
      return codec.decode(data)
    } catch {
      return ['unreadable']
    }
  }
}))

/** Honest clients of all serializers: each subscribes to what is kept, and the first one has a procedure. */
async function joinHonest (t: Test, url: string): Promise<WireClient[]> {
  const clients = await Promise.all(tolerant.map((codec) => WireClient.join(t, url, codec)))
  for (const client of clients) await client.ask([32, 1, {}, 'kept.topic'])
  const [callee] = clients as [WireClient]
  await callee.ask([64, 2, {}, 'bystander.echo'])
  callee.socket.on('message', (data: Buffer) => {
    const [type, invocation] = callee.codec.decode(data) as [number, number]
    if (type === 68) callee.send([70, invocation, {}])
  })
  return clients
}

/** All that was promised to those who did nothing wrong. */
async function checkHonest (t: Test, clients: readonly WireClient[], { session, http }: Target): Promise<void> {
  const [stream] = await once(request(`${http}/events?topic=kept.topic&get_retained=true`, { agent: false }).end(), 'response') as [IncomingMessage]
  const good = await session.publish('kept.topic', ['good'])
  const { id } = await session.subscribe('kept.topic', () => {})
  for (const client of clients) {
    await client.fence()
    client.send([48, 3, {}, 'wamp.subscription.get_events', [id]], [48, 4, {}, 'wamp.subscription.get_events', [id], { from_publication: good, limit: 1 }])
    const seen: unknown[][] = []
    while (seen.at(-1)?.[1] !== 4) seen.push(await client.next())
    t.match(seen.at(-1), [50, 4, {}, [[{ publication: good, args: ['good'] }]]], `${client.codec.name} reads the history`)
    t.notOk(seen.some(([type]) => type === 8), 'and all of it')
    client.send([32, 5, { get_retained: true }, 'kept.topic'])
    await client.fence()
    t.equal(client.socket.readyState, 1, 'and its session is open')
  }
  let text = ''
  for await (const chunk of stream) if ((text += String(chunk)).includes('"good"')) break
  t.same(lines.filter((line) => !expected.test(line)), [], 'nothing is logged as an error')
}

for (const writer of hostileWriters) {
  t.test(`values of ${writer.name} without a form end nothing but what they are part of`, async (t) => {
    const target = await build(t)
    const honest = await joinHonest(t, target.url)
    const client = await joinHostile(t, target.url, writer)
    const attack = async (value: Buffer, place: Place): Promise<void> => {
      await send(client, writer, value, place)
      await answer(client, target, value, place)
      if (!client.isOpen) throw new Error('the connection was closed')
    }
    for (const value of [...writer.values, ...writer.deepest]) for (const place of ['args', 'kwargs'] as const) await attack(value, place)
    await fc.assert(fc.asyncProperty(hostileValues(writer), fc.constantFrom('args', 'kwargs'), attack), { seed: 7, numRuns: 20 })
    for (const value of writer.values) {
      const stranger = await HostileClient.connect(t, target.url, writer)
      t.ok([2, 3].includes(await stranger.hello(value)), 'HELLO is answered')
    }
    await Promise.all(target.logins)
    // Its testaments are published, and its calls end.
    await client.ask(48, {}, 'wamp.session.count')
    client.leave()
    await checkHonest(t, honest, target)
  })
}
