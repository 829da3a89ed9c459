import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const [json] = wireCodecs

t.test('a client that does not read receives the latest event of each topic later, and one log line and meta event report it', async (t) => {
  const { app, url } = await buildApp(t, {
    realms: { realm1: { roles: { anonymous: everything }, slowSubscribers: [{ uri: 'com.example.price.', match: 'prefix', policy: 'keep-latest' }] } },
    limits: { bufferedEventBytes: 2 ** 16 }
  })
  const backend = app.wamp.join('realm1')
  const told = new Promise((resolve) => { backend.subscribe('wamp.session.on_congestion', ({ args }) => { resolve(args[0]) }).catch(() => {}) })
  const [slow, quick] = [await WireClient.join(t, url, json!), await WireClient.join(t, url, json!)]
  for (const client of [slow, quick]) t.match(await client.ask([32, 1, { match: 'prefix' }, 'com.example.price.']), [33, 1, Number])
  slow.socket.pause()

  const rounds = 600
  for (let round = 1; round <= rounds; round++) {
    for (const topic of ['a', 'b']) {
      await backend.publish(`com.example.price.${topic}`, ['x'.repeat(32_000)], { round }, { acknowledge: true })
      t.match((await quick.next())[5], { round })
    }
  }
  slow.socket.resume()
  const seen = { a: 0, b: 0 }
  let received = 0
  while (seen.a < rounds || seen.b < rounds) {
    const [, , , { topic }, , { round }] = await slow.next() as [36, number, number, { topic: string }, unknown[], { round: number }]
    const name = topic.slice(-1) as 'a' | 'b'
    t.ok(round > seen[name], 'in order')
    seen[name] = round
    received++
  }
  t.ok(received < 2 * rounds, `${received} of ${2 * rounds}`)
  t.match(await told, { session: Number, authrole: 'anonymous', dropped: 2 * rounds - received, milliseconds: Number })
})

t.test('an acknowledged publication waits for a subscriber that is behind, and no event is lost', async (t) => {
  const { app, url } = await buildApp(t, {
    realms: { realm1: { roles: { anonymous: everything }, slowSubscribers: [{ uri: 'com.example.log', policy: 'drop-newest', publishersWait: 60_000 }] } },
    limits: { bufferedEventBytes: 2 ** 20 }
  })
  const [backend, other] = [app.wamp.join('realm1'), app.wamp.join('realm1')]
  let dropped = 0
  await backend.subscribe('wamp.session.on_congestion', ({ kwargs }) => { dropped += kwargs['dropped'] as number })
  const slow = await WireClient.join(t, url, json!)
  await slow.ask([32, 1, {}, 'com.example.log'])
  slow.socket.pause()

  const rounds = 600
  let acknowledged = 0
  const published = (async () => {
    for (; acknowledged < rounds; acknowledged++) await backend.publish('com.example.log', ['x'.repeat(32_000)], { round: acknowledged }, { acknowledge: true })
  })()
  // The kernel takes some megabytes: when the count stands still over many turns of others, the publisher waits.
  for (let before = -1; before < acknowledged;) {
    before = acknowledged
    for (let turn = 0; turn < 200; turn++) await other.publish('com.example.other', [], {}, { acknowledge: true })
  }
  t.ok(acknowledged < rounds, `${acknowledged} of ${rounds} were acknowledged while it did not read`)
  slow.socket.resume()
  for (let round = 0; round < rounds; round++) t.match((await slow.next())[5], { round })
  await published
  t.equal(dropped, 0)
})

t.test('a publication waits for a limited time, and no longer for a subscriber that is still behind; the others lose nothing', async (t) => {
  const { app, url } = await buildApp(t, {
    realms: { realm1: { roles: { anonymous: everything }, slowSubscribers: [{ uri: 'com.example.log', policy: 'drop-newest', publishersWait: 50 }] } },
    limits: { bufferedEventBytes: 2 ** 20 }
  })
  const publisher = await WireClient.join(t, url, json!)
  const [stalled, quick] = [await WireClient.join(t, url, json!), await WireClient.join(t, url, json!)]
  for (const client of [stalled, quick]) await client.ask([32, 1, {}, 'com.example.log'])
  stalled.socket.pause()
  const rounds = 600
  for (let round = 1; round <= rounds; round++) {
    publisher.send([16, round, { acknowledge: true }, 'com.example.log', ['x'.repeat(32_000)], { round }])
    t.match(await publisher.next(), [17, round, Number])
    t.match((await quick.next())[5], { round })
  }
  const backend = app.wamp.join('realm1')
  const told = new Promise((resolve) => { backend.subscribe('wamp.session.on_congestion', ({ args }) => { resolve(args[0]) }).then(() => { stalled.socket.terminate() }, () => {}) })
  t.match(await told, { session: Number, dropped: Number, milliseconds: Number })
})

t.test('publishers do not wait for a subscriber that has left', async (t) => {
  const { app, url } = await buildApp(t, {
    realms: { realm1: { roles: { anonymous: everything }, slowSubscribers: [{ uri: 'com.example.', match: 'prefix', policy: 'drop-oldest', publishersWait: 60_000 }] } },
    limits: { bufferedEventBytes: 2 ** 16 }
  })
  const backend = app.wamp.join('realm1')
  const slow = await WireClient.join(t, url, json!)
  await slow.ask([32, 1, {}, 'com.example.log'])
  slow.socket.pause()
  const published = Promise.all(Array.from({ length: 600 }, async (_, round) => await backend.publish('com.example.log', ['x'.repeat(32_000)], { round }, { acknowledge: true })))
  slow.socket.terminate()
  t.equal((await published).length, 600)
})

t.test('events that wait after a burst of one turn are sent at once to a client that reads', async (t) => {
  const { app, url } = await buildApp(t, {
    realms: { realm1: { roles: { anonymous: everything }, slowSubscribers: [{ uri: 'com.example.price', policy: 'keep-latest' }] } },
    limits: { bufferedEventBytes: 2 ** 16 }
  })
  const client = await WireClient.join(t, url, json!)
  await client.ask([32, 1, {}, 'com.example.price'])
  const backend = app.wamp.join('realm1')
  const rounds = 10
  for (let round = 1; round <= rounds; round++) backend.publish('com.example.price', ['x'.repeat(32_000)], { round })
  const received: number[] = []
  while (received.at(-1) !== rounds) received.push(((await client.next())[5] as { round: number }).round)
  t.match(received, [1, 2, 3, rounds])
  t.match(await client.ask([48, 2, {}, 'wamp.session.count']), [50, 2])
})
