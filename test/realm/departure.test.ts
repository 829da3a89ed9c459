import t from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import type { Payload } from '../../plugin/protocol/payload.ts'
import type { Realm } from '../../plugin/realm/realm.ts'
import { isTurnOver, spend, UNITS_OF_TURN, unitsSpent } from '../../plugin/work.ts'
import { buildRealm, FakeSession, routed } from './fake-session.ts'

const MANY = 2_000

/** A turn of the event loop. Returns the units that were spent in it. */
async function turn (): Promise<number> {
  const before = unitsSpent()
  await new Promise((resolve) => { setImmediate(resolve) })
  return unitsSpent() - before
}

/** Uses up what is left of this turn: what can wait then waits. */
function useUp (): void {
  while (!isTurnOver()) spend(UNITS_OF_TURN)
}

function join (realm: Realm, id: number): FakeSession {
  const session = new FakeSession(id)
  realm.join(session)
  return session
}

/** A session that holds many patterns, and the procedure `p` as the last. */
function holderOf (realm: Realm, id: number): FakeSession {
  const session = join(realm, id)
  for (let i = 0; i < MANY; i++) {
    realm.receive(session, routed(32, i + 1, { match: 'wildcard' }, `t${i}..x`))
    realm.receive(session, routed(64, i + 1, { match: 'wildcard' }, `p${i}..x`))
  }
  realm.receive(session, routed(64, MANY + 1, {}, 'p'))
  return session
}

t.test('a session that holds many resources is removed in turns: each removal is published, and then its departure', async (t) => {
  const realm = buildRealm()
  const watcher = join(realm, 1)
  const topics = ['subscription.on_unsubscribe', 'subscription.on_delete', 'registration.on_unregister', 'registration.on_delete', 'session.on_leave']
  topics.forEach((topic, i) => { realm.receive(watcher, routed(32, i + 1, {}, `wamp.${topic}`)) })
  const ids = watcher.sent.splice(0).map((message) => message.type === MessageType.Subscribed ? message.subscription : 0)
  const holder = holderOf(realm, 2)
  useUp()
  await turn()
  holder.leave(realm)
  t.notOk(realm.sessions.has(2), 'it is no session of the realm from the first turn on')
  const told = (topic: number): number => watcher.sent.filter((message) => message.type === MessageType.Event && message.subscription === ids[topic]).length
  const spent: number[] = []
  while (told(4) === 0) spent.push(await turn())
  t.ok(spent.length > 2 * MANY * 50 / UNITS_OF_TURN, `in ${spent.length} turns`)
  t.ok(spent.every((units) => units < 1.5 * UNITS_OF_TURN), `of at most ${Math.max(...spent)} units`)
  t.same(topics.map((_, topic) => told(topic)), [MANY, MANY, MANY + 1, MANY + 1, 1])
  t.match(watcher.sent.at(-1), { subscription: ids[4] }, 'the last of all')
})

t.test('procedures of a session are unavailable once it has left, although their removal takes several turns', async (t) => {
  const realm = buildRealm()
  const holder = holderOf(realm, 1)
  const [callee, caller] = [join(realm, 2), join(realm, 3)]
  realm.receive(callee, routed(64, 1, { match: 'prefix' }, 'p'))
  useUp()
  holder.leave(realm)
  for (const [i, procedure] of ['p', `p${MANY - 1}.a.x`, 'q'].entries()) realm.receive(caller, routed(48, i + 1, {}, procedure))
  t.match(callee.sent.slice(1), [{ details: { procedure: 'p' } }, { details: { procedure: `p${MANY - 1}.a.x` } }], 'a call goes to the next best procedure')
  t.match(caller.sent, [{ error: 'wamp.error.no_such_procedure' }])
  realm.receive(caller, routed(64, 1, {}, 'p'))
  t.match(caller.sent.at(-1), { type: MessageType.Registered }, 'a callee that is back registers again')
  t.same(holder.late, [], 'nothing was tried to be sent to who has left')
})

t.test('calls on both sides of a session that leaves end, even if there are many', async (t) => {
  const realm = buildRealm({ pendingCalls: 2 * MANY, pendingInvocations: 4 * MANY })
  const [leaver, other] = [join(realm, 1), join(realm, 2)]
  realm.receive(leaver, routed(64, 1, {}, 'p'))
  realm.receive(other, routed(64, 1, {}, 'q'))
  for (let i = 0; i < MANY; i++) {
    realm.receive(other, routed(48, i + 2, {}, 'p'))
    realm.receive(leaver, routed(48, i + 2, {}, 'q'))
  }
  other.sent.length = 0
  useUp()
  leaver.leave(realm)
  while (realm.census().calls > 0) t.ok(await turn() < 1.5 * UNITS_OF_TURN)
  t.same(other.sent.filter((message) => message.type === MessageType.Error && message.error === 'wamp.error.canceled').length, MANY)
  t.same(leaver.late, [])
  realm.receive(other, routed(48, 2 * MANY + 2, {}, 'p'))
  t.match(other.sent.at(-1), { error: 'wamp.error.no_such_procedure' })
})

t.test('accessing a shared procedure does not publish the departure of all its callees at once', async (t) => {
  const realm = buildRealm()
  const watchers = Array.from({ length: 100 }, (_, i) => join(realm, i + 1_000))
  for (const watcher of watchers) for (const event of ['on_unregister', 'on_delete']) realm.receive(watcher, routed(32, 1, {}, `wamp.registration.${event}`))
  const callees = Array.from({ length: 500 }, (_, i) => join(realm, i + 1))
  for (const callee of callees) realm.receive(callee, routed(64, 1, { invoke: 'random' }, 'p'))
  const caller = join(realm, 999)
  useUp()
  for (const callee of callees) callee.leave(realm)
  const before = unitsSpent()
  realm.receive(caller, routed(48, 1, {}, 'p'))
  t.ok(unitsSpent() - before < 1_000, `${unitsSpent() - before} units`)
  t.match(caller.sent, [{ error: 'wamp.error.no_such_procedure' }])
  realm.receive(caller, routed(64, 2, {}, 'p'))
  const eventsOf = (watcher: FakeSession): number => watcher.sent.filter(({ type }) => type === MessageType.Event).length
  while (eventsOf(watchers[0]!) < 501) t.ok(await turn() < 1.5 * UNITS_OF_TURN)
  t.ok(watchers.every((watcher) => eventsOf(watcher) === 501), 'each is told of each, and once that the registration is deleted')
  realm.receive(caller, routed(48, 3, {}, 'p'))
  t.match(caller.sent.at(-1), { type: MessageType.Invocation }, 'what was registered meanwhile stays')
})

t.test('testaments are published in turns', async (t) => {
  const realm = buildRealm()
  const subscribers = Array.from({ length: 5_000 }, (_, i) => join(realm, i + 2))
  for (const subscriber of subscribers) realm.receive(subscriber, routed(32, 1, { match: 'prefix' }, 'p'))
  const leaver = join(realm, 1)
  for (let i = 0; i < 90; i++) realm.receive(leaver, routed(48, i + 1, {}, 'wamp.session.add_testament', ['p', [i], {}]))
  t.match(leaver.sent.at(-1), { type: MessageType.Result })
  useUp()
  leaver.leave(realm)
  const eventsOf = ({ sent }: FakeSession): number => sent.filter(({ type }) => type === MessageType.Event).length
  let turns = 0
  for (; eventsOf(subscribers[0]!) < 90; turns++) t.ok(await turn() < 1.5 * UNITS_OF_TURN)
  await realm.departed()
  t.ok(turns > 0)
  t.same(subscribers.map(eventsOf), subscribers.map(() => 90))
})

t.test('callees that have left receive no calls of a shared procedure', async (t) => {
  for (const invoke of ['first', 'last', 'roundrobin', 'random']) {
    const realm = buildRealm()
    const [here, caller] = [join(realm, 1), join(realm, 2)]
    const leavers = Array.from({ length: 40 }, (_, i) => join(realm, i + 3))
    const order = invoke === 'last' ? [here, ...leavers] : [...leavers, here]
    for (const callee of order) realm.receive(callee, routed(64, 1, { invoke }, 'p'))
    useUp()
    for (const leaver of leavers) leaver.leave(realm)
    for (let i = 0; i < 100; i++) realm.receive(caller, routed(48, i + 1, {}, 'p'))
    t.equal(here.sent.filter(({ type }) => type === MessageType.Invocation).length, 100, invoke)
    t.same(caller.sent, [])
    await turn()
  }
})

t.test('a procedure that is taken over loses its callees at once, and they are notified in turns', async (t) => {
  const realm = buildRealm()
  const watcher = join(realm, 1)
  for (const [i, event] of ['on_unregister', 'on_delete'].entries()) realm.receive(watcher, routed(32, i + 1, {}, `wamp.registration.${event}`))
  const [unregister, deleted] = watcher.sent.splice(0).map((message) => message.type === MessageType.Subscribed ? message.subscription : 0)
  const callees = Array.from({ length: MANY }, (_, i) => {
    const callee = new FakeSession(i + 10, { features: i % 2 === 0 ? ['callee.registration_revocation'] : [] })
    realm.join(callee)
    realm.receive(callee, routed(64, 1, { invoke: 'roundrobin' }, 'p'))
    return callee
  })
  const caller = join(realm, 3)
  const taker = new FakeSession(2, { authrole: 'trusted' })
  realm.join(taker)
  const old = (callees[0]!.sent[0] as { registration: number }).registration
  useUp()
  await turn()
  const before = unitsSpent()
  realm.receive(taker, routed(64, 1, { force_reregister: true }, 'p'))
  t.ok(unitsSpent() - before < 1.5 * UNITS_OF_TURN, `${unitsSpent() - before} units at once`)
  t.match(taker.sent, [{ type: MessageType.Registered }])
  const [last, leaver] = [callees.at(-2)!, callees.at(-4)!]
  t.equal(last.sent.length, 1, 'it has not been told yet')
  realm.receive(caller, routed(48, 1, {}, 'p'))
  t.match(taker.sent.at(-1), { type: MessageType.Invocation })
  realm.receive(last, routed(66, 2, old))
  t.match(last.sent.at(-1), { error: 'wamp.error.no_such_registration' })
  realm.receive(last, routed(48, 3, {}, 'wamp.registration.list', [last.id]))
  t.same((last.sent.at(-1) as { payload: Payload }).payload.values().args, [{ exact: [], prefix: [], wildcard: [] }])
  leaver.leave(realm)
  const told = (id: number): number => watcher.sent.filter((message) => message.type === MessageType.Event && message.subscription === id).length
  const spent: number[] = []
  while (told(deleted!) === 0) spent.push(await turn())
  t.ok(spent.length > MANY * 150 / UNITS_OF_TURN - 2 && spent.every((units) => units < 1.5 * UNITS_OF_TURN), `in ${spent.length} turns of at most ${Math.max(...spent)} units`)
  t.equal(told(unregister!), MANY, 'each is published once, and then that the registration is deleted')
  t.match(watcher.sent.at(-1), { subscription: deleted })
  const revoked = { type: MessageType.Unregistered, request: 0, details: { registration: old, reason: 'wamp.error.unregistered' } }
  t.same(callees.map(({ sent }) => sent.filter(({ type }) => type === MessageType.Unregistered)), callees.map((callee, i) => i % 2 === 0 && callee !== leaver ? [revoked] : []))
  t.same(leaver.late, [])
})
