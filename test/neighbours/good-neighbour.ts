import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import autobahn from 'autobahn'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import wampPlugin, { wampBridge, wampConsole } from 'fastify-wamp'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

/** An app that listens. */
export interface Running {
  readonly url: string
  close (): Promise<unknown>
}

/** Registers all that we have: the router, the bridge and the console. */
export async function registerOurs (app: FastifyInstance): Promise<void> {
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { frontend: { permissions: [{ uri: 'com.example.', match: 'prefix', allow: { call: true, publish: true, subscribe: true } }] } } } },
    auth: { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'frontend' } } }, cookie: {} },
    cookie: {},
    shutdownTimeout: 100
  })
  await app.register(wampBridge, { call: '/call', publish: '/publish', events: '/events' })
  await app.register(wampConsole, { path: '/console', role: 'frontend' })
  await app.wamp.join('realm1').register<[number, number]>('com.example.add2', ({ args: [x, y] }) => x + y)
}

/** What the app has beside: routes of REST. */
export function registerRest (app: FastifyInstance): void {
  app.get('/rest', async () => ({ rest: 'x'.repeat(2000) }))
  app.post('/echo', async (request) => request.body)
}

/** Checks everything that an app has of ours: REST, a login over WebSocket, its return by cookie, the bridge, events, the console, and the close. */
export async function isGoodNeighbour (t: Test, { url, close }: Running): Promise<void> {
  const json = { 'content-type': 'application/json' }
  t.same(await (await fetch(`${url}/rest`)).json(), { rest: 'x'.repeat(2000) }, 'a REST route answers')
  t.same(await (await fetch(`${url}/echo`, { method: 'POST', headers: json, body: '{"a":1}' })).json(), { a: 1 }, 'a REST route takes JSON')

  const client = await logIn(t, url)
  const cookie = client.setCookie!.split(';')[0]!
  t.same(await client.ask([48, 1, {}, 'com.example.add2', [2, 3]]), [50, 1, {}, [5]], 'a call over WebSocket')
  const back = await WireClient.connect(t, wsOf(url), wireCodecs[0]!, { headers: { cookie } })
  t.match(await back.ask(hello(['cookie'])), [2, Number, { authid: 'joe', authprovider: 'cookie' }], 'a return by cookie')

  const called = await fetch(`${url}/call`, { method: 'POST', headers: { ...json, cookie }, body: '{"procedure":"com.example.add2","args":[2,3]}' })
  t.same([called.status, await called.json(), called.headers.get('cache-control')], [200, { args: [5] }, 'no-store'], 'a call by HTTP')
  await hearsEvents(t, url, cookie)

  const page = await fetch(`${url}/console`, { headers: { cookie } })
  t.match(page.headers.get('content-security-policy'), /^default-src 'none'/, 'the console has its own policy')
  t.match(await page.text(), '<body data-login=', 'the console is served')
  const operator = await WireClient.connect(t, new URL('ws', page.url).href.replace('http', 'ws'), wireCodecs[0]!, { headers: { cookie } })
  t.match(await operator.ask(hello(['cookie'])), [2, Number, { authid: 'joe', authprovider: 'cookie' }], 'the console logs in at the WebSocket below its path')

  await close()
  t.equal(await client.closed, 1001, 'the close')
}

/** Calls a procedure as joe over WebSocket, and by HTTP. Resolves to the results. */
export async function callBothWays (t: Test, url: string, procedure: string): Promise<{ websocket: unknown, http: unknown }> {
  const client = await logIn(t, url)
  const [, , , [websocket]] = await client.ask([48, 1, {}, procedure]) as [number, number, object, unknown[]]
  const headers = { cookie: client.setCookie!.split(';')[0]!, 'content-type': 'application/json' }
  const { args: [http] } = await (await fetch(`${url}/call`, { method: 'POST', headers, body: JSON.stringify({ procedure }) })).json() as { args: unknown[] }
  client.socket.close()
  await client.closed
  return { websocket, http }
}

function hello (authmethods: string[]): unknown[] {
  return [1, 'realm1', { roles: { caller: {} }, authmethods, authid: 'joe' }]
}

/** Logs in over WebSocket; the handshake sets the cookie. */
async function logIn (t: Test, url: string): Promise<WireClient> {
  const client = await WireClient.connect(t, wsOf(url), wireCodecs[0]!)
  t.match(client.setCookie, /^cbtid=/, 'the handshake sets the cookie')
  const [, , { challenge }] = await client.ask(hello(['cookie', 'wampcra'])) as [number, string, { challenge: string }]
  t.match(await client.ask([5, autobahn.auth_cra.sign('123456', challenge), {}]), [2, Number, { authid: 'joe', authprovider: 'static' }], 'a login over WebSocket')
  return client
}

/** Opens a stream of events, publishes one, and leaves the stream open. */
async function hearsEvents (t: Test, url: string, cookie: string): Promise<void> {
  const sent = get(`${url}/events?topic=com.example.news`, { agent: false, headers: { cookie, 'accept-encoding': 'gzip, br' } })
  const [response] = await once(sent, 'response') as [IncomingMessage]
  response.on('error', () => {})
  t.match(response.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }, 'a stream of events')
  for await (const line of createInterface(response)) {
    if (line.startsWith('retry:')) await fetch(`${url}/publish`, { method: 'POST', headers: { cookie, 'content-type': 'application/json' }, body: '{"topic":"com.example.news","args":["hello"]}' })
    if (!line.startsWith('data:')) continue
    t.match(JSON.parse(line.slice(5)), { topic: 'com.example.news', args: ['hello'] }, 'an event')
    break
  }
}

/** The endpoint of an app. */
export function wsOf (url: string): string {
  return `${url.replace('http', 'ws')}/ws`
}
