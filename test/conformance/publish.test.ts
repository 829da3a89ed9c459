import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'

const mayListen = { permissions: [{ uri: '', match: 'prefix', allow: { subscribe: true } }] } as const

forEachTransport(t, 'a PUBLISH without acknowledge gets no answer, whatever its outcome [PUB-01]', async (t, transport) => {
  const { alice, carol } = await buildParties(t, transport, { user: { ...mayListen, allowDiscloseMe: false } })
  await carol.ask([32, 1, {}, 'a'])
  alice.send([16, 1, {}, 'a'], [16, 2, { acknowledge: false }, 'a'], [16, 3, {}, 'com..x'], [16, 4, { disclose_me: true }, 'a'])
  t.same(await alice.fence(), [])
  t.same(await carol.fence(), [], 'it was not allowed')
})

forEachTransport(t, 'a PUBLISH with acknowledge gets one answer, with or without receivers [PUB-02]', async (t, transport) => {
  const { alice, carol } = await buildParties(t, transport, { user: mayListen })
  alice.send([16, 1, { acknowledge: true }, 'a'])
  t.same((await alice.fence()).map(head), [[8, 16, 1, {}, 'wamp.error.not_authorized']])
  carol.send([16, 1, { acknowledge: true }, 'nobody.listens'], [16, 2, { acknowledge: true }, 'com..x'])
  const answers = (await carol.fence()).map(head)
  t.match(answers, [[17, 1, Number], [8, 16, 2, {}, 'wamp.error.invalid_uri']])
  t.equal(answers.length, 2)
})

forEachTransport(t, 'all receivers get the publication id of PUBLISHED [PUB-04]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  const [, , id] = await bob.ask([32, 1, {}, 'a'])
  await carol.ask([32, 1, {}, 'a'])
  const [, , publication] = await alice.ask([16, 1, { acknowledge: true }, 'a', [1], { k: 2 }])
  const event = [36, id, publication, {}, [1], { k: 2 }]
  t.same(await bob.fence(), [event])
  t.same(await carol.fence(), [event])
})

forEachTransport(t, 'a session gets an event once for each of its subscriptions that match [PUB-05, PAS-03]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const ids: unknown[] = []
  for (const [match, uri] of [['exact', 'a.b.c'], ['prefix', 'a.'], ['prefix', 'a.b'], ['wildcard', 'a..c'], ['wildcard', 'a..']]) {
    const [, , id] = await bob.ask([32, 1, { match }, uri])
    await bob.ask([32, 2, { match }, uri])
    ids.push(id)
  }
  await bob.ask([32, 1, { match: 'prefix' }, 'a.b.d'])
  const [, , publication] = await alice.ask([16, 1, { acknowledge: true }, 'a.b.c'])
  const events = await bob.fence()
  t.same(events.map(([, id]) => id).toSorted(), ids.toSorted())
  t.ok(events.every(([, , id]) => id === publication))
})

forEachTransport(t, 'the publishing session is excluded, and other sessions of the user are not [PUB-06]', async (t, transport) => {
  const { login, alice } = await buildParties(t, transport)
  const other = await login('alice')
  await alice.ask([32, 1, {}, 'a'])
  await other.ask([32, 1, {}, 'a'])
  alice.send([16, 2, {}, 'a'], [16, 3, { exclude_me: true }, 'a'])
  t.same(await alice.fence(), [])
  t.equal((await other.fence()).length, 2)
})

forEachTransport(t, 'with exclude_me false, the publisher gets the event on each of its subscriptions, after PUBLISHED [PUB-03, PUB-07, TRP-13]', async (t, transport) => {
  const { alice } = await buildParties(t, transport)
  const [, , exact] = await alice.ask([32, 1, {}, 'a.b'])
  const [, , prefix] = await alice.ask([32, 2, { match: 'prefix' }, 'a'])
  alice.send([16, 3, { acknowledge: true, exclude_me: false }, 'a.b'])
  const [[published, , publication], ...events] = await alice.fence() as [number[], ...unknown[][]]
  t.equal(published, 17)
  t.same(events, [[36, exact, publication, {}], [36, prefix, publication, { topic: 'a.b' }]])
})

forEachTransport(t, 'events of one publisher arrive in its order, across topics [PUB-08, ORD-01]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  for (const topic of ['a', 'b', 'c']) await bob.ask([32, 1, {}, topic])
  const count = 300
  for (let i = 0; i < count; i++) alice.send([16, i + 1, i % 7 === 0 ? { acknowledge: true } : {}, 'abc'[i % 3], [i]])
  await alice.fence()
  t.same((await bob.fence()).map(([, , , , args]) => (args as number[])[0]), Array.from({ length: count }, (_, i) => i))
})

forEachTransport(t, 'a later subscriber does not receive earlier events [PUB-09]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([16, 1, { acknowledge: true }, 'a'])
  t.match(await bob.ask([32, 1, {}, 'a']), [33])
  t.same(await bob.fence(), [])
})
