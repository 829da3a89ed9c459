import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const [json] = wireCodecs

t.test('a client that does not read is given the latest of each topic later, and people are told once', async (t) => {
  const { app, url } = await buildApp(t, {
    realms: { realm1: { roles: { anonymous: everything }, slowSubscribers: [{ uri: 'com.example.price.', match: 'prefix', policy: 'keep-latest' }] } },
    limits: { owedEvents: 2 ** 16 }
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
