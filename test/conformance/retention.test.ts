import t from 'tap'
import { buildParties, told } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'

const retain = { retain: true, acknowledge: true }
const retained = { get_retained: true }

forEachTransport(t, 'the last retained event is sent after SUBSCRIBED to subscribers that request it, and to no others [RET-01, RET-02, RET-06, RET-10, SUB-05, TRP-19]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await alice.ask([16, 1, retain, 'a', ['old']])
  const [, , publication] = await alice.ask([16, 2, retain, 'a', ['new'], { k: 1 }])
  await alice.ask([16, 3, { acknowledge: true }, 'a', ['passing']])
  await alice.ask([16, 4, { acknowledge: true, retain: false }, 'a', ['passing']])
  const [, , id] = await bob.ask([32, 1, retained, 'a'])
  t.same(await bob.fence(), [[36, id, publication, { retained: true }, ['new'], { k: 1 }]])
  t.match(await carol.ask([32, 1, {}, 'a']), [33, 1, id])
  t.match(await carol.ask([32, 2, { get_retained: false }, 'a']), [33, 2, id])
  t.same(await carol.fence(), [])
  await alice.ask([16, 5, { acknowledge: true }, 'a', ['live']])
  t.same((await carol.fence()).map(told), [[{}, ['live']]])
  t.notOk('retained' in ((await bob.fence())[0]![3] as object))
})

forEachTransport(t, 'a session that subscribes again can request the retained event again [RET-02, SUB-02]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([16, 1, retain, 'a', [1]])
  for (const request of [1, 2]) {
    await bob.ask([32, request, retained, 'a'])
    t.same((await bob.fence()).map(told), [[{ retained: true }, [1]]])
  }
})

forEachTransport(t, 'a retained event is kept when the last subscriber leaves, and the subscription of its topic is not [RET-01]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([32, 1, {}, 'wamp.subscription.on_delete'])
  const [, , publication] = await alice.ask([16, 2, retain, 'a', [1]])
  const [, , id] = await bob.ask([32, 1, {}, 'a'])
  await bob.ask([34, 2, id])
  t.same((await alice.fence()).map((event) => event[4]), [[bob.id, id]])
  const [, , next] = await bob.ask([32, 3, retained, 'a'])
  t.not(next, id)
  t.same(await bob.fence(), [[36, next, publication, { retained: true }, [1]]])
})

forEachTransport(t, 'a subscriber gets the last retained event that it may receive, or none [RET-03, RET-04, BWL-07]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await alice.ask([16, 1, retain, 'a', ['for all']])
  await alice.ask([16, 2, { ...retain, eligible_authrole: ['staff'] }, 'a', ['for staff']])
  await alice.ask([16, 3, { ...retain, exclude: [carol.id] }, 'a', ['not for carol']])
  await alice.ask([16, 4, { ...retain, exclude_authid: ['bob'], eligible: [] }, 'a', ['for nobody']])
  await bob.ask([32, 1, retained, 'a'])
  t.same((await bob.fence()).map(told), [[{ retained: true }, ['not for carol']]])
  await carol.ask([32, 1, retained, 'a'])
  t.same((await carol.fence()).map(told), [[{ retained: true }, ['for staff']]])
  await alice.ask([16, 5, { ...retain, eligible_authid: ['alice'] }, 'b', ['secret']])
  await bob.ask([32, 2, retained, 'b'])
  t.same(await bob.fence(), [])
})

forEachTransport(t, 'a pattern gets the last event of each topic, in order of publication, with the topic [RET-06, RET-07]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  for (const [topic, value] of [['a.x', 1], ['a.y', 2], ['b.x', 3], ['a.x', 4]]) await alice.ask([16, 1, retain, topic, [value]])
  for (const [match, uri, wanted] of [['prefix', 'a.', [['a.y', 2], ['a.x', 4]]], ['wildcard', '.x', [['b.x', 3], ['a.x', 4]]]] as const) {
    await bob.ask([32, 1, { ...retained, match }, uri])
    t.same((await bob.fence()).map(told), wanted.map(([topic, value]) => [{ topic, retained: true }, [value]]))
  }
})

forEachTransport(t, 'the publisher does not receive its own retained event, unless requested [RET-08]', async (t, transport) => {
  const { login, alice } = await buildParties(t, transport)
  await alice.ask([16, 1, retain, 'a', [1]])
  await alice.ask([32, 2, retained, 'a'])
  t.same(await alice.fence(), [])
  const other = await login('alice')
  await other.ask([32, 1, retained, 'a'])
  t.same((await other.fence()).map(told), [[{ retained: true }, [1]]])
  await alice.ask([16, 3, { ...retain, exclude_me: false }, 'b', [2]])
  await alice.ask([32, 4, retained, 'b'])
  t.same((await alice.fence()).map(told), [[{ retained: true }, [2]]])
})

forEachTransport(t, 'a retained event has its publisher, if disclosed at the time of publication [RET-06, PID-01]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([16, 1, { ...retain, disclose_me: true }, 'a'])
  const { id } = alice
  await alice.ask([6, {}, 'wamp.close.close_realm'])
  await bob.ask([32, 1, retained, 'a'])
  t.same((await bob.fence())[0]![3], { retained: true, publisher: id, publisher_authid: 'alice', publisher_authrole: 'user' })
})

forEachTransport(t, 'the retained events of a realm are limited in number and in bytes: the oldest one is removed first [RET-09]', async (t, transport) => {
  for (const limits of [{ retainedEvents: 2 }, { storedBytes: 3000 }]) {
    const { alice, bob } = await buildParties(t, transport, { plugin: { limits } })
    for (const topic of ['a.1', 'a.2', 'a.1', 'a.3']) await alice.ask([16, 1, retain, topic, ['x'.repeat(1000)]])
    await bob.ask([32, 1, { ...retained, match: 'prefix' }, 'a.'])
    t.same((await bob.fence()).map(([, , , details]) => details), [{ topic: 'a.1', retained: true }, { topic: 'a.3', retained: true }])
  }
})
