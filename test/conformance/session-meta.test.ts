import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import { everything } from '../helper/build-router.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'

forEachTransport(t, 'joins and leaves are published to subscribers, but not to the session itself [MSE-01, MSE-03, MSE-04, MSE-05, MSE-06, TRP-22, SES-03]', async (t, transport) => {
  const { login, alice, bob } = await buildParties(t, transport)
  const [, , onJoin] = await alice.ask([32, 1, {}, 'wamp.session.on_join'])
  const [, , onLeave] = await alice.ask([32, 2, {}, 'wamp.session.on_leave'])
  const carol = await login('carol')
  const joined = await alice.next()
  t.same([joined[0], joined[1], joined[3], joined[4]], [36, onJoin, {}, [{ session: carol.id, authid: 'carol', authrole: 'staff', authmethod: 'ticket', authprovider: 'static' }]], 'no transport, no cookie, no ticket')
  for (const [i, topic] of ['wamp.session.on_join', 'wamp.session.on_leave'].entries()) await carol.ask([32, i + 1, {}, topic])
  t.same(await carol.ask([6, {}, 'wamp.close.close_realm']), [6, {}, 'wamp.close.goodbye_and_out'])
  const left = await alice.next()
  t.same([left[0], left[1], left[4]], [36, onLeave, [carol.id, 'carol', 'staff']])
  bob.terminate()
  t.same((await alice.next())[4], [bob.id, 'bob', 'user'])
})

forEachTransport(t, 'each realm has its own meta events [MSE-01, SES-07]', async (t, transport) => {
  const { connect, join } = await buildHost(t, transport, { realms: { realm1: { roles: { anonymous: everything } }, realm2: { roles: { anonymous: everything } } } })
  const one = await join()
  await one.ask([32, 1, {}, 'wamp.session.on_join'])
  const two = await connect()
  const [, id] = await two.ask([1, 'realm2', { roles: { caller: {} } }])
  t.same(await one.fence(), [])
  t.same(await two.ask([48, 1, {}, 'wamp.session.list']), [50, 1, {}, [[id]]])
  t.same(await one.ask([48, 2, {}, 'wamp.session.list']), [50, 2, {}, [[one.id]]])
  t.same(head(await one.ask([48, 3, {}, 'wamp.session.kill', [id]])), [8, 48, 3, {}, 'wamp.error.no_such_session'])
})

forEachTransport(t, 'sessions are counted, listed and looked up, except those of the app [MSE-07, MSE-08, MSE-09]', async (t, transport) => {
  const { app, alice, bob, carol } = await buildParties(t, transport)
  const own = app.wamp.join('realm1')
  const acting = app.wamp.join('realm1', { authid: 'job', role: 'user' })
  const ask = async (procedure: string, ...args: unknown[]): Promise<unknown> => {
    const answer = await alice.ask([48, 1, {}, `wamp.session.${procedure}`, args])
    return answer[0] === 50 ? (answer[3] as unknown[])[0] : answer[4]
  }
  t.equal(await ask('count'), 4)
  t.equal(await ask('count', ['staff']), 1)
  t.equal(await ask('count', ['user', 'none']), 3)
  t.equal(await ask('count', []), 0)
  t.equal(await ask('count', null), 4)
  t.same((await ask('list') as number[]).toSorted(), [alice.id, bob.id, carol.id, acting.id].toSorted())
  t.same(await ask('list', ['staff']), [carol.id])
  t.same(await ask('get', carol.id), { session: carol.id, authid: 'carol', authrole: 'staff', authmethod: 'ticket', authprovider: 'static' })
  t.equal(await ask('get', own.id), 'wamp.error.no_such_session')
  t.equal(await ask('get', 1), 'wamp.error.no_such_session')
  for (const wrong of ['staff', [1], { a: 1 }]) for (const procedure of ['count', 'list']) t.equal(await ask(procedure, wrong), 'wamp.error.invalid_argument')
  t.equal(await ask('get', 'x'), 'wamp.error.invalid_argument')
  t.equal(await ask('get'), 'wamp.error.invalid_argument')
})

forEachTransport(t, 'a session is killed with the given reason, and leaves at once [MSE-10, MSE-16, SES-16, TRP-22]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await bob.ask([64, 1, {}, 'p'])
  await alice.ask([64, 1, {}, 'q'])
  t.same(await carol.ask([48, 1, {}, 'wamp.session.kill', [bob.id]]), [50, 1, {}])
  t.same(head(await carol.ask([48, 2, {}, 'p'])), [8, 48, 2, {}, 'wamp.error.no_such_procedure'], 'before it has answered GOODBYE')
  t.same(await bob.next(), [6, {}, 'wamp.close.killed'])
  t.same(await carol.ask([48, 3, {}, 'wamp.session.kill', [alice.id], { reason: 'com.example.rude', message: 'be nice' }]), [50, 3, {}])
  t.same(await alice.next(), [6, { message: 'be nice' }, 'com.example.rude'])
  alice.send([6, {}, 'wamp.close.goodbye_and_out'])
  t.equal(await alice.closed, 1000)
})

forEachTransport(t, 'a session cannot kill itself or an unknown session, or use an invalid reason [MSE-11, MSE-15]', async (t, transport) => {
  const { app, bob, carol } = await buildParties(t, transport)
  const own = app.wamp.join('realm1')
  for (const [args, kwargs, error] of [
    [[carol.id], {}, 'no_such_session'], [[1], {}, 'no_such_session'], [[own.id], {}, 'no_such_session'], [['x'], {}, 'invalid_argument'], [[], {}, 'invalid_argument'],
    [[bob.id], { reason: '' }, 'invalid_uri'], [[bob.id], { reason: 'a b' }, 'invalid_uri'], [[bob.id], { reason: 5 }, 'invalid_uri'], [[bob.id], { message: 5 }, 'invalid_argument']
  ] as const) t.same(head(await carol.ask([48, 1, {}, 'wamp.session.kill', args, kwargs])), [8, 48, 1, {}, `wamp.error.${error}`], `${JSON.stringify(args)} ${JSON.stringify(kwargs)}`)
  for (const [procedure, args] of [['kill_by_authid', ['bob']], ['kill_by_authrole', ['user']], ['kill_all', []]] as const) {
    t.same(head(await carol.ask([48, 2, {}, `wamp.session.${procedure}`, args, { reason: '' }])), [8, 48, 2, {}, 'wamp.error.invalid_uri'])
  }
  for (const procedure of ['kill_by_authid', 'kill_by_authrole']) t.same(head(await carol.ask([48, 3, {}, `wamp.session.${procedure}`, [5]])), [8, 48, 3, {}, 'wamp.error.invalid_argument'])
  t.same(await bob.fence(), [], 'nothing was killed')
  t.equal(await own.call('wamp.session.count'), 3)
})

forEachTransport(t, 'sessions are killed by authid and by authrole, all but the caller [MSE-12, MSE-13, TRP-20]', async (t, transport) => {
  const { login, alice, bob, carol } = await buildParties(t, transport)
  const second = await login('alice')
  const [type, , , [ids]] = await alice.ask([48, 1, {}, 'wamp.session.kill_by_authid', ['alice'], { reason: 'com.example.once' }]) as [number, number, object, [number[]]]
  t.same([type, ids], [50, [second.id]])
  t.same(await second.next(), [6, {}, 'com.example.once'])
  t.same(await carol.ask([48, 1, {}, 'wamp.session.kill_by_authrole', ['user'], { message: 'out' }]), [50, 1, {}, [2]])
  for (const client of [alice, bob]) t.same(await client.next(), [6, { message: 'out' }, 'wamp.close.killed'])
  t.same(await carol.ask([48, 2, {}, 'wamp.session.kill_by_authrole', ['staff']]), [50, 2, {}, [0]])
  t.same(await carol.ask([48, 3, {}, 'wamp.session.kill_by_authid', ['nobody']]), [50, 3, {}, [[]]])
})

forEachTransport(t, 'kill_all kills all sessions except the caller and those of the app, without meta events [MSE-14, TRP-21]', async (t, transport) => {
  const { app, alice, bob, carol } = await buildParties(t, transport)
  const own = app.wamp.join('realm1')
  await own.register('still.here', () => 'yes')
  await carol.ask([32, 1, {}, 'wamp.session.on_leave'])
  t.same(await carol.ask([48, 2, {}, 'wamp.session.kill_all', [], { reason: 'com.example.closing' }]), [50, 2, {}, [2]])
  for (const client of [alice, bob]) t.same(await client.next(), [6, {}, 'com.example.closing'])
  t.same(await carol.fence(), [])
  t.same(await carol.ask([48, 3, {}, 'still.here']), [50, 3, {}, ['yes']])
})

forEachTransport(t, 'the meta API requires permissions like any other URI [MSE-02, AZN-01]', async (t, transport) => {
  const user = { permissions: [{ uri: 'wamp.session.count', allow: { call: true } }, { uri: 'wamp.session.on_join', allow: { subscribe: true } }] } as const
  const { alice } = await buildParties(t, transport, { user })
  t.same(await alice.ask([48, 1, {}, 'wamp.session.count']), [50, 1, {}, [3]])
  for (const procedure of ['wamp.session.list', 'wamp.session.kill_all', 'wamp.registration.list', 'wamp.subscription.get_events']) t.same(head(await alice.ask([48, 2, {}, procedure])), [8, 48, 2, {}, 'wamp.error.not_authorized'])
  t.match(await alice.ask([32, 3, {}, 'wamp.session.on_join']), [33, 3])
  t.same(head(await alice.ask([32, 4, {}, 'wamp.session.on_leave'])), [8, 32, 4, {}, 'wamp.error.not_authorized'])
  t.same(head(await alice.ask([32, 5, { match: 'prefix' }, 'wamp.session.'])), [8, 32, 5, {}, 'wamp.error.not_authorized'])
})

forEachTransport(t, 'a pattern subscription receives matching meta events [PAS-08]', async (t, transport) => {
  const { login, alice } = await buildParties(t, transport)
  await alice.ask([32, 1, { match: 'prefix' }, 'wamp.session.'])
  const other = await login('bob')
  t.match((await alice.next()).slice(3), [{ topic: 'wamp.session.on_join' }, [{ session: other.id }]])
  other.terminate()
  t.same((await alice.next()).slice(3), [{ topic: 'wamp.session.on_leave' }, [other.id, 'bob', 'user']])
})
