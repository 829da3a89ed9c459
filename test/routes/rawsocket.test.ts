import { once } from 'node:events'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo, NetConnectOpts, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import wampPlugin, { wampPort, wampRawSocket } from 'fastify-wamp'
import type { FastifyWampOptions, RawSocketOptions } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import { RawSocketClient } from '../helper/raw-socket-client.ts'
import type { RawSocketWay } from '../helper/raw-socket-client.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

const realms = { realm1: { roles: { anonymous: everything } } }

async function build (t: Test, rawSocket: RawSocketOptions, options: Partial<FastifyWampOptions> = {}): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(wampPlugin, { realms, shutdownTimeout: 100, ...options })
  await app.register(wampRawSocket, rawSocket)
  t.teardown(() => app.close())
  await app.ready()
  return app
}

const addressOf = (app: FastifyInstance): NetConnectOpts => ({ port: (app.wampRawSockets[0]!.address() as AddressInfo).port, host: '127.0.0.1' })

async function open (t: Test, way: RawSocketWay): Promise<RawSocketClient> {
  const client = await RawSocketClient.connect(t, way)
  await client.join({ roles: HELLO[2].roles })
  return client
}

async function directory (t: Test): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'fastify-wamp-rawsocket-'))
  t.teardown(() => rm(made, { recursive: true, force: true }))
  return made
}

t.test('clients over RawSocket and WebSocket meet in one realm', async (t) => {
  const app = await build(t, { port: 0 })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const raw = await open(t, { to: addressOf(app), codec: wireCodecs[2]! })
  const web = await WireClient.join(t, `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`, wireCodecs[0]!)
  await web.ask([64, 1, {}, 'a.echo'])
  raw.send([48, 1, {}, 'a.echo', ['hi']])
  const [, invocation, , , args] = await web.next()
  web.send([70, invocation, {}, args])
  t.same(await raw.next(), [50, 1, {}, ['hi']])
})

t.test('a Unix socket is served, one that was left behind is replaced, and one in use is not', async (t) => {
  const path = join(await directory(t), 'wamp.sock')
  const left = createServer().listen(path)
  await once(left, 'listening')
  const inUse = Fastify()
  await inUse.register(wampPlugin, { realms })
  await inUse.register(wampRawSocket, { path })
  await t.rejects(async () => { await inUse.ready() }, { code: 'EADDRINUSE' })
  await inUse.close()
  left.close()
  await once(left, 'close')

  // Node.js removes the file of a server that it closes, so it is moved away meanwhile.
  const killed = createServer().listen(path)
  await once(killed, 'listening')
  await rename(path, `${path}.kept`)
  killed.close()
  await once(killed, 'close')
  await rename(`${path}.kept`, path)
  await build(t, { path })
  t.equal((await open(t, { to: { path } })).transport.type, 'rawsocket')

  const file = join(await directory(t), 'notes.txt')
  await writeFile(file, 'no socket')
  const other = Fastify()
  await other.register(wampPlugin, { realms })
  await other.register(wampRawSocket, { path: file })
  await t.rejects(async () => { await other.ready() }, { code: 'EADDRINUSE' })
  t.equal(await readFile(file, 'utf8'), 'no socket', 'a file that is no socket is kept')
  await other.close()
})

t.test('over TLS, a client can log in with its certificate', async (t) => {
  const authority = await Authority.create(t)
  const [server, client] = [await authority.sign('localhost'), await authority.sign('client')]
  const attempts: unknown[] = []
  const authenticator = async ({ tls, request, transport }: { tls: unknown, request: unknown, transport: { secure?: boolean, type: string } }) => {
    attempts.push(tls !== null, request, transport.secure, transport.type)
    return { authid: 'joe', role: 'anonymous' }
  }
  const app = await build(t, { port: 0, tls: { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false }, auth: { tls: { type: 'function', authenticator } } })
  const raw = await RawSocketClient.connect(t, { to: addressOf(app), tls: { ca: authority.cert, servername: 'localhost', ...client } })
  t.match(await raw.ask([1, 'realm1', { authmethods: ['tls'], roles: HELLO[2].roles }]), [2, Number, { authid: 'joe' }])
  t.same(attempts, [true, null, true, 'rawsocket'])
})

t.test('when the app closes, sessions end and waiting connections do not delay it', async (t) => {
  const authority = await Authority.create(t)
  for (const tls of [undefined, await authority.sign('localhost')]) {
    const app = await build(t, { port: 0, ...(tls === undefined ? {} : { tls }) })
    const to = addressOf(app)
    const client = await open(t, { to, ...(tls === undefined ? {} : { tls: { ca: authority.cert, servername: 'localhost' } }) })
    // One has not sent its handshake, or not even that of TLS.
    const silent = connect(to as { port: number, host: string })
    await once(silent, 'connect')
    await app.close()
    t.equal(await client.closed, 1001)
    if (!silent.closed) await once(silent, 'close')
    t.pass('the silent one is closed')
    await t.rejects(once(connect(to as { port: number, host: string }), 'connect'), { code: 'ECONNREFUSED' })
  }
})

t.test('clients that reset the connection at any moment of the handshake do no harm', async (t) => {
  const app = await build(t, { port: 0, serializers: ['json'] })
  for (const octets of [[0x7f, 0xf1, 0, 0], [0x7f, 0xf2, 0, 0], [0x7f, 0xf1, 1, 0], [0x16, 0, 0, 0], [0x7f]]) {
    await Promise.all(Array.from({ length: 50 }, async (_, i) => {
      const socket = connect(addressOf(app) as { port: number, host: string })
      socket.on('error', () => {})
      await once(socket, 'connect')
      await new Promise<void>((resolve) => { socket.write(Buffer.from(octets), () => { resolve() }) })
      for (let turns = i % 4; turns > 0; turns--) await new Promise((resolve) => { setImmediate(resolve) })
      socket.resetAndDestroy()
      await once(socket, 'close')
    }))
  }
  await open(t, { to: addressOf(app) })
  t.equal(app.wamp.sessions('realm1').length, 1)
})

t.test('an app that begins to close while it becomes ready leaves no listener open', async (t) => {
  const path = join(await directory(t), 'wamp.sock')
  for (const address of [{ port: 0 }, { port: 0, host: 'localhost' }, { path }]) {
    const app = Fastify()
    app.register(wampPlugin, { realms })
    app.register(wampRawSocket, address)
    const ready = app.ready()
    await app.close()
    await ready
    t.notOk(app.wampRawSockets[0]!.listening, JSON.stringify(address))
  }
})

t.test('a client that sends no handshake in time is disconnected', async (t) => {
  const app = await build(t, { port: 0 }, { handshakeTimeout: 50 })
  const socket = connect(addressOf(app) as { port: number, host: string })
  socket.resume().write(Buffer.from([0x7f, 0xf1]))
  await once(socket, 'close')
  t.pass()
})

t.test('a client that does not complete the TLS handshake in time is disconnected', async (t) => {
  const tls = await (await Authority.create(t)).sign('localhost')
  const app = await build(t, { port: 0, tls }, { handshakeTimeout: 50 })
  const beginnings = ['', '7ff10000', '16030100c80100', '1603']
  const sockets = beginnings.map((octets) => {
    const socket = connect(addressOf(app) as { port: number, host: string })
    t.teardown(() => { socket.destroy() })
    socket.on('error', () => {}).resume().write(Buffer.from(octets, 'hex'))
    return socket
  })
  await Promise.all(sockets.map(async (socket) => { await once(socket, 'close') }))
  t.equal(await new Promise((resolve) => { app.wampRawSockets[0]!.getConnections((_error, count) => { resolve(count) }) }), 0)
})

t.test('incomplete TLS handshakes of an address are limited, and a client above the limit of connections is told so', async (t) => {
  const authority = await Authority.create(t)
  const app = await build(t, { port: 0, tls: await authority.sign('localhost') }, { limits: { connectionsOfAddress: 2 } })
  const to = addressOf(app)
  const begin = async (): Promise<Socket> => {
    const socket = connect(to)
    t.teardown(() => { socket.destroy() })
    socket.on('error', () => {}).resume()
    await once(socket, 'connect')
    return socket
  }
  const incomplete = [await begin(), await begin(), await begin(), await begin()]
  await once(await begin(), 'close')
  for (const socket of incomplete) socket.destroy()
  const connections = async (): Promise<number> => await new Promise((resolve) => { app.wampRawSockets[0]!.getConnections((_error, count) => { resolve(count) }) })
  while (await connections() > 0) await new Promise((resolve) => { setImmediate(resolve) })
  const way = { to, tls: { ca: authority.cert } }
  await RawSocketClient.connect(t, way)
  await RawSocketClient.connect(t, way)
  t.same([...await new RawSocketClient(way).reply], [0x7f, 0x40, 0, 0])
})

t.test('with the option `pings`, a silent client gets a PING, and one that does not answer is disconnected', async (t) => {
  const app = await build(t, { port: 0, pings: true }, { pingInterval: 1000 })
  const [alive, dead] = [await open(t, { to: addressOf(app) }), await open(t, { to: addressOf(app) })]
  dead.answersPings = false
  t.same(await alive.control(), { type: 1, content: Buffer.from('ping') })
  await dead.closed
  t.same(await alive.fence(), [], 'the other one is still there')
})

t.test('without it, a silent client gets no PING, which many clients do not know, and TCP keep-alive checks it', async (t) => {
  const app = await build(t, { port: 0 }, { pingInterval: 1000 })
  t.match(app.wampRawSockets[0], { keepAlive: true })
  t.match((await build(t, { port: 0 }, { pingInterval: 0 })).wampRawSockets[0], { keepAlive: false })
  const pinged = await build(t, { port: 0, pings: true }, { pingInterval: 1000 })
  const [silent, other] = [await open(t, { to: addressOf(app) }), await open(t, { to: addressOf(pinged) })]
  // When the other one has been pinged twice, this one would have been, too.
  for (let i = 0; i < 2; i++) await other.control()
  await silent.fence()
  t.same(silent.controls, [])
})

t.test('the port of a further app has its own RawSocket clients, which end with it', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms, shutdownTimeout: 100 })
  t.teardown(() => app.close())
  await app.ready()
  const further = Fastify()
  await further.register(wampPort, { app })
  await further.register(wampRawSocket, { port: 0 })
  await further.ready()
  t.equal(app.wampRawSockets.length, 0)
  const client = await open(t, { to: addressOf(further) })
  await further.close()
  t.equal(await client.closed, 1001)
  t.equal(app.wamp.sessions('realm1').length, 0)
})

t.test('TLS options with which no client could connect are refused, in all their forms', async (t) => {
  const { key, cert } = await (await Authority.create(t)).sign('localhost')
  const attempt = async (tls: object): Promise<FastifyInstance> => await build(t, { port: 0, tls } as RawSocketOptions)
  for (const [tls, message] of [
    [{}, /"tls" must have "key" and "cert", or "pfx"/],
    [{ cert }, /"tls" must have/],
    [{ key }, /"tls" must have/],
    [{ key, certificate: cert }, /"tls" must have/],
    [{ key: [], cert: '' }, /"tls" must have/],
    [{ key: 'key.pem', cert: 'cert.pem' }, /"tls" is not accepted by Node.js: .*no start line \(its entries are the contents of PEM files, not their names\)/],
    [{ key, cert, ciphers: 'none' }, /"tls" is not accepted by Node.js: .*no cipher match/]
  ] as const) await t.rejects(attempt(tls), { code: 'WAMP_ERR_INVALID_OPTION', message })
  for (const tls of [{ key, cert }, { SNICallback: () => {} }, { pskCallback: () => null, ciphers: 'PSK' }]) t.equal((await attempt(tls)).wampRawSockets.length, 1)
})

t.test('a Unix socket in a directory that does not exist is refused with the name of the directory', async (t) => {
  const missing = join(await directory(t), 'missing')
  await t.rejects(build(t, { path: join(missing, 'wamp.sock') }), { code: 'WAMP_ERR_INVALID_OPTION', message: `The option "path" must be in a directory that exists: there is no "${missing}"` })
})

t.test('pings without an interval are refused', async (t) => {
  await t.rejects(build(t, { port: 0, pings: true }, { pingInterval: 0 }), { code: 'WAMP_ERR_INVALID_OPTION', message: /"pings" has no effect, because "pingInterval" of the plugin is 0/ })
  t.equal((await build(t, { port: 0 }, { pingInterval: 0 })).wampRawSockets.length, 1)
})

t.test('mistakes in the options are named', async (t) => {
  const attempt = async (options: object): Promise<void> => { await build(t, options as RawSocketOptions) }
  for (const [options, message] of [
    [{}, '"port" is missing: set "port", "path" for a Unix socket, or "sharePort" for the port of the app'],
    [{ port: 0, path: '/tmp/x' }, '"path" cannot be combined with "port" and "host"'],
    [{ path: `/tmp/${'x'.repeat(103)}` }, '"path" must have at most 107 bytes'],
    [{ port: '80' }, '"port" must be a port number from 0 to 65535'],
    [{ port: 0, serializers: ['ubjson'] }, 'serializers[0]'],
    [{ port: 0, auth: { cookie: {} } }, '"auth.cookie" is not possible over RawSocket, which has no cookies'],
    [{ port: 0, auth: { tls: { type: 'static', principals: {} } } }, '"auth.tls" needs "tls" with requestCert: true'],
    [{ port: 0, auth: { anonymous: { type: 'static', role: 'anonimous' } } }, 'did you mean "anonymous"'],
    [{ port: 0, tsl: {} }, 'did you mean "tls"']
  ] as const) await t.rejects(attempt(options), { code: 'WAMP_ERR_INVALID_OPTION', message: new RegExp(message.replaceAll(/[[\]]/g, '\\$&')) }, message)
})
