import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import type { Peer } from '../helper/peer.ts'
import { forEachTransport } from '../helper/transports.ts'

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** The first value of a result, or the error's URI. */
async function ask (client: Peer, procedure: string, ...args: unknown[]): Promise<unknown> {
  const answer = await client.ask([48, 1, {}, `wamp.registration.${procedure}`, args])
  return answer[0] === 50 ? (answer[3] as unknown[])[0] : answer[4]
}

forEachTransport(t, 'each change of registrations and callees is published, in order, after the answer [MRE-01, MRE-02, MRE-03, MRE-04, MRE-12, MRE-13]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  const names = new Map<unknown, string>()
  for (const [i, event] of ['on_create', 'on_register', 'on_unregister', 'on_delete'].entries()) names.set((await alice.ask([32, i + 1, {}, `wamp.registration.${event}`]))[2], event)
  const named = (event: unknown[]): unknown[] => [names.get(event[1]), event[4]]
  const heard = async (): Promise<unknown[]> => (await alice.fence()).map(named)
  const [, , id] = await bob.ask([64, 1, { match: 'prefix', invoke: 'first' }, 'p.'])
  const created = await heard()
  t.equal(created.length, 2)
  t.match(created, [['on_create', [bob.id, { id, created: iso, uri: 'p.', match: 'prefix', invoke: 'first' }]], ['on_register', [bob.id, id]]])
  await carol.ask([64, 1, { match: 'prefix', invoke: 'first' }, 'p.'])
  t.same(await heard(), [['on_register', [carol.id, id]]])
  await carol.ask([64, 2, { match: 'prefix', invoke: 'first' }, 'p.'])
  t.same(await heard(), [], 'registering again does not add a second callee [SHR-08]')
  await bob.ask([66, 3, id])
  t.same(await heard(), [['on_unregister', [bob.id, id]]])
  carol.terminate()
  t.same([await alice.next(), await alice.next()].map(named), [['on_unregister', [carol.id, id]], ['on_delete', [carol.id, id]]])
  // The one who causes it hears of it, too: after its answer.
  const [, , own] = await alice.ask([64, 9, {}, 'q'])
  t.match(await heard(), [['on_create', [alice.id, { id: own, uri: 'q', match: 'exact', invoke: 'single' }]], ['on_register', [alice.id, own]]])
  t.same(await alice.ask([66, 10, own]), [67, 10])
  t.same(await heard(), [['on_unregister', [alice.id, own]], ['on_delete', [alice.id, own]]])
})

forEachTransport(t, 'registrations are listed, looked up, matched and described [MRE-05, MRE-06, MRE-07, MRE-08, MRE-09, MRE-11]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  t.same(await ask(alice, 'list'), { exact: [], prefix: [], wildcard: [] })
  const [, , exact] = await bob.ask([64, 1, {}, 'a.b.c'])
  const [, , prefix] = await bob.ask([64, 2, { match: 'prefix', invoke: 'roundrobin' }, 'a.b'])
  const [, , wildcard] = await carol.ask([64, 3, { match: 'wildcard' }, 'a..c'])
  await carol.ask([64, 4, { match: 'prefix', invoke: 'roundrobin' }, 'a.b'])
  t.same(await ask(alice, 'list'), { exact: [exact], prefix: [prefix], wildcard: [wildcard] })
  t.same(await ask(alice, 'list', carol.id), { exact: [], prefix: [prefix], wildcard: [wildcard] })
  t.same(await ask(alice, 'list', alice.id), { exact: [], prefix: [], wildcard: [] })
  t.same(await ask(alice, 'list', 1), 'wamp.error.no_such_session')
  for (const [uri, options, id] of [
    ['a.b.c', undefined, exact], ['a.b.c', {}, exact], ['a.b.c', { match: 'exact' }, exact], ['a.b', { match: 'prefix' }, prefix], ['a..c', { match: 'wildcard' }, wildcard],
    ['a.b', {}, null], ['a.b.c', { match: 'prefix' }, null], ['x', {}, null]
  ] as const) t.same(await ask(alice, 'lookup', uri, ...options === undefined ? [] : [options]), id, `lookup ${uri}`)
  for (const [uri, id] of [['a.b.c', exact], ['a.bc', prefix], ['a.x.c', wildcard], ['x', null]] as const) t.same(await ask(alice, 'match', uri), id, `match ${uri}`)
  t.match(await ask(alice, 'get', prefix), { id: prefix, created: iso, uri: 'a.b', match: 'prefix', invoke: 'roundrobin' })
  t.same(await ask(alice, 'list_callees', prefix), [bob.id, carol.id])
  t.same(await ask(alice, 'count_callees', prefix), 2)
  for (const procedure of ['get', 'list_callees', 'count_callees']) {
    t.equal(await ask(alice, procedure, 999_999), 'wamp.error.no_such_registration')
    t.equal(await ask(alice, procedure, 'x'), 'wamp.error.invalid_argument')
  }
  for (const [procedure, ...args] of [['lookup', 5], ['lookup', 'a', 5], ['lookup', 'a', { match: 'x' }], ['match'], ['list', 'x']] as const) t.equal(await ask(alice, procedure, ...args), 'wamp.error.invalid_argument')
})

forEachTransport(t, 'the procedures of the router are hidden, and those of the app are not [MRE-10, TRP-45]', async (t, transport) => {
  const { app, alice } = await buildParties(t, transport)
  t.same([await ask(alice, 'lookup', 'wamp.session.count'), await ask(alice, 'match', 'wamp.session.count')], [null, null])
  const own = app.wamp.join('realm1')
  const { exact } = await own.call<{ exact: number[] }>('wamp.registration.list')
  t.ok(exact.length > 20)
  for (const procedure of ['get', 'list_callees', 'count_callees']) {
    t.equal(await ask(alice, procedure, exact[0]), 'wamp.error.not_authorized')
    t.ok(await own.call(`wamp.registration.${procedure}`, [exact[0]]))
  }
  // What only covers them is a registration like others.
  const [, , wide] = await alice.ask([64, 2, { match: 'prefix' }, 'wam'])
  t.match(await ask(alice, 'get', wide), { uri: 'wam' })
  t.same(head(await alice.ask([64, 3, { match: 'prefix' }, 'wamp'])), [8, 64, 3, {}, 'wamp.error.invalid_uri'])
})
