import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const [json, msgpack, cbor] = wireCodecs as [typeof wireCodecs[0], typeof wireCodecs[0], typeof wireCodecs[0]]
const MESSAGE = 16_384

/** A message of CBOR whose args are as many dates, of 2 octets each, as a message may have. */
function dates (code: number, uri: string): Buffer {
  const count = Math.floor((MESSAGE - 200) / 2)
  const head = Buffer.concat([Buffer.from([0x85]), cbor.encode(code) as Buffer, Buffer.from([1, 0xa0]), cbor.encode(uri) as Buffer, Buffer.from([0x99, count >> 8, count & 255])])
  return Buffer.concat([head, Buffer.alloc(2 * count, Buffer.from([0xc1, 1]))])
}

t.test('a payload that would be many times as large in another serializer is not sent in it, and causes no harm', async (t) => {
  const { url } = await buildApp(t, { limits: { messageSize: MESSAGE } })
  const [publisher, ...subscribers] = await Promise.all([cbor, json, msgpack, cbor].map((codec) => WireClient.join(t, url, codec))) as [WireClient, WireClient, WireClient, WireClient]
  for (const subscriber of subscribers) await subscriber.ask([32, 1, {}, 'com.example.news'])
  publisher.socket.send(dates(16, 'com.example.news'))
  publisher.send([16, 2, {}, 'com.example.news', ['next']])
  t.strictSame(await publisher.fence(), [])
  const received = await Promise.all(subscribers.map((subscriber) => subscriber.fence()))
  t.strictSame(received.map((events) => events.map((event) => (event[4] as unknown[]).length)), [[1], [1], [Math.floor((MESSAGE - 200) / 2), 1]])
})

t.test('a call whose arguments are too large in the serializer of its callee fails, and so does one whose result is', async (t) => {
  const { url } = await buildApp(t, { limits: { messageSize: MESSAGE } })
  const [caller, callee] = await Promise.all([cbor, json].map((codec) => WireClient.join(t, url, codec))) as [WireClient, WireClient]
  await callee.ask([64, 1, {}, 'com.example.add'])
  caller.socket.send(dates(48, 'com.example.add'))
  t.match(await caller.next(), [8, 48, 1, {}, 'wamp.error.invalid_argument'])
  t.strictSame(await callee.fence(), [])

  // U+0000 takes six octets in JSON: what a peer of JSON sends never grows as much, so the other way round.
  await caller.ask([64, 2, {}, 'com.example.text'])
  callee.send([48, 2, {}, 'com.example.text'])
  const [, request] = await caller.next()
  caller.send([70, request, {}, ['\0'.repeat(MESSAGE - 100)]])
  t.match(await callee.next(), [8, 48, 2, {}, 'wamp.error.invalid_argument'])
})
