import t from 'tap'
import type { Test } from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { forEachCodec, WireClient, wireCodecs } from '../helper/wire-client.ts'
import type { WireCodec } from '../helper/wire-client.ts'

const canceling = { caller: {}, callee: { features: { call_canceling: true } } }

async function pair (t: Test, codec: WireCodec, other = codec, roles: object = canceling): Promise<[WireClient, WireClient]> {
  const { url } = await buildApp(t)
  return [await WireClient.join(t, url, codec), await WireClient.join(t, url, other, {}, roles)]
}

forEachCodec(t, 'an event reaches its subscribers, in order, and not its publisher [SUB-01, SUB-05, PUB-01, PUB-02, PUB-04, PUB-06, PUB-08, ORD-01, ORD-03]', async (t, codec) => {
  const [publisher, subscriber] = await pair(t, codec)
  const [, , id] = await subscriber.ask([32, 1, {}, 'com.topic'])
  await publisher.ask([32, 1, {}, 'com.topic'])
  for (let i = 0; i < 20; i++) publisher.send([16, 2 + i, {}, 'com.topic', [i]])
  const [, , publication] = await publisher.ask([16, 30, { acknowledge: true }, 'com.topic', [20], { k: 'ä' }])
  t.same(await publisher.fence(), [])
  const events = await subscriber.fence()
  t.same(events.map((event) => (event[4] as number[])[0]), Array.from({ length: 21 }, (_, i) => i))
  t.same(events.at(-1), [36, id, publication, {}, [20], { k: 'ä' }])
})

forEachCodec(t, 'events that a publisher wants itself come after PUBLISHED [PUB-03, PUB-07]', async (t, codec) => {
  const [client] = await pair(t, codec)
  await client.ask([32, 1, {}, 'a'])
  client.send([16, 2, { acknowledge: true, exclude_me: false }, 'a'])
  t.same((await client.fence()).map(([type]) => type), [17, 36])
})

forEachCodec(t, 'unsubscribed means no event [SUB-04, SUB-05]', async (t, codec) => {
  const [publisher, subscriber] = await pair(t, codec)
  const [, , id] = await subscriber.ask([32, 1, {}, 'a'])
  t.same(await subscriber.ask([34, 2, id]), [35, 2])
  await publisher.ask([16, 1, { acknowledge: true }, 'a'])
  t.same(await subscriber.fence(), [])
  t.match(await subscriber.ask([34, 3, id]), [8, 34, 3, {}, 'wamp.error.no_such_subscription'])
})

forEachCodec(t, 'patterns match, and tell the topic [PAS-01, PAS-02, PAS-03, PAS-04, SUB-03, BWL-01]', async (t, codec) => {
  const [publisher, subscriber] = await pair(t, codec)
  const [, , prefix] = await subscriber.ask([32, 1, { match: 'prefix' }, 'com.'])
  const [, , wildcard] = await subscriber.ask([32, 2, { match: 'wildcard' }, 'com..x'])
  await publisher.ask([16, 1, { acknowledge: true }, 'com.a.x'])
  await publisher.ask([16, 2, { acknowledge: true, exclude: [subscriber.id] }, 'com.a.x'])
  t.match(await subscriber.fence(), [[36, prefix, Number, { topic: 'com.a.x' }], [36, wildcard, Number, { topic: 'com.a.x' }]])
})

forEachCodec(t, 'a call comes back as result or error, payload unchanged [REG-01, REG-04, CAL-01, CAL-02, CAL-03, CAL-06, MSG-15, MSG-16]', async (t, codec) => {
  const [caller, callee] = await pair(t, codec)
  const [, , id] = await callee.ask([64, 1, {}, 'com.p'])
  caller.send([48, 1, {}, 'com.p', [1, { a: [null, true] }], { k: 'ä' }], [48, 2, {}, 'com.p', [], {}])
  t.same(await callee.next(), [68, 1, id, {}, [1, { a: [null, true] }], { k: 'ä' }])
  t.same(await callee.next(), [68, 2, id, {}])
  callee.send([8, 68, 2, {}, 'com.error', ['no'], { why: 1 }], [70, 1, {}, ['yes'], { k: 1 }])
  t.same(await caller.next(), [8, 48, 2, {}, 'com.error', ['no'], { why: 1 }])
  t.same(await caller.next(), [50, 1, {}, ['yes'], { k: 1 }])
  t.same(await callee.ask([66, 2, id]), [67, 2])
  t.match(await caller.ask([48, 3, {}, 'com.p']), [8, 48, 3, {}, 'wamp.error.no_such_procedure', [String]], 'with a text [ORD-05]')
})

forEachCodec(t, 'a call is canceled, and a peer that leaves is told to the other [CAN-03, CAN-04, LEA-02]', async (t, codec) => {
  const [caller, callee] = await pair(t, codec)
  await callee.ask([64, 1, {}, 'p'])
  caller.send([48, 1, {}, 'p'], [49, 1, { mode: 'killnowait' }], [48, 2, {}, 'p'], [49, 2, { mode: 'kill' }], [48, 3, {}, 'p'])
  t.match(await caller.next(), [8, 48, 1, {}, 'wamp.error.canceled'])
  t.same((await callee.fence()).map(([type, id, options]) => type === 69 ? [id, (options as { mode: string }).mode] : type), [68, [1, 'killnowait'], 68, [2, 'kill'], 68])
  callee.send([70, 1, {}], [8, 68, 2, {}, 'com.stopped'])
  t.match(await caller.next(), [8, 48, 2, {}, 'com.stopped'])
  callee.socket.terminate()
  t.match(await caller.next(), [8, 48, 3, {}, 'wamp.error.canceled'])
})

t.test('every pair of serializers understands each other, octets in JSON included [SER-02, SER-03, SER-04, SER-06, SER-07, SER-08, SER-15, TRP-35]', async (t) => {
  const octets = Buffer.from('10e3ff9053075c526f5fc06d4fe37cdb', 'hex')
  const asText = '\u0000EOP/kFMHXFJvX8BtT+N82w=='
  const plain = [0, -1, 255, 65_536, 5_512_315_355, -(2 ** 40), 1.5, -0.25, 'ä€😀', '', true, false, null, [[], {}], { a: { b: ['c'] } }]
  for (const from of wireCodecs) {
    for (const to of wireCodecs) {
      const [caller, callee] = await pair(t, from, to)
      await callee.ask([64, 1, {}, 'p'])
      caller.send([48, 1, {}, 'p', [...plain, from.binary ? octets : asText], { k: { deep: [from.binary ? octets : asText] } }])
      const [, , , , args, kwargs] = await callee.next() as [number, number, number, object, unknown[], { k: { deep: unknown[] } }]
      const seen = args.pop()
      t.same(args, plain, `${from.name} to ${to.name}`)
      for (const one of [seen, kwargs.k.deep[0]]) {
        if (to.binary) t.ok(octets.equals(one as Buffer), 'octets')
        else t.equal(one, asText)
      }
      callee.send([70, 1, {}, [seen]])
      const [, , , result] = await caller.next() as [number, number, object, unknown[]]
      if (from.binary) t.ok(octets.equals(result[0] as Buffer))
      else t.equal(result[0], asText)
    }
  }
})

t.test('what a session sees of others, the app\'s own sessions see and do alike', async (t) => {
  const { app, url } = await buildApp(t)
  const session = app.wamp.join('realm1')
  for (const codec of wireCodecs) {
    const client = await WireClient.join(t, url, codec)
    const got = new Promise((resolve) => { session.subscribe('com.topic', ({ args, kwargs, details }) => { resolve([args, kwargs, details]) }, { match: 'prefix' }).catch(() => {}) })
    await client.ask([64, 1, {}, 'com.p'])
    await client.ask([16, 2, { acknowledge: true }, 'com.topic.a', [1, Buffer.from('x').toString()], { k: 2 }])
    t.same(await got, [[1, 'x'], { k: 2 }, { topic: 'com.topic.a' }])
    const called = session.call('com.p', [{ n: 2n ** 53n }])
    const [, request, , , args] = await client.next() as [number, number, number, object, unknown[]]
    t.match(Number((args[0] as { n: number | bigint }).n), 2 ** 53)
    client.send([8, 68, request, {}, 'com.error', ['no'], { why: 1 }])
    await t.rejects(called, { message: 'com.error: no' })
    client.socket.close()
    await client.closed
  }
})
