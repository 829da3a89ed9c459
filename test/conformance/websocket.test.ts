import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { buildParties, head, violation } from '../helper/build-parties.ts'
import { forEachCodec, HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

forEachCodec(t, 'the first supported subprotocol in the list of the client is selected [WSK-02, WSK-03]', async (t, codec) => {
  const { url } = await buildApp(t)
  const others = wireCodecs.filter((other) => other !== codec).map(({ subprotocol }) => subprotocol)
  const client = await WireClient.connect(t, url, codec, { protocols: ['wamp.3.json', 'wamp.2.smile', codec.subprotocol, ...others] })
  t.equal(client.socket.protocol, codec.subprotocol)
  t.match(await client.ask(HELLO), [2], 'and is spoken')
})

forEachCodec(t, 'an upgrade without a supported subprotocol is refused with 400 [WSK-04]', async (t, codec) => {
  const { url } = await buildApp(t)
  for (const protocols of [['wamp.2.smile'], ['wamp.3.json', 'chat'], []]) {
    await t.rejects(WireClient.connect(t, url, codec, { protocols }), { message: 'Unexpected server response: 400' }, String(protocols))
  }
  const serializers = (['json', 'msgpack', 'cbor'] as const).filter((name) => codec.subprotocol !== `wamp.2.${name}`)
  const { url: without } = await buildApp(t, { serializers })
  await t.rejects(WireClient.connect(t, without, codec), { message: 'Unexpected server response: 400' }, 'a serializer that is not offered')
})

forEachCodec(t, 'the fragments of a message are joined [WSK-01]', async (t, codec) => {
  const { url } = await buildApp(t)
  const client = await WireClient.connect(t, url, codec)
  const bytes = Buffer.from(codec.encode(HELLO))
  client.socket.send(bytes.subarray(0, 3), { fin: false, binary: codec.binary })
  client.socket.send(bytes.subarray(3, 10), { fin: false, binary: codec.binary })
  client.socket.send(bytes.subarray(10), { fin: true, binary: codec.binary })
  t.match(await client.next(), [2])
})

forEachCodec(t, 'messages are text or binary as the subprotocol requires, and any other kind is a violation [WSK-05, WSK-06]', async (t, codec) => {
  const { url } = await buildApp(t)
  const client = await WireClient.connect(t, url, codec)
  const kinds: boolean[] = []
  client.socket.on('message', (_data, isBinary) => { kinds.push(isBinary) })
  t.match(await client.ask(HELLO), [2])
  client.socket.send(codec.encode([32, 1, {}, 'a']), { binary: !codec.binary })
  t.match(await client.next(), violation)
  t.equal(await client.closed, 1002)
  t.same(kinds, [codec.binary, codec.binary])
})

forEachCodec(t, 'a message above the limit closes with 1009 [WSK-12]', async (t, codec) => {
  const messageSize = 10_000
  const { url } = await buildApp(t, { limits: { messageSize } })
  const client = await WireClient.join(t, url, codec)
  const publish = (length: number): unknown => [16, 1, { acknowledge: true }, 'a', ['x'.repeat(length)]]
  const room = messageSize - (Buffer.from(codec.encode(publish(1000))).length - 1000)
  t.match(await client.ask(publish(room)), [17, 1], 'exactly the limit')
  client.send(publish(room + 1))
  t.equal(await client.closed, 1009)
})

forEachCodec(t, 'a lost connection ends its session and all resources of the session [WSK-11, SES-20, SUB-07]', async (t, codec) => {
  const { app, alice, bob } = await buildParties(t, codec)
  await bob.ask([64, 1, {}, 'p'])
  await bob.ask([32, 2, {}, 'a'])
  alice.send([48, 1, {}, 'p'])
  await bob.next()
  bob.socket.terminate()
  t.same(head(await alice.next()), [8, 48, 1, {}, 'wamp.error.canceled'])
  t.same(head(await alice.ask([48, 2, {}, 'p'])), [8, 48, 2, {}, 'wamp.error.no_such_procedure'])
  t.match(await alice.ask([64, 3, {}, 'p']), [65, 3])
  t.same(app.wamp.sessions('realm1').map(({ authid }) => authid), ['alice', 'carol'])
})

forEachCodec(t, 'a subscriber that does not read does not affect others, and its waiting events are limited [WSK-12]', async (t, codec) => {
  const { alice, bob, carol } = await buildParties(t, codec, { plugin: { limits: { bufferedEventBytes: 100_000, bufferedBytes: 1_000_000 } } })
  await bob.ask([32, 1, {}, 'a'])
  await carol.ask([32, 1, {}, 'a'])
  bob.socket.pause()
  const count = 1000
  const payload = 'x'.repeat(20_000)
  for (let i = 0; i < count; i++) {
    alice.send([16, i + 1, {}, 'a', [i, payload]])
    if (i % 50 === 49) await alice.fence()
    if (i % 50 === 49) await carol.fence()
  }
  bob.socket.resume()
  const seen = (await bob.fence()).map(([, , , , args]) => (args as number[])[0]!)
  t.ok(seen.length < count, `${seen.length} of ${count} events were kept for it`)
  t.same(seen, seen.toSorted((a, b) => a - b), 'in order')
  await alice.ask([16, 9999, { acknowledge: true }, 'a', ['after']])
  t.match((await bob.fence()).at(-1), [36, Number, Number, {}, ['after']], 'and it goes on')
})
