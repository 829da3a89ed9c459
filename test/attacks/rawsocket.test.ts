import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { RawSocketClient } from '../helper/raw-socket-client.ts'
import { HELLO } from '../helper/wire-client.ts'

async function build (t: Test): Promise<() => Promise<RawSocketClient>> {
  const { app } = await buildApp(t, {}, undefined, 'yes')
  const { port } = app.wampRawSockets[0]!.address() as AddressInfo
  return async () => {
    const client = await RawSocketClient.connect(t, { to: { port, host: '127.0.0.1' } })
    await client.join({ roles: HELLO[2].roles })
    return client
  }
}

t.test('a client that sends PING over RawSocket but does not read the answers is disconnected, and its answers are limited', async (t) => {
  const open = await build(t)
  for (const length of [0, 100_000]) {
    const client = await open()
    client.socket.pause()
    const ping = client.frame(1, Buffer.alloc(length))
    const pings = Buffer.concat(Array.from({ length: length === 0 ? 10_000 : 10 }, () => ping))
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    // The buffers of the system take some of it.
    while (!client.socket.destroyed) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      if (!client.socket.write(pings)) await Promise.race([once(client.socket, 'drain'), once(client.socket, 'close')]).catch(() => {})
    }
    await client.closed
    t.ok(most < 2 ** 26, `PINGs of ${length} octets: ${most} octets at most`)
  }
  t.same(await (await open()).fence(), [], 'others are served')
})

t.test('messages without content are a violation, however many there are', async (t) => {
  const open = await build(t)
  const client = await open()
  client.socket.write(Buffer.alloc(400_000))
  t.match(await client.next(), [3, {}, 'wamp.error.protocol_violation'])
  t.equal(await client.closed, 1002)
})
