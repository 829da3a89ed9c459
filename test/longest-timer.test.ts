import { EventEmitter, once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { LONGEST_TIMER } from '../plugin/longest-timer.ts'
import { openClient, ScriptedRouter } from './client/scripted-router.ts'
import { buildApp } from './helper/build-app.ts'
import { everything } from './helper/build-router.ts'
import { build as buildTransport } from './transport/build-transport.ts'

/** The warnings of Node.js about timers while `act` runs, and the one that ends them. */
async function warningsOf (act: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = []
  const listen = ({ name }: Error): void => { if (name === 'TimeoutOverflowWarning' || name === 'Fence') names.push(name) }
  process.on('warning', listen)
  await act()
  process.emitWarning('no warning comes after it', 'Fence')
  while (!names.includes('Fence')) await setImmediate()
  process.off('warning', listen)
  return names
}

t.test('a timer that is too long is a warning', async (t) => {
  t.same(await warningsOf(async () => { clearTimeout(setTimeout(() => {}, LONGEST_TIMER)) }), ['Fence'])
  t.same(await warningsOf(async () => { clearTimeout(setTimeout(() => {}, LONGEST_TIMER + 1)) }), ['TimeoutOverflowWarning', 'Fence'])
})

t.test('a call can have any timeout, from a client and from the app', async (t) => {
  const { app, url } = await buildApp(t)
  const [session, client] = [app.wamp.join('realm1'), await openClient(t, url)]
  const pause = new EventEmitter()
  await session.register('com.example.late', async () => {
    await once(pause, 'over')
    return 'late'
  })
  for (const timeout of [LONGEST_TIMER, LONGEST_TIMER + 1, Number.MAX_SAFE_INTEGER]) {
    const warnings = await warningsOf(async () => {
      const calls = [session.call('com.example.late', [], {}, { timeout }), client.call('com.example.late', [], {}, { timeout })]
      while (pause.listenerCount('over') < 2) await setImmediate()
      pause.emit('over')
      t.same(await Promise.all(calls), ['late', 'late'])
    })
    t.same(warnings, ['Fence'], `${timeout} ms`)
  }
})

t.test('a client waits for a long time if Retry-After and its options say so', async (t) => {
  const router = await ScriptedRouter.start(t)
  router.refuse(503, { 'Retry-After': '99999999999' })
  for (const retry of [{ first: 1 }, { first: Infinity, most: Infinity }]) {
    const stop = new AbortController()
    const warnings = await warningsOf(async () => {
      const stopped = router.connect(t, { retry, signal: stop.signal, onState: (state) => { if (state === 'waiting') setImmediate().then(() => { stop.abort(new Error('enough')) }) } })
      await t.rejects(stopped, /enough/)
    })
    t.same(warnings, ['Fence'])
  }
  t.equal(router.asked, 2, 'it does not try again at once')
})

t.test('the largest values of the options do not overflow a timer', async (t) => {
  const warnings = await warningsOf(async () => {
    const app = Fastify()
    await app.register(wampPlugin, {
      realms: { realm1: { roles: { anonymous: everything } } },
      auth: { anonymous: { type: 'static' }, cookie: {} },
      cookie: { idleTimeout: 311_040_000, maxAge: 311_040_000, rotateAfter: 311_040_000, recheck: 2_000_000 },
      handshakeTimeout: LONGEST_TIMER,
      authorizerTimeout: LONGEST_TIMER,
      pingInterval: LONGEST_TIMER
    })
    await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const arrives = new Promise<void>((resolve) => { app.server.on('request', () => { resolve() }) })
    const socket = connectSocket((app.server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('POST /call HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{')
    await arrives
    await setImmediate()
    socket.destroy()
    await app.close()
  })
  t.same(warnings, ['Fence'])
})

t.test('a client that sends far too much is not read for a long time', async (t) => {
  const { socket } = buildTransport({ bytesPerSecond: 1 })
  const warnings = await warningsOf(async () => { socket.emit('message', Buffer.from(`[6,{"message":"${'x'.repeat(3_000_000)}"},"a.b.c"]`), false) })
  t.same(warnings, ['Fence'])
  t.same(socket.sent, ['paused'])
  socket.emit('close')
})
