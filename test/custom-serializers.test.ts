import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import { WebSocket } from 'ws'
import wampPlugin from 'fastify-wamp'
import type { WampBinarySerializer } from 'fastify-wamp'
import { buildApp } from './helper/build-app.ts'
import { violation } from './helper/build-parties.ts'
import { everything } from './helper/build-router.ts'
import { allSerializers, customBatches, customCodecs, textSerializer, v8Serializer } from './helper/custom-serializers.ts'
import { post } from './helper/long-poll-client.ts'
import type { Peer } from './helper/peer.ts'
import { RawSocketClient } from './helper/raw-socket-client.ts'
import { connect } from './helper/transports.ts'
import type { ClientTransport } from './helper/transports.ts'
import { HELLO, WireClient, wireCodecs } from './helper/wire-client.ts'
import type { WireCodec } from './helper/wire-client.ts'

const [v8, text] = customCodecs as [WireCodec, WireCodec]
const [v8Batches] = customBatches as [WireCodec]
const json = wireCodecs[0]!
const ways: readonly ClientTransport[] = [
  v8, text, v8Batches,
  ...[v8, text].map((codec) => ({ name: `RawSocket with ${codec.name}`, over: 'RawSocket', codec } as const)),
  ...[v8, text, v8Batches].map((codec) => ({ name: `long-poll with ${codec.name}`, over: 'long-poll', codec } as const))
]

const build = (t: Test, options = {}) => buildApp(t, { serializers: allSerializers, ...options }, undefined, ['RawSocket', 'long-poll'])

for (const way of ways) {
  t.test(`a client with a serializer of the app talks to clients with other serializers, over ${way.name} [SER-04]`, async (t) => {
    const host = await build(t)
    const join = async (transport: ClientTransport): Promise<Peer> => {
      const client: Peer = await connect(t, host, transport)
      await client.join({ roles: HELLO[2].roles })
      return client
    }
    const [one, other, reader] = [await join(way), await join(way), await join(json)]
    for (const peer of [one, other, reader]) await peer.ask([32, 1, {}, 'com.topic'])
    await one.ask([64, 2, {}, 'com.echo'])
    const [args, kwargs] = [['Grüße', 1.5, [{ a: null }]], { k: true }]
    for (const publisher of [one, reader]) {
      publisher.send([16, 3, { exclude_me: false }, 'com.topic', args, kwargs])
      for (const peer of [one, other, reader]) t.strictSame((await peer.next()).slice(-2), [args, kwargs])
    }
    for (const caller of [other, reader]) {
      caller.send([48, 4, {}, 'com.echo', args, kwargs])
      const [, request, , , ...payload] = await one.next()
      t.strictSame(payload, [args, kwargs])
      one.send([70, request, {}, ...payload])
      t.strictSame((await caller.next()).slice(-2), [args, kwargs])
    }
  })

  t.test(`what a serializer of the app cannot parse, and what is no message, ends the session as a violation, over ${way.name} [SER-17]`, async (t) => {
    const host = await build(t, { limits: { depth: 10 } })
    const codec = 'over' in way ? way.codec : way as WireCodec
    const nested = [48, 1, {}, 'p', [[[[[[[[[[1]]]]]]]]]]]
    for (const wrong of [5, {}, [], [99], [36, 1, 1, {}], [48, 1, {}, 'p', 5], nested, ...(codec === text ? [] : [[48, 1, {}, 'p', [new Map()]], new Map()])]) {
      const client: Peer = await connect(t, host, way)
      await client.join({ roles: HELLO[2].roles })
      t.match(await client.ask(wrong), violation)
      t.equal(await client.closed, 1002)
    }
    const client = await connect(t, host, way)
    await client.join({ roles: HELLO[2].roles })
    Object.assign(client, { codec: { ...codec, encode: () => codec === v8Batches ? Buffer.from('\0\0\0\x01x') : Buffer.from('x') } })
    t.match(await client.ask([]), violation)
  })
}

t.test('a payload that a serializer of the app cannot represent fails as with any other [SER-14]', async (t) => {
  const picky: WampBinarySerializer = {
    ...v8Serializer,
    encode: (message) => {
      if (JSON.stringify(message).includes('secret')) throw new Error('not this')
      return v8Serializer.encode(message)
    }
  }
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, serializers: ['json', picky], shutdownTimeout: 100 })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`
  const [one, other] = [await WireClient.join(t, url, v8), await WireClient.join(t, url, json)]
  await one.ask([32, 1, {}, 'com.topic'])
  await other.ask([32, 1, {}, 'com.topic'])
  await one.ask([64, 2, {}, 'com.p'])
  await other.ask([64, 2, {}, 'com.q'])
  other.send([16, 3, { exclude_me: false }, 'com.topic', ['secret']])
  t.match(await other.next(), [36, Number, Number, {}, ['secret']])
  t.match(await other.ask([48, 4, {}, 'com.p', ['secret']]), [8, 48, 4, {}, 'wamp.error.invalid_argument'])
  t.same(await one.fence(), [])
  one.send([48, 5, {}, 'com.q', []])
  const [, request] = await other.next()
  other.send([70, request, {}, ['secret']])
  t.match(await one.next(), [8, 48, 5, {}, 'wamp.error.invalid_argument'])
})

t.test('a serializer that fails for every message of the router ends the connection', async (t) => {
  let state: 'checked' | 'failing' = 'checked'
  const failing: WampBinarySerializer = { ...v8Serializer, encode: (message) => { if (state === 'failing') throw new Error('no'); return v8Serializer.encode(message) } }
  const { url } = await buildApp(t, { serializers: [failing] })
  state = 'failing'
  const client = await WireClient.connect(t, url, v8)
  client.send(HELLO)
  t.equal(await client.closed, 1000)
})

t.test('a message that is longer than the limit is not given to the serializer', async (t) => {
  let decoded = 0
  const counting: WampBinarySerializer = { ...v8Serializer, decode: (octets) => { decoded++; return v8Serializer.decode(octets) } }
  const { url } = await buildApp(t, { serializers: [counting], limits: { messageSize: 1000 } })
  const client = await WireClient.join(t, url, v8)
  const before = decoded
  client.send([48, 1, {}, 'p', ['x'.repeat(1000)]])
  t.equal(await client.closed, 1009)
  t.equal(decoded, before)
})

t.test('a serializer of octets has a batched variant, and one of text has none', async (t) => {
  const { url } = await buildApp(t, { serializers: [v8Serializer, textSerializer] })
  const chosen = (protocol: string): Promise<string> => new Promise((resolve) => {
    const socket = new WebSocket(url, [protocol])
    socket.on('open', () => { resolve(socket.protocol); socket.terminate() }).on('error', ({ message }) => { resolve(message) })
  })
  const refused = 'Unexpected server response: 400'
  for (const [protocol, expected] of [['wamp.2.v8', 'wamp.2.v8'], ['wamp.2.v8.batched', 'wamp.2.v8.batched'], ['wamp.2.text', 'wamp.2.text'], ['wamp.2.text.batched', refused], ['wamp.2.json', refused]]) {
    t.equal(await chosen(protocol!), expected)
  }
})

t.test('RawSocket clients request a serializer by its number, and long-poll responses have a type for any client', async (t) => {
  const { app, url } = await build(t)
  const to = { port: (app.wampRawSockets[0]!.address() as AddressInfo).port, host: '127.0.0.1' }
  t.equal((await new RawSocketClient({ to, codec: v8 }).reply)[1]! & 0x0f, 14)
  t.equal((await new RawSocketClient({ to, codec: text }).reply)[1]! & 0x0f, 15)
  const base = `${url.replace(/^ws/, 'http').slice(0, -'/ws'.length)}/lp`
  for (const [codec, type] of [[v8, 'application/octet-stream'], [text, 'text/plain; charset=utf-8']] as const) {
    const { transport } = JSON.parse((await post(`${base}/open`, JSON.stringify({ protocols: [codec.subprotocol] }))).body.toString()) as { transport: string }
    await post(`${base}/${transport}/send`, Buffer.from(codec.encode(HELLO)))
    t.equal((await post(`${base}/${transport}/receive`)).headers['content-type'], type)
    await post(`${base}/${transport}/close`)
  }
})

t.test('a transport of the app takes a serializer of the app by its name', async (t) => {
  const { app } = await build(t)
  const sent: unknown[] = []
  const peer = app.wampTransport({ serializers: ['json', v8Serializer] }).accept({
    type: 'worker', serializer: 'v8', bufferedBytes: 0, send: (message) => { sent.push(v8.decode(message)) }, pause () {}, resume () {}, close () {}
  })
  peer.receive(Buffer.from(v8.encode(HELLO)))
  await new Promise((resolve) => { setImmediate(resolve) })
  t.match(sent, [[2, Number, {}]])
  peer.closed()
  t.throws(() => app.wampTransport({ serializers: [v8Serializer] }).accept({ type: 'worker', serializer: 'json', bufferedBytes: 0, send () {}, pause () {}, resume () {}, close () {} }),
    { code: 'WAMP_ERR_INVALID_OPTION', message: 'The option "connection.serializer" must be one of "v8"' })
})
