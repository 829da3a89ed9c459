import { PassThrough } from 'node:stream'
import t from 'tap'
import { noDetails } from '../../plugin/protocol/message.ts'
import type { EventMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { SLICE } from '../../plugin/transport/framing.ts'
import { fragmentsOf } from '../../plugin/transport/websocket-framing.ts'
import { buildApp } from '../helper/build-app.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { build } from './build-transport.ts'
import { unfragmented } from './unfragmented.ts'

const [json] = wireCodecs
const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })
const event = (length: number): EventMessage => ({ type: 36, subscription: 1, publication: 2, details: noDetails, payload: Payload.of(['x'.repeat(length)]) })

t.test('a long frame is split into fragments, each of which can be written by itself, and a short one is not', async (t) => {
  for (const length of [0, 1, 125, 126, SLICE - 4]) {
    const frame = Buffer.alloc(length < 126 ? 2 + length : 4 + length, 'a')
    t.strictSame(fragmentsOf(frame), [[frame]])
  }
  for (const length of [SLICE, 2 * SLICE - 8, 2 * SLICE - 7, 1_000_000, 100_000_000]) {
    const content = Buffer.alloc(length, 'abcdefg')
    const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0])
    head.writeBigUInt64BE(BigInt(length), 2)
    const frame = Buffer.concat([head, content])
    const fragments = fragmentsOf(frame)
    t.ok(fragments.length > 1 && fragments.length <= 1024, `${fragments.length} fragments of ${length} octets`)
    t.ok(unfragmented(Buffer.concat(fragments.flat())).equals(frame))
  }
})

t.test('the stream receives part of the data for a slow peer, and the rest as it is sent', async (t) => {
  const { transport, stream } = build({ bufferedEventBytes: 10_000_000, bufferedBytes: 20_000_000 })
  let waiting = 0
  stream.write = function (chunk) {
    this.writes.push(chunk)
    waiting += chunk.length
    this.writableLength = waiting
    return true
  }
  const sent = [event(1_000_000), event(10), event(200_000)]
  for (const message of sent) transport.send(message)
  await turn()
  t.ok(waiting <= 3 * SLICE, `${waiting} octets at once`)
  const octets = (): number => stream.writes.reduce((sum, { length }) => sum + length, 0)
  for (let before = 0; octets() > before;) {
    before = octets()
    waiting = 0
    stream.writableLength = 0
    stream.emit('drain')
    t.ok(octets() - before <= 3 * SLICE)
  }
  const texts = [...unfragmented(Buffer.concat(stream.writes)).toString('latin1').matchAll(/\[36,1,2,\{\},\["(x*)"\]\]/g)].map(([, text]) => text!.length)
  t.same(texts, [1_000_000, 10, 200_000])
  t.equal(transport.send(event(10)), 'sent')
})

t.test('data for a peer that the stream has not received is counted, and is sent before GOODBYE', async (t) => {
  const { transport, stream, socket } = build({ bufferedEventBytes: 1_000_000, bufferedBytes: 20_000_000 })
  stream.write = function (chunk) {
    this.writes.push(chunk)
    this.writableLength += chunk.length
    return true
  }
  transport.send(event(900_000))
  await turn()
  t.ok(stream.writableLength < 200_000)
  t.equal(transport.send(event(200_000)), 'sent')
  await turn()
  t.equal(transport.send(event(10)), 'congested')
  transport.close('normal')
  t.ok(stream.writableLength > 1_100_000, 'all has been given')
  t.same(socket.sent, [1000])
})

t.test('what waits for a slow peer is given to it in steps as it reads, in order, and people are told when all is', async (t) => {
  const { transport, stream, heard } = build({ bufferedEventBytes: 2_000_000, bufferedBytes: 20_000_000 })
  const late = (number: number): EventMessage => ({ ...event(100), publication: number, overflow: { policy: 'drop-oldest', topic: 'com.example.log' } })
  transport.send(event(2_100_000))
  await turn()
  stream.writableLength = 2_100_000
  for (let i = 0; i < 1_000; i++) t.equal(transport.send(late(i)), 'sent')
  t.equal(transport.send({ type: 33, request: 7, subscription: 1 }), 'sent')
  const written = (): string => stream.writes.map((chunk) => chunk.toString('latin1')).join('')
  stream.write = function (chunk) {
    this.writes.push(chunk)
    this.writableLength += chunk.length
    return true
  }
  const steps: number[] = []
  while (!written().includes('[33,7,1]')) {
    const before = stream.writes.length
    stream.writableLength = 0
    stream.emit('drain')
    await turn()
    steps.push(stream.writes.slice(before).reduce((sum, { length }) => sum + length, 0))
    t.notOk(heard.includes('dropped 0') && !written().includes('[33,7,1]'), 'nobody is told before')
  }
  t.ok(Math.max(...steps) <= 3 * SLICE && steps.length > 15, `${steps.length} steps`)
  t.same([...written().matchAll(/\[36,1,(\d+),\{\},\["x{100}"\]\]/g)].map(([, number]) => Number(number)), Array.from({ length: 1_000 }, (_, i) => i))
  t.equal(transport.send(late(1_000)), 'sent')
  stream.writableLength = 0
  stream.emit('drain')
  await turn()
  t.match(heard, ['dropped 0'])
})

t.test('what waits for a slow peer is given before a farewell', async (t) => {
  const { transport, stream, socket } = build({ bufferedEventBytes: 100_000, bufferedBytes: 20_000_000 })
  transport.send(event(200_000))
  await turn()
  stream.writableLength = 200_000
  t.equal(transport.send({ ...event(100), overflow: { policy: 'keep-latest', topic: 'com.example.price' } }), 'sent')
  t.equal(transport.send({ type: 6, reason: 'wamp.close.killed', details: noDetails }), 'sent')
  transport.close('normal')
  t.match(Buffer.concat(stream.writes).toString('latin1'), /x"\]\].*wamp\.close\.killed/)
  t.same(socket.sent, [1000])
})

t.test('nothing is written after a close frame, whatever waits', async (t) => {
  for (const late of [{ overflow: undefined }, { overflow: { policy: 'drop-oldest', topic: 'com.example.log' } }] as const) {
    const { transport, stream, socket } = build({ bufferedEventBytes: 100_000, bufferedBytes: 20_000_000 })
    stream.write = function (chunk) {
      this.writes.push(chunk)
      this.writableLength += chunk.length
      return true
    }
    transport.send(event(300_000))
    await turn()
    t.equal(transport.send({ ...event(100), ...late }), late.overflow === undefined ? 'congested' : 'sent')
    const before = stream.writes.length
    // The peer has closed, and ws has answered.
    socket.readyState = 2
    stream.writableLength = 0
    stream.emit('drain')
    await turn()
    transport.close('normal')
    t.equal(stream.writes.length, before)
  }
})

t.test('a long event arrives whole at a client that reads with pauses, and so do the pings between', async (t) => {
  const { app, url } = await buildApp(t, { pingInterval: 20, limits: { messageSize: 32_000_000, bufferedEventBytes: 60_000_000, bufferedBytes: 64_000_000 } })
  const backend = app.wamp.join('realm1')
  const client = await WireClient.join(t, url, json!)
  await client.ask([32, 1, {}, 'com.example.long'])
  client.socket.pause()
  const pings = new Promise<void>((resolve) => {
    let count = 0
    client.socket.on('ping', () => { if (++count === 2) resolve() })
  })
  const text = 'y'.repeat(30_000_000)
  await backend.publish('com.example.long', [text])
  client.socket.resume()
  const received = (await client.next())[4] as string[]
  t.equal(received[0], text)
  await pings
  t.match(await client.ask([32, 2, {}, 'com.example.long']), [33, 2, Number])
  t.ok(new PassThrough().writableHighWaterMark <= 2 * SLICE, 'a stream that has a window to write tells when it has written it')
})
