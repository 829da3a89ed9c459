import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import { advanced, rolesWith } from '../helper/roles.ts'
import { forEachTransport } from '../helper/transports.ts'

const removeSubscriber = 'wamp.subscription.remove_subscriber'
const removeCallee = 'wamp.registration.remove_callee'
const user = { permissions: [{ uri: '', match: 'prefix', allow: { call: true, register: true, forceReregister: true, publish: true, subscribe: true } }] } as const

forEachTransport(t, 'a revoked subscription ends, and a subscriber that announced revocation gets the reason [SRV-01, SRV-04, IDS-16, TRP-14]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
  const [, , id] = await bob.ask([32, 1, {}, 'a'])
  await alice.ask([32, 1, {}, 'a'])
  t.same(await carol.ask([48, 1, {}, removeSubscriber, [id, bob.id, 'com.example.because']]), [50, 1, {}])
  t.same(await bob.next(), [35, 0, { subscription: id, reason: 'com.example.because' }])
  await carol.ask([16, 2, { acknowledge: true }, 'a'])
  t.same(await bob.fence(), [])
  t.equal((await alice.fence()).length, 1, 'others keep theirs')
  t.same(head(await bob.ask([34, 2, id])), [8, 34, 2, {}, 'wamp.error.no_such_subscription'])
  t.same(await carol.ask([48, 3, {}, removeSubscriber, [id, alice.id]]), [50, 3, {}])
  t.same(await alice.next(), [35, 0, { subscription: id }], 'the reason may be left out')
})

forEachTransport(t, 'a client that did not announce revocation is not notified [SRV-02, RRV-01]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: rolesWith() })
  const [, , subscription] = await bob.ask([32, 1, {}, 'a'])
  const [, , registration] = await bob.ask([64, 2, {}, 'p'])
  t.same(await carol.ask([48, 1, {}, removeSubscriber, [subscription, bob.id]]), [50, 1, {}])
  t.same(await carol.ask([48, 2, {}, removeCallee, [registration, bob.id]]), [50, 2, {}])
  await alice.ask([16, 1, { acknowledge: true }, 'a'])
  t.same(head(await alice.ask([48, 2, {}, 'p'])), [8, 48, 2, {}, 'wamp.error.no_such_procedure'])
  t.same(await bob.fence(), [])
})

forEachTransport(t, 'a revoked registration ends, and its open invocations continue [RRV-01, RRV-03, TRP-14, REG-06]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
  const [, , id] = await bob.ask([64, 1, { invoke: 'first' }, 'p'])
  await carol.ask([64, 1, { invoke: 'first' }, 'p'])
  alice.send([48, 1, {}, 'p'])
  await bob.next()
  t.same(await carol.ask([48, 2, {}, removeCallee, [id, bob.id, 'com.example.because']]), [50, 2, {}])
  t.same(await bob.next(), [67, 0, { registration: id, reason: 'com.example.because' }])
  bob.send([70, 1, {}, ['late, and yet']])
  t.same(await alice.next(), [50, 1, {}, ['late, and yet']])
  alice.send([48, 2, {}, 'p'])
  t.match(await carol.next(), [68, 1, id])
})

forEachTransport(t, 'an unknown registration or subscription, or one of the router, cannot be revoked [SRV-04, SRV-05, RRV-03]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
  const [, , subscription] = await bob.ask([32, 1, {}, 'a'])
  const [, , registration] = await bob.ask([64, 2, {}, 'p'])
  const [, , meta] = await bob.ask([32, 3, {}, 'wamp.session.on_join'])
  for (const [procedure, id, missing] of [[removeSubscriber, subscription, 'wamp.error.no_such_subscription'], [removeCallee, registration, 'wamp.error.no_such_registration']] as const) {
    for (const [args, error] of [
      [[999_999, bob.id], missing], [[id, alice.id], missing], [[id, 1], 'wamp.error.no_such_session'], [[id], 'wamp.error.invalid_argument'],
      [['x', bob.id], 'wamp.error.invalid_argument'], [[id, bob.id, 'no uri'], 'wamp.error.invalid_uri']
    ] as const) t.same(head(await carol.ask([48, 1, {}, procedure, args])), [8, 48, 1, {}, error], `${procedure} ${JSON.stringify(args)}`)
  }
  t.same(head(await carol.ask([48, 1, {}, removeSubscriber, [meta, bob.id]])), [8, 48, 1, {}, 'wamp.error.not_authorized'])
  for (const client of [alice, bob]) t.same(await client.fence(), [])
})

forEachTransport(t, 'a revocation is published to subscribers of the meta events [SRV-03, RRV-02]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  const [, , subscription] = await bob.ask([32, 1, {}, 'a'])
  const [, , registration] = await bob.ask([64, 2, {}, 'p'])
  const names = new Map<unknown, string>()
  for (const [i, topic] of ['subscription.on_unsubscribe', 'subscription.on_delete', 'registration.on_unregister', 'registration.on_delete'].entries()) names.set((await alice.ask([32, i + 1, {}, `wamp.${topic}`]))[2], topic)
  await carol.ask([48, 1, {}, removeSubscriber, [subscription, bob.id]])
  await carol.ask([48, 2, {}, removeCallee, [registration, bob.id]])
  t.same((await alice.fence()).map((event) => [names.get(event[1]), event[4]]), [
    ['subscription.on_unsubscribe', [bob.id, subscription]], ['subscription.on_delete', [bob.id, subscription]], ['registration.on_unregister', [bob.id, registration]], ['registration.on_delete', [bob.id, registration]]
  ])
})

forEachTransport(t, 'force_reregister takes a procedure over from all its callees [FRR-01, FRR-02, FRR-03, TRP-41]', async (t, transport) => {
  const { login, alice, bob, carol } = await buildParties(t, transport, { user, announced: advanced })
  const silent = await login('bob', rolesWith())
  const [, , id] = await bob.ask([64, 1, { invoke: 'roundrobin' }, 'p'])
  await silent.ask([64, 1, { invoke: 'roundrobin' }, 'p'])
  const topics = ['on_unregister', 'on_delete', 'on_create', 'on_register'].map((event) => `wamp.registration.${event}`)
  for (const [i, topic] of topics.entries()) await carol.ask([32, i + 1, {}, topic])
  carol.send([48, 10, {}, 'p'])
  await bob.next()
  const [type, , next] = await alice.ask([64, 1, { force_reregister: true }, 'p'])
  t.equal(type, 65)
  t.not(next, id)
  t.same(await bob.next(), [67, 0, { registration: id, reason: 'wamp.error.unregistered' }])
  t.same(await silent.fence(), [])
  t.same((await carol.fence()).map((event) => (event[4] as unknown[]).map((value) => typeof value === 'object' ? (value as { id: number }).id : value)), [
    [bob.id, id], [silent.id, id], [silent.id, id], [alice.id, next], [alice.id, next]
  ])
  bob.send([70, 1, {}, ['still']])
  t.same(await carol.next(), [50, 10, {}, ['still']])
  carol.send([48, 11, {}, 'p'])
  t.match(await alice.next(), [68, 1, next])
})

forEachTransport(t, 'force_reregister always requires its own permission [FRR-04, TRP-41]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([64, 1, { force_reregister: false }, 'p'])
  for (const uri of ['p', 'nobody']) t.match(await alice.ask([64, 1, { force_reregister: true }, uri]), [8, 64, 1, {}, 'wamp.error.option_not_allowed', [/force_reregister/]])
  t.same(await bob.fence(), [])
  const narrow = { permissions: [...user.permissions, { uri: 'x.y', allow: { register: true } }] } as const
  const { alice: limited } = await buildParties(t, transport, { user: narrow })
  t.match(await limited.ask([64, 1, { force_reregister: true, match: 'prefix' }, 'x']), [8, 64, 1, {}, 'wamp.error.option_not_allowed'], 'not through a pattern')
  t.match(await limited.ask([64, 2, { force_reregister: true, match: 'prefix' }, 'z']), [65, 2])
})
