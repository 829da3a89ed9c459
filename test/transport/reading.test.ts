import type { Socket } from 'node:net'
import t from 'tap'
import { codecs } from '../../plugin/codec/codecs.ts'
import { controlFrame, FrameType, RawSocketFraming } from '../../plugin/transport/rawsocket-framing.ts'
import { RawSocketLink } from '../../plugin/transport/rawsocket-link.ts'
import { RemoteTransport } from '../../plugin/transport/remote-transport.ts'
import { isTurnOver, OCTETS_OF_UNIT, spend, UNITS_OF_TURN } from '../../plugin/work.ts'
import { build } from './build-transport.ts'
import { FakeStream } from './fake-socket.ts'

/** The octets that Node.js reads at once. */
const CHUNK = 65_536

/** A connection: what it reads, and whether it is read. */
interface Reading { read (data: Buffer): void, close (): void, readonly sent: unknown[] }

function websocket (): Reading {
  const { socket, stream } = build()
  return { read: (data) => { stream.emit('data', data) }, close: () => { socket.emit('close') }, sent: socket.sent }
}

class FakeRawSocket extends FakeStream {
  readonly sent: string[] = []
  writable = true
  pause (): void { this.sent.push('paused') }
  resume (): void { this.sent.push('resumed') }
}

function rawSocket (bytesPerSecond = 0): Reading {
  const codec = codecs.get('wamp.2.json')!
  const socket = new FakeRawSocket()
  const parts = { details: { type: 'rawsocket' }, pings: false, longestReceived: 2 ** 24, longestSent: 2 ** 20 } as const
  const link = new RawSocketLink({ socket: socket as unknown as Socket, ...parts })
  const limits = { depth: 10, messageSize: 2 ** 20, bufferedEventBytes: 2 ** 20, bufferedBytes: 2 ** 22, messagesPerSecond: 0, bytesPerSecond }
  const log = { warn () {}, error () {}, info () {}, debug () {} }
  new RemoteTransport({ link, codec, framing: new RawSocketFraming(codec), limits })
    .listen({ log, receive () {}, fail () {}, congested () {}, closed () {} })
  return { read: (data) => { socket.emit('data', data) }, close: () => { socket.emit('close') }, sent: socket.sent }
}

/** A turn whose units have not been used. */
async function freshTurn (): Promise<void> {
  while (!isTurnOver()) spend(UNITS_OF_TURN)
  await new Promise((resolve) => { setImmediate(resolve) })
}

for (const [kind, connect] of [['WebSocket', websocket], ['RawSocket', rawSocket]] as const) {
  t.test(`a ${kind} client that sends no messages is not read for the rest of a turn whose work is done, and is read again in the next one`, async (t) => {
    await freshTurn()
    const { read, sent } = connect()
    let octets = 0
    // The frame is never complete.
    const part = Buffer.alloc(CHUNK, 0)
    if (kind === 'RawSocket') part.writeUInt32BE(2 ** 24 - 1, 0)
    for (; sent.length === 0; octets += CHUNK) {
      read(part)
      if (octets > 2 * UNITS_OF_TURN * OCTETS_OF_UNIT) throw new Error('it is read without a limit')
    }
    t.same(sent, ['paused'], `after ${octets} octets`)
    await freshTurn()
    t.same(sent, ['paused', 'resumed'])
  })
}

for (const type of [FrameType.Ping, FrameType.Pong]) {
  t.test(`the frames of type ${type} of a RawSocket client count as work`, async (t) => {
    await freshTurn()
    const { read, sent } = rawSocket()
    const frame = controlFrame(type, Buffer.alloc(0))
    for (let i = 0; i < 10 && sent.length === 0; i++) read(Buffer.alloc(1000 * frame.length, frame))
    t.same(sent, ['paused'])
  })
}

for (const type of ['ping', 'pong']) {
  t.test(`the ${type}s of a WebSocket client count as work`, async (t) => {
    await freshTurn()
    const { socket, stream } = build()
    for (let i = 0; i < 8000; i++) socket.emit(type, Buffer.alloc(0))
    stream.emit('data', Buffer.alloc(6))
    t.same(socket.sent, ['paused'])
  })
}

t.test('pings and pongs count toward the rate of a client', async (t) => {
  for (const type of ['ping', 'pong']) {
    const { socket } = build({ bytesPerSecond: 100 })
    socket.emit(type, Buffer.alloc(90))
    t.same(socket.sent, [], `a WebSocket ${type} within the rate`)
    socket.emit(type, Buffer.alloc(10))
    t.same(socket.sent, ['paused'], `a WebSocket ${type}`)
    socket.emit('close')
  }
  for (const type of [FrameType.Ping, FrameType.Pong]) {
    await freshTurn()
    const { read, sent, close } = rawSocket(100)
    read(controlFrame(type, Buffer.alloc(90)))
    t.same(sent, [], `a RawSocket frame of type ${type} within the rate`)
    read(controlFrame(type, Buffer.alloc(10)))
    t.same(sent, ['paused'], `a RawSocket frame of type ${type}`)
    close()
  }
})
