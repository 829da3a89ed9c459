import t from 'tap'
import { buildParties, head, violation } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'

forEachTransport(t, 'REGISTER is answered exactly once [REG-01]', async (t, transport) => {
  const { alice } = await buildParties(t, transport)
  alice.send([64, 1, {}, 'p'], [64, 2, {}, 'com..x'], [64, 3, {}, 'q'])
  const answers = (await alice.fence()).map(head)
  t.match(answers, [[65, 1, Number], [8, 64, 2, {}, 'wamp.error.invalid_uri'], [65, 3, Number]])
  t.equal(answers.length, 3)
})

forEachTransport(t, 'a registered procedure cannot be registered again, by any session, until it is unregistered [REG-02]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await alice.ask([64, 1, {}, 'p'])
  t.same(head(await alice.ask([64, 2, {}, 'p'])), [8, 64, 2, {}, 'wamp.error.procedure_already_exists'])
  t.same(head(await bob.ask([64, 1, { invoke: 'single' }, 'p'])), [8, 64, 1, {}, 'wamp.error.procedure_already_exists'])
  await alice.ask([66, 3, id])
  t.match(await bob.ask([64, 2, {}, 'p']), [65, 2])
})

forEachTransport(t, 'a URI can be registered once for each policy, as separate registrations [REG-03]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const ids: unknown[] = []
  for (const match of ['exact', 'prefix', 'wildcard']) {
    ids.push((await alice.ask([64, 1, { match }, 'a.b']))[2])
    t.same(head(await bob.ask([64, 1, { match }, 'a.b'])), [8, 64, 1, {}, 'wamp.error.procedure_already_exists'])
  }
  t.equal(new Set(ids).size, 3)
})

forEachTransport(t, 'a session can end only its own registrations [REG-04]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await alice.ask([64, 1, {}, 'p'])
  t.same(head(await bob.ask([66, 1, id])), [8, 66, 1, {}, 'wamp.error.no_such_registration'])
  t.same(head(await bob.ask([66, 2, 12345])), [8, 66, 2, {}, 'wamp.error.no_such_registration'])
  t.same(await alice.ask([66, 2, id]), [67, 2])
  t.same(head(await alice.ask([66, 3, id])), [8, 66, 3, {}, 'wamp.error.no_such_registration'])
})

forEachTransport(t, 'no invocation comes before REGISTERED or after UNREGISTERED [REG-05, TRP-59]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  for (let i = 0; i < 50; i++) {
    bob.send([48, 2 * i + 1, {}, 'p'])
    alice.send([64, 1, {}, 'p'])
    let [type, , id] = await alice.next()
    t.equal(type, 65)
    bob.send([48, 2 * i + 2, {}, 'p'])
    alice.send([66, 2, id])
    do { [type, id] = await alice.next() } while (type === 68)
    t.equal(type, 67)
  }
  await bob.fence()
  t.same(await alice.fence(), [])
})

forEachTransport(t, 'a callee that unregisters can still answer earlier invocations [REG-06]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await alice.ask([64, 1, {}, 'p'])
  bob.send([48, 1, {}, 'p'], [48, 2, {}, 'p'])
  await alice.next()
  await alice.next()
  t.same(await alice.ask([66, 2, id]), [67, 2])
  alice.send([70, 1, {}, ['late']], [8, 68, 2, {}, 'com.e'])
  t.same(await bob.next(), [50, 1, {}, ['late']])
  t.same(await bob.next(), [8, 48, 2, {}, 'com.e'])
})

forEachTransport(t, 'a session without permission cannot find out which procedures exist [REG-07, CAL-05]', async (t, transport) => {
  const { alice, carol } = await buildParties(t, transport, { user: { permissions: [] } })
  await carol.ask([64, 1, {}, 'there'])
  for (const procedure of ['there', 'not.there']) {
    t.same(head(await alice.ask([64, 1, {}, procedure])), [8, 64, 1, {}, 'wamp.error.not_authorized'])
    t.same(head(await alice.ask([48, 2, {}, procedure])), [8, 48, 2, {}, 'wamp.error.not_authorized'])
  }
  t.same(await carol.fence(), [])
})

forEachTransport(t, 'a call causes one invocation, and its answer is returned unchanged [CAL-01, CAL-02, CAL-03]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  t.same(head(await bob.ask([48, 1, {}, 'p'])), [8, 48, 1, {}, 'wamp.error.no_such_procedure'])
  const [, , id] = await alice.ask([64, 1, {}, 'p'])
  bob.send([48, 2, {}, 'p', [1, 'x'], { k: [null] }], [48, 3, {}, 'p'])
  t.same(await alice.next(), [68, 1, id, {}, [1, 'x'], { k: [null] }])
  t.same(await alice.next(), [68, 2, id, {}])
  alice.send([70, 1, {}, [2], { r: {} }], [8, 68, 2, {}, 'com.my.error', ['text'], { code: 5 }])
  t.same(await alice.fence(), [])
  t.same(await bob.fence(), [[50, 2, {}, [2], { r: {} }], [8, 48, 3, {}, 'com.my.error', ['text'], { code: 5 }]])
})

forEachTransport(t, 'each call is answered exactly once, whatever else the callee sends [CAL-04, TRP-59]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([64, 1, {}, 'p'])
  bob.send([48, 1, {}, 'p'], [48, 2, {}, 'p'])
  await bob.fence()
  await alice.fence()
  alice.send([8, 68, 1, {}, 'com.e'], [70, 1, {}], [70, 2, {}], [8, 68, 2, {}, 'com.e'])
  await alice.fence()
  t.same(await bob.fence(), [[8, 48, 1, {}, 'com.e'], [50, 2, {}]])
})

forEachTransport(t, 'the id of an open call cannot be used for another one [CAL-04, IDS-17]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([64, 1, {}, 'p'])
  bob.send([48, 1, {}, 'p'], [48, 1, {}, 'p'])
  t.match(await bob.next(), violation)
  t.same((await alice.fence()).map(([type]) => type), [68, 69], 'the first ends with its caller')
})

forEachTransport(t, 'invocations arrive in the order of the calls, across procedures [CAL-06, ORD-01]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  for (const procedure of ['p', 'q', 'r']) await alice.ask([64, 1, {}, procedure])
  const count = 300
  for (let i = 0; i < count; i++) bob.send([48, i + 1, {}, 'pqr'[i % 3], [i]])
  await bob.fence()
  t.same((await alice.fence()).map(([, , , , args]) => (args as number[])[0]), Array.from({ length: count }, (_, i) => i))
})

forEachTransport(t, 'calls do not wait for each other, and a session can call itself [CAL-07, ORD-02]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([64, 1, {}, 'p'])
  bob.send([48, 1, {}, 'p'], [48, 2, {}, 'p'], [48, 3, {}, 'p'])
  await bob.fence()
  await alice.fence()
  alice.send([70, 3, {}], [70, 1, {}], [70, 2, {}])
  t.same([await bob.next(), await bob.next(), await bob.next()], [[50, 3, {}], [50, 1, {}], [50, 2, {}]])
  t.match(await alice.ask([48, 2, {}, 'p']), [68, 4])
  t.same(await alice.ask([70, 4, {}, ['me']]), [50, 2, {}, ['me']])
})
