import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import wampPlugin, { wampRawSocket } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { RawSocketClient } from '../helper/raw-socket-client.ts'
import { HELLO } from '../helper/wire-client.ts'

/** Clients of an app, and the octets that were buffered for those that were disconnected because they did not read. */
async function build (t: Test): Promise<{ open: () => Promise<RawSocketClient>, buffered: number[] }> {
  const buffered: number[] = []
  const stream = new Writable({
    write (line: Buffer, _encoding, callback) {
      const { bufferedBytes } = JSON.parse(line.toString()) as { bufferedBytes?: number }
      if (bufferedBytes !== undefined) buffered.push(bufferedBytes)
      callback()
    }
  })
  const app = Fastify({ logger: { level: 'warn', stream } })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, shutdownTimeout: 100 })
  await app.register(wampRawSocket, { port: 0 })
  t.teardown(() => app.close())
  await app.ready()
  const { port } = app.wampRawSockets[0]!.address() as AddressInfo
  const open = async (): Promise<RawSocketClient> => {
    const client = await RawSocketClient.connect(t, { to: { port, host: '127.0.0.1' } })
    await client.join({ roles: HELLO[2].roles })
    return client
  }
  return { open, buffered }
}

t.test('a client that sends PING over RawSocket but does not read the answers is disconnected, and its answers are limited', async (t) => {
  for (const length of [0, 100_000]) {
    const { open, buffered } = await build(t)
    const client = await open()
    client.socket.pause()
    const ping = client.frame(1, Buffer.alloc(length))
    const pings = Buffer.concat(Array.from({ length: length === 0 ? 10_000 : 10 }, () => ping))
    // The buffers of the system take some of it.
    while (!client.socket.destroyed) {
      if (!client.socket.write(pings)) await Promise.race([once(client.socket, 'drain'), once(client.socket, 'close')]).catch(() => {})
    }
    await client.closed
    t.ok(buffered.length === 1 && buffered[0]! < 2 ** 22, `PINGs of ${length} octets: ${buffered.join()} octets were buffered`)
    t.same(await (await open()).fence(), [], 'others are served')
  }
})

t.test('a client that reads the answers may send any number of PINGs over RawSocket', async (t) => {
  const { open } = await build(t)
  const client = await open()
  const gone = client.closed.then(() => { throw new Error('the client was disconnected') })
  gone.catch(() => {})
  for (const [octets, times, rounds] of [[0, 500, 21], [2 ** 20, 1, 4]] as const) {
    const pings = Buffer.concat(Array.from({ length: times }, () => client.frame(1, Buffer.alloc(octets))))
    for (let round = 0; round < rounds; round++) {
      client.socket.write(pings)
      for (let i = 0; i < times; i++) await Promise.race([client.control(), gone])
    }
  }
  t.same(await client.fence(), [])
})

t.test('messages without content are a violation, however many there are', async (t) => {
  const { open } = await build(t)
  const client = await open()
  client.socket.write(Buffer.alloc(400_000))
  t.match(await client.next(), [3, {}, 'wamp.error.protocol_violation'])
  t.equal(await client.closed, 1002)
})
