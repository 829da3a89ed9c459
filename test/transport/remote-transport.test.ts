import { mock } from 'node:test'
import t from 'tap'
import { noDetails } from '../../plugin/protocol/message.ts'
import type { EventMessage, RouterMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { build } from './build-transport.ts'

const published = (request: number): RouterMessage => ({ type: 17, request, publication: 1 })
const event = (payload: Payload): EventMessage => ({ type: 36, subscription: 1, publication: 2, details: noDetails, payload })
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

t.test('messages sent in one turn leave in one write, in order [ORD-03]', async (t) => {
  const { transport, stream } = build()
  for (let i = 1; i <= 3; i++) t.equal(transport.send(published(i)), 'sent')
  t.equal(stream.writes.length, 0)
  await turn()
  t.same(stream.writes.map(String), ['\x81\x08[17,1,1]\x81\x08[17,2,1]\x81\x08[17,3,1]'.replaceAll('\x81', Buffer.from([0x81]).toString())])
})

t.test('subscribers of one codec share an event\'s frame, until the turn ends', async (t) => {
  const { transport, stream, framing } = build()
  const one = event(Payload.of(['x']))
  t.equal(framing.frame(one), framing.frame(one))
  const before = framing.frame(one)
  transport.send(one)
  await turn()
  t.equal(stream.writes[0], before)
  t.not(framing.frame(one), before, 'then it is let go')
})

t.test('a frame\'s header says its length in 1, 3 or 9 octets', async (t) => {
  const { framing } = build()
  for (const [length, header] of [[20, 2], [125, 2], [126, 4], [65_535, 4], [65_536, 10], [100_000, 10]] as const) {
    const empty = framing.frame(event(Payload.of(['']))).length - 2
    const frame = framing.frame(event(Payload.of(['x'.repeat(length - empty)])))
    t.equal(frame.length, header + length)
    t.equal(header === 2 ? frame[1] : header === 4 ? frame.readUInt16BE(2) : Number(frame.readBigUInt64BE(2)), length)
    t.equal(frame.subarray(header).toString().slice(0, 11), '[36,1,2,{},')
  }
})

t.test('a stream that is behind gets its long frames by reference and its short ones joined, in one go', async (t) => {
  const { transport, stream } = build()
  stream.writableLength = 1
  const long = event(Payload.of(['x'.repeat(300)]))
  for (const message of [published(1), published(2), long, long]) transport.send(message)
  await turn()
  t.same([stream.writes.length, stream.corked], [3, 0])
  t.equal(stream.writes[1], stream.writes[2])
})

t.test('without a stream, messages go through ws', async (t) => {
  const { transport, socket } = build({ withStream: false })
  transport.send(published(1))
  await turn()
  t.same(socket.sent, [['[17,1,1]', { binary: false }]])
})

t.test('a peer that does not read loses events, not replies, and then its connection [WSK-12]', async (t) => {
  const { transport, socket, stream, heard } = build()
  const one = event(Payload.of(['x'.repeat(100)]))
  stream.writableLength = 1001
  t.equal(transport.send(one), 'congested')
  t.equal(transport.send(one), 'congested')
  t.equal(transport.send({ type: 68, request: 1, registration: 1, details: noDetails, payload: Payload.empty }), 'congested')
  t.equal(transport.send(published(1)), 'sent')
  stream.writableLength = 0
  stream.emit('drain')
  t.same(heard, ['dropped 2'], 'told once, when it reads again')
  t.equal(transport.send(one), 'sent')
  stream.writableLength = 3000
  t.equal(transport.send(published(2)), 'closed')
  t.same(socket.sent, ['terminated'])
  t.equal(transport.send(published(3)), 'closed')
})

const waiting = (publication: number, policy: 'drop-oldest' | 'keep-latest' | 'close', topic = 'com.example.a'): EventMessage =>
  ({ type: 36, subscription: 1, publication, details: noDetails, payload: Payload.of(['x'.repeat(300)]), overflow: { policy, topic } })
const publications = (writes: readonly Buffer[]): number[] => [...Buffer.concat(writes).toString('latin1').matchAll(/\[(?:36,1,|17,)(\d+)/g)].map(([, id]) => Number(id))

t.test('events that may be queued are sent in order, and the oldest, or those of the same topic, are dropped', async (t) => {
  for (const [policy, expected] of [['drop-oldest', [7, 3, 4, 5, 8]], ['keep-latest', [7, 4, 5, 8]]] as const) {
    const { transport, stream, heard } = build({ bufferedEventBytes: 2000, bufferedBytes: 6000 })
    stream.writableLength = 2001
    for (let id = 1; id <= 3; id++) t.equal(transport.send(waiting(id, policy)), 'sent')
    t.equal(transport.send(waiting(4, policy, 'com.example.b')), 'sent')
    t.equal(transport.send(waiting(5, policy)), 'sent')
    t.equal(transport.send({ ...event(Payload.of(['x'.repeat(700)])), publication: 6 }), 'congested', 'one that may not wait is dropped')
    t.equal(transport.send(published(8)), 'sent')
    await turn()
    t.same(stream.writes, [], 'nothing overtakes them, not even a reply')
    stream.writableLength = 0
    transport.send(published(9))
    stream.emit('drain')
    await turn()
    t.same(publications(stream.writes), [...expected.slice(1), 9])
    t.same(heard, [policy === 'drop-oldest' ? 'dropped 3' : 'dropped 4'])
  }
})

t.test('without a stream, events for a slow peer wait as well, and are sent one by one when it has caught up', async (t) => {
  const { transport, socket, heard } = build({ withStream: false, bufferedEventBytes: 100_000, bufferedBytes: 600_000 })
  const written: (() => void)[] = []
  socket.send = function (data: Buffer, _options: object, done?: () => void) {
    socket.sent.push(data.toString())
    socket.bufferedAmount += data.length
    if (done !== undefined) written.push(done)
  }
  const long = (publication: number, length: number): EventMessage => ({ ...waiting(publication, 'drop-oldest'), payload: Payload.of(['x'.repeat(length)]) })
  for (let id = 1; id <= 2; id++) transport.send(long(id, 60_000))
  await turn()
  for (let id = 3; id <= 4; id++) t.equal(transport.send(long(id, 30_000)), 'sent')
  await turn()
  t.equal(socket.sent.length, 2, 'two are with ws, and the others wait')
  while (written.length > 0) {
    socket.bufferedAmount = 0
    for (const done of written.splice(0)) done()
    await turn()
  }
  t.same(publications(socket.sent.map((text) => Buffer.from(String(text)))), [1, 2, 3, 4])
  t.equal(socket.sent.length, 4, 'each is a message')
  t.same(heard, ['dropped 0'])
})

t.test('a policy may end the connection, and waiting replies are bounded', async (t) => {
  const closing = build()
  closing.stream.writableLength = 1001
  t.equal(closing.transport.send(waiting(1, 'close')), 'closed')
  t.same(closing.socket.sent, ['terminated'])

  const { transport, stream, socket } = build()
  stream.writableLength = 1001
  t.equal(transport.send(waiting(1, 'drop-oldest')), 'sent')
  for (let id = 0; transport.send(published(id)) === 'sent'; id++) t.ok(id < 100)
  t.same(socket.sent, ['terminated'])
})

t.test('queued data is bounded, too: nothing is written while code runs', async (t) => {
  const { transport } = build()
  const one = event(Payload.of(['x'.repeat(500)]))
  t.same([1, 2, 3, 4].map(() => transport.send(one)), ['sent', 'sent', 'congested', 'congested'])
})

t.test('a payload that the codec cannot represent is reported to its sender', async (t) => {
  const { transport, logged } = build()
  t.equal(transport.send(event(Payload.of([Symbol('x')]))), 'unencodable')
  t.equal(logged.length, 1)
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  t.equal(transport.send(event(Payload.of(cyclic))), 'unencodable')
})

t.test('unrepresentable payloads are logged once per connection, so no client can fill the log', async (t) => {
  const { transport, levels } = build()
  for (let i = 0; i < 5; i++) transport.send(event(Payload.of([Symbol('x')])))
  t.same(levels, ['warn', 'debug', 'debug', 'debug', 'debug'])
  t.equal(build().transport.takes(Payload.of([Symbol('x')])), false)
  t.equal(build().transport.takes(Payload.of(['x'])), true)
})

t.test('closing flushes first, sends its code, and terminates clients that do not answer [WSK-09]', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  for (const [kind, code] of [['normal', 1000], ['violation', 1002], ['failure', 1011]] as const) {
    const { transport, socket, stream } = build()
    transport.send(published(1))
    transport.close(kind)
    transport.close('normal')
    t.equal(stream.writes.length, 1)
    t.same(socket.sent, [code])
    t.equal(transport.send(published(2)), 'closed')
    mock.timers.tick(1000)
    t.same(socket.sent, [code, 'terminated'])
    t.type(stream.destroyedBy, Error, 'one error for all writes that have not been sent')
  }
})

t.test('a socket that is closing by itself gets no frames', async (t) => {
  const { transport, socket, stream, heard } = build()
  transport.send(published(1))
  socket.readyState = 2
  await turn()
  t.equal(stream.writes.length, 0)
  socket.emit('error', new Error('reset'))
  socket.emit('close')
  t.same(heard, ['closed'])
  t.equal(transport.send(published(1)), 'closed')
})

t.test('messages are decoded, faults are reported, and nothing is processed after close [WSK-06, SER-17]', async (t) => {
  const { transport, socket, heard } = build()
  socket.emit('message', Buffer.from('[34,1,1]'), false)
  socket.emit('message', Buffer.from('[34,1,1]'), true)
  socket.emit('message', Buffer.from('[34'), false)
  t.match(heard, [34, 'wamp.2.json requires text messages', String])
  transport.close('normal')
  socket.emit('message', Buffer.from('[34,1,1]'), false)
  t.equal(heard.length, 3)
})

t.test('a client that exceeds its rate is read more slowly, and loses nothing', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  for (const limits of [{ messagesPerSecond: 2 }, { bytesPerSecond: 30 }]) {
    const { socket, heard } = build(limits)
    for (let i = 1; i <= 3; i++) socket.emit('message', Buffer.from('[6,{},"a.b.c"]'), false)
    t.same(heard, [6, 6, 6])
    t.same(socket.sent, ['paused'])
    mock.timers.tick(1000)
    t.same(socket.sent, ['paused', 'resumed'])
    socket.emit('message', Buffer.from('[6,{},"a.b.c"]'), false)
    socket.emit('close')
    t.same(socket.sent, ['paused', 'resumed', 'paused'])
    mock.timers.tick(10_000)
    t.same(socket.sent, ['paused', 'resumed', 'paused'], 'no timer is left')
  }
})

t.test('the messages of a client that has left are processed for ten seconds, if its rate does not allow them earlier', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const message = Buffer.from('[6,{},"a.b.c"]')
  for (const [bytesPerSecond, later] of [[5, [6, 6]], [0.5, [6]]] as const) {
    const { socket, heard } = build({ bytesPerSecond })
    for (let i = 1; i <= 2; i++) socket.emit('message', message, false)
    socket.emit('close', 1000)
    t.same(heard, [6])
    mock.timers.tick(9_999)
    await turn()
    t.same(heard, later)
    mock.timers.tick(1)
    t.equal(heard.at(-1), 'closed')
    t.equal(heard.indexOf('closed'), heard.length - 1)
  }
})
