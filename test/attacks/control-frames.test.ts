import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const TEXT = 0x81
const TEXT_BEGINS = 0x01
const CONTINUES = 0x00
const CLOSE = 0x88
const PING = 0x89
const PONG = 0x8a

/** A frame of a client, with a mask that changes nothing. */
function frame (opcode: number, content = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([opcode, 0x80 | content.length]), Buffer.alloc(4), content])
}

function repeated (frame: Buffer, count: number): Buffer {
  return Buffer.alloc(frame.length * count, frame)
}

/** An app whose host has switched the limits of `ws` off, or has registered nothing. */
async function build (t: Test, registered: 'by the host' | 'by the plugin'): Promise<string> {
  const app = Fastify()
  const options = { maxPendingAutoPongs: 0, maxFragments: 0, maxBufferedChunks: 0 } as object
  if (registered === 'by the host') await app.register(fastifyWebsocket, { options })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, shutdownTimeout: 100 })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`
}

/** A client that has joined, reads nothing from now on, and writes octets as they are. */
async function deaf (t: Test, url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.teardown(() => { socket.destroy() })
  socket.on('error', () => {})
  socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n')
  await once(socket, 'data')
  socket.write(frame(TEXT, Buffer.from('[1,"realm1",{"roles":{"publisher":{}}}]')))
  await once(socket, 'data')
  return socket.pause()
}

function memory (): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Resolves when the connection has ended, in whatever way. */
async function end (socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => { socket.once('close', resolve) })
}

/** Writes until all is written, or the other end has ended the connection. */
async function write (socket: Socket, data: Buffer): Promise<'written' | 'ended'> {
  const closed = end(socket)
  for (let at = 0; at < data.length && !socket.destroyed; at += 65536) {
    if (!socket.write(data.subarray(at, at + 65536))) await Promise.race([new Promise((resolve) => { socket.once('drain', resolve) }), closed])
  }
  return socket.destroyed ? 'ended' : 'written'
}

for (const registered of ['by the host', 'by the plugin'] as const) {
  t.test(`a client that sends pings but reads no answers is disconnected, with @fastify/websocket registered ${registered}`, async (t) => {
    const url = await build(t, registered)
    const other = await WireClient.join(t, url, wireCodecs[0]!)
    const socket = await deaf(t, url)
    const pings = repeated(frame(PING, Buffer.alloc(125)), 1_000_000)
    const before = memory()
    t.equal(await write(socket, pings), 'ended')
    t.ok(memory() - before < 60_000_000, `${memory() - before} bytes more`)
    t.strictSame(await other.fence(), [], 'others are answered')
  })

  t.test(`a message of very many fragments ends its connection, with @fastify/websocket registered ${registered}`, async (t) => {
    const url = await build(t, registered)
    for (const content of [' ', '']) {
      const socket = await deaf(t, url)
      socket.resume().write(frame(TEXT_BEGINS, Buffer.from('[')))
      await write(socket, repeated(frame(CONTINUES, Buffer.from(content)), 100_000))
      await end(socket)
      t.pass(content === '' ? 'empty ones' : 'of an octet')
    }
  })
}

t.test('meaningless frames of other kinds have no effect on other clients', async (t) => {
  const url = await build(t, 'by the plugin')
  const other = await WireClient.join(t, url, wireCodecs[0]!)
  const pongs = await deaf(t, url)
  t.equal(await write(pongs, repeated(frame(PONG), 200_000)), 'written')
  const endings: [string, Buffer][] = [
    ['messages without content', repeated(frame(TEXT), 100_000)],
    ['a long reason to close', Buffer.concat([frame(CLOSE, Buffer.concat([Buffer.from([3, 0xe8]), Buffer.alloc(123, 'x')])), repeated(frame(CLOSE), 1000)])],
    ['a reason that is no text', frame(CLOSE, Buffer.concat([Buffer.from([3, 0xe8]), Buffer.alloc(123, 0xff)]))],
    ['a frame without a mask', Buffer.from([TEXT, 2, 0x5b, 0x5d])],
    ['reserved bits', frame(0xf1, Buffer.from('x'))],
    ['a ping of 126 octets', Buffer.concat([Buffer.from([PING, 0xfe, 0, 126]), Buffer.alloc(130)])],
    ['a message of 2^63 octets', Buffer.from([TEXT, 0xff, 0x7f, ...Array<number>(7).fill(0xff), 0, 0, 0, 0])]
  ]
  for (const [what, octets] of endings) {
    const socket = await deaf(t, url)
    await write(socket.resume(), octets)
    await end(socket)
    t.strictSame(await other.fence(), [], what)
  }
})
