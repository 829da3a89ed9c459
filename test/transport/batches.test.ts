import type { Socket } from 'node:net'
import t from 'tap'
import type { WebSocket } from 'ws'
import type { Batching } from '../../plugin/codec/batching.ts'
import { codecs } from '../../plugin/codec/codecs.ts'
import { subprotocolsOf } from '../../plugin/codec/subprotocols.ts'
import { noDetails } from '../../plugin/protocol/message.ts'
import type { EventMessage, RouterMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { Batches } from '../../plugin/transport/batches.ts'
import { Framings, WholeMessages } from '../../plugin/transport/framing.ts'
import type { Framing } from '../../plugin/transport/framing.ts'
import { RemoteTransport } from '../../plugin/transport/remote-transport.ts'
import { BatchedWebsocketFraming } from '../../plugin/transport/websocket-framing.ts'
import { WebsocketLink } from '../../plugin/transport/websocket-link.ts'
import { FakeSocket, FakeStream } from './fake-socket.ts'
import { unfragmented } from './unfragmented.ts'

const published = (request: number): RouterMessage => ({ type: 17, request, publication: 1 })
const event = (length: number): EventMessage => ({ type: 36, subscription: 1, publication: 2, details: noDetails, payload: Payload.of(['x'.repeat(length)]) })
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

/** A transport whose listener keeps what it hears, and closes it after a violation and after GOODBYE, as a session may. */
function build ({ name = 'wamp.2.json.batched', withStream = true, framings = new Framings() } = {}) {
  const [socket, stream, heard] = [new FakeSocket(), new FakeStream(), [] as unknown[]]
  const line = (): void => {}
  const { batching } = subprotocolsOf([...codecs.values()], true).get(name)!
  const Builder = withStream ? BatchedWebsocketFraming : WholeMessages
  const framingOf = (batching: Batching): Framing => framings.of(batching, Builder)
  const transport = new RemoteTransport({
    link: new WebsocketLink({
      socket: socket as unknown as WebSocket,
      stream: withStream ? stream as unknown as Socket : null,
      binary: batching!.binary,
      details: { type: 'websocket', protocol: name }
    }),
    codec: batching!.codec,
    framing: framingOf(batching!),
    batches: new Batches(batching!, framingOf),
    limits: { depth: 10, messageSize: 2 ** 20, bufferedEventBytes: 10_000_000, bufferedBytes: 20_000_000, messagesPerSecond: 0, bytesPerSecond: 0 }
  })
  transport.listen({
    log: { warn: line, error: line, info: line, debug: line },
    receive: (message) => {
      heard.push('request' in message ? message.request : message.type)
      if (message.type === 6) transport.close('normal')
    },
    fail: ({ message }) => {
      heard.push(message)
      transport.close('violation')
    },
    congested: () => {},
    closed: () => { heard.push('closed') }
  })
  return { transport, socket, stream, heard, framings }
}

/** The contents of WebSocket frames, and how long their headers say that they are. */
function contents (octets: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < octets.length;) {
    const short = octets[at + 1]!
    const [header, length] = short < 126 ? [2, short] : short === 126 ? [4, octets.readUInt16BE(at + 2)] : [10, Number(octets.readBigUInt64BE(at + 2))]
    found.push(octets.subarray(at + header, at + header + length))
    at += header + length
  }
  return found
}

t.test('messages sent in one turn leave as one batch, in order [BAT-10, ORD-03]', async (t) => {
  const { transport, stream } = build()
  for (let i = 1; i <= 3; i++) t.equal(transport.send(published(i)), 'sent')
  await turn()
  transport.send(published(4))
  await turn()
  t.equal(stream.writes.length, 2)
  t.strictSame(stream.writes.map((write) => write[0]), [0x81, 0x81])
  t.strictSame(stream.writes.map((write) => contents(write).map(String)), [['[17,1,1]\x1e[17,2,1]\x1e[17,3,1]\x1e'], ['[17,4,1]\x1e']])
})

for (const name of ['wamp.2.msgpack.batched', 'wamp.2.cbor.batched']) {
  t.test(`${name}: a batch is binary, and each message has its length [BAT-04, BAT-05]`, async (t) => {
    const { transport, stream } = build({ name })
    for (let i = 1; i <= 2; i++) transport.send(published(i))
    await turn()
    t.equal(stream.writes[0]![0], 0x82)
    const first = name === 'wamp.2.cbor.batched' ? 0x83 : 0x93
    t.strictSame(contents(stream.writes[0]!), [Buffer.from([0, 0, 0, 4, first, 17, 1, 1, 0, 0, 0, 4, first, 17, 2, 1])])
  })
}

t.test('batches of several messages are no longer than a header of four octets says', async (t) => {
  const { transport, stream } = build()
  const lengths = [10, 40_000, 25_000, 600, 65_535, 5, 70_000, 5, 5]
  for (const length of lengths) transport.send(event(length))
  await turn()
  const batches = contents(unfragmented(Buffer.concat(stream.writes)))
  t.equal(batches.map(String).join(''), lengths.map((length) => `[36,1,2,{},["${'x'.repeat(length)}"]]\x1e`).join(''), 'nothing is lost, and the order is kept')
  t.strictSame(batches.map((batch) => batch.toString().split('\x1e').length - 1), [3, 1, 1, 1, 1, 2])
  t.ok(batches.every((batch, i) => batch.length <= 65_535 || [2, 4].includes(i)), 'but for what one message takes')
})

t.test('the longest batch is joined, and one that is a byte longer is not', async (t) => {
  for (const [last, count] of [[6, 1], [7, 2]] as const) {
    const { transport, stream } = build()
    transport.send(event(65_490))
    transport.send(event(last))
    await turn()
    t.equal(contents(Buffer.concat(stream.writes)).length, count)
  }
})

t.test('a peer that is behind gets long frames by reference, which others share', async (t) => {
  const { transport, stream, framings } = build()
  const second = build({ framings })
  stream.writableLength = second.stream.writableLength = 1
  const shared = event(300)
  for (const to of [transport, second.transport]) to.send(shared)
  for (const to of [transport, second.transport]) to.send(published(1))
  await turn()
  t.equal(stream.writes.length, 2)
  t.equal(stream.writes[0], second.stream.writes[0])
  t.equal(contents(stream.writes[0]!).join(), `[36,1,2,{},["${'x'.repeat(300)}"]]\x1e`)
})

t.test('if the stream is not accessible, ws sends each message as a batch of one [BAT-06]', async (t) => {
  const { transport, socket } = build({ withStream: false })
  transport.send(published(1))
  transport.send(published(2))
  await turn()
  t.strictSame(socket.sent, [['[17,1,1]\x1e', { binary: false }], ['[17,2,1]\x1e', { binary: false }]])
})

t.test('the router uses the separator of the client\'s first batch, and 0x1E until then [TRP-31, BAT-03]', async (t) => {
  const { transport, socket, stream } = build()
  transport.send(published(1))
  socket.emit('message', Buffer.from('[34,1,1]\x18'), false)
  transport.send(published(2))
  await turn()
  socket.emit('message', Buffer.from('[34,1,1]\x1e'), false)
  transport.send(published(3))
  await turn()
  t.strictSame(stream.writes.flatMap(contents).map(String), ['[17,1,1]\x1e[17,2,1]\x18', '[17,3,1]\x18'])
})

t.test('a malformed batch is a violation, and none of its messages is processed [BAT-07, BAT-08]', async (t) => {
  for (const [batch, fault] of [['', 'the batch is empty'], ['[34,1,1]', 'the batch does not end with a separator'], ['[34,1,1]\x1e[34,2,1]', 'the batch does not end with a separator']]) {
    const { socket, heard } = build()
    socket.emit('message', Buffer.from(batch!), false)
    t.strictSame(heard, [fault])
    t.strictSame(socket.sent, [1002])
  }
  for (const batch of ['000000', '00000005 93220101', '00000004 93220101 00']) {
    const { socket, heard } = build({ name: 'wamp.2.msgpack.batched' })
    socket.emit('message', Buffer.from(batch.replaceAll(' ', ''), 'hex'), true)
    t.strictSame(heard, ['the batch ends within a message'])
  }
})

t.test('messages after an invalid one, or after the end of the session, are ignored [BAT-09]', async (t) => {
  const wrong = build()
  wrong.socket.emit('message', Buffer.from('[34,1,1]\x1e[34,\x1e[34,2,1]\x1e'), false)
  t.strictSame(wrong.heard, [1, 'the text is not JSON'])
  const over = build()
  over.socket.emit('message', Buffer.from('[34,1,1]\x1e[6,{},"wamp.close.normal"]\x1e[34,2,1]\x1e'), false)
  t.strictSame(over.heard, [1, 6])
  const kind = build()
  kind.socket.emit('message', Buffer.from('[34,1,1]\x1e'), true)
  t.strictSame(kind.heard, ['wamp.2.json.batched requires text messages'])
})

/** UNSUBSCRIBE, so many times: over 64 KiB from 7000 on. */
const many = (from: number, count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, i) => `[34,${from + i},1]\x1e`).join(''))
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

t.test('a long batch takes several turns, in which nothing is read, and data that still arrives waits [BAT-09]', async (t) => {
  const { transport, socket, stream, heard } = build()
  socket.emit('message', many(1, 20_000), false)
  t.ok(heard.length > 0 && heard.length < 10_000, `${heard.length} in the first turn`)
  t.strictSame(socket.sent, ['paused'])
  socket.emit('message', many(20_001, 10), false)
  transport.send(published(1))
  await turn()
  t.ok(heard.length < 20_000)
  t.equal(stream.writes.length, 1, 'what was sent does not wait for the end')
  while (socket.sent.length < 2) await turn()
  t.strictSame(heard, numbers(20_010))
  t.strictSame(socket.sent, ['paused', 'resumed'])
  socket.emit('message', many(20_011, 1), false)
  t.equal(heard.length, 20_011)
})

t.test('the last batch of a peer that closes is processed completely, in turns, unless it contains a violation [BAT-09]', async (t) => {
  const { transport, socket, heard } = build()
  socket.emit('message', many(1, 20_000), false)
  socket.emit('close', 1000)
  t.ok(heard.length < 20_000, `${heard.length} in the first turn`)
  t.equal(transport.send(published(1)), 'closed')
  while (heard.at(-1) !== 'closed') await turn()
  t.strictSame(heard, [...numbers(20_000), 'closed'])

  const broken = build()
  broken.socket.emit('message', Buffer.concat([many(1, 10_000), Buffer.from('[\x1e'), many(1, 10_000)]), false)
  broken.socket.emit('close', 1001)
  while (broken.heard.at(-1) !== 'closed') await turn()
  t.strictSame(broken.heard, [...numbers(10_000), 'the text is not JSON', 'closed'])
})

t.test('the waiting messages of a peer that disconnects without a close frame are dropped with its session', async (t) => {
  const { socket, heard } = build()
  socket.emit('message', many(1, 20_000), false)
  const before = heard.length
  socket.emit('close', 1006)
  t.strictSame(heard.slice(before), ['closed'])
  await turn()
  t.equal(heard.length, before + 1)
})

t.test('the messages left by closing peers are bounded, however many close at once', async (t) => {
  const batch = many(1_000_000, 60_000)
  const peers = Array.from({ length: 40 }, () => build())
  for (const { socket } of peers) {
    socket.emit('message', batch, false)
    socket.emit('close', 1000)
  }
  const dropped = (): number => peers.filter(({ heard }) => heard.length < 60_001 && heard.at(-1) === 'closed').length
  t.ok(dropped() >= 20 && dropped() < 40, `${dropped()} of 40 at once`)
  const atOnce = dropped()
  while (peers.some(({ heard }) => heard.at(-1) !== 'closed')) await turn()
  t.equal(dropped(), atOnce, 'the others are heard to the end')

  const later = build()
  later.socket.emit('message', batch, false)
  later.socket.emit('close', 1000)
  while (later.heard.at(-1) !== 'closed') await turn()
  t.equal(later.heard.length, 60_001, 'then there is room again')
})

t.test('a connection that is closed from here reads again, for the answer to the close frame', async (t) => {
  const { transport, socket, heard } = build()
  socket.emit('message', many(1, 20_000), false)
  const before = heard.length
  transport.close('normal')
  await turn()
  t.equal(heard.length, before)
  t.strictSame(socket.sent, ['paused', 1000, 'resumed'])
})
