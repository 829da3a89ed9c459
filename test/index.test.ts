import { EventEmitter, once } from 'node:events'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fastifyCookie from '@fastify/cookie'
import fastifyStatic from '@fastify/static'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { Agent, get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createConnection } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge, wampEndpoint } from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { WebSocket } from 'ws'
import { Authority } from './helper/certificates.ts'
import { needsOpenssl } from './interop/programs.ts'

const everything = { permissions: [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }] } as const
const realms = { realm1: { roles: { anonymous: everything, frontend: everything } } }
const options: FastifyWampOptions = { realms }
const HELLO = [1, 'realm1', { roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } }]

/** `rest` is what came and nobody has looked at. */
interface Client { socket: WebSocket, next (): Promise<unknown[]>, rest: readonly unknown[][], send (message: unknown): void, closed: Promise<number>, setCookie: string | undefined }

/** A raw client that keeps what comes from before the socket opens. */
async function connect (url: string, headers: Record<string, string> = {}, protocol = 'wamp.2.json'): Promise<Client> {
  const socket = new WebSocket(url, protocol, { headers })
  const come: unknown[][] = []
  const wanted: ((message: unknown[]) => void)[] = []
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as unknown[]
    const waiting = wanted.shift()
    if (waiting === undefined) come.push(message)
    else waiting(message)
  })
  let setCookie: string | undefined
  socket.on('upgrade', (response) => { [setCookie] = response.headers['set-cookie'] ?? [] })
  const closed = new Promise<number>((resolve) => { socket.on('close', resolve) })
  await new Promise((resolve, reject) => { socket.once('open', resolve).once('error', reject) })
  return {
    socket,
    closed,
    setCookie,
    rest: come,
    next: () => new Promise((resolve) => { const first = come.shift(); if (first === undefined) wanted.push(resolve); else resolve(first) }),
    send: (message) => { socket.send(JSON.stringify(message)) }
  }
}

async function start (t: Test, app: FastifyInstance): Promise<string> {
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

async function joined (url: string): Promise<Client> {
  const client = await connect(url)
  client.send(HELLO)
  t.equal((await client.next())[0], 2)
  return client
}

t.test('an app without any of the plugins gets a router on /ws', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, options)
  const client = await joined(`${await start(t, app)}/ws`)
  client.send([64, 1, {}, 'p'])
  t.match(await client.next(), [65, 1, Number])
  client.socket.close()
  await client.closed
})

t.test('an app may register @fastify/cookie before this plugin, or after it', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { ...options, cookie: {} })
  await app.register(fastifyCookie)
  app.get('/rest', async (_request, reply) => reply.setCookie('own', '1').send({ ok: true }))
  await joined(`${await start(t, app)}/ws`)
  t.equal((await app.inject('/rest')).headers['set-cookie'], 'own=1; SameSite=Lax')
})

t.test('a host\'s own REST routes, WebSocket routes, cookies and files stay as they are', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  await writeFile(join(root, 'index.html'), '<p>hello</p>')
  await writeFile(join(root, 'other.html'), '<p>other</p>')
  const app = Fastify()
  await app.register(fastifyCookie, { secret: 'of the host' })
  await app.register(fastifyWebsocket, { options: { maxPayload: 100_000, handleProtocols: (protocols) => [...protocols].at(-1)! } })
  await app.register(fastifyStatic, { root, prefix: '/files/' })
  await app.register(wampPlugin, { ...options, static: { root, prefix: '/web/' }, limits: { messageSize: 1000 } })
  app.get('/rest', async (_request, reply) => reply.setCookie('own', '1').send({ ok: true }))
  app.get('/page', (_request, reply) => reply.sendFile('other.html'))
  app.get('/echo', { websocket: true }, (socket) => { socket.on('message', (data) => { socket.send(String(data).length) }) })
  const url = await start(t, app)

  const rest = await app.inject('/rest')
  t.same([rest.json(), rest.headers['set-cookie']], [{ ok: true }, 'own=1; SameSite=Lax'])
  t.equal((await app.inject('/files/index.html')).body, '<p>hello</p>')
  t.equal((await app.inject('/web/')).body, '<p>hello</p>')
  t.equal((await app.inject('/page')).body, '<p>other</p>')
  t.match(await app.inject('/ws'), { statusCode: 426, headers: { upgrade: 'websocket' }, body: /connect with ws or wss/ }, 'no page at the WebSocket\'s path')

  const client = await joined(`${url}/ws`)
  const echo = new WebSocket(`${url}/echo`, ['a', 'b'])
  await new Promise((resolve) => { echo.once('open', resolve) })
  t.equal(echo.protocol, 'b', 'the host\'s handleProtocols')
  const echoed = new Promise((resolve) => { echo.once('message', (data) => { resolve(String(data)) }) })
  echo.send('x'.repeat(50_000))
  t.equal(await echoed, '50000', 'the host\'s message size')
  client.send([16, 1, {}, 'x'.repeat(2000)])
  t.equal(await client.closed, 1009, 'the route of the plugin has its own message size limit [WSK-12]')
  echo.close()
})

t.test('two apps in one process do not know of each other', async (t) => {
  const urls = []
  for (const name of ['one', 'two']) {
    const app = Fastify()
    await app.register(wampPlugin, options)
    const session = app.wamp.join('realm1')
    const url = await start(t, app)
    await session.register('who', () => name)
    urls.push(`${url}/ws`)
  }
  for (const [i, url] of urls.entries()) {
    const client = await joined(url)
    client.send([48, 1, {}, 'who'])
    t.same(await client.next(), [50, 1, {}, [['one', 'two'][i]]])
    client.socket.close()
  }
})

t.test('closing sends the reason in the close frame, and leaves nothing open [SES-15]', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, options)
  const inProcess = app.wamp.join('realm1')
  const url = `${await start(t, app)}/ws`
  const clients = [await joined(url), await connect(url)]
  const closes = clients.map(async ({ socket }) => String((await once(socket, 'close'))[1]))
  await app.close()
  t.same(await Promise.all(closes), ['wamp.close.system_shutdown', 'wamp.close.system_shutdown'])
  await t.rejects(inProcess.call('p'), { message: 'The session is closed: wamp.close.system_shutdown' })
  t.throws(() => app.wamp.join('realm1'), { code: 'WAMP_ERR_SESSION_CLOSED' })
})

t.test('closing with GOODBYE waits for the answers, no longer than shutdownTimeout [SES-14, SES-15]', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { ...options, shutdown: 'goodbye' })
  const url = `${await start(t, app)}/ws`
  const [polite, silent, early] = [await joined(url), await joined(url), await connect(url)]
  const closing = app.close()
  t.match(await polite.next(), [6, {}, 'wamp.close.system_shutdown'])
  t.match(await silent.next(), [6, {}, 'wamp.close.system_shutdown'])
  t.match(await early.next(), [3, {}, 'wamp.close.system_shutdown'])
  polite.send([6, {}, 'wamp.close.goodbye_and_out'])
  t.equal(await polite.closed, 1000)
  await closing
  t.equal(await silent.closed, 1000)
})

t.test('the end may be spread over a time: those whose turn has not come are served until then, and who joins or leaves is sent away', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { ...options, shutdownSpread: 400 })
  const url = `${await start(t, app)}/ws`
  const first = await joined(url)
  const clients = []
  for (let i = 0; i < 17; i++) clients.push(await joined(url))
  const [late, leaving] = [await connect(url), await joined(url)]
  const closed = app.close()
  t.equal(await first.closed, 1001)
  leaving.send([48, 1, {}, 'com.example.none'])
  t.match(await leaving.next(), [8, 48, 1, {}, 'wamp.error.no_such_procedure'])
  leaving.send([6, {}, 'wamp.close.close_realm'])
  t.same(await leaving.next(), [6, {}, 'wamp.close.goodbye_and_out'])
  late.send([1, 'realm1', { roles: { caller: {} } }])
  for (const client of [leaving, late, ...clients]) t.equal(await client.closed, 1001)
  t.same([late.rest, leaving.rest], [[], []])
  await closed
})

t.test('a spread that lasts longer than the pluginTimeout of Fastify is no failed hook', async (t) => {
  const app = Fastify({ pluginTimeout: 100 })
  await app.register(wampPlugin, { ...options, shutdownSpread: 400 })
  const url = `${await start(t, app)}/ws`
  const clients = []
  for (let i = 0; i < 20; i++) clients.push(await joined(url))
  await app.close()
  for (const client of clients) t.equal(await client.closed, 1001)
})

t.test('closing waits for the deletion of a login for at most shutdownTimeout, and opens no further session [SES-15]', async (t) => {
  const app = Fastify()
  const loggingOut = new EventEmitter()
  const released = once(loggingOut, 'release')
  await app.register(wampPlugin, {
    realms,
    shutdownTimeout: 100,
    auth: {
      slow: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'frontend', onLogout: () => released }) },
      stuck: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'frontend', onLogout: () => new Promise(() => { loggingOut.emit('stuck') }) }) }
    }
  })
  const url = `${await start(t, app)}/ws`
  const [slow, stuck] = [await connect(url), await connect(url)]
  slow.send([1, 'realm1', { roles: { caller: {} }, authmethods: ['slow'] }])
  stuck.send([1, 'realm1', { roles: { caller: {} }, authmethods: ['stuck'] }])
  t.match([await slow.next(), await stuck.next()], [[2], [2]])
  const isStuck = once(loggingOut, 'stuck')
  slow.send([6, {}, 'wamp.close.logout'])
  stuck.send([6, {}, 'wamp.close.logout'])
  await isStuck
  const closing = app.close()
  loggingOut.emit('release')
  t.match(await slow.next(), [6, {}, 'wamp.close.goodbye_and_out'])
  t.equal(await slow.closed, 1001)
  t.equal(await stuck.closed, 1001)
  t.same(stuck.rest, [])
  await closing
})

t.test('requests that wait for the app itself do not hold up the close: their calls and iterations end after shutdownTimeout', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { ...options, shutdownTimeout: 100 })
  const backend = app.wamp.join('realm1')
  const invoked = new EventEmitter()
  await backend.register('com.example.long', async ({ signal }) => {
    invoked.emit('long')
    await once(signal, 'abort')
    throw signal.reason
  })
  app.get('/call', async () => await backend.call('com.example.long').catch((error: { code: string }) => error.code))
  app.get('/events', async () => {
    const seen = []
    for await (const { args } of backend.events('com.example.news', { get_retained: true })) {
      seen.push(args)
      invoked.emit('event')
    }
    return { seen }
  })
  await app.wamp.join('realm1').publish('com.example.news', ['hello'], {}, { retain: true })
  const url = (await start(t, app)).replace('ws', 'http')
  const waiting = [once(invoked, 'long'), once(invoked, 'event')]
  const responses = [fetch(`${url}/call`), fetch(`${url}/events`)]
  await Promise.all(waiting)
  await app.close()
  t.equal(await (await responses[0]!).text(), 'WAMP_ERR_SESSION_CLOSED')
  t.same(await (await responses[1]!).json(), { seen: [['hello']] })
})

t.test('a response that is being read is not cut off when the app closes', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { ...options, shutdownTimeout: 250 })
  const body = Buffer.alloc(20_000_000)
  const waiting = new EventEmitter()
  app.get('/long', async () => {
    waiting.emit('request')
    await once(waiting, 'go on')
    return body
  })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const requested = once(waiting, 'request')
  const answered = once(get(`${url}/long`, { agent: new Agent({ keepAlive: true }) }), 'response') as Promise<[IncomingMessage]>
  await requested
  const closed = app.close()
  // Fastify itself cuts off responses that are not flushed at this moment.
  while (app.server.listening) await setImmediate()
  waiting.emit('go on')
  const [response] = await answered
  let received = 0
  for await (const chunk of response) {
    received += (chunk as Buffer).length
    await setImmediate()
  }
  t.equal(received, body.length)
  await closed
})

t.test('half a request does not hold up the close', async (t) => {
  for (const half of ['GET / HT', 'POST /own HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{', 'GET /done HTTP/1.1\r\nHost: x\r\n\r\nGET / HT']) {
    const app = Fastify()
    await app.register(wampPlugin, { ...options, shutdownTimeout: 100 })
    app.post('/own', async () => 'done')
    app.get('/done', async () => 'done')
    t.teardown(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = createConnection((app.server.address() as AddressInfo).port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    const seen = new Promise((resolve) => { app.server.once('connection', (taken: Socket) => { taken.once('data', resolve) }) })
    socket.write(half)
    await seen
    if (half.includes('/done')) await once(socket, 'data')
    await app.close()
    t.pass(half.slice(0, 10))
  }
})

t.test('connections on which no request has come do not hold up the close, nor does a client that has stopped reading a stream', needsOpenssl(), async (t) => {
  const identity = await (await Authority.create(t)).sign('router')
  for (const https of [null, identity]) {
    const app = Fastify({ https })
    await app.register(wampPlugin, options)
    await app.register(wampBridge, { events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
    t.teardown(() => app.close())
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const taken = once(app.server, https === null ? 'connection' : 'secureConnection')
    const socket = https === null ? createConnection(port, '127.0.0.1') : connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    await taken
    if (https === null) {
      const stream = (await fetch(`${url}/events?topic=com.example.news`)).body!.getReader()
      await stream.read()
      await stream.cancel()
    }
    await app.close()
    t.pass(`closed, over ${https === null ? 'TCP' : 'TLS'}`)
  }
})

t.test('a client that comes back at once does not hold up the close', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, options)
  const url = `${await start(t, app)}/ws`
  const client = await joined(url)
  const closing = app.close()
  await client.closed
  await t.rejects(connect(url))
  client.send([6, {}, 'wamp.close.goodbye_and_out'])
  await closing
})

t.test('a wrong option is a coded error that names its path', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.register(wampPlugin, { realms: {} }) }, { code: 'WAMP_ERR_INVALID_OPTION' })
})

t.test('a static prefix that is taken is a coded error', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/*', async () => 'mine')
  await t.rejects(async () => { await app.register(wampPlugin, { ...options, static: { root: tmpdir() } }) }, { code: 'WAMP_ERR_STATIC_PREFIX' })
})

t.test('@fastify/websocket in a child scope is a coded error that says what to do', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async (child) => { await child.register(fastifyWebsocket) })
  await app.register(wampPlugin, options)
  await t.rejects(async () => { await app.ready() }, { code: 'WAMP_ERR_HOST_PLUGIN', message: /register it once, on the root instance, before fastify-wamp/ })
})

t.test('an injected connection works without a port', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { ...options, cookie: {} })
  await app.ready()
  const socket = await app.injectWS('/ws', { headers: { 'sec-websocket-protocol': 'wamp.2.json' } })
  const message = new Promise((resolve) => { socket.once('message', (data) => { resolve(JSON.parse(String(data))) }) })
  socket.send(JSON.stringify(HELLO))
  t.match(await message, [2, Number, { realm: 'realm1' }])
  socket.terminate()
})

t.test('a browser receives a cookie, logs in, and is logged in by it again, also on a REST route [CKH-01, CKH-03, CKL-01]', async (t) => {
  const filename = join(await mkdtemp(join(tmpdir(), 'fastify-wamp-')), 'cookies.dat')
  const build = async (): Promise<FastifyInstance> => {
    const app = Fastify()
    await app.register(wampPlugin, {
      realms,
      cookie: { store: { type: 'file', filename } },
      auth: { ticket: { type: 'static', principals: { joe: { ticket: 'sesame', role: 'frontend' } } }, cookie: {} }
    })
    app.addHook('onRequest', app.wampIdentify)
    app.get('/me', async (request) => request.wampPrincipal ?? 'nobody')
    return app
  }
  const hello = [1, 'realm1', { authid: 'joe', authmethods: ['cookie', 'ticket'], roles: { caller: {} } }]
  const app = await build()
  const client = await connect(`${await start(t, app)}/ws`)
  t.match(client.setCookie, /^cbtid=[\w-]{40}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/)
  const cookie = client.setCookie!.split(';')[0]!
  client.send(hello)
  t.match(await client.next(), [4, 'ticket', {}])
  t.equal((await app.inject({ url: '/me', headers: { cookie } })).body, 'nobody')
  client.send([5, 'sesame', {}])
  t.match(await client.next(), [2, Number, { authid: 'joe', authmethod: 'ticket', authprovider: 'static' }])
  t.match((await app.inject({ url: '/me', headers: { cookie } })).json(), { authid: 'joe', authprovider: 'cookie' })
  await app.close()

  const restarted = await build()
  const back = await connect(`${await start(t, restarted)}/ws`, { cookie })
  t.equal(back.setCookie, undefined, 'a known cookie is not sent again')
  back.send(hello)
  t.match(await back.next(), [2, Number, { authid: 'joe', authrole: 'frontend', authmethod: 'ticket', authprovider: 'cookie' }])
  t.notMatch(await readFile(filename, 'utf8'), cookie.split('=')[1]!, 'the file does not contain the value of a cookie [CKO-16]')
  back.send([6, {}, 'wamp.close.logout'])
  t.match(await back.next(), [6, {}, 'wamp.close.goodbye_and_out'])
  back.send(hello)
  t.match(await back.next(), [4, 'ticket', {}], 'after a logout, the client is challenged again [CKO-01, CKO-04]')
  back.socket.close()
})

t.test('behind a proxy that terminates TLS, the cookie is Secure if the proxy is trusted; otherwise the log explains what to do [CKI-06]', async (t) => {
  for (const trustProxy of [true, false]) {
    const logged: string[] = []
    const app = Fastify({ trustProxy, logger: { level: 'warn', stream: { write: (line: string) => { logged.push((JSON.parse(line) as { msg: string }).msg) } } } })
    await app.register(wampPlugin, { ...options, cookie: {} })
    const url = `${await start(t, app)}/ws`
    // Some proxies say wss of an upgrade.
    for (const scheme of ['https', 'wss']) {
      const client = await connect(url, { 'x-forwarded-proto': scheme })
      t.equal(client.setCookie!.includes('Secure'), trustProxy)
      client.socket.close()
      await client.closed
    }
    t.equal(logged.filter((text) => text.includes('set trustProxy')).length, trustProxy ? 0 : 1, 'once')
  }
})

t.test('a further endpoint reaches the same realms by its own methods', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, options)
  await app.register(wampEndpoint, { path: '/staff', auth: { ticket: { type: 'static', principals: { joe: { ticket: 's', role: 'frontend' } } } } })
  const url = await start(t, app)
  const client = await connect(`${url}/staff`)
  client.send(HELLO)
  t.match(await client.next(), [3, {}, 'wamp.error.authentication_required'])
  await app.wamp.join('realm1').register('p', () => 1)
  const other = await joined(`${url}/ws`)
  other.send([48, 1, {}, 'p'])
  t.same(await other.next(), [50, 1, {}, [1]])
  for (const { socket } of [client, other]) socket.close()
})

t.test('endpoints that share a cookie must configure it alike', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { ...options, cookie: { maxAge: 5 } })
  await app.register(wampEndpoint, { path: '/same', cookie: { maxAge: 5 } })
  await t.rejects(async () => { await app.register(wampEndpoint, { path: '/other', cookie: { maxAge: 6 } }) }, { code: 'WAMP_ERR_INVALID_OPTION', message: /cookie/ })
})

t.test('authenticators can be added until the app is ready', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, options)
  app.wampAuthenticators.set('mine', () => ({ authid: 'me', role: 'frontend' }))
  const url = await start(t, app)
  t.throws(() => { app.wampAuthenticators.set('late', () => ({ authid: 'me', role: 'frontend' })) }, { code: 'WAMP_ERR_AUTHENTICATOR' })
  const client = await connect(`${url}/ws`)
  client.send([1, 'realm1', { authmethods: ['mine'], roles: { caller: {} } }])
  t.match(await client.next(), [2, Number, { authid: 'me', authmethod: 'mine', authprovider: 'function' }])
  client.socket.close()
})

t.test('sessions are listed and kicked; a wrong realm is a coded error', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, options)
  const client = await joined(`${await start(t, app)}/ws`)
  t.match(app.wamp.sessions('realm1'), [{ session: Number, authrole: 'anonymous', realm: 'realm1' }])
  t.throws(() => app.wamp.sessions('none'), { code: 'WAMP_ERR_NO_SUCH_REALM' })
  t.throws(() => app.wamp.join('none'), { code: 'WAMP_ERR_NO_SUCH_REALM' })
  t.throws(() => app.wamp.join('realm1', { role: 'boss' }), { code: 'WAMP_ERR_NO_SUCH_ROLE' })
  t.throws(() => app.wamp.kick('realm1', {}, 'no uri'), { code: 'WAMP_ERR_INVALID_OPTION' })
  t.equal(app.wamp.kick('realm1', { authid: 'nobody' }), 0)
  t.equal(app.wamp.kick('realm1', { authrole: 'anonymous' }), 1)
  t.match(await client.next(), [6, {}, 'wamp.close.killed'])
  t.same(app.wamp.sessions('realm1'), [])
  client.send([6, {}, 'wamp.close.goodbye_and_out'])
  await client.closed
})

t.test('an upgrade from a foreign page, or without a subprotocol, is refused [CKH-11, WSK-04]', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, options)
  const url = `${await start(t, app)}/ws`
  await t.rejects(connect(url, { origin: 'https://evil.example' }), { message: 'Unexpected server response: 403' })
  await t.rejects(connect(url, {}, 'wamp.3.json'), { message: 'Unexpected server response: 400' })
})
