import { mock } from 'node:test'
import t from 'tap'
import type { Test } from 'tap'
import { Heartbeat } from '../../plugin/transport/heartbeat.ts'
import { buildApp } from '../helper/build-app.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'
import { build } from './build-transport.ts'

const [json] = wireCodecs

t.test('each connection is checked twice per interval, not all at once, until it is closed', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const heartbeat = new Heartbeat(2000)
  const looks = Array.from({ length: 200 }, () => 0)
  const connections = looks.map((_, i) => ({ look: () => { looks[i]!++ } }))
  for (const connection of connections) heartbeat.add(connection)
  mock.timers.tick(20)
  t.equal(looks.filter((count) => count > 0).length, 4)
  mock.timers.tick(980)
  t.ok(looks.every((count) => count === 1))
  heartbeat.delete(connections[7]!)
  mock.timers.tick(1000)
  t.equal(looks[7], 1)
  t.equal(looks[8], 2)
  heartbeat.close()
  mock.timers.tick(1000)
  t.equal(looks[8], 2)
})

t.test('a peer that was silent for half an interval is pinged, and disconnected if it is silent for another whole one', async (t) => {
  const { transport, socket, stream, logged } = build()
  stream.bytesRead = 100
  transport.look()
  t.same(socket.sent, [], 'it has only just come')
  transport.look()
  t.same(socket.sent, ['ping'])
  stream.bytesRead += 6
  transport.look()
  t.same(socket.sent, ['ping'], 'it has answered')
  transport.look()
  transport.look()
  t.same(socket.sent, ['ping', 'ping'])
  stream.bytesRead += 1
  transport.look()
  t.same(socket.sent, ['ping', 'ping'], 'an octet of a long message is a sign of life')
  for (let look = 0; look < 3; look++) transport.look()
  t.same(socket.sent, ['ping', 'ping', 'ping', 'terminated'])
  t.same(logged, ['a client does not answer a ping: its connection is ended'])
})

t.test('a peer that reads its buffered data, however slowly, stays connected, and one that reads nothing does not', async (t) => {
  const { transport, socket, stream } = build({ bufferedEventBytes: 10_000_000 })
  transport.look()
  stream.writableLength = 200_000
  transport.look()
  for (let taken = 0; taken < 10; taken++) {
    stream.writableLength -= 10
    transport.look()
  }
  t.same(socket.sent, ['ping'])
  transport.look()
  transport.look()
  t.same(socket.sent, ['ping', 'terminated'])
})

t.test('data that the system accepts without delay is not a sign of life', async (t) => {
  const { transport, socket, stream } = build()
  for (let look = 0; look < 3; look++) {
    transport.look()
    transport.send({ type: 17, request: 1, publication: 1 })
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  t.equal(stream.writes.length, 3)
  t.same(socket.sent, ['ping', 'terminated'])
})

t.test('a connection that is paused is pinged, for proxies, and not disconnected', async (t) => {
  const { transport, socket } = build()
  transport.pause()
  for (let look = 0; look < 5; look++) transport.look()
  t.same(socket.sent, ['paused', 'ping', 'ping', 'ping'])
})

/** A client that never answers a ping. */
async function deaf (t: Test, url: string): Promise<WireClient> {
  const client = await WireClient.connect(t, url, json!, { deaf: true })
  await client.join(HELLO[2])
  return client
}

t.test('the procedures of a callee that vanished can be registered again, and its calls end', async (t) => {
  const { url } = await buildApp(t, { pingInterval: 50 })
  const callee = await deaf(t, url)
  await callee.ask([64, 1, {}, 'com.example.work'])
  const caller = await WireClient.join(t, url, json!)
  t.match(await caller.ask([48, 1, {}, 'com.example.work']), [8, 48, 1, {}, 'wamp.error.canceled'])
  await callee.closed
  t.match(await caller.ask([64, 2, {}, 'com.example.work']), [65, 2, Number])
})

t.test('a client that answers pings stays connected, and without pings every client does', async (t) => {
  const { url } = await buildApp(t, { pingInterval: 50 })
  const [one, gone] = [await WireClient.join(t, url, json!), await deaf(t, url)]
  const pings = new Promise<void>((resolve) => {
    let count = 0
    one.socket.on('ping', () => { if (++count === 4) resolve() })
  })
  await Promise.all([pings, gone.closed])
  t.match(await one.ask([64, 1, {}, 'com.example.work']), [65, 1, Number])
})
