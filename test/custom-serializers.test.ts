import type { AddressInfo } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
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

/** An app with a serializer that fails for messages of these types, and a client of it. */
async function buildPicky (t: Test, failsFor: (message: readonly unknown[]) => boolean): Promise<{ app: Awaited<ReturnType<typeof buildApp>>['app'], client: WireClient, other: WireClient }> {
  const picky: WampBinarySerializer = { ...v8Serializer, encode: (message) => { if (failsFor(message)) throw new Error('not this'); return v8Serializer.encode(message) } }
  const { app, url } = await buildApp(t, { serializers: ['json', picky] })
  return { app, client: await WireClient.join(t, url, v8), other: await WireClient.join(t, url, json) }
}

t.test('a client that cannot be sent the answer to a request is told so, and its session ends [SER-14]', async (t) => {
  const goodbye = [6, { message: 'your serializer cannot represent the answer to a request' }, 'wamp.error.invalid_argument']
  for (const [name, request, fails] of [
    ['SUBSCRIBED', [32, 1, {}, 'com.topic'], ([type]) => type === 33],
    ['UNSUBSCRIBED', [34, 1, 0], ([type]) => type === 35],
    ['REGISTERED', [64, 1, {}, 'com.p'], ([type]) => type === 65],
    ['UNREGISTERED', [66, 1, 0], ([type]) => type === 67],
    ['PUBLISHED', [16, 1, { acknowledge: true }, 'com.topic'], ([type]) => type === 17],
    ['the ERROR of a SUBSCRIBE', [32, 1, {}, 'not a uri!#'], ([type]) => type === 8],
    ['the ERROR of an UNSUBSCRIBE', [34, 1, 5], ([type]) => type === 8],
    ['the ERROR of a REGISTER', [64, 1, {}, 'not a uri!#'], ([type]) => type === 8],
    ['the ERROR of an UNREGISTER', [66, 1, 5], ([type]) => type === 8],
    ['the ERROR of a PUBLISH', [16, 1, { acknowledge: true }, 'not a uri!#'], ([type]) => type === 8],
    ['the ERROR of a CALL', [48, 1, {}, 'com.none'], ([type]) => type === 8],
    ['the ERROR in place of a RESULT', [48, 1, {}, 'com.echo', ['x']], ([type]) => type === 8 || type === 50]
  ] as readonly (readonly [string, unknown[], (message: readonly unknown[]) => boolean])[]) {
    const { app, client } = await buildPicky(t, fails)
    await app.wamp.join('realm1').register('com.echo', ({ args: [x] }) => x)
    if (request[0] === 34 && request[2] === 0) request[2] = (await client.ask([32, 7, {}, 'com.topic']))[2]
    if (request[0] === 66 && request[2] === 0) request[2] = (await client.ask([64, 7, {}, 'com.p']))[2]
    t.strictSame(await client.ask(request), goodbye, name)
    t.equal(app.wamp.sessions('realm1').length, 2, 'the other client and the app remain')
    client.send([6, {}, 'wamp.close.goodbye_and_out'])
    t.equal(await client.closed, 1000)
  }
})

t.test('a session whose GOODBYE cannot be represented either ends at once', async (t) => {
  const { client } = await buildPicky(t, ([type]) => type === 33 || type === 6)
  client.send([32, 1, {}, 'com.topic'])
  t.equal(await client.closed, 1000)
})

t.test('a RawSocket client that accepts only short messages gets an ERROR for a long RESULT, and a caller gets one if an INVOCATION does not fit, whichever callee is first', async (t) => {
  const host = await build(t)
  const to = { port: (host.app.wampRawSockets[0]!.address() as AddressInfo).port, host: '127.0.0.1' }
  const tiny = async (): Promise<RawSocketClient> => {
    const client = new RawSocketClient({ to, codec: json, exponent: 1 })
    await client.reply
    client.send(HELLO)
    await client.next()
    return client
  }
  const [one, two] = [await tiny(), await tiny()]
  for (const callee of [one, two]) await callee.ask([64, 1, { invoke: 'first' }, 'com.p'])
  const caller = await WireClient.join(t, host.url, json)
  await caller.ask([64, 1, {}, 'com.long'])
  t.match(await caller.ask([48, 2, {}, 'com.p', ['x'.repeat(2000)]]), [8, 48, 2, {}, 'wamp.error.payload_size_exceeded'])
  one.send([48, 2, {}, 'com.long'])
  caller.send([70, (await caller.next())[1], {}, ['x'.repeat(2000)]])
  t.match(await one.next(), [8, 48, 2, {}, 'wamp.error.payload_size_exceeded'])
})

t.test('a serializer gets octets as a Uint8Array, which has no toJSON', async (t) => {
  const seen: unknown[] = []
  const watching: WampBinarySerializer = { ...v8Serializer, encode: (message) => { seen.push(message); return v8Serializer.encode(message) } }
  const { url } = await buildApp(t, { serializers: ['json', watching] })
  const [client, other] = [await WireClient.join(t, url, v8), await WireClient.join(t, url, json)]
  await client.ask([32, 1, {}, 'com.topic'])
  other.send([16, 1, {}, 'com.topic', ['\0AQI=', ['\0AQI=']], { k: '\0AQI=' }])
  await client.next()
  const [, , , , args, kwargs] = seen.at(-1) as [number, number, number, object, [Uint8Array, [Uint8Array]], { k: Uint8Array }]
  for (const octets of [args[0], args[1][0], kwargs.k]) {
    t.strictSame(octets, new Uint8Array([1, 2]))
    t.equal(Object.getPrototypeOf(octets), Uint8Array.prototype)
  }
})

/** A client whose next message is what `value` returns, whatever it sends. */
async function buildDecoding (t: Test): Promise<{ app: Awaited<ReturnType<typeof buildApp>>['app'], client: WireClient, other: WireClient, send: (value: () => unknown) => void }> {
  let next: (() => unknown) | null = null
  const decoding: WampBinarySerializer = { ...v8Serializer, decode: (octets) => { const value = next === null ? v8Serializer.decode(octets) : next(); next = null; return value } }
  const { app, url } = await buildApp(t, { serializers: ['json', 'cbor', decoding], limits: { messageSize: 10_000 } })
  const client = await WireClient.join(t, url, v8)
  const send = (value: () => unknown): void => {
    next = value
    client.send([])
  }
  return { app, client, send, other: await WireClient.join(t, url, wireCodecs[2]!) }
}

t.test('a getter or proxy in a parsed message cannot disturb other messages, even if it causes some', async (t) => {
  const { app, client, other, send } = await buildDecoding(t)
  const backend = app.wamp.join('realm1')
  await other.ask([32, 1, {}, 'com.topic'])
  await other.ask([32, 2, {}, 'com.other'])
  const inner = app.wampTransport({ serializers: [v8Serializer] })
  const publish = (): string => {
    backend.publish('com.other', [{ from: 'getter' }])
    inner.accept({ type: 'worker', serializer: 'v8', bufferedBytes: 0, send () {}, pause () {}, resume () {}, close () {} }).receive(Buffer.from(v8.encode(HELLO)))
    return 'read'
  }
  send(() => [16, 1, {}, 'com.topic', ['before', { get x () { return publish() } }, new Proxy(['in a proxy'], { get: (list, key, self) => { if (key === 'length') publish(); return Reflect.get(list, key, self) as unknown } })]])
  let args: unknown[]
  do args = (await other.next())[4] as unknown[]
  while (isDeepStrictEqual(args, [{ from: 'getter' }]))
  t.strictSame(args, ['before', { x: 'read' }, ['in a proxy']])
  t.same(await client.fence(), [])
})

t.test('parsed values that are endless, sparse or no data end the session as a violation, or are what JSON would make of them', async (t) => {
  class Long { readonly high = 1; readonly low = 2 }
  const endless: unknown[] = []
  endless.push(endless)
  let shared: unknown[] = ['x']
  for (let i = 0; i < 40; i++) shared = [shared, shared]
  for (const [value, fault] of [
    [new Long(), /an instance of Long cannot be represented/], [new Map(), /Map/], [endless, /cannot be used/], [shared, /cannot be used/], [new Array(2 ** 32 - 1), /cannot be used/],
    [{ get x () { throw new Error('no') } }, /cannot be used/], [new Proxy([1], { get () { throw new Error('no') } }), /cannot be used/], [new Uint16Array(2), /Uint16Array/], [Symbol('x'), /symbol/]
  ] as const) {
    const { client, send } = await buildDecoding(t)
    send(() => [16, 1, {}, 'com.topic', [value]])
    t.match(await client.next(), [3, { message: fault }, 'wamp.error.protocol_violation'])
  }
  const { other, send } = await buildDecoding(t)
  await other.ask([32, 1, {}, 'com.topic'])
  // eslint-disable-next-line no-sparse-arrays
  send(() => [16, 1, {}, 'com.topic', [1, , new Date(0), undefined, Object.create(null)]])
  t.same((await other.next())[4], [1, null, '1970-01-01T00:00:00.000Z', null, {}])
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
