import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import type { ClientHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import wampPlugin, { wampLongPoll, wampPort } from 'fastify-wamp'
import type { FastifyWampOptions, LongPollOptions } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { LongPollClient, post } from '../helper/long-poll-client.ts'
import type { PostResponse } from '../helper/long-poll-client.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

const realms = { realm1: { roles: { anonymous: everything, frontend: everything } } }
const hello = JSON.stringify(HELLO)

interface Served { readonly app: FastifyInstance, readonly base: string }

async function build (t: Test, longPoll: LongPollOptions = {}, options: Partial<FastifyWampOptions> = {}, fastify: FastifyInstance = Fastify()): Promise<Served> {
  await fastify.register(wampPlugin, { realms, shutdownTimeout: 100, ...options })
  await fastify.register(wampLongPoll, longPoll)
  t.teardown(() => fastify.close())
  await fastify.listen({ port: 0, host: '127.0.0.1' })
  return { app: fastify, base: `http://127.0.0.1:${(fastify.server.address() as AddressInfo).port}/lp` }
}

/** Opens a transport without polling. Returns its URL. */
async function open (base: string, { protocols = ['wamp.2.json'], headers = {} }: { protocols?: unknown, headers?: Record<string, string> } = {}): Promise<string> {
  const { body } = await post(`${base}/open`, JSON.stringify({ protocols }), { headers })
  return `${base}/${(JSON.parse(body.toString()) as { transport: string }).transport}`
}

async function join (base: string): Promise<string> {
  const url = await open(base)
  await post(`${url}/send`, hello)
  await post(`${url}/receive`)
  return url
}

/** Resolves when the router has got so many further requests. */
async function requested (app: FastifyInstance, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await once(app.server, 'request')
}

const textOf = ({ status, body }: PostResponse): [number, string] => [status, body.toString()]

t.test('a transport is opened with one of the offered protocols, whatever else the URL and the body contain [LPL-01, LPL-02, LPL-08]', async (t) => {
  const { base } = await build(t)
  const opened = await post(`${base}/open?x=1`, JSON.stringify({ protocols: ['wamp.2.flatbuffers', 7, 'wamp.2.cbor.batched', 'wamp.2.json'], more: {} }))
  t.equal(opened.status, 200)
  t.match(opened.headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
  t.match(JSON.parse(opened.body.toString()), { protocol: 'wamp.2.cbor.batched', transport: /^[\w-]{24}$/ })
  const url = await open(base)
  t.equal((await post(`${url}/send?x=1`, hello)).status, 204)
  t.equal((await post(`${url}/receive?x=2`)).status, 200)
  t.equal((await post(`${url}/close?x=3`)).status, 204)
})

t.test('a malformed request to open a transport is answered with 400, and says what to send [LPL-02, LPL-03]', async (t) => {
  const { base } = await build(t, { serializers: ['json'], batched: false })
  for (const body of ['', '[', 'null', '[]', '{}', '{"protocols":"wamp.2.json"}', '{"protocols":[]}', '{"protocols":["wamp.2.cbor","wamp.2.json.batched"]}']) {
    t.same(textOf(await post(`${base}/open`, body)), [400, '{"error":"send {\\"protocols\\": […]} with one of these subprotocols: wamp.2.json"}'], body)
  }
})

// Over HTTP/1.1, Fastify stops its timer as soon as it has read the body.
t.test('the handlerTimeout of the app does not end a request that waits for messages over HTTP/2', async (t) => {
  const fastify = Fastify({ http2: true, handlerTimeout: 50 }) as unknown as FastifyInstance
  fastify.post('/slow', () => new Promise(() => {}))
  const { app, base } = await build(t, {}, {}, fastify)
  const session = connectHttp2(base)
  t.teardown(() => { session.destroy() })
  const { transport } = JSON.parse((await post2(session, '/lp/open', '{"protocols":["wamp.2.json"]}')).body) as { transport: string }
  for (const message of [hello, '[32,1,{},"com.example.news"]']) {
    await post2(session, `/lp/${transport}/send`, message)
    await post2(session, `/lp/${transport}/receive`)
  }
  const pending = post2(session, `/lp/${transport}/receive`)
  t.equal((await post2(session, '/slow')).status, 503, 'a later request has been ended')
  await app.wamp.join('realm1').publish('com.example.news', ['hello'])
  t.match(await pending, { status: 200, body: /^\[36,.*"hello"/ })
})

t.test('without a handlerTimeout of the app, no request has a timer of Fastify', async (t) => {
  const limits: unknown[] = []
  const fastify = Fastify()
  fastify.addHook('onRoute', ({ handlerTimeout }) => { limits.push(handlerTimeout) })
  await build(t, {}, {}, fastify)
  t.not(limits.length, 0)
  t.same(limits.filter((limit) => limit !== undefined), [])
})

t.test('without batches a response has one message, and with batches all that wait [LPL-04, LPL-09]', async (t) => {
  const { base } = await build(t)
  const url = await open(base)
  const pending = post(`${url}/receive`)
  t.same(textOf(await post(`${url}/send`, hello, { headers: { 'content-type': 'application/json; charset=utf-8' } })), [204, ''])
  t.match(JSON.parse((await pending).body.toString()), [2, Number])
  for (const request of [1, 2]) await post(`${url}/send`, JSON.stringify([32, request, {}, 'a']))
  for (const request of [1, 2]) {
    const { headers, body } = await post(`${url}/receive`)
    t.match(headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
    t.match(JSON.parse(body.toString()), [33, request])
  }

  const batched = await open(base, { protocols: ['wamp.2.json.batched'] })
  const listOf = (batch: Buffer): unknown[] => batch.toString().split('\x1e').slice(0, -1).map((text) => JSON.parse(text) as unknown)
  await post(`${batched}/send`, `${hello}\x1e`)
  t.match(listOf((await post(`${batched}/receive`)).body), [[2]])
  await post(`${batched}/send`, '[32,1,{},"a"]\x1e[32,2,{},"a"]\x1e')
  t.match(listOf((await post(`${batched}/receive`)).body), [[33, 1], [33, 2]])

  for (const [codec, type] of [[wireCodecs[1]!, 'application/x-msgpack'], [wireCodecs[2]!, 'application/cbor']] as const) {
    const url = await open(base, { protocols: [codec.subprotocol] })
    await post(`${url}/send`, Buffer.from(codec.encode(HELLO)))
    const { headers, body } = await post(`${url}/receive`)
    t.equal(headers['content-type'], type)
    t.match(codec.decode(body), [2])
  }
})

t.test('malformed content is answered with 400, and ends the session with an ABORT that can still be fetched [LPL-05]', async (t) => {
  const { base } = await build(t)
  const empty = await join(base)
  t.match(textOf(await post(`${empty}/send`)), [400, /the body must be a message/])
  t.equal((await post(`${empty}/send`, '[32,1,{},"a"]')).status, 204, 'the session goes on')

  for (const [protocol, content] of [['wamp.2.json', '[32,'], ['wamp.2.json', '[32]'], ['wamp.2.json', '{}'], ['wamp.2.cbor', '\xff'], ['wamp.2.json.batched', '[]']] as const) {
    const url = await open(base, { protocols: [protocol] })
    t.match(textOf(await post(`${url}/send`, content)), [400, /protocol violation/], content)
    t.match((await post(`${url}/receive`)).body.toString(), /wamp\.error\.protocol_violation/)
    t.equal((await post(`${url}/receive`)).status, 404)
  }
  const url = await open(base)
  t.match(textOf(await post(`${url}/send`, Buffer.alloc(2 ** 20 + 100))), [413, /too large/])
})

t.test('send and close are answered with 204, and a close releases a waiting request [LPL-06, LPL-07, TRP-33]', async (t) => {
  const { app, base } = await build(t)
  const url = await join(base)
  t.equal(app.wamp.sessions('realm1').length, 1)
  const arrives = requested(app, 1)
  const pending = post(`${url}/receive`)
  await arrives
  t.same(textOf(await post(`${url}/close`)), [204, ''])
  t.same(textOf(await pending), [204, ''])
  t.equal(app.wamp.sessions('realm1').length, 0)
  for (const what of ['receive', 'send', 'close']) t.equal((await post(`${url}/${what}`, '[]')).status, 404, what)
})

t.test('after the router has answered GOODBYE, the client can close the transport [LPL-07]', async (t) => {
  const { base } = await build(t)
  const url = await join(base)
  await post(`${url}/send`, '[6,{},"wamp.close.close_realm"]')
  t.match(JSON.parse((await post(`${url}/receive`)).body.toString()), [6, {}, 'wamp.close.goodbye_and_out'])
  t.equal((await post(`${url}/close`)).status, 204)
})

t.test('unknown transports are answered with 404, before the body is read [LPL-11]', async (t) => {
  const { base } = await build(t)
  const url = await join(base)
  for (const id of ['x', '', '__proto__', `${url.slice(-24, -1)}!`, 'a'.repeat(24)]) t.equal((await post(`${base}/${id}/send`, '[]')).status, 404, id)
  const socket = connect(Number(new URL(base).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('POST /lp/none/send HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n')
  const [data] = await once(socket, 'data') as [Buffer]
  t.match(data.toString(), /^HTTP\/1\.1 404/)
})

t.test('a request without messages is answered with 204 after the request timeout [LPL-10]', async (t) => {
  const { base } = await build(t, { requestTimeout: 1 })
  const url = await join(base)
  t.same(textOf(await post(`${url}/receive`)), [204, ''])
  t.equal((await post(`${url}/send`, '[32,1,{},"a"]')).status, 204)
  t.equal((await post(`${url}/receive`)).status, 200)
})

t.test('a client that makes no request for the session timeout loses its session, and one that waits does not [LPL-10]', async (t) => {
  const { app, base } = await build(t, { sessionTimeout: 300 })
  const gone = new Promise<void>((resolve) => { app.wamp.join('realm1').subscribe('wamp.session.on_leave', () => { resolve() }).catch(t.error) })
  const url = await open(base)
  const pending = post(`${url}/receive`)
  const sent = post(`${url}/send`, hello)
  t.equal((await pending).status, 200)
  await sent
  await gone
  t.equal((await post(`${url}/receive`)).status, 404)
})

t.test('a second request for messages replaces the first one, and a message whose response is lost comes again [LPL-12]', async (t) => {
  const { app, base } = await build(t)
  const url = await join(base)
  const arrives = requested(app, 1)
  const first = post(`${url}/receive`)
  await arrives
  const second = post(`${url}/receive`)
  t.same(textOf(await first), [204, ''])
  await post(`${url}/send`, '[32,1,{},"a"]')
  t.match(JSON.parse((await second).body.toString()), [33, 1])

  // The client disconnects while a request waits.
  const agent = new Agent({ keepAlive: true })
  const lostArrives = requested(app, 1)
  const lost = post(`${url}/receive`, '', { agent })
  await lostArrives
  const ends = new Promise((resolve) => { app.server.once('request', (_, response) => { response.once('close', resolve) }) })
  agent.destroy()
  await t.rejects(lost)
  await post(`${url}/send`, '[32,2,{},"a"]')
  await ends
  t.match(JSON.parse((await post(`${url}/receive`)).body.toString()), [33, 2])
})

t.test('a response that the client has not read is sent again on its next request [LPL-12]', async (t) => {
  const size = 12 * 2 ** 20
  const { app, base } = await build(t, {}, { limits: { messageSize: 2 * size, bufferedBytes: 4 * size } })
  const url = await join(base)
  await post(`${url}/send`, '[32,1,{},"a"]')
  await post(`${url}/receive`)
  const { pathname, port } = new URL(url)
  const deaf = connect(Number(port), '127.0.0.1').pause()
  const ended = new Promise((resolve) => { app.server.once('request', (_, response) => { response.once('close', resolve) }) })
  const arrives = requested(app, 1)
  deaf.write(`POST ${pathname}/receive HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`)
  await arrives
  // More than the buffers of the system.
  await app.wamp.join('realm1').publish('a', ['x'.repeat(size)], {}, { acknowledge: true })
  await new Promise((resolve) => { setImmediate(resolve) })
  const next = post(`${url}/receive`)
  deaf.destroy()
  await ended
  t.equal((await next).body.length > size, true)
})

t.test('requests that send messages are read one after the other, in the order in which they arrive', async (t) => {
  const { app, base } = await build(t)
  const url = await join(base)
  await post(`${url}/send`, '[32,1,{},"a"]')
  await post(`${url}/receive`)
  const { pathname, port } = new URL(url)
  const slow = connect(Number(port), '127.0.0.1')
  t.teardown(() => slow.destroy())
  const body = '[16,2,{"exclude_me":false},"a",[1]]'
  const arrives = requested(app, 1)
  slow.write(`POST ${pathname}/send HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`)
  await arrives
  const second = post(`${url}/send`, '[16,3,{"exclude_me":false},"a",[2]]')
  await requested(app, 1)
  slow.write(body.slice(5))
  t.equal((await second).status, 204)
  for (const i of [1, 2]) t.match(JSON.parse((await post(`${url}/receive`)).body.toString()), [36, Number, Number, {}, [i]])
})

t.test('a login by cookie works over long-poll, and its cookie is also valid for WebSocket', async (t) => {
  const auth = { ticket: { type: 'static', principals: { joe: { ticket: 'geheim', role: 'frontend' } } }, cookie: {} } as const
  const cookie = { store: { type: 'memory' } } as const
  const { base } = await build(t, { auth, cookie }, { auth, cookie })
  const { headers, body } = await post(`${base}/open`, '{"protocols":["wamp.2.json"]}')
  const given = headers['set-cookie']![0]!.split(';')[0]!
  const url = `${base}/${(JSON.parse(body.toString()) as { transport: string }).transport}`
  await post(`${url}/send`, JSON.stringify([1, 'realm1', { roles: HELLO[2].roles, authmethods: ['cookie', 'ticket'], authid: 'joe' }]))
  t.match(JSON.parse((await post(`${url}/receive`)).body.toString()), [4, 'ticket'])
  await post(`${url}/send`, '[5,"geheim",{}]')
  t.match(JSON.parse((await post(`${url}/receive`)).body.toString()), [2, Number, { authid: 'joe', authmethod: 'ticket' }])

  const again = await LongPollClient.connect(t, base, wireCodecs[0]!, { cookie: given })
  t.equal(again.opened.headers['set-cookie'], undefined, 'the browser keeps its cookie')
  t.match(await again.ask([1, 'realm1', { roles: HELLO[2].roles, authmethods: ['cookie'] }]), [2, Number, { authid: 'joe', authmethod: 'ticket', authprovider: 'cookie' }])
  const web = await WireClient.connect(t, base.replace('http', 'ws').replace('/lp', '/ws'), wireCodecs[0]!, { headers: { cookie: given } })
  t.match(await web.ask([1, 'realm1', { roles: HELLO[2].roles, authmethods: ['cookie'] }]), [2, Number, { authid: 'joe' }])
  again.send([6, {}, 'wamp.close.logout'])
  t.match(await again.next(), [6])
  t.equal(await web.closed, 1000, 'a logout ends the sessions of the cookie over all transports')
})

t.test('pages of other origins may use the routes only if they are allowed, and are told so before they send [LPL-09]', async (t) => {
  const { base } = await build(t, { allowedOrigins: ['https://app.example'] })
  const foreign = { headers: { origin: 'https://evil.example' } }
  t.equal((await post(`${base}/open`, '{"protocols":["wamp.2.json"]}', foreign)).status, 403)
  const url = await join(base)
  t.equal((await post(`${url}/receive`, '', foreign)).status, 403)
  const { headers } = await post(`${base}/open`, '{"protocols":["wamp.2.json"]}', { headers: { origin: 'https://app.example' } })
  t.match(headers, { 'access-control-allow-origin': 'https://app.example', 'access-control-allow-credentials': 'true', vary: /origin/ })
  const preflight = await fetch(`${url}/send`, { method: 'OPTIONS', headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' } })
  t.equal(preflight.status, 204)
  t.equal(preflight.headers.get('access-control-allow-methods'), 'POST')
  t.equal(preflight.headers.get('access-control-allow-headers'), 'content-type')
  t.equal((await fetch(`${url}/send`, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })).status, 403)
})

t.test('the path of a transport appears in no log, whichever requests the routes accept and whichever serializers the app has', async (t) => {
  const res = ({ request }: FastifyReply): object => ({ of: request.url })
  for (const logger of [{}, { serializers: { res } }]) {
    const lines: string[] = []
    const app = Fastify({ routerOptions: { caseSensitive: false, ignoreTrailingSlash: true }, logger: { ...logger, level: 'trace', stream: { write: (line: string) => { lines.push(line) } } } as object })
    const { base } = await build(t, { allowedOrigins: ['https://app.example'] }, {}, app)
    const url = await join(base)
    await post(`${url}/send`, '{')
    t.equal((await fetch(`${url}/SEND/`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } })).status, 204, 'a browser asks before it sends')
    t.equal((await post(`${url}/RECEIVE/`)).status, 200)
    await post(`${url}/close?x=1`)
    await post(`${url}/receive`)
    t.ok(lines.some((line) => line.includes('/lp/[hidden]/send')))
    t.equal(lines.filter((line) => line.includes('incoming request') && line.includes('/lp/[hidden]/')).length, 7)
    t.notOk(lines.some((line) => line.includes(url.slice(-24))))
  }
})

t.test('the path of a transport appears in no log, whatever a client requests below it', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'trace', stream: { write: (line: string) => { lines.push(line) } } } })
  const { base } = await build(t, {}, {}, app)
  const url = await join(base)
  for (const [method, path, status] of [
    ['POST', '', 404], ['POST', '/', 404], ['POST', '/nothing', 404], ['POST', '/receive/more', 404], ['POST', '/send;x=1', 404], ['POST', '/%73end', 400],
    ['GET', '/receive', 404], ['HEAD', '/receive', 404], ['PUT', '/send', 404], ['PATCH', '/send', 404], ['DELETE', '', 404], ['OPTIONS', '', 204], ['OPTIONS', '/nothing', 204]
  ] as const) t.equal((await fetch(`${url}${path}`, { method })).status, status, `${method} ${path}`)
  t.notOk(lines.some((line) => line.includes(url.slice(-24))))
  t.match(await post(`${url.slice(0, -1)}/receive`), { status: 404 }, 'a transport that does not exist')
})

t.test('a client is told that the router shuts down if it waits for messages, and its answer, which it cannot send, is not awaited', async (t) => {
  const { app, base } = await build(t, {}, { shutdown: 'goodbye', shutdownTimeout: 2 ** 31 - 1 })
  const url = await join(base)
  const arrives = requested(app, 1)
  const pending = post(`${url}/receive`)
  await arrives
  await Promise.all([app.close(), pending])
  t.match(JSON.parse((await pending).body.toString()), [6, {}, 'wamp.close.system_shutdown'])

  const other = await build(t)
  const waiting = requested(other.app, 3)
  const second = await join(other.base)
  await waiting
  const arrivesToo = requested(other.app, 1)
  const released = post(`${second}/receive`)
  await arrivesToo
  await other.app.close()
  t.equal((await released).status, 404)
  await t.rejects(post(`${second}/receive`))
})

t.test('a further port can serve long-poll, and its transports end with it', async (t) => {
  const { app } = await build(t)
  const port = Fastify()
  await port.register(wampPort, { app })
  await port.register(wampLongPoll, { path: '/poll' })
  await port.listen({ port: 0, host: '127.0.0.1' })
  const client = await LongPollClient.connect(t, `http://127.0.0.1:${(port.server.address() as AddressInfo).port}/poll`)
  await client.join({ roles: HELLO[2].roles })
  t.equal(app.wamp.sessions('realm1').length, 1)
  await port.close()
  t.equal(app.wamp.sessions('realm1').length, 0)
})

t.test('short replies that a batched client does not fetch count as their octets only, and arrive in order', async (t) => {
  const { base } = await build(t, {}, { limits: { bufferedEventBytes: 400_000, bufferedBytes: 500_000 } })
  const url = await open(base, { protocols: ['wamp.2.json.batched'] })
  await post(`${url}/send`, `${hello}\x18`)
  await post(`${url}/receive`)
  const requests = Array.from({ length: 10_000 }, (_, i) => i + 1)
  t.equal((await post(`${url}/send`, requests.map((request) => `[32,${request},{},"a"]\x18`).join(''))).status, 204)
  const replies: unknown[] = []
  while (replies.length < requests.length) {
    const { status, body } = await post(`${url}/receive`)
    if (status !== 200) break
    for (const reply of body.toString().split('\x18').slice(0, -1)) replies.push((JSON.parse(reply) as unknown[])[1])
  }
  t.same(replies, requests)
})

t.test('limits for connections apply to transports, however many TCP connections there are', async (t) => {
  const { base } = await build(t, {}, { limits: { connectionsOfAddress: 2 } })
  const [first] = [await open(base), await open(base)]
  const { status, headers } = await post(`${base}/open`, '{"protocols":["wamp.2.json"]}')
  t.equal(status, 429)
  t.equal(headers['retry-after'], '10')
  await post(`${first}/close`)
  t.equal((await post(`${base}/open`, '{"protocols":["wamp.2.json"]}')).status, 200)
})

/** Sends a POST request over HTTP/2. */
async function post2 (session: ClientHttp2Session, path: string, body = ''): Promise<{ status: number, body: string }> {
  const stream = session.request({ ':method': 'POST', ':path': path })
  stream.end(body)
  let text = ''
  stream.setEncoding('utf8').on('data', (part: string) => { text += part })
  const ended = once(stream, 'end')
  const [headers] = await once(stream, 'response') as [{ ':status': number }]
  await ended
  return { status: headers[':status'], body: text }
}

t.test('over HTTP/2, a message whose stream was reset comes again', async (t) => {
  const { app, base } = await build(t, {}, {}, Fastify({ http2: true }) as unknown as FastifyInstance)
  const session = connectHttp2(base)
  t.teardown(() => { session.destroy() })
  const opened = await post2(session, '/lp/open', '{"protocols":["wamp.2.json"]}')
  const path = `/lp/${(JSON.parse(opened.body) as { transport: string }).transport}`
  t.same(await post2(session, `${path}/send`, hello), { status: 204, body: '' })
  t.match(JSON.parse((await post2(session, `${path}/receive`)).body), [2])
  const arrives = requested(app, 1)
  const reset = session.request({ ':method': 'POST', ':path': `${path}/receive` })
  reset.end()
  await arrives
  reset.close(8)
  await once(reset, 'close')
  await post2(session, `${path}/send`, '[32,1,{},"a"]')
  t.match(JSON.parse((await post2(session, `${path}/receive`)).body), [33, 1])
})

t.test('options that cannot work are refused', async (t) => {
  for (const [options, message] of [
    [{ path: '/lp/' }, /"path" must be a path that begins with "\/" and does not end with it/],
    [{ auth: { tls: { type: 'static', principals: {} } } }, /"auth.tls" is not possible over long-poll/],
    [{ auth: { cookie: {} } }, /"auth.cookie" needs the "cookie" option/],
    [{ requestTimeout: '5s' }, /"requestTimeout" must be a whole number of milliseconds from 1/],
    [{ sesionTimeout: 1 }, /"sesionTimeout" is not an option: did you mean "sessionTimeout"/]
  ] as const) {
    const app = Fastify()
    await app.register(wampPlugin, { realms })
    await t.rejects(async () => { await app.register(wampLongPoll, options as never) }, { code: 'WAMP_ERR_INVALID_OPTION', message })
  }
})
