import { once } from 'node:events'
import { get, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import type { InProcessSession } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { buildWarnedApp } from '../helper/warned-app.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

t.test('an upgrade ends with its 101: the connection keeps neither request nor response', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  const upgrades: Array<{ response: ServerResponse, session: InProcessSession, over: Promise<unknown> }> = []
  app.addHook('onRequest', async (request, reply) => {
    request.wampPrincipal = { realm: 'realm1', authid: 'joe', authrole: 'anonymous', authmethod: 'token', authprovider: 'app' }
    upgrades.push({ response: reply.raw, session: request.wamp, over: once(reply.raw, 'close') })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [json] = wireCodecs
  const client = await WireClient.connect(t, `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`, json!)
  const [{ response, session, over }] = upgrades as [typeof upgrades[number]]
  await over
  t.equal(response.socket, null)
  t.ok(response.destroyed)
  await new Promise<void>((resolve) => { session.whenClosed(resolve) })
  t.match(await client.ask(HELLO), [2], 'the connection lives on')
  t.equal(app.wamp.sessions('realm1').length, 1)
})

t.test('the rejection of a page of another origin is logged, with the option that would allow it', async (t) => {
  const lines: object[] = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line) as object) } } } })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [json] = wireCodecs
  const origin = `http://${'x'.repeat(1000)}.example`
  const url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`
  await t.rejects(WireClient.connect(t, url, json!, { headers: { origin } }), { message: /403/ })
  t.match(lines.find((line) => 'origin' in line), { level: 30, origin: origin.slice(0, 256), host: /^127/, options: /allowedOrigins/, msg: /refused/ })
})

t.test('an upgrade requested before the previous response is disconnected, and delays nothing', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => {
    app.get('/slow', async () => {
      resolve()
      await new Promise<void>((resolve) => { answer = resolve })
      return 'done'
    })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await asked
  const closed = once(socket, 'close')
  socket.write('GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n')
  await closed
  answer()
  await app.close()
  t.equal(app.server.listening, false)
})

t.test('an upgrade that an earlier hook of the host refuses leaves no connection open', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const sockets: Socket[] = []
  t.teardown(() => { for (const socket of sockets) socket.destroy() })
  app.addHook('onRequest', async ({ raw: { socket }, url }, reply) => {
    if (url !== '/ws') return
    sockets.push(socket)
    return await reply.code(401).send({ error: 'not you' })
  })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  app.get('/rest', async () => 'rest')
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => { socket.destroy() })
  socket.write('GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n')
  let answer = ''
  while (!answer.endsWith('}')) answer += String((await once(socket, 'data'))[0])
  t.match(answer, /^HTTP\/1\.1 401 [^]*not you/)
  await (await fetch(`${url}/rest`)).text()
  t.ok(sockets[0]!.writableEnded, 'it is ended after the answer')
  if (sockets[0]!.writableEnded && !sockets[0]!.closed) await once(sockets[0]!, 'close')
})

t.test('a close frame whose reason is not UTF-8 is not echoed [WSK-01]', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [json] = wireCodecs
  const url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`
  const [wrong, right] = [await WireClient.connect(t, url, json!), await WireClient.connect(t, url, json!)]
  const closes = [once(wrong.socket, 'close'), once(right.socket, 'close')]
  wrong.socket.close(1000, Buffer.from([0x61, 0xff]) as unknown as string)
  right.socket.close(1000, 'bye ä')
  t.same((await closes[0])![0], 1007)
  t.same((await closes[1] as [number, Buffer]).map(String), ['1000', 'bye ä'])
})

t.test('while every realm is full, upgrades are refused temporarily', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, limits: { sessionsOfRealm: 1 } })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const [json] = wireCodecs
  const [first, second] = [await WireClient.connect(t, `${url.replace('http', 'ws')}/ws`, json!), await WireClient.connect(t, `${url.replace('http', 'ws')}/ws`, json!)]
  t.match(await first.ask(HELLO), [2])
  const [status, headers] = await refused(`${url}/ws`)
  t.match([status, headers], [503, { 'retry-after': '5' }])
  t.match(await second.ask(HELLO), [3, { message: /sessionsOfRealm/ }, 'fastify_wamp.error.limit_exceeded'], 'who is connected already is told by ABORT')
})

t.test('a list of subprotocols may have empty and repeated elements; the reason for a refusal is logged [WSK-03]', async (t) => {
  const lines: Array<{ msg: string, status?: number }> = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line) as typeof lines[number]) } } } })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  for (const offered of ['wamp.2.json,', ', ,wamp.2.json', 'wamp.2.json, wamp.2.json', 'other,wamp.2.json']) {
    const sent = get(`${url}/ws`, { headers: { ...upgrade, 'sec-websocket-protocol': offered } })
    const [{ headers }, socket] = await once(sent, 'upgrade') as [IncomingMessage, Socket]
    t.equal(headers['sec-websocket-protocol'], 'wamp.2.json', offered)
    socket.destroy()
  }
  t.match((await refused(`${url}/ws`, { 'sec-websocket-protocol': 'mqtt' }))[0], 400)
  t.match(lines.filter(({ status }) => status === 400), [{ msg: /^an upgrade was refused: offer one of these subprotocols/ }])
})

t.test('an upgrade that is no opening handshake of a WebSocket is refused, and the log says why', async (t) => {
  const lines: Array<{ msg: string, status?: number }> = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line) as typeof lines[number]) } } } })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  for (const [headers, why, method = 'GET'] of [
    [{ 'sec-websocket-key': 'x' }, /Sec-WebSocket-Key/], [{ 'sec-websocket-version': '12' }, /Sec-WebSocket-Version/], [{ upgrade: 'h2c' }, /header Upgrade/], [{}, /by GET, and not by HEAD/, 'HEAD']
  ] as Array<[Record<string, string>, RegExp, string?]>) {
    const [response] = await once(request(`${url}/ws`, { method, headers: { ...upgrade, ...headers } }).end(), 'response') as [IncomingMessage]
    response.resume()
    t.match([response.statusCode, response.headers], [400, { 'sec-websocket-version': '13, 8' }])
    t.match(lines.find(({ status }) => status === 400), { level: 30, msg: why })
    lines.length = 0
  }
})

t.test('the cookie of an upgrade without Origin is ignored where only pages may use it', async (t) => {
  for (const [requireOrigin, sameSite, comesBack] of [['auto', 'lax', true], ['auto', 'none', false], [true, 'lax', false], [false, 'none', true]] as const) {
    const app = Fastify()
    await app.register(wampPlugin, {
      realms: { realm1: { roles: { anonymous: everything } } }, requireOrigin, cookie: { sameSite, ...(sameSite === 'none' ? { secure: true } : {}) }, auth: { cookie: {} }
    })
    t.teardown(() => app.close())
    app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'anonymous' }))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const { cookies: [cookie] } = await app.inject({ method: 'POST', url: '/login' })
    const [json] = wireCodecs
    const hello = [1, 'realm1', { ...HELLO[2], authmethods: ['cookie'] }]
    for (const [headers, letIn] of [[{}, comesBack], [{ origin: url }, true]] as const) {
      const client = await WireClient.connect(t, `${url.replace('http', 'ws')}/ws`, json!, { headers: { ...headers, cookie: `cbtid=${String(cookie?.value)}` } })
      t.equal(client.setCookie, undefined, 'nor is it overwritten')
      t.match(await client.ask(hello), letIn ? [2, Number, { authid: 'joe' }] : [3], `${requireOrigin} ${sameSite} ${JSON.stringify(headers)}`)
    }
  }
})

t.test('settings that make cookies fail silently cause one warning', async (t) => {
  const lines: Array<{ level: number, msg: string }> = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line) as typeof lines[number]) } } } })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: { secure: true } })
  t.teardown(() => app.close())
  const url = `${(await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')}/ws`
  const [json] = wireCodecs
  for (let i = 0; i < 2; i++) await WireClient.connect(t, url, json!, { headers: { cookie: 'cbtid=x' } })
  await WireClient.connect(t, url, json!, { headers: { 'x-forwarded-proto': 'https' } })
  t.match(lines.filter(({ level }) => level === 40), [{ msg: /Secure cookie was sent over http/ }, { msg: /neither Origin nor User-Agent/ }, { msg: /set trustProxy/ }])
})

t.test('a page over https whose proxy does not report https causes one warning, and no other page does', async (t) => {
  const { app, warnings } = await buildWarnedApp(t, { realms: { realm1: { roles: { anonymous: everything } } }, auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: {}, allowedOrigins: ['https://other.example'] })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const [json] = wireCodecs
  const join = async (origin: string): Promise<unknown> => await WireClient.connect(t, `${url.replace('http', 'ws')}/ws`, json!, { headers: { origin } })
  await join(url)
  await join('https://other.example')
  t.same(warnings, [])
  for (let i = 0; i < 2; i++) await join(url.replace('http', 'https'))
  t.match(warnings, [{ msg: /served over https.*X-Forwarded-Proto, and set trustProxy/ }])
})

t.test('the handlerTimeout of Fastify ends neither sessions nor streams of events', async (t) => {
  const app = Fastify({ handlerTimeout: 50 })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  app.get('/slow', () => new Promise(() => {}))
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const [json] = wireCodecs
  const client = await WireClient.join(t, `${url.replace('http', 'ws')}/ws`, json!)
  const stream = (await fetch(`${url}/events?topic=com.example.news`)).body!.getReader()
  await stream.read()
  t.equal((await fetch(`${url}/slow`)).status, 503)
  await app.wamp.join('realm1').publish('com.example.news', ['hello'])
  t.match(Buffer.from((await stream.read()).value!).toString(), /hello/)
  await stream.cancel()
  t.same(await client.fence(), [])
})

const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13', 'sec-websocket-protocol': 'wamp.2.json' }

/** The answer to an upgrade that comes to nothing. */
async function refused (url: string, more: Record<string, string> = {}): Promise<[number | undefined, object]> {
  const [response] = await once(get(url, { headers: { ...upgrade, ...more } }), 'response') as [IncomingMessage]
  response.resume()
  return [response.statusCode, response.headers]
}
