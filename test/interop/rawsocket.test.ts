import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import wampPlugin, { CallResult, wampRawSocket } from 'fastify-wamp'
import type { FastifyWampOptions, Https, RawSocketOptions } from 'fastify-wamp'
import { Authority } from '../helper/certificates.ts'
import { openAutobahn } from './autobahn-client.ts'
import { make, needsBuild } from './clients/builds.ts'
import { nexus } from './clients/programs.ts'
import { logins } from './logins.ts'
import { Inbox, serializers } from './peer.ts'
import { needsAutobahnForPython } from './programs.ts'
import { PythonPeer } from './python-peer.ts'

const { ticket, wampcra } = logins.auth

/** An app that listens for RawSocket clients, and a session of it. */
async function build (t: Test, rawSocket: RawSocketOptions, options: Partial<FastifyWampOptions> = {}, https: Https | null = null): Promise<{ app: FastifyInstance, port: number, backend: ReturnType<FastifyInstance['wamp']['join']> }> {
  const app = Fastify({ https })
  await app.register(wampPlugin, { realms: logins.realms, auth: { ticket }, shutdownTimeout: 100, ...options })
  await app.register(wampRawSocket, { auth: { ticket, wampcra, anonymous: { type: 'static', role: 'frontend' } }, ...rawSocket })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = (app.wampRawSockets[0] ?? app.server).address() as AddressInfo
  return { app, port: address.port, backend: app.wamp.join('realm1') }
}

async function directory (t: Test): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'fastify-wamp-rawsocket-'))
  t.teardown(() => rm(made, { recursive: true, force: true }))
  return made
}

t.test('Autobahn for Python', needsAutobahnForPython(), async (t) => {
  /** Calls in both directions, and events in both. */
  const tryOut = async (t: Test, python: PythonPeer, backend: Awaited<ReturnType<typeof build>>['backend']): Promise<void> => {
    const values = { args: [1, 'zwei ≈ 2', 'x'.repeat(200_000)], kwargs: { three: 3, octets: { octets: '00ff10' } } }
    await backend.register('com.app.echo', ({ args, kwargs }) => new CallResult(args, kwargs))
    t.strictSame(await python.call('com.app.echo', values), { error: null, ...values })
    await python.register('com.python.echo')
    t.match(await backend.call('com.python.echo', [1, 'zwei']), { args: [1, 'zwei'] })
    await python.subscribe('com.news')
    await backend.publish('com.news', ['Grüße'])
    t.match(await python.events.next(), { args: ['Grüße'] })
    const events = new Inbox<unknown>()
    await backend.subscribe('com.news', ({ args }) => { events.put(args) })
    await python.publish('com.news', { args: ['zurück'], kwargs: {} })
    t.same(await events.next(), ['zurück'])
  }

  for (const serializer of serializers) {
    t.test(`Autobahn for Python calls, answers, publishes and receives over RawSocket with ${serializer} [RAW-02, RAW-06, RAW-10]`, async (t) => {
      const { port, backend } = await build(t, { port: 0 })
      const python = await PythonPeer.join(t, `rs://127.0.0.1:${port}`, { serializer, authid: 'joe', authmethods: ['wampcra'], secret: '123456' })
      t.match(await python.welcome, { authid: 'joe', authmethod: 'wampcra' })
      await tryOut(t, python, backend)
    })
  }

  t.test('connects through a Unix socket', async (t) => {
    const path = join(await directory(t), 'wamp.sock')
    const { backend } = await build(t, { path })
    await tryOut(t, await PythonPeer.join(t, `rs+unix:${path}`, { serializer: 'cbor' }), backend)
  })

  t.test('connects over TLS', async (t) => {
    const authority = await Authority.create(t)
    const ca = join(await directory(t), 'ca.pem')
    await writeFile(ca, authority.cert)
    const { port, backend } = await build(t, { port: 0, tls: await authority.sign('localhost') })
    await tryOut(t, await PythonPeer.join(t, `rs://localhost:${port}`, { serializer: 'msgpack', tls: { ca } }), backend)
  })

  t.test('connects to the port of the app, with and without TLS, while a client over WebSocket does', async (t) => {
    const authority = await Authority.create(t)
    const ca = join(await directory(t), 'ca.pem')
    await writeFile(ca, authority.cert)
    for (const serializer of serializers) {
      const { port, backend } = await build(t, { sharePort: true })
      const web = await PythonPeer.join(t, `ws://127.0.0.1:${port}/ws`, { serializer, authid: 'joe', authmethods: ['ticket'], secret: 'let me in' })
      await web.register('com.web.echo')
      await tryOut(t, await PythonPeer.join(t, `rs://127.0.0.1:${port}`, { serializer }), backend)
      t.match(await backend.call('com.web.echo', [1]), { args: [1] })
    }
    const { port, backend } = await build(t, { sharePort: true }, {}, await authority.sign('localhost'))
    await tryOut(t, await PythonPeer.join(t, `rs://localhost:${port}`, { serializer: 'msgpack', tls: { ca } }), backend)
  })

  t.test('ends when the app closes', async (t) => {
    const { app, port } = await build(t, { port: 0 })
    const python = await PythonPeer.join(t, `rs://127.0.0.1:${port}`)
    await app.close()
    t.type(await python.left, 'string')
  })
})

t.test('AutobahnJS calls, answers and publishes over RawSocket, without violations [RAW-02, RAW-06, RAW-10]', async (t) => {
  const { port, backend } = await build(t, { port: 0 })
  const { session, violations } = await openAutobahn(t, '', { transports: [{ type: 'rawsocket', host: '127.0.0.1', port }] })
  await backend.register('com.app.echo', ({ args }) => args[0])
  t.equal(await session.call('com.app.echo', ['x'.repeat(100_000)]), 'x'.repeat(100_000))
  await session.register('com.js.echo', (args) => args?.[0])
  t.equal(await backend.call('com.js.echo', ['Grüße']), 'Grüße')
  const events = new Inbox<unknown>()
  await backend.subscribe('com.news', ({ args }) => { events.put(args) })
  session.publish('com.news', ['zurück'])
  t.same(await events.next(), ['zurück'])
  t.same(violations, [])
})

t.test('nexus', needsBuild(nexus), async (t) => {
  for (const [serializer, method] of [['json', 'wampcra'], ['msgpack', 'ticket'], ['cbor', 'anonymous']] as const) {
    t.test(`nexus logs in by ${method}, calls, answers, publishes and receives over RawSocket with ${serializer} [RAW-02, RAW-06, RAW-10]`, async (t) => {
      const { app, port, backend } = await build(t, { port: 0 })
      await backend.register('com.app.greet', ({ args: [greeting] }) => `${String(greeting)}, 世界`)
      const [results, heard] = [new Inbox<unknown>(), new Inbox<unknown>()]
      await backend.subscribe('com.client.result', ({ args }) => { results.put(args) })
      await backend.subscribe('com.client.heard', ({ args }) => { heard.put(args) })
      const child = spawn(nexus.start[0]!, [`tcp://127.0.0.1:${port}`, serializer, method], { cwd: make(nexus), stdio: ['ignore', 'ignore', 'pipe'] })
      t.teardown(() => child.kill('SIGKILL'))
      let complaints = ''
      child.stderr.on('data', (chunk: Buffer) => { complaints += String(chunk) })
      const ended = once(child, 'close').then(() => { throw new Error(`the client ended: ${complaints}`) })
      ended.catch(() => {})
      t.strictSame(await Promise.race([results.next(), ended]), ['Grüße, 世界'])
      const { authmethod } = app.wamp.sessions('realm1').find(({ authrole }) => authrole !== 'trusted')!
      t.equal(authmethod, method)
      t.match(await Promise.race([backend.call('com.client.echo', ['Grüße', 1], { two: 2 }), ended]), { args: ['Grüße', 1], kwargs: { two: 2 } })
      await backend.publish('com.client.news', ['Grüße'])
      t.strictSame(await Promise.race([heard.next(), ended]), ['Grüße'])
    })
  }
})
