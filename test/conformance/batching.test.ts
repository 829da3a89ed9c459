import t from 'tap'
import type { Test } from 'tap'
import { batchedCodecs } from '../helper/batched-codecs.ts'
import { buildApp } from '../helper/build-app.ts'
import { violation } from '../helper/build-parties.ts'
import { forEachCodec, HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'
import type { WireCodec } from '../helper/wire-client.ts'

const forEachBatched = (t: Test, name: string, test: (t: Test, codec: WireCodec) => Promise<void>): void => { forEachCodec(t, name, test, batchedCodecs) }
const [json, canceled, msgpack, cbor] = batchedCodecs as [WireCodec, WireCodec, WireCodec, WireCodec]

/** Several messages in one WebSocket message. */
function batchOf (codec: WireCodec, ...messages: unknown[]): Buffer {
  return Buffer.concat(messages.map((message) => Buffer.from(codec.encode(message))))
}

function sendBatch ({ codec, socket }: WireClient, ...messages: unknown[]): void {
  socket.send(batchOf(codec, ...messages), { binary: codec.binary })
}

/** The WebSocket messages that come from now on. */
function rawMessages ({ socket }: WireClient): { data: Buffer, isBinary: boolean }[] {
  const raw: { data: Buffer, isBinary: boolean }[] = []
  socket.on('message', (data: Buffer, isBinary) => { raw.push({ data, isBinary }) })
  return raw
}

forEachBatched(t, 'the batched subprotocol is selected if the client lists it first, and each message is a batch of one [BAT-01, BAT-06, WSK-02, WSK-03, WSK-05]', async (t, codec) => {
  const { url } = await buildApp(t)
  const client = await WireClient.connect(t, url, codec, { protocols: ['wamp.2.ubjson.batched', codec.subprotocol, ...wireCodecs.map(({ subprotocol }) => subprotocol)] })
  t.equal(client.socket.protocol, codec.subprotocol)
  const raw = rawMessages(client)
  t.match(await client.ask(HELLO), [2])
  t.same(await client.ask([6, {}, 'wamp.close.close_realm']), [6, {}, 'wamp.close.goodbye_and_out'])
  t.strictSame(raw.map(({ isBinary }) => isBinary), [codec.binary, codec.binary])
  t.strictSame(raw.map(({ data }) => codec.split!(data).length), [1, 1])
})

t.test('messages are framed as specified, or as in Autobahn for Python if the client does so [BAT-02, BAT-03, BAT-04, BAT-05, TRP-31, TRP-32]', async (t) => {
  const { url } = await buildApp(t)
  for (const [codec, batch, answer] of [
    [json, '[34,1,9]\x1e[34,2,9]\x1e', '[8,34,1,{},"wamp.error.no_such_subscription"'],
    [canceled, '[34,1,9]\x18[34,2,9]\x18', '[8,34,1,{},"wamp.error.no_such_subscription"'],
    [msgpack, Buffer.from('00000004932201090000000493220209', 'hex'), Buffer.from('9608220180', 'hex')],
    [cbor, Buffer.from('000000058318220109000000058318220209', 'hex'), Buffer.from('8608182201a0', 'hex')]
  ] as const) {
    const client = await WireClient.join(t, url, codec)
    const raw = rawMessages(client)
    client.socket.send(batch)
    t.match([await client.next(), await client.next()], [[8, 34, 1], [8, 34, 2]], codec.name)
    t.equal(raw.length, 1, 'the answers are one batch')
    const { data } = raw[0]!
    if (codec.binary) {
      const length = data.readUInt32BE()
      t.strictSame(data.subarray(4, 4 + answer.length), answer)
      t.equal(data.readUInt32BE(4 + length), data.length - length - 8, 'two messages, and nothing else')
    } else {
      const separator = codec === json ? 0x1e : 0x18
      t.ok(data.toString().startsWith(String(answer)))
      t.strictSame(data.filter((octet) => octet < 0x20), Buffer.from([separator, separator]))
      t.equal(data.at(-1), separator)
    }
  }
})

forEachBatched(t, 'the messages of a batch are processed in order, and answered in order [BAT-09, BAT-10]', async (t, codec) => {
  const { url } = await buildApp(t)
  const client = await WireClient.connect(t, url, codec)
  sendBatch(client, HELLO)
  t.match(await client.next(), [2])
  const count = 2000
  sendBatch(client,
    [32, 1, {}, 'a'],
    ...Array.from({ length: count }, (_, i) => [16, i + 2, { acknowledge: true, exclude_me: false }, 'a', [i]]),
    [6, {}, 'wamp.close.close_realm'],
    HELLO
  )
  t.match(await client.next(), [33, 1])
  const heard: unknown[] = []
  for (let i = 0; i < 2 * count; i++) {
    const [type, request, , , args] = await client.next()
    heard.push(type === 36 ? args : request)
  }
  t.same(heard, Array.from({ length: count }, (_, i) => [i + 2, [i]]).flat())
  t.match([await client.next(), await client.next()], [[6], [2]], 'and one session follows another')
})

forEachBatched(t, 'a malformed batch fails the transport, and none of its messages is processed [BAT-07, BAT-08]', async (t, codec) => {
  const { app, url } = await buildApp(t)
  const seen: unknown[] = []
  const backend = app.wamp.join('realm1')
  await backend.subscribe('a', ({ args }) => { seen.push(...args) })
  const publish = [16, 1, {}, 'a', ['wrong']]
  const whole = batchOf(codec, publish, publish)
  const bare = wireCodecs.find(({ subprotocol }) => codec.subprotocol.startsWith(subprotocol))!
  for (const wrong of [
    Buffer.alloc(0),
    whole.subarray(0, -1),
    whole.subarray(0, whole.length / 2 + 3),
    Buffer.concat([whole, Buffer.from([0x5b])]),
    Buffer.from(bare.encode(publish))
  ]) {
    const client = await WireClient.join(t, url, codec)
    client.socket.send(wrong, { binary: codec.binary })
    t.match(await client.next(), violation)
    t.equal(await client.closed, 1002)
  }
  await backend.publish('a', ['right'], {}, { acknowledge: true, exclude_me: false })
  t.same(seen, ['right'])
})

forEachBatched(t, 'an invalid message in a batch ends the session: earlier messages are processed, later ones are not [BAT-09, PVI-01]', async (t, codec) => {
  const { app, url } = await buildApp(t)
  const seen: unknown[] = []
  const backend = app.wamp.join('realm1')
  await backend.subscribe('a', ({ args }) => { seen.push(...args) })
  const client = await WireClient.join(t, url, codec)
  sendBatch(client, [16, 1, {}, 'a', ['before']], [16, 2], [16, 3, {}, 'a', ['after']])
  t.match(await client.next(), violation)
  t.equal(await client.closed, 1002)
  await backend.publish('a', ['at last'], {}, { acknowledge: true, exclude_me: false })
  t.same(seen, ['before', 'at last'])
})

forEachBatched(t, 'peers with and without batches understand each other, and events are shared [SER-04, BAT-10]', async (t, codec) => {
  const { url } = await buildApp(t)
  const publisher = await WireClient.join(t, url, codec)
  const others = await Promise.all([...batchedCodecs, ...wireCodecs].map((codec) => WireClient.join(t, url, codec)))
  for (const other of others) t.match(await other.ask([32, 1, {}, 'a']), [33, 1])
  const args = [1, 'zwei ≈ 2', { three: [null, 4.5] }]
  sendBatch(publisher, [16, 1, {}, 'a', args], [16, 2, {}, 'a', args, { k: 1 }])
  for (const other of others) {
    t.match(await other.next(), [36, Number, Number, {}, args], other.codec.name)
    t.match(await other.next(), [36, Number, Number, {}, args, { k: 1 }])
  }
})

forEachBatched(t, 'the size limit of messages applies to each message of a batch, and to the whole batch [WSK-12, BAT-06]', async (t, codec) => {
  const messageSize = 10_000
  const { url } = await buildApp(t, { limits: { messageSize } })
  const client = await WireClient.join(t, url, codec)
  const overhead = codec.binary ? 4 : 1
  const longest = (length: number): unknown => [16, 1, { acknowledge: true }, 'a', ['x'.repeat(length)]]
  const room = messageSize + overhead - batchOf(codec, longest(1000)).length + 1000
  t.match(await client.ask(longest(room)), [17, 1], 'exactly the limit')
  const half = longest(room / 2 | 0)
  sendBatch(client, half, half, half)
  t.equal(await client.closed, 1009)
})

t.test('without the option, or without the serializer, there are no batches [BAT-01, WSK-04]', async (t) => {
  const { url } = await buildApp(t, { batched: false })
  const { url: onlyCbor } = await buildApp(t, { serializers: ['cbor'] })
  for (const codec of batchedCodecs) {
    await t.rejects(WireClient.connect(t, url, codec), { message: /400/ })
    const other = WireClient.connect(t, onlyCbor, codec)
    if (codec === cbor) t.equal((await other).socket.protocol, 'wamp.2.cbor.batched')
    else await t.rejects(other, { message: /400/ })
  }
  const client = await WireClient.connect(t, url, wireCodecs[0]!, { protocols: ['wamp.2.json.batched', 'wamp.2.json'] })
  t.equal(client.socket.protocol, 'wamp.2.json')
})
