import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import type { Peer } from '../helper/peer.ts'
import { advanced } from '../helper/roles.ts'
import { forEachTransport } from '../helper/transports.ts'

const add = 'wamp.session.add_testament'
const flush = 'wamp.session.flush_testaments'

/** The ways in which a session ends, told by the client or by somebody else. */
const endings: Readonly<Record<string, (client: Peer, other: Peer) => unknown>> = {
  GOODBYE: (client) => client.ask([6, {}, 'wamp.close.close_realm']),
  ABORT: (client) => { client.send([3, {}, 'wamp.error.goodbye']) },
  'a violation': (client) => client.ask([70, 999, {}]),
  'the loss of the transport': (client) => { client.terminate() },
  'wamp.session.kill': (client, other) => other.ask([48, 900, {}, 'wamp.session.kill', [client.id]])
}

forEachTransport(t, 'whatever ends a session, its testaments are published in order, those of scope detached first [TES-01, TES-03, TES-04, TES-06]', async (t, transport) => {
  for (const [name, end] of Object.entries(endings)) {
    const { alice, bob, carol } = await buildParties(t, transport)
    await bob.ask([32, 1, {}, 'a'])
    const wills = [[['d1'], {}, {}], [['d2'], { k: 1 }, { scope: 'destroyed' }], [['s1'], {}, { scope: 'detached' }], [[], {}, { scope: 'detached', publish_options: { acknowledge: true, disclose_me: true, exclude_me: false } }]]
    for (const [i, [args, kwargs, options]] of wills.entries()) t.same(await alice.ask([48, i + 1, {}, add, ['a', args, kwargs], options]), [50, i + 1, {}])
    t.same(await bob.fence(), [])
    await end(alice, carol)
    const disclosed = { publisher: alice.id, publisher_authid: 'alice', publisher_authrole: 'user' }
    const come = [await bob.next(), await bob.next(), await bob.next(), await bob.next()]
    t.same(come.map(([, , , ...rest]) => rest), [[{}, ['s1']], [disclosed], [{}, ['d1']], [{}, ['d2'], { k: 1 }]], name)
    t.equal(new Set(come.map(([, , publication]) => publication)).size, 4, 'each is a publication of its own')
    t.same(await bob.fence(), [])
  }
})

forEachTransport(t, 'flushing removes the testaments of one scope of the calling session [TES-02]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await bob.ask([32, 1, {}, 'a'])
  let request = 0
  for (const client of [alice, carol]) {
    for (const scope of ['detached', 'destroyed']) await client.ask([48, ++request, {}, add, ['a', [client === alice ? 'alice' : 'carol', scope], {}], { scope }])
  }
  t.same(await alice.ask([48, ++request, {}, flush]), [50, request, {}])
  t.same(await carol.ask([48, ++request, {}, flush, [], { scope: 'detached' }]), [50, request, {}])
  for (const client of [alice, carol]) await client.ask([6, {}, 'wamp.close.close_realm'])
  t.same((await bob.fence()).map((event) => event[4]), [['alice', 'detached'], ['carol', 'destroyed']])
})

forEachTransport(t, 'a testament that may not be published is refused, with the reason [TES-06, TES-07]', async (t, transport) => {
  const user = { permissions: [{ uri: 'wamp.', match: 'prefix', allow: { call: true } }, { uri: 'a', allow: { publish: true } }] } as const
  const { alice } = await buildParties(t, transport, { user, plugin: { limits: { testaments: 2 } } })
  for (const [args, kwargs, error, text] of [
    [['b', [], {}], {}, 'wamp.error.not_authorized', /topic/], [['wamp.x', [], {}], {}, 'wamp.error.invalid_uri', /topic/], [['a..b', [], {}], {}, 'wamp.error.invalid_uri', /topic/],
    [[5], {}, 'wamp.error.invalid_argument', /^topic/], [['a', 'x'], {}, 'wamp.error.invalid_argument', /^args/], [['a', [], []], {}, 'wamp.error.invalid_argument', /^kwargs/],
    [['a'], { scope: 'other' }, 'wamp.error.invalid_argument', /^scope/], [['a'], { publish_options: 5 }, 'wamp.error.invalid_argument', /^publish_options/],
    [['a'], { publish_options: { retain: 'x' } }, 'wamp.error.invalid_argument', /publish_options.*retain/], [['a'], { publish_options: { ppt_scheme: 'x_y' } }, 'wamp.error.invalid_argument', /ppt_scheme/]
  ] as const) {
    const answer = await alice.ask([48, 1, {}, add, args, kwargs])
    t.match(answer, [8, 48, 1, {}, error, [text]], `${JSON.stringify(args)} ${JSON.stringify(kwargs)}`)
  }
  t.same(head(await alice.ask([48, 1, {}, flush, [], { scope: 1 }])), [8, 48, 1, {}, 'wamp.error.invalid_argument'])
  for (const request of [1, 2]) t.same(await alice.ask([48, request, {}, add, ['a', [], {}]]), [50, request, {}])
  t.match(await alice.ask([48, 3, {}, add, ['a', [], {}]]), [8, 48, 3, {}, 'fastify_wamp.error.limit_exceeded', [/limits\.testaments/]])
})

forEachTransport(t, 'a testament is published only if this is still allowed at that time [TES-07]', async (t, transport) => {
  let allowed = true
  const { alice, bob, carol } = await buildParties(t, transport, { user: { authorizer: (_session, _uri, action) => action !== 'publish' || allowed } })
  await carol.ask([32, 1, {}, 'a'])
  for (const client of [alice, bob]) t.same(await client.ask([48, 1, {}, add, ['a', [client.id], {}]]), [50, 1, {}])
  await alice.ask([6, {}, 'wamp.close.close_realm'])
  allowed = false
  await bob.ask([6, {}, 'wamp.close.close_realm'])
  t.same((await carol.fence()).map((event) => event[4]), [[alice.id]])
})

forEachTransport(t, 'wamp.session.kill_all publishes the testaments of the killed sessions [TES-09]', async (t, transport) => {
  const { login, alice, bob, carol } = await buildParties(t, transport)
  await carol.ask([32, 1, {}, 'a'])
  await bob.ask([48, 1, {}, add, ['a', [], {}]])
  t.same(await carol.ask([48, 1, {}, 'wamp.session.kill_all']), [50, 1, {}, [2]])
  t.match([await alice.next(), await bob.next()], [[6, {}, 'wamp.close.killed'], [6, {}, 'wamp.close.killed']])
  t.same(await carol.fence(), [])
  const next = await login('bob')
  await next.ask([48, 1, {}, add, ['a', ['mine'], {}]])
  await next.ask([6, {}, 'wamp.close.close_realm'])
  t.match(await carol.next(), [36, Number, Number, {}, ['mine']])
})

forEachTransport(t, 'a session ends in this order: testaments, calls, resources, the session [SES-20, SES-21, TRP-61, TES-03]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
  await alice.ask([32, 1, {}, 'mine'])
  await alice.ask([64, 2, {}, 'p'])
  await alice.ask([48, 3, {}, add, ['will', ['last words'], {}], { scope: 'detached' }])
  const topics = ['will', 'wamp.session.on_leave', 'wamp.subscription.on_unsubscribe', 'wamp.subscription.on_delete', 'wamp.registration.on_unregister', 'wamp.registration.on_delete']
  const ids = new Map<unknown, string>()
  for (const [i, topic] of topics.entries()) ids.set((await bob.ask([32, i + 1, {}, topic]))[2], topic.replace('wamp.', ''))
  bob.send([48, 10, {}, 'p'])
  await alice.next()
  await bob.fence()
  alice.send([6, {}, 'wamp.close.close_realm'])
  alice.terminate()
  const order: unknown[] = []
  while (order.at(-1) !== 'session.on_leave') {
    const [type, id] = await bob.next()
    order.push(type === 36 ? ids.get(id) : 'the call')
  }
  t.same(order, ['will', 'the call', 'subscription.on_unsubscribe', 'subscription.on_delete', 'registration.on_unregister', 'registration.on_delete', 'session.on_leave'])
  await carol.fence()
  t.same(await bob.fence(), [], 'and once')
})
