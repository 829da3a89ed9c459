// An app in a process of its own that is closed while all it can wait for is waited for. It prints where timers were set that still hold the process.
import { createHook } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { subscribe } from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import wampPlugin, { wampBridge, wampChannels } from 'fastify-wamp'
import type { StoredRecord } from 'fastify-wamp'
import { WebSocket } from 'ws'
import { everything } from './build-router.ts'

const timers = new Map<number, { readonly timer: NodeJS.Timeout, readonly set: string }>()
createHook({
  init (id, type, _trigger, resource) {
    if (type === 'Timeout') timers.set(id, { timer: resource as NodeJS.Timeout, set: new Error().stack ?? '' })
  },
  destroy (id) { timers.delete(id) }
}).enable()

const happened = new EventEmitter()
const never = new Promise<never>(() => {})
/** Tells that something is waited for which never comes. */
async function hang (what: string): Promise<never> {
  happened.emit(what)
  return await never
}

const records = new Map<string, StoredRecord>()
const app = Fastify()
const long = 600_000
await app.register(wampPlugin, {
  realms: {
    realm1: {
      roles: { anonymous: everything, guest: { authorizer: () => hang('authorizer') } },
      slowSubscribers: [{ uri: '', match: 'prefix', policy: 'drop-newest', publishersWait: long }]
    }
  },
  auth: {
    anonymous: { type: 'static', role: 'anonymous' },
    ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'anonymous' } } },
    tls: { type: 'function', authenticator: () => hang('authenticator') },
    'wamp-scram': { type: 'dynamic', authenticator: 'com.example.none' },
    wampcra: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'anonymous', onLogout: () => hang('logout') }) },
    cookie: {}
  },
  cookie: {
    store: {
      // A login that was just stored is read back.
      get: (key: string) => records.get(key) ?? hang('store'),
      set (key: string, record: StoredRecord) { records.set(key, record) },
      delete: async () => {
        happened.emit('deletion')
        throw new Error('the disk is full')
      },
      entries: () => [],
      close () {}
    }
  },
  limits: { messagesPerSecond: 1, bufferedEventBytes: 65_536 },
  handshakeTimeout: long,
  authorizerTimeout: long,
  shutdownTimeout: 100
})
await app.register(wampBridge, { call: '/call', events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
app.get('/me', { onRequest: app.wampIdentify }, async () => null)
app.addHook('onRequest', async ({ url }) => { happened.emit(url) })
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as AddressInfo
const sockets: Socket[] = []

/** A client that has said nothing yet. */
async function come (headers: Record<string, string> = {}): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'wamp.2.json', { headers })
  client.on('error', () => {}).once('upgrade', ({ socket }) => { sockets.push(socket) })
  await once(client, 'open')
  return client
}

async function join (authmethod: string): Promise<WebSocket> {
  const client = await come()
  client.send(JSON.stringify([1, 'realm1', { roles: { caller: {}, subscriber: {} }, authmethods: [authmethod], authid: 'joe' }]))
  return client
}

/** A client that has been told something. */
async function welcome (authmethod: string): Promise<WebSocket> {
  const client = await join(authmethod)
  await once(client, 'message')
  return client
}

/** Sends half a request, and more when told to. */
async function request (text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  sockets.push(socket)
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const waits: Record<string, () => Promise<unknown>> = {
  'a client without HELLO': async () => { await come() },
  'a CHALLENGE': async () => { await welcome('ticket') },
  'an authenticator': async () => { await Promise.all([once(happened, 'authenticator'), join('tls')]) },
  'an authorizer': async () => {
    const asked = once(happened, 'authorizer')
    app.wamp.join('realm1', { role: 'guest' }).call('com.example.any').catch(() => {})
    await asked
  },
  'a call with a timeout': async () => {
    const session = app.wamp.join('realm1')
    const called = new Promise<void>((resolve) => {
      session.register('com.example.hangs', async () => {
        resolve()
        return await never
      }).catch(() => {})
    })
    await session.call('wamp.session.count')
    session.call('com.example.hangs', [], {}, { timeout: long }).catch(() => {})
    await called
  },
  'a logout': async () => {
    const asked = once(happened, 'logout')
    const client = await welcome('wampcra')
    client.send(JSON.stringify([6, {}, 'wamp.close.logout']))
    await asked
  },
  'a deletion that failed': async () => {
    const client = await welcome('wampcra')
    const deleted = once(happened, 'deletion')
    client.send(JSON.stringify([6, {}, 'wamp.close.logout']))
    await deleted
  },
  'a store whose client has gone': async () => {
    const asked = once(happened, 'store')
    const socket = await request(`GET /me HTTP/1.1\r\nHost: localhost\r\nCookie: cbtid=${'a'.repeat(40)}\r\n\r\n`)
    await asked
    socket.destroy()
  },
  'a client that sends too much': async () => {
    const client = await welcome('anonymous')
    const answers = once(client, 'message')
    for (let i = 1; i < 10; i++) client.send(JSON.stringify([34, i, 1]))
    await answers
  },
  'a body': async () => {
    const seen = once(happened, '/call')
    await request('POST /call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{')
    await seen
    await setImmediate()
  },
  'a stream of events': async () => {
    const socket = await request('GET /events?topic=com.example.news HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'data')
  },
  'a subscriber that does not read': async () => {
    const client = await welcome('anonymous')
    client.send(JSON.stringify([32, 1, {}, 'com.example.flood']))
    await once(client, 'message')
    client.pause()
    const publisher = app.wamp.join('realm1')
    let state: 'published' | 'waits' = 'published'
    while (state === 'published') {
      state = 'waits'
      publisher.publish('com.example.flood', ['.'.repeat(30_000)]).then(() => { state = 'published' }, () => {})
      await setImmediate()
    }
  },
  'a refusal': async () => { await Promise.all([once(happened, 'refusal'), join('wamp-scram')]) }
}
subscribe(wampChannels.loginFailed, () => { happened.emit('refusal') })

for (const wait of Object.values(waits)) await wait()
await app.close()
for (const socket of sockets) socket.destroy()
for (let turn = 0; turn < 10; turn++) await setImmediate()
const held = [...timers.values()].filter(({ timer }) => timer.hasRef()).map(({ set }) => /\b(?:plugin|routes|node_modules)\/.*$/m.exec(set)?.[0] ?? set)
process.stdout.write(JSON.stringify({ waits: Object.keys(waits).length, held }))
