import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import type { RequestOptions } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestTls } from 'node:https'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import wampPlugin, { wampLongPoll, wampPort, wampRawSocket } from 'fastify-wamp'
import type { FastifyWampOptions, RawSocketOptions } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import { RawSocketClient } from '../helper/raw-socket-client.ts'
import type { RawSocketWay } from '../helper/raw-socket-client.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

const realms = { realm1: { roles: { anonymous: everything } } }

interface Shared { readonly app: FastifyInstance, readonly to: { readonly port: number, readonly host: string } }

/** An app whose port also accepts RawSocket clients. */
async function build (t: Test, fastify: object = {}, options: Partial<FastifyWampOptions> = {}, rawSocket: RawSocketOptions = {}): Promise<Shared> {
  const app: FastifyInstance = Fastify(fastify)
  await app.register(wampPlugin, { realms, shutdownTimeout: 100, ...options })
  await app.register(wampRawSocket, { sharePort: true, ...rawSocket })
  app.get('/hi', async () => 'hi')
  // It never reads the body.
  app.addContentTypeParser('application/x-unread', () => {})
  app.post('/unread', async () => '')
  app.post('/length', async ({ body }) => String((body as string).length))
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, to: { port: (app.server.address() as AddressInfo).port, host: '127.0.0.1' } }
}

async function open (t: Test, way: RawSocketWay): Promise<RawSocketClient> {
  const client = await RawSocketClient.connect(t, way)
  await client.join({ roles: HELLO[2].roles })
  return client
}

/** The body of a response. */
async function get (options: RequestOptions & ConnectionOptions, body = ''): Promise<string> {
  const sent = (options.ca === undefined ? request : requestTls)({ path: '/hi', method: body === '' ? 'GET' : 'POST', headers: { 'content-type': 'text/plain' }, ...options })
  sent.end(body)
  const [response] = await once(sent, 'response') as [AsyncIterable<Buffer>]
  let text = ''
  for await (const chunk of response) text += chunk.toString()
  return text
}

/** All that a server sends, until it closes. */
async function received (socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (data: Buffer) => { text += data.toString('latin1') }).on('error', () => {})
  if (!socket.closed) await once(socket, 'close')
  return text
}

t.test('RawSocket, WebSocket and HTTP clients share a port, and those with a session meet in one realm [RAW-01]', async (t) => {
  const { app, to } = await build(t)
  t.same(app.wampRawSockets, [], 'there is no other server')
  const web = await WireClient.join(t, `ws://127.0.0.1:${to.port}/ws`, wireCodecs[0]!)
  await web.ask([64, 1, {}, 'a.echo'])
  for (const codec of wireCodecs) {
    const raw = await open(t, { to, codec })
    raw.send([48, 1, {}, 'a.echo', ['hi']])
    const [, invocation, , , args] = await web.next()
    web.send([70, invocation, {}, args])
    t.same(await raw.next(), [50, 1, {}, ['hi']], codec.name)
    t.equal(await get(to), 'hi')
  }
  t.same((await web.ask([48, 2, {}, 'wamp.session.count'])).at(-1), [4])
})

t.test('each octet of a handshake or a request may arrive alone, or all of them together with what follows', async (t) => {
  const { to } = await build(t)
  const slowly = async (octets: Buffer): Promise<Socket> => {
    const socket = connect({ ...to, noDelay: true })
    for (const octet of octets) {
      socket.write(Buffer.from([octet]))
      await new Promise((resolve) => { setImmediate(resolve) })
    }
    return socket
  }
  const raw = await slowly(Buffer.from([0x7f, 0xf1, 0, 0]))
  t.same((await once(raw, 'data'))[0], Buffer.from([0x7f, 0xb1, 0, 0]))
  raw.destroy()
  t.match(await received(await slowly(Buffer.from('GET /hi HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'))), /^HTTP\/1\.1 200 OK[^]*hi$/)

  const hello = Buffer.from(JSON.stringify(HELLO))
  const whole = connect(to)
  whole.write(Buffer.concat([Buffer.from([0x7f, 0xf1, 0, 0, 0, 0, 0, hello.length]), hello]))
  let text = ''
  for await (const data of whole) if ((text += String(data)).includes('[2,')) break
  t.match(text, /\[2,\d+,/)
  t.equal(await get({ ...to, path: '/length', method: 'POST' }, 'x'.repeat(500_000)), '500000')
})

t.test('the connections of HTTP are read by its parser directly, and stay open for further requests', async (t) => {
  const { app, to } = await build(t)
  const handles: ({ readonly _consumed?: boolean } | undefined)[] = []
  const sockets = new Set<Socket>()
  app.server.on('request', ({ socket }) => {
    sockets.add(socket)
    handles.push((socket as Socket & { readonly _handle?: { readonly _consumed?: boolean } })._handle)
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => { agent.destroy() })
  for (let i = 0; i < 3; i++) t.equal(await get({ ...to, agent }), 'hi')
  t.equal(sockets.size, 1)
  t.same(handles.map((handle) => handle?._consumed), [true, true, true])
})

t.test('data that is neither HTTP nor RawSocket is answered by HTTP', async (t) => {
  const { to } = await build(t, {}, {}, { serializers: ['json'] })
  for (const garbage of ['\0\0\0\0', '\x7e\xf1\0\0', '\x16\x03\x01\0', '\xff', '\x10\x0c\0\x04MQTT']) {
    const socket = connect(to)
    socket.write(garbage, 'latin1')
    t.match(await received(socket), /^HTTP\/1\.1 400 /, JSON.stringify(garbage))
  }
  for (const [handshake, reply] of [['\x7f\xf2\0\0', '\x7f\x10\0\0'], ['\x7f\xf1\x01\0', '\x7f\x30\0\0']] as const) {
    const socket = connect(to)
    socket.write(handshake, 'latin1')
    t.equal(await received(socket), reply)
  }
})

t.test('a silent connection is passed to HTTP after the time for a handshake, and a RawSocket client that stops in its handshake is disconnected', async (t) => {
  const { to } = await build(t, { http: { headersTimeout: 50, connectionsCheckingInterval: 10 } }, { handshakeTimeout: 50 })
  t.match(await received(connect(to)), /^HTTP\/1\.1 408 /)
  const begun = connect(to)
  begun.write('\x7f')
  t.equal(await received(begun), '')
})

t.test('clients that leave before they have sent anything leave nothing behind', async (t) => {
  const { app, to } = await build(t)
  for (const leave of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
    const accepted = once(app.server, 'connection')
    const socket = connect(to)
    const [own] = await accepted as [Socket]
    leave(socket.on('error', () => {}))
    await new Promise<void>((resolve) => { if (own.closed) resolve(); else own.on('close', () => { resolve() }) })
    t.ok(own.closed)
  }
  const raw = await open(t, { to })
  raw.socket.end()
  t.ok(await raw.closed, 'the router closes its end when the client has')
})

t.test('with TLS, the first octet after its handshake counts, and a client can log in with its certificate', async (t) => {
  const authority = await Authority.create(t)
  const [server, client] = [await authority.sign('localhost'), await authority.sign('client')]
  const attempts: unknown[] = []
  const authenticator = async ({ tls, request, transport }: { tls: unknown, request: unknown, transport: { secure?: boolean, type: string } }) => {
    attempts.push(tls !== null, request, transport.secure, transport.type)
    return { authid: 'joe', role: 'anonymous' }
  }
  const https = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false }
  const { to } = await build(t, { https }, {}, { auth: { anonymous: { type: 'static' }, tls: { type: 'function', authenticator } } })
  const tls = { ca: authority.cert, servername: 'localhost' }
  for (const codec of wireCodecs) {
    const raw = await RawSocketClient.connect(t, { to, codec, tls: { ...tls, ...client } })
    t.match(await raw.ask([1, 'realm1', { authmethods: ['tls'], roles: HELLO[2].roles }]), [2, Number, { authid: 'joe' }])
  }
  t.same(attempts.slice(0, 4), [true, null, true, 'rawsocket'])
  t.equal(await get({ ...to, ...tls }), 'hi')
  const silent = connectTls({ ...to, ...tls })
  await once(silent, 'secureConnect')
  silent.end()
  t.equal(await received(silent), '')
})

t.test('HTTP/2 stays HTTP, with and without TLS, and RawSocket clients can use the same port', async (t) => {
  const authority = await Authority.create(t)
  const server = await authority.sign('localhost')
  for (const [fastify, scheme] of [[{ http2: true }, 'http'], [{ http2: true, https: server }, 'https'], [{ http2: true, https: { ...server, allowHTTP1: true } }, 'https']] as const) {
    const { to } = await build(t, fastify)
    const session = connectHttp2(`${scheme}://localhost:${to.port}`, { ca: authority.cert, lookup: (_name, _options, found) => { found(null, [{ address: to.host, family: 4 }]) } })
    const stream = session.request({ ':path': '/hi' })
    let text = ''
    for await (const data of stream) text += String(data)
    t.equal(text, 'hi')
    session.close()
    const tls = { ca: authority.cert, servername: 'localhost' }
    await open(t, { to, ...(scheme === 'http' ? {} : { tls }) })
    if ('https' in fastify && 'allowHTTP1' in fastify.https) t.equal(await get({ ...to, ...tls }), 'hi')
  }
})

t.test('when the app closes, sessions end, and connections that have sent nothing or only half of a handshake do not delay it', async (t) => {
  const authority = await Authority.create(t)
  for (const https of [undefined, await authority.sign('localhost')]) {
    const { app, to } = await build(t, https === undefined ? {} : { https })
    const tls = https === undefined ? {} : { tls: { ca: authority.cert, servername: 'localhost' } }
    const client = await open(t, { to, ...tls })
    const silent = connect(to)
    await once(silent, 'connect')
    const half = https === undefined ? connect(to) : connectTls({ ...to, ...tls.tls })
    half.on('error', () => {})
    half.write('\x7f')
    await once(half, https === undefined ? 'connect' : 'secureConnect')
    await app.close()
    t.equal(await client.closed, 1001)
    for (const socket of [silent, half]) if (!socket.closed) await once(socket, 'close')
  }
})

t.test('the limit of connections of an address counts RawSocket and WebSocket together', async (t) => {
  const { to } = await build(t, {}, { limits: { connectionsOfAddress: 2 } })
  await open(t, { to })
  await WireClient.join(t, `ws://127.0.0.1:${to.port}/ws`, wireCodecs[0]!)
  const refused = new RawSocketClient({ to })
  t.same(await refused.reply, Buffer.from([0x7f, 0x40, 0, 0]))
  t.equal(await get(to), 'hi')
})

t.test('all addresses of an app are shared: those of localhost, a Unix socket, and a further port', async (t) => {
  const local: FastifyInstance = Fastify()
  await local.register(wampPlugin, { realms })
  await local.register(wampLongPoll)
  await local.register(wampRawSocket, { sharePort: true })
  t.teardown(() => local.close())
  await local.listen({ port: 0, host: 'localhost' })
  for (const { address: host, port } of local.addresses() as AddressInfo[]) await open(t, { to: { host, port } })

  const further: FastifyInstance = Fastify()
  await further.register(wampPort, { app: local })
  await further.register(wampRawSocket, { sharePort: true })
  const folder = await mkdtemp(join(tmpdir(), 'fastify-wamp-shared-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'wamp.sock')
  await further.listen({ path })
  const client = await open(t, { to: { path } })
  await further.close()
  t.equal(await client.closed, 1001)
})

t.test('a body that nobody reads is not read from the connection, however it begins', async (t) => {
  const { app, to } = await build(t)
  const reading = new Promise<Socket>((resolve) => {
    app.server.once('request', ({ socket }: { socket: Socket }) => { resolve(socket) })
  })
  const client = connect(to)
  t.teardown(() => client.destroy())
  client.on('error', () => {})
  const octets = Buffer.alloc(2 ** 20, 'x')
  const head = `POST /unread HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-unread\r\nContent-Length: ${128 * octets.length}\r\n\r\n`
  client.write(Buffer.concat([Buffer.from(head), octets]))
  for (let i = 1; i < 128; i++) client.write(octets)
  const socket = await reading
  for (let i = 0; i < 100 && socket.bytesRead < 32 * octets.length; i++) t.equal(await get(to), 'hi')
  t.ok(socket.bytesRead < 16 * octets.length, 'only the buffers of the kernel and of the stream are filled')
})

t.test('streams that the app passes to its HTTP server stay HTTP, whatever they begin with', async (t) => {
  const { app } = await build(t)
  for (const [sent, answer] of [['GET /hi HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', /200 OK.*hi$/s], ['\x7f\xf1\0\0', /400 Bad Request/]] as const) {
    let text = ''
    const ended = new Promise<void>((resolve) => {
      const stream = new Duplex({
        read () {},
        write (data: Buffer, _, done) {
          text += data.toString('latin1')
          done()
        },
        final (done) {
          done()
          resolve()
        },
        destroy (error, done) {
          done(error)
          resolve()
        }
      })
      app.server.emit('connection', stream)
      stream.push(Buffer.from(sent, 'latin1'))
    })
    await ended
    t.match(text, answer)
  }
})

t.test('mistakes are named', async (t) => {
  const attempt = async (options: RawSocketOptions, fastify: object = {}): Promise<void> => {
    const app: FastifyInstance = Fastify(fastify)
    t.teardown(() => app.close())
    await app.register(wampPlugin, { realms })
    await app.register(wampRawSocket, { sharePort: true })
    await app.register(wampRawSocket, options)
  }
  const combined = /"sharePort" cannot be combined with "port", "host", "path" and "tls"/
  for (const [options, message] of [
    [{ sharePort: true, port: 0 }, combined], [{ sharePort: true, host: '::1' }, combined], [{ sharePort: true, path: '/x' }, combined], [{ sharePort: true, tls: {} }, combined],
    [{ sharePort: true }, /"sharePort" is already used for this port/],
    [{ sharePort: false }, /"port" is missing: set "port", "path" for a Unix socket, or "sharePort" for the port of the app/],
    [{ sharePort: true, auth: { tls: { type: 'static', principals: {} } } }, /"auth.tls" needs an app with "https" and requestCert: true/]
  ] as const) await t.rejects(attempt(options), { code: 'WAMP_ERR_INVALID_OPTION', message })
  const app: FastifyInstance = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms })
  app.server.removeAllListeners('connection')
  await t.rejects(async () => { await app.register(wampRawSocket, { sharePort: true }) }, { code: 'WAMP_ERR_INVALID_OPTION', message: /"sharePort" is not possible with the server of this app/ })
})
