import { EventEmitter, once } from 'node:events'
import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { isTurnOver, nextTurn, spend, UNITS_OF_TURN } from '../../plugin/work.ts'
import { everything } from '../helper/build-router.ts'

const BODY = '{"procedure":"com.example.wait"}'
const CALL = `POST /call HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`
const STREAM = 'GET /events?topic=com.example.news HTTP/1.1\r\nHost: x\r\n\r\n'
const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n'

/** Others that wait for a turn, before the request. */
const OTHERS = 5000

/** An app, and how many of the others have had their turn when a request that had to wait is answered. */
async function buildBusy (t: Test, app: FastifyInstance): Promise<{ port: number, waits: Promise<void>, answered: Promise<number> }> {
  let served = 0
  const events = new EventEmitter()
  const waits = once(events, 'waits').then(() => {})
  const answered = once(events, 'answered').then(([count]) => count as number)
  app.addHook('preValidation', async () => {
    while (!isTurnOver()) spend(UNITS_OF_TURN)
    for (let i = 0; i < OTHERS; i++) {
      nextTurn({})?.then(() => {
        served++
        spend(UNITS_OF_TURN)
      })
    }
    setImmediate(() => { events.emit('waits') })
  })
  app.addHook('onSend', async () => { events.emit('answered', served) })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { call: '/call', events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: (app.server.address() as AddressInfo).port, waits, answered }
}

for (const [name, request] of Object.entries({ 'a call': CALL, 'an event stream': STREAM, 'an upgrade': UPGRADE })) {
  t.test(`${name} whose client has disconnected waits for no turn`, async (t) => {
    const { port, waits, answered } = await buildBusy(t, Fastify())
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    socket.write(request)
    await waits
    socket.resetAndDestroy()
    t.ok(await answered < OTHERS)
  })
}

t.test('an HTTP/2 request that its client has canceled waits for no turn', async (t) => {
  const { port, waits, answered } = await buildBusy(t, Fastify({ http2: true }) as unknown as FastifyInstance)
  const client = connectHttp2(`http://127.0.0.1:${port}`)
  t.teardown(() => { client.destroy() })
  const stream = client.request({ ':method': 'POST', ':path': '/call', 'content-type': 'application/json' }).on('error', () => {}).end(BODY)
  await waits
  stream.close(constants.NGHTTP2_CANCEL)
  t.ok(await answered < OTHERS)
})

t.test('an HTTP/2 request that was canceled before its body is looked at is not kept until the deadline of the body', async (t) => {
  const HANDSHAKE_TIMEOUT = 12_345
  const app = Fastify({ http2: true }) as unknown as FastifyInstance
  app.addHook('onRequest', async ({ raw }) => {
    const { stream } = raw as unknown as { stream: EventEmitter }
    app.server.emit('asked')
    await once(stream, 'close')
  })
  // Hooks of the plugin come after it.
  const looked = new Promise<void>((resolve) => { app.addHook('preParsing', async () => { setImmediate(resolve) }) })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, handshakeTimeout: HANDSHAKE_TIMEOUT })
  await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const timers = t.capture(globalThis, 'setTimeout', setTimeout)
  const asked = once(app.server, 'asked')
  const client = connectHttp2(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  t.teardown(() => { client.destroy() })
  const stream = client.request({ ':method': 'POST', ':path': '/call', 'content-type': 'application/json' }).on('error', () => {}).end(BODY)
  await asked
  stream.close(constants.NGHTTP2_CANCEL)
  await looked
  t.same(timers().map(({ args }) => args[1]).filter((time) => time === 10 * HANDSHAKE_TIMEOUT), [])
})

t.test('if many clients with pending requests disconnect at once, only some of the requests wait for a turn to end', async (t) => {
  const CLIENTS = 15
  const REQUESTS = 99
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  let calls = 0
  let canceled = 0
  const events = new EventEmitter()
  await app.wamp.join('realm1').register('com.example.wait', async ({ signal }) => {
    if (++calls === CLIENTS * REQUESTS) events.emit('called')
    await once(signal, 'abort')
    if (++canceled === CLIENTS * REQUESTS) events.emit('canceled')
  })
  const sockets: Socket[] = []
  app.server.on('connection', (socket: Socket) => { sockets.push(socket) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const called = once(events, 'called')
  const { port } = app.server.address() as AddressInfo
  for (let i = 0; i < CLIENTS; i++) connect(port, '127.0.0.1').on('error', () => {}).write(CALL.repeat(REQUESTS))
  await called
  const all = once(events, 'canceled')
  while (!isTurnOver()) spend(UNITS_OF_TURN)
  for (const socket of sockets) socket.emit('close')
  await new Promise<void>((resolve) => { process.nextTick(resolve) })
  t.ok(canceled >= 4 * REQUESTS && canceled < 6 * REQUESTS, `${canceled} of ${CLIENTS * REQUESTS} have ended at once`)
  for (const socket of sockets) socket.destroy()
  await all
})

t.test('a connection that asks for many event streams at once is closed', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {}).resume()
  socket.write(STREAM.repeat(101))
  await once(socket, 'close')
  t.pass()
})
