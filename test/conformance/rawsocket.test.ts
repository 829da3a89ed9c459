import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import wampPlugin, { wampRawSocket } from 'fastify-wamp'
import type { FastifyWampOptions, RawSocketOptions } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { violation } from '../helper/build-parties.ts'
import { RawSocketClient } from '../helper/raw-socket-client.ts'
import { forEachCodec, HELLO, wireCodecs } from '../helper/wire-client.ts'
import type { WireCodec } from '../helper/wire-client.ts'

const [json] = wireCodecs as [WireCodec, WireCodec, WireCodec]

/** An app that listens for RawSocket clients, and for nothing else. */
async function build (t: Test, options: Partial<FastifyWampOptions> = {}, rawSocket: RawSocketOptions = {}): Promise<{ app: FastifyInstance, to: { port: number, host: string } }> {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, shutdownTimeout: 100, ...options })
  await app.register(wampRawSocket, { port: 0, ...rawSocket })
  t.teardown(() => app.close())
  await app.ready()
  return { app, to: { port: (app.wampRawSockets[0]!.address() as AddressInfo).port, host: '127.0.0.1' } }
}

async function join (t: Test, to: { port: number, host: string }, codec: WireCodec = json, exponent = 15): Promise<RawSocketClient> {
  const client = await RawSocketClient.connect(t, { to, codec, exponent })
  const features = { progressive_call_results: true }
  await client.join({ roles: { ...HELLO[2].roles, caller: { features }, callee: { features } } })
  return client
}

/** All that a server says to these octets until it closes. */
async function answerTo (to: { port: number, host: string }, ...octets: Buffer[]): Promise<string> {
  const socket = connect(to)
  let answer = ''
  socket.setEncoding('hex').on('data', (data: string) => { answer += data })
  for (const part of octets) socket.write(part)
  await once(socket, 'close')
  return answer
}

forEachCodec(t, 'the handshake selects the serializer, and its reply has the limit of the router [RAW-02, RAW-04, RAW-06]', async (t, codec) => {
  const number = wireCodecs.indexOf(codec) + 1
  for (const [messageSize, exponent] of [[2 ** 20, 11], [2 ** 20 - 1, 10], [600, 0], [2 ** 24, 15], [2 ** 26, 15]] as const) {
    const { to } = await build(t, { limits: { messageSize } })
    const client = await RawSocketClient.connect(t, { to, codec })
    t.equal((await client.reply).toString('hex'), `7f${exponent.toString(16)}${number}0000`)
    t.match(await client.ask(HELLO), [2])
  }
})

t.test('any other first octet closes the connection without a reply [RAW-05]', async (t) => {
  const { to } = await build(t)
  t.equal(await answerTo(to, Buffer.from('GET / HTTP/1.1\r\n\r\n')), '')
  t.equal(await answerTo(to, Buffer.from([0x16, 3, 1, 0])), '')
})

t.test('a handshake that cannot be accepted gets an error code, after which the connection closes [RAW-07, RAW-08, RAW-09]', async (t) => {
  const { to } = await build(t, {}, { serializers: ['json'] })
  for (const number of [0, 2, 3, 4, 5, 6, 15]) t.equal(await answerTo(to, Buffer.from([0x7f, 0xf0 | number, 0, 0])), '7f100000', `serializer ${number}`)
  for (const reserved of [[1, 0], [0, 1], [255, 255]]) t.equal(await answerTo(to, Buffer.from([0x7f, 0xf1, ...reserved])), '7f300000')
  const { to: full } = await build(t, { limits: { connectionsOfAddress: 1 } })
  await RawSocketClient.connect(t, { to: full })
  t.equal(await answerTo(full, Buffer.from([0x7f, 0xf1, 0, 0])), '7f400000', 'too many connections')
  const { to: crowded } = await build(t, { limits: { sessionsOfRealm: 1 } })
  await join(t, crowded)
  t.equal(await answerTo(crowded, Buffer.from([0x7f, 0xf1, 0, 0])), '7f400000', 'too many sessions')
})

forEachCodec(t, 'the octets of the handshake and of frames may be split and joined in any way [RAW-17, RAW-01, RAW-10]', async (t, codec) => {
  const { to } = await build(t)
  const client = new RawSocketClient({ to, codec })
  t.teardown(() => { client.socket.destroy() })
  t.match(await client.ask(HELLO), [2], 'in one write with the handshake')
  client.send([32, 1, {}, 'a.b'], [32, 2, {}, 'a.c'])
  t.match([await client.next(), await client.next()], [[33, 1], [33, 2]])
  const octets = client.frame(0, Buffer.from(codec.encode([16, 3, { acknowledge: true, exclude_me: false }, 'a.b', ['x'.repeat(300)]])))
  for (const octet of octets) {
    await new Promise<void>((resolve) => { client.socket.write(Buffer.from([octet]), () => { resolve() }) })
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  t.same((await client.fence()).map(([type]) => type), [17, 36], 'octet by octet')
})

t.test('messages of up to 2^24 octets pass, with the extended length in both directions [RAW-11]', async (t) => {
  const { to } = await build(t, { limits: { messageSize: 2 ** 24, bufferedEventBytes: 2 ** 27 } })
  const [caller, callee] = [await join(t, to), await join(t, to)]
  await callee.ask([64, 1, {}, 'a.text'])
  for (const length of [2 ** 24 - 1, 2 ** 24]) {
    const padding = 'x'.repeat(length - JSON.stringify([16, 1, { acknowledge: true, _x: '' }, 'a.b']).length)
    const header = Buffer.from(length === 2 ** 24 ? [0x08, 0, 0, 0] : [0, 0xff, 0xff, 0xff])
    caller.socket.write(Buffer.concat([header, Buffer.from(JSON.stringify([16, 1, { acknowledge: true, _x: padding }, 'a.b']))]))
    t.match(await caller.next(), [17, 1], `a message of ${length} octets`)

    caller.send([48, 2, {}, 'a.text'])
    const [, invocation] = await callee.next()
    callee.send([70, invocation, {}, ['y'.repeat(length - JSON.stringify([50, 2, {}, ['']]).length)]])
    t.equal(JSON.stringify(await caller.next()).length, length, `a result of ${length} octets`)
  }
})

t.test('a frame above the announced limit, or with an invalid header, is a violation [RAW-12, RAW-14]', async (t) => {
  const { to } = await build(t, { limits: { messageSize: 1000 } })
  for (const header of [[0, 0, 2, 1], [1, 0, 2, 1], [2, 255, 255, 255], [8, 0, 0, 0], [0x10, 0, 0, 1], [0x80, 0, 0, 1], [3, 0, 0, 1], [7, 0, 0, 1], [8, 0, 0, 1]]) {
    const client = await join(t, to)
    client.socket.write(Buffer.from([...header, 0x5b]))
    t.match(await client.next(), violation, `header ${String(header)}`)
    t.equal(await client.closed, 1002)
  }
  const client = await join(t, to)
  client.send([32, 1, {}, 'x'.repeat(512 - JSON.stringify([32, 1, {}, '']).length)])
  t.match(await client.next(), [33, 1], 'exactly as long as announced')
})

t.test('each PING is answered by one PONG with the same content, in order with messages, and a PONG is ignored [RAW-13, RAW-14]', async (t) => {
  const { to } = await build(t)
  const client = await join(t, to)
  const contents = ['', 'a', 'x'.repeat(100_000)].map((text) => Buffer.from(text))
  client.socket.write(Buffer.concat([client.frame(2, Buffer.from('nobody asked')), ...contents.map((content) => client.frame(1, content))]))
  for (const content of contents) t.same(await client.control(), { type: 2, content })
  t.same(await client.fence(), [])
  t.same(client.controls, [], 'and nothing more')
})

t.test('messages longer than a peer accepts are not sent to it [RAW-03, RAW-15, RAW-16]', async (t) => {
  const { to } = await build(t)
  // Two to the power of 11 octets.
  const [small, large] = [await join(t, to, json, 2), await join(t, to)]
  for (const client of [small, large]) await client.ask([32, 1, {}, 'a.b'])
  const text = 'x'.repeat(3000)
  t.match(await large.ask([16, 2, { acknowledge: true, exclude_me: false }, 'a.b', [text]]), [17, 2])
  t.equal((await large.next())[0], 36, 'others get an event')
  t.same(await small.fence(), [], 'which is dropped for it alone')

  await small.ask([64, 3, {}, 'a.small'])
  await large.ask([64, 3, {}, 'a.large'])
  t.match(await large.ask([48, 4, {}, 'a.small', [text]]), [8, 48, 4, {}, 'wamp.error.payload_size_exceeded'], 'a call')
  t.same(await small.fence(), [])
  for (const [answer, request] of [[[70], 5], [[8, 68], 6], [[70, 'progress'], 7]] as const) {
    small.send([48, request, { receive_progress: true }, 'a.large'])
    const [, invocation] = await large.next()
    large.send(answer[0] === 8 ? [8, 68, invocation, {}, 'a.error', [text]] : [70, invocation, answer.length > 1 ? { progress: true } : {}, [text]])
    t.match(await small.next(), [8, 48, request, {}, 'wamp.error.payload_size_exceeded'], `an answer ${String(answer)}`)
  }
})

t.test('a client that does not accept messages as long as WELCOME receives ABORT with the reason [RAW-03]', async (t) => {
  const { to } = await build(t)
  const client = await RawSocketClient.connect(t, { to, exponent: 0 })
  t.match(await client.ask(HELLO), [3, {}, 'wamp.error.payload_size_exceeded'])
  await client.closed
})
