import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import type { EncodedPayload } from '../../plugin/protocol/payload.ts'
import { Router } from '../../plugin/router.ts'
import { InProcessTransport } from '../../plugin/transport/in-process-transport.ts'
import { everything } from '../helper/build-router.ts'
import { InProcessClient } from '../helper/in-process-client.ts'

const HELD = 2_000_000
const decode = msgpackCodec.decodePayload.bind(msgpackCodec)
/** Values that take about a tenth of that in memory, and a hundredth of it as octets. */
const values = (): unknown[] => [Array.from({ length: 2500 }, () => ({}))]

async function build (t: Test, limits = {}) {
  const lines: { msg: string }[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { lines.push(JSON.parse(line) as { msg: string }) } } } })
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, limits: { heldBytes: HELD, ...limits } })
  const backend = app.wamp.join('realm1')
  const join = async (): Promise<InProcessClient> => {
    const client = InProcessClient.connect(t, app)
    await client.join({ roles: { caller: {}, publisher: {}, callee: { features: { progressive_call_results: true } } } })
    return client
  }
  return { app, backend, join, logged: () => lines.map(({ msg }) => msg) }
}

t.test('calls of a procedure that never ends hold a limited amount of memory, and other callers have room', async (t) => {
  const { backend, join, logged } = await build(t)
  const ends: (() => void)[] = []
  await backend.register('com.example.slow', async () => { await new Promise<void>((resolve) => { ends.push(resolve) }) })
  await backend.register('com.example.fast', ({ args }) => args.length)
  const [hostile, other] = [await join(), await join()]
  for (let i = 1; i <= 100; i++) hostile.send([48, i, {}, 'com.example.slow', values()])
  const refused = await hostile.fence()
  t.equal(refused.length + ends.length, 100)
  t.ok(ends.length > 3 && ends.length < 10, String(ends.length))
  t.match(refused[0], [8, 48, Number, {}, 'fastify_wamp.error.limit_exceeded', [/^limits\.heldBytes/]])
  t.ok(logged().includes('limits.heldBytes: a call of a procedure of the app was refused'))
  t.match(await other.ask([48, 1, {}, 'com.example.fast', values()]), [50, 1, {}, [1]])
  t.match(await hostile.ask([48, 101, {}, 'com.example.fast', values()]), [8, 48, 101])

  hostile.send([49, 1, { mode: 'killnowait' }])
  t.match(await hostile.next(), [8, 48, 1, {}, 'wamp.error.canceled'])
  t.match(await hostile.ask([48, 102, {}, 'com.example.fast', values()]), [8, 48, 102], 'a canceled procedure goes on')
  for (const end of ends) end()
  await new Promise((resolve) => { setImmediate(resolve) })
  t.match(await hostile.fence(), ends.slice(1).map(() => [50]))
  t.match(await hostile.ask([48, 103, {}, 'com.example.fast', values()]), [50, 103, {}, [1]])
})

t.test('a session that leaves releases the memory of its procedures when they have ended', async (t) => {
  const { app, backend, join } = await build(t)
  let end = (): void => {}
  const leaving = app.wamp.join('realm1')
  await leaving.register('com.example.slow', async () => { await new Promise<void>((resolve) => { end = resolve }) })
  await backend.register('com.example.fast', () => 'here')
  const client = await join()
  const most = [Array.from({ length: 15_000 }, () => ({}))]
  client.send([48, 1, {}, 'com.example.slow', most])
  await client.fence()
  await leaving.leave()
  t.match(await client.next(), [8, 48, 1, {}, 'wamp.error.canceled'])
  t.match(await client.ask([48, 2, {}, 'com.example.fast', most]), [8, 48, 2])
  end()
  await new Promise((resolve) => { setImmediate(resolve) })
  t.match(await client.ask([48, 3, {}, 'com.example.fast', most]), [50, 3, {}, ['here']])
})

t.test('events for handlers that do not end wait, and are handled later', async (t) => {
  const { backend, join, logged } = await build(t)
  const ends: (() => void)[] = []
  const started: number[] = []
  await backend.subscribe('com.example.topic', async ({ publication }) => {
    started.push(publication)
    await new Promise<void>((resolve) => { ends.push(resolve) })
  })
  const hostile = await join()
  for (let i = 1; i <= 20; i++) hostile.send([16, i, {}, 'com.example.topic', values()])
  await hostile.fence()
  t.ok(started.length > 3 && started.length < 10, String(started.length))
  t.same([...new Set(logged())], ['limits.heldBytes: an event is queued until handlers of the app release memory'])
  while (started.length < 20) {
    for (const end of ends.splice(0)) end()
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  t.equal(new Set(started).size, 20)
})

/** A client that holds its share of memory by calls that do not end, another client, and the first arguments of the events that a handler gets. */
async function holdMuch ({ backend, join }: Pick<Awaited<ReturnType<typeof build>>, 'backend' | 'join'>) {
  const ends: (() => void)[] = []
  const started: unknown[] = []
  await backend.register('com.example.slow', async () => { await new Promise<void>((resolve) => { ends.push(resolve) }) })
  await backend.subscribe('com.example.topic', async ({ args: [name] }) => { started.push(name) })
  const [hostile, other] = [await join(), await join()]
  for (let i = 1; i <= 20; i++) hostile.send([48, i, {}, 'com.example.slow', values()])
  return { hostile, other, started, ends }
}

t.test('a publisher whose events wait for memory does not delay those of others', async (t) => {
  const { backend, join } = await build(t)
  const { hostile, other, started, ends } = await holdMuch({ backend, join })
  await hostile.fence()
  for (let i = 1; i <= 3; i++) hostile.send([16, 100 + i, {}, 'com.example.topic', [`hostile ${i}`, ...values()]])
  hostile.send([16, 104, {}, 'com.example.topic', ['hostile 4']])
  await hostile.fence()
  for (let i = 1; i <= 3; i++) other.send([16, i, {}, 'com.example.topic', [`other ${i}`, ...values()]])
  await other.fence()
  t.same(started, ['other 1', 'other 2', 'other 3'])
  while (started.length < 7) {
    ends.pop()?.()
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  t.same(started.slice(3), ['hostile 1', 'hostile 2', 'hostile 3', 'hostile 4'], 'the events of one publisher stay in order')
})

t.test('a call or an event for a handler that does not end refers to no session', async (t) => {
  const { backend, join } = await build(t)
  await backend.register('com.example.slow', () => 1)
  await backend.subscribe('com.example.topic', () => {})
  const client = await join()
  const handedOver = t.capture(InProcessTransport.prototype, 'send', InProcessTransport.prototype.send)
  client.send([16, 1, {}, 'com.example.topic', []])
  t.match(await client.ask([48, 2, {}, 'com.example.slow', []]), [50])
  const sharers = handedOver().map(({ args: [message] }) => message).flatMap((message) => 'sharer' in message ? [typeof message.sharer] : [])
  t.same(sharers, ['number', 'number'])
})

t.test('waiting events count with their topics', async (t) => {
  const { app, backend, join, logged } = await build(t, { bufferedEventBytes: 65_536, bufferedBytes: 65_536, heldBytes: 3000 })
  await backend.subscribe('com.example.', async () => { await new Promise(() => {}) }, { match: 'prefix' })
  const reader = app.wamp.join('realm1')
  const events = reader.events('com.example.', { match: 'prefix' })
  const first = events.next()
  first.catch(() => {})
  const client = await join()
  for (let i = 1; i <= 30; i++) client.send([16, i, {}, `com.example.${'x'.repeat(4000)}`, [i]])
  await client.fence()
  t.ok(logged().includes('the event handlers of a subscription do not keep up: events are dropped'))
  await t.rejects(first, { code: 'WAMP_ERR_SLOW_READER' })
})

t.test('a publisher whose waiting events fill the buffer does not cause the events of others to be dropped', async (t) => {
  const { backend, join, logged } = await build(t, { bufferedEventBytes: 65_536 })
  const { hostile, other, started } = await holdMuch({ backend, join })
  for (let i = 1; i <= 50; i++) hostile.send([16, 100 + i, {}, 'com.example.topic', ['hostile', ...values()]])
  await hostile.fence()
  t.ok(logged().includes('the event handlers of a subscription do not keep up: events are dropped'))
  for (let i = 1; i <= 10; i++) other.send([16, i, {}, 'com.example.topic', [`other ${i}`]])
  await other.fence()
  t.same(started, Array.from({ length: 10 }, (_, i) => `other ${i + 1}`))
})

t.test('events and results that wait for an iterator are decoded when they are read', async (t) => {
  const { app, backend } = await build(t)
  const { wamp } = app
  if (!(wamp instanceof Router)) throw new TypeError('the app has no router')
  // Its payloads are octets.
  const remote = wamp.inject('realm1', {}, msgpackCodec)
  let decoded = 0
  t.capture(msgpackCodec, 'decodePayload', (encoded: EncodedPayload) => {
    decoded++
    return decode(encoded)
  })
  const events = backend.events('com.example.topic')
  const first = events.next()
  await remote.publish('com.example.topic', [0])
  t.match(await first, { value: { args: [0] } })
  for (const n of [1, 2, 3]) await remote.publish('com.example.topic', [n])
  t.equal(decoded, 1)
  t.match(await events.next(), { value: { args: [1], kwargs: {} } })
  t.equal(decoded, 2)
  await events.return()

  let send = (): void => {}
  const sent = new Promise<void>((resolve) => { send = resolve })
  await remote.register('com.example.count', async ({ progress }) => {
    for (const n of [1, 2, 3]) progress!(n)
    await Promise.resolve()
    send()
    return 4
  })
  const results = backend.results<number>('com.example.count')
  t.same(await results.next(), { value: 1, done: false })
  await sent
  await remote.fence()
  const before = decoded
  t.same([await results.next(), await results.next(), await results.next()], [{ value: 2, done: false }, { value: 3, done: false }, { value: 4, done: true }])
  t.equal(decoded, before + 3)
})

t.test('a result that this process cannot represent ends the iteration with an error', async (t) => {
  const { app, backend } = await build(t)
  const { wamp } = app
  if (!(wamp instanceof Router)) throw new TypeError('the app has no router')
  const remote = wamp.inject('realm1', {}, msgpackCodec)
  await remote.register('com.example.count', ({ progress }) => { progress!(1) })
  t.capture(msgpackCodec, 'decodePayload', () => { throw new Error('no form') })
  await t.rejects(backend.results('com.example.count').next(), { code: 'wamp.error.invalid_argument' })
})
