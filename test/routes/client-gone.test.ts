import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import { connect, constants } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge, wampChannels } from 'fastify-wamp'
import type { CookieStore, SessionMessage, StoredRecord } from 'fastify-wamp'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { everything } from '../helper/build-router.ts'

/** Resolves when the next sessions of joe's have left. */
function left (t: Test, router: object, count = 1): Promise<void> {
  return new Promise((resolve) => {
    let gone = 0
    const hear = (message: unknown): void => {
      const told = message as SessionMessage
      if (told.router === router && told.authid === 'joe' && ++gone === count) resolve()
    }
    subscribe(wampChannels.sessionLeft, hear)
    t.teardown(() => unsubscribe(wampChannels.sessionLeft, hear))
  })
}

const requests = [
  { method: 'POST', path: '/call', body: '{"procedure":"com.example.wait"}', begun: 'call' },
  { method: 'GET', path: '/wait', body: '', begun: 'call' },
  { method: 'GET', path: '/own', body: '', begun: 'call' },
  { method: 'GET', path: '/events?topic=com.example.news', body: '', begun: 'response' }
] as const

t.test('a client that disconnects before the answer leaves no session behind, and no failure in the log', async (t) => {
  for (const { method, path, body, begun } of requests) {
    t.test(`${method} ${path}`, async (t) => {
      const failures: string[] = []
      const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { failures.push(line) } } } })
      await app.register(wampPlugin, { realms: { realm1: { roles: { frontend: everything } } }, auth: { cookie: {} }, cookie: {} })
      await app.register(wampBridge, { call: '/call', events: '/events' })
      app.wampRoute({ method: 'GET', url: '/wait', procedure: 'com.example.wait' })
      app.get('/own', { onRequest: app.wampIdentify }, async (request) => await request.wamp.call('com.example.wait').catch(() => 'it has ended'))
      app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'frontend' }))
      t.teardown(() => app.close())
      const backend = app.wamp.join('realm1')
      const called = new Promise<AbortSignal>((resolve) => {
        backend.register('com.example.wait', async ({ signal }) => {
          resolve(signal)
          await once(signal, 'abort')
        })
      })
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const { cookies: [cookie] } = await app.inject({ method: 'POST', url: '/login' })
      const headers = { cookie: `cbtid=${String(cookie?.value)}`, ...(body === '' ? {} : { 'content-type': 'application/json' }) }
      const client = request(url + path, { method, headers }).on('error', () => {}).end(body)
      const signal = begun === 'call' ? await called : null
      if (begun === 'response') await once(client, 'response')
      t.equal(app.wamp.sessions('realm1').length, 2)
      const gone = left(t, app.wamp)
      client.destroy()
      await gone
      t.equal(app.wamp.sessions('realm1').length, 1)
      if (signal !== null) t.ok(signal.aborted, 'the call is canceled')
      t.same(failures, [])
    })
  }
})

t.test('a client that disconnects while its cookie is looked up causes no failure in the log', async (t) => {
  for (const path of ['/events?topic=com.example.news', '/wait', '/own']) {
    t.test(path, async (t) => {
      const lines: Array<{ level: number, res?: { statusCode: number } }> = []
      const answered = new EventEmitter()
      const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line) as typeof lines[number]) } } } })
      const store = new SlowStore()
      app.addHook('onRequest', async (_request, reply) => { reply.raw.once('close', () => { answered.emit('gone') }) })
      await app.register(wampPlugin, { realms: { realm1: { roles: { frontend: everything } } }, auth: { cookie: {} }, cookie: { store } })
      await app.register(wampBridge, { events: '/events' })
      app.wampRoute({ method: 'GET', url: '/wait', procedure: 'com.example.wait' })
      app.get('/own', { onRequest: app.wampIdentify }, async (request) => await request.wamp.call('com.example.wait').catch(() => 'it has ended'))
      app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'frontend' }))
      app.addHook('onSend', async () => { answered.emit('sent') })
      t.teardown(() => app.close())
      await app.wamp.join('realm1').register('com.example.wait', async ({ signal }) => { await once(signal, 'abort') })
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const { cookies: [cookie] } = await app.inject({ method: 'POST', url: '/login' })
      const [asked, goOn] = store.hold()
      const client = request(url + path, { headers: { cookie: `cbtid=${String(cookie?.value)}` } }).on('error', () => {}).end()
      await asked
      const sent = once(answered, 'sent')
      const gone = once(answered, 'gone')
      client.destroy()
      await gone
      goOn()
      await sent
      t.same(lines.filter(({ level, res }) => level > 30 || (res?.statusCode ?? 0) >= 500), [])
      t.equal(app.wamp.sessions('realm1').length, 1)
    })
  }
})

t.test('a client that cancels its HTTP/2 stream before the handler runs leaves no session behind', async (t) => {
  for (const { method, path, body } of requests) {
    t.test(`${method} ${path}`, async (t) => {
      const app = Fastify({ http2: true })
      let goOn = (): void => {}
      const held = new Promise<void>((resolve) => { goOn = resolve })
      const closed = new Promise<void>((resolve) => {
        app.addHook('preHandler', async (request, { raw }) => {
          request.wampPrincipal = { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'token', authprovider: 'function' }
          raw.once('close', resolve)
          stream.close(constants.NGHTTP2_CANCEL)
          await held
        })
      })
      const sent = new Promise<void>((resolve) => { app.addHook('onSend', async () => { resolve() }) })
      await app.register(wampPlugin, { realms: { realm1: { roles: { frontend: everything } } }, auth: { cookie: {} }, cookie: {} })
      await app.register(wampBridge, { call: '/call', events: '/events' })
      app.wampRoute({ method: 'GET', url: '/wait', procedure: 'com.example.wait' })
      app.get('/own', async (request) => await request.wamp.call('com.example.wait').catch(() => 'it has ended'))
      t.teardown(() => app.close())
      await app.wamp.join('realm1').register('com.example.wait', async ({ signal }) => { await once(signal, 'abort') })
      const client = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
      t.teardown(() => { client.destroy() })
      const stream = client.request({ ':method': method, ':path': path, 'content-type': 'application/json' }).on('error', () => {}).end(body)
      await closed
      goOn()
      await sent
      t.equal(app.wamp.sessions('realm1').length, 1)
    })
  }
})

t.test('a client that cancels its HTTP/2 stream during its call leaves no session behind', async (t) => {
  const app = Fastify({ http2: true })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous', authid: 'joe' } })
  t.teardown(() => app.close())
  const called = new Promise<void>((resolve) => {
    app.wamp.join('realm1').register('com.example.wait', async ({ signal }) => {
      resolve()
      await once(signal, 'abort')
    })
  })
  const client = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(() => { client.destroy() })
  const gone = left(t, app.wamp)
  const stream = client.request({ ':method': 'POST', ':path': '/call', 'content-type': 'application/json' }).on('error', () => {}).end('{"procedure":"com.example.wait"}')
  await called
  stream.close(constants.NGHTTP2_CANCEL)
  await gone
  t.equal(app.wamp.sessions('realm1').length, 1)
})

t.test('a client that sends many requests at once and disconnects before the first answer leaves no session behind', async (t) => {
  const pipelined = async (count: number): Promise<{ app: FastifyInstance, socket: Socket, called: Promise<void>, gone: Promise<void> }> => {
    const app = Fastify()
    await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
    await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous', authid: 'joe' } })
    t.teardown(() => app.close())
    let calls = 0
    const called = new Promise<void>((resolve) => {
      app.wamp.join('realm1').register('com.example.wait', async ({ signal }) => {
        if (++calls === count) resolve()
        await once(signal, 'abort')
      })
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
    const body = '{"procedure":"com.example.wait"}'
    socket.write(`POST /call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`.repeat(count))
    const gone = new Promise<void>((resolve) => {
      let left = 0
      const hear = (message: unknown): void => { if ((message as SessionMessage).router === app.wamp && ++left === count) resolve() }
      subscribe(wampChannels.sessionLeft, hear)
      t.teardown(() => unsubscribe(wampChannels.sessionLeft, hear))
    })
    return { app, socket, called, gone }
  }
  const { app, socket, called, gone } = await pipelined(100)
  await called
  t.equal(app.wamp.sessions('realm1').length, 101)
  socket.destroy()
  await gone
  t.equal(app.wamp.sessions('realm1').length, 1)

  const greedy = await pipelined(101)
  await once(greedy.socket, 'close')
  t.pass('who sends more is cut off')
})

t.test('a client that disconnects while its event stream waits behind another answer leaves no session behind', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { call: '/call', events: '/events', as: { realm: 'realm1', role: 'anonymous', authid: 'joe' } })
  t.teardown(() => app.close())
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.wait', async ({ signal }) => { await once(signal, 'abort') })
  const subscribed = new Promise<void>((resolve) => { backend.subscribe('wamp.subscription.on_subscribe', () => { resolve() }) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  const body = '{"procedure":"com.example.wait"}'
  socket.write(`POST /call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}` +
    'GET /events?topic=com.example.news HTTP/1.1\r\nHost: x\r\n\r\n')
  await subscribed
  // More than Node.js takes for a response that waits.
  for (let i = 0; i < 3; i++) await backend.publish('com.example.news', ['x'.repeat(100_000)])
  t.equal(app.wamp.sessions('realm1').length, 3)
  const gone = left(t, app.wamp, 2)
  socket.destroy()
  await gone
  t.equal(app.wamp.sessions('realm1').length, 1)
})

t.test('a connection whose responses wait behind a pending one is closed when Node.js no longer reads it', async (t) => {
  const body = '{"procedure":"com.example.wait"}'
  const call = `POST /call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const events = 'GET /events?topic=com.example.news HTTP/1.1\r\nHost: x\r\n\r\n'
  for (const [name, pending] of [['a call', call], ['a stream that a hook of the app delays until then', events]] as const) {
    const app = Fastify()
    await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
    app.addHook('onRequest', async ({ url, raw }) => { if (url.startsWith('/events')) await once(raw.socket, 'pause') })
    await app.register(wampBridge, { call: '/call', events: '/events', as: { realm: 'realm1', role: 'anonymous', authid: 'joe' } })
    app.get('/large', async () => 'x'.repeat(100_000))
    t.teardown(() => app.close())
    const backend = app.wamp.join('realm1')
    await backend.register('com.example.wait', async ({ signal }) => { await once(signal, 'abort') })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
    t.teardown(() => socket.destroy())
    const closed = once(socket.resume(), 'close')
    for (let request = pending; !socket.destroyed; request = 'GET /large HTTP/1.1\r\nHost: x\r\n\r\n') {
      const arrived = once(app.server, 'request')
      socket.write(request)
      await Promise.race([arrived, closed])
      await new Promise((resolve) => { setImmediate(resolve) })
    }
    while (app.wamp.sessions('realm1').length > 1) await new Promise((resolve) => { setImmediate(resolve) })
    t.pass(name)
  }
})

t.test('a client whose body does not arrive is disconnected, in time or when the app closes', async (t) => {
  for (const [handshakeTimeout, ends] of [[10, 'in time'], [60_000, 'when the app closes']] as const) {
    t.test(ends, async (t) => {
      const app = Fastify()
      await app.register(wampPlugin, { handshakeTimeout, realms: { realm1: { roles: { anonymous: everything } } } })
      await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
      t.teardown(() => app.close())
      const begun = new Promise<void>((resolve) => { app.addHook('preParsing', async (_request, _reply, payload) => { resolve(); return payload }) })
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const client = request(`${url}/call`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '1000' } }).on('error', () => {})
      client.write('{')
      const closed = new Promise((resolve) => { client.once('close', resolve) })
      await begun
      if (ends === 'when the app closes') await app.close()
      await closed
      t.pass(ends)
    })
  }
})

/** A store whose look-ups wait, once it is told to hold them, until they may go on. */
class SlowStore implements CookieStore {
  readonly #records = new MemoryStore()
  #asked = (): void => {}
  #wait: Promise<void> | null = null

  hold (): [asked: Promise<void>, goOn: () => void] {
    let goOn = (): void => {}
    this.#wait = new Promise((resolve) => { goOn = resolve })
    return [new Promise((resolve) => { this.#asked = resolve }), goOn]
  }

  async get (key: string): Promise<StoredRecord | undefined> {
    this.#asked()
    await this.#wait
    return this.#records.get(key)
  }

  set (key: string, record: StoredRecord): void { this.#records.set(key, record) }
  delete (key: string): void { this.#records.delete(key) }
  entries (): Iterable<[key: string, record: StoredRecord]> { return this.#records.entries() }
  close (): void {}
}
