import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { violation } from '../helper/build-parties.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import type { WireCodec } from '../helper/wire-client.ts'

const [json] = wireCodecs as [WireCodec, WireCodec, WireCodec]

t.test('malformed text is a violation, and never causes a crash [SER-01, SER-17]', async (t) => {
  const { url } = await buildApp(t)
  for (const wrong of ['', '[', '{"a":1}', '[32,1,{},"a"', '[1e999]', '[32,1,{},"\u0000"]', `${'['.repeat(5000)}${']'.repeat(5000)}`]) {
    const client = await WireClient.join(t, url, json)
    client.socket.send(wrong)
    t.match(await client.next(), violation, wrong.slice(0, 20))
    t.equal(await client.closed, 1002)
  }
  const broken = await WireClient.join(t, url, json)
  broken.socket.send(Buffer.from([0x5b, 0x33, 0x2c, 0x22, 0xff, 0x22, 0x5d]), { binary: false })
  t.match(await broken.next(), violation, 'no UTF-8')
  t.equal(await broken.closed, 1007)
})

t.test('clients with any two serializers understand each other, and binary data is exact in JSON [SER-02, SER-03, SER-04, SER-06, SER-07, SER-08, SER-15, TRP-35]', async (t) => {
  const octets = Buffer.from('10e3ff9053075c526f5fc06d4fe37cdb', 'hex')
  const asText = '\u0000EOP/kFMHXFJvX8BtT+N82w=='
  const plain = [0, -1, 255, 65_536, 5_512_315_355, -(2 ** 40), 1.5, -0.25, 'ä€😀', '', true, false, null, [[], {}], { a: { b: ['c'] } }]
  const { url } = await buildApp(t)
  for (const from of wireCodecs) {
    for (const to of wireCodecs) {
      const [caller, callee] = [await WireClient.join(t, url, from), await WireClient.join(t, url, to)]
      const [, , registration] = await callee.ask([64, 1, {}, 'p'])
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
      await callee.ask([66, 2, registration])
    }
  }
})

t.test('sessions of the app see and do the same as other sessions', async (t) => {
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
