import t from 'tap'
import { buildParties } from '../helper/build-parties.ts'
import type { Peer } from '../helper/peer.ts'
import { forEachTransport } from '../helper/transports.ts'

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** The first value of a result, or the error's URI. */
async function ask (client: Peer, procedure: string, ...args: unknown[]): Promise<unknown> {
  const answer = await client.ask([48, 1, {}, `wamp.subscription.${procedure}`, args])
  return answer[0] === 50 ? (answer[3] as unknown[])[0] : answer[4]
}

forEachTransport(t, 'each change of subscriptions and subscribers is published, in order [MSU-01, MSU-02]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  const names = new Map<unknown, string>()
  for (const [i, event] of ['on_create', 'on_subscribe', 'on_unsubscribe', 'on_delete'].entries()) names.set((await alice.ask([32, i + 1, {}, `wamp.subscription.${event}`]))[2], event)
  const named = (event: unknown[]): unknown[] => [names.get(event[1]), event[4]]
  const heard = async (): Promise<unknown[]> => (await alice.fence()).map(named)
  t.same(await heard(), [], 'subscriptions to the meta topics cause no meta events [MSU-07]')
  const [, , id] = await bob.ask([32, 1, { match: 'wildcard' }, 'a..c'])
  const created = await heard()
  t.equal(created.length, 2)
  t.match(created, [['on_create', [bob.id, { id, created: iso, uri: 'a..c', match: 'wildcard' }]], ['on_subscribe', [bob.id, id]]])
  await bob.ask([32, 2, { match: 'wildcard' }, 'a..c'])
  t.same(await heard(), [], 'subscribing again does not add a second subscriber')
  await carol.ask([32, 1, { match: 'wildcard' }, 'a..c'])
  t.same(await heard(), [['on_subscribe', [carol.id, id]]])
  await bob.ask([34, 3, id])
  t.same(await heard(), [['on_unsubscribe', [bob.id, id]]])
  carol.terminate()
  t.same([await alice.next(), await alice.next()].map(named), [['on_unsubscribe', [carol.id, id]], ['on_delete', [carol.id, id]]])
  t.same(await heard(), [])
})

forEachTransport(t, 'subscriptions are listed, looked up, matched and described [MSU-03, MSU-04, MSU-05, MSU-06]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  t.same(await ask(alice, 'list'), { exact: [], prefix: [], wildcard: [] })
  const [, , exact] = await bob.ask([32, 1, {}, 'a.b.c'])
  const [, , prefix] = await bob.ask([32, 2, { match: 'prefix' }, 'a.b'])
  const [, , wildcard] = await bob.ask([32, 3, { match: 'wildcard' }, 'a..c'])
  await carol.ask([32, 1, {}, 'a.b.c'])
  t.same(await ask(alice, 'list'), { exact: [exact], prefix: [prefix], wildcard: [wildcard] })
  t.same(await ask(alice, 'list', carol.id), { exact: [exact], prefix: [], wildcard: [] })
  t.same(await ask(alice, 'list', 1), 'wamp.error.no_such_session')
  for (const [uri, options, id] of [['a.b.c', {}, exact], ['a.b', { match: 'prefix' }, prefix], ['a..c', { match: 'wildcard' }, wildcard], ['a.b', {}, null]] as const) t.same(await ask(alice, 'lookup', uri, options), id)
  for (const [uri, ids] of [['a.b.c', [exact, prefix, wildcard]], ['a.bx', [prefix]], ['x', null]] as const) t.same(await ask(alice, 'match', uri), ids)
  t.match(await ask(alice, 'get', wildcard), { id: wildcard, created: iso, uri: 'a..c', match: 'wildcard' })
  t.same(await ask(alice, 'list_subscribers', exact), [bob.id, carol.id])
  t.equal(await ask(alice, 'count_subscribers', exact), 2)
  for (const procedure of ['get', 'list_subscribers', 'count_subscribers']) {
    t.equal(await ask(alice, procedure, 999_999), 'wamp.error.no_such_subscription')
    t.equal(await ask(alice, procedure, 'x'), 'wamp.error.invalid_argument')
  }
})

forEachTransport(t, 'subscriptions to meta topics are hidden, and patterns that only include them are not [MSU-07, MSU-08, TRP-45]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  const [, , hidden] = await bob.ask([32, 1, {}, 'wamp.session.on_join'])
  await bob.ask([32, 2, { match: 'prefix' }, 'wamp'])
  t.same(await ask(alice, 'list'), { exact: [], prefix: [], wildcard: [] })
  t.same([await ask(alice, 'lookup', 'wamp.session.on_join'), await ask(alice, 'match', 'wamp.session.on_join')], [null, null])
  for (const procedure of ['get', 'list_subscribers', 'count_subscribers']) t.equal(await ask(alice, procedure, hidden), 'wamp.error.not_authorized')
  alice.send([32, 3, { match: 'prefix' }, ''])
  const [[, , all] = [], ...heard] = await alice.fence()
  t.same(heard.map(([type, id, , details]) => [type, id, details]), ['on_create', 'on_subscribe'].map((event) => [36, all, { topic: `wamp.subscription.${event}` }]), 'and hears of itself, once')
  t.same(await ask(carol, 'list'), { exact: [], prefix: [all], wildcard: [] })
})
