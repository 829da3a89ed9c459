import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'

forEachTransport(t, 'SUBSCRIBE is answered exactly once [SUB-01]', async (t, transport) => {
  const { alice } = await buildParties(t, transport)
  alice.send([32, 1, {}, 'a'], [32, 2, {}, 'com..x'], [32, 3, { match: 'prefix' }, 'a'])
  const answers = (await alice.fence()).map(head)
  t.match(answers, [[33, 1, Number], [8, 32, 2, {}, 'wamp.error.invalid_uri'], [33, 3, Number]])
  t.equal(answers.length, 3)
})

forEachTransport(t, 'subscribing again returns the same id, and each event arrives once [SUB-02]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await alice.ask([32, 1, {}, 'a'])
  t.same(await alice.ask([32, 2, {}, 'a']), [33, 2, id])
  t.same(await alice.ask([32, 3, { match: 'exact' }, 'a']), [33, 3, id], 'exact is the default')
  const [, , publication] = await bob.ask([16, 1, { acknowledge: true }, 'a'])
  t.same(await alice.fence(), [[36, id, publication, {}]])
  t.same(await alice.ask([34, 4, id]), [35, 4])
  await bob.ask([16, 2, { acknowledge: true }, 'a'])
  t.same(await alice.fence(), [], 'once is enough to leave')
})

forEachTransport(t, 'a subscription has one topic and policy, and is shared by all its subscribers [SUB-03]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const ids: unknown[] = []
  for (const match of ['exact', 'prefix', 'wildcard']) {
    const [, , id] = await alice.ask([32, 1, { match }, 'a.b'])
    t.same(await bob.ask([32, 1, { match }, 'a.b']), [33, 1, id])
    ids.push(id)
  }
  t.equal(new Set(ids).size, 3)
})

forEachTransport(t, 'a session can end only its own subscriptions [SUB-04]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await alice.ask([32, 1, {}, 'a'])
  t.same(head(await bob.ask([34, 1, id])), [8, 34, 1, {}, 'wamp.error.no_such_subscription'])
  t.same(head(await bob.ask([34, 2, 12345])), [8, 34, 2, {}, 'wamp.error.no_such_subscription'])
  t.same(await alice.ask([34, 2, id]), [35, 2])
  t.same(head(await alice.ask([34, 3, id])), [8, 34, 3, {}, 'wamp.error.no_such_subscription'])
})

forEachTransport(t, 'no event comes before SUBSCRIBED or after UNSUBSCRIBED [SUB-05, TRP-59]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  for (let i = 0; i < 50; i++) {
    bob.send([16, i + 1, {}, 'a'])
    alice.send([32, 1, {}, 'a'])
    let [type, , id] = await alice.next()
    t.equal(type, 33)
    bob.send([16, i + 1, {}, 'a'])
    alice.send([34, 2, id])
    do { [type, id] = await alice.next() } while (type === 36)
    t.equal(type, 35)
  }
  await bob.fence()
  t.same(await alice.fence(), [])
})

forEachTransport(t, 'a SUBSCRIBE without permission is answered with an error [SUB-06]', async (t, transport) => {
  const { alice, carol } = await buildParties(t, transport, { user: { permissions: [{ uri: 'com.open', match: 'exact', allow: { subscribe: true } }] } })
  t.match(await alice.ask([32, 1, {}, 'com.open']), [33, 1])
  t.same(head(await alice.ask([32, 2, {}, 'com.closed'])), [8, 32, 2, {}, 'wamp.error.not_authorized'])
  await carol.ask([16, 1, { acknowledge: true }, 'com.closed'])
  t.same(await alice.fence(), [])
})

forEachTransport(t, 'subscriptions end with their session [SUB-07]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await alice.ask([32, 1, {}, 'a'])
  await alice.ask([6, {}, 'wamp.close.close_realm'])
  await alice.ask([1, 'realm1', { roles: { subscriber: {} }, authmethods: ['ticket'], authid: 'alice' }])
  await alice.ask([5, 'of alice', {}])
  await bob.ask([16, 1, { acknowledge: true }, 'a'])
  t.same(await alice.fence(), [])
  t.same(head(await alice.ask([34, 1, id])), [8, 34, 1, {}, 'wamp.error.no_such_subscription'])
})
