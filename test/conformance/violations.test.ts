import t from 'tap'
import { buildParties, head, told, violation } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'

forEachTransport(t, 'a violation ends all resources of the session, and later messages are ignored [PVI-01, WSK-09]', async (t, transport) => {
  const { app, alice, bob, carol } = await buildParties(t, transport)
  await bob.ask([32, 1, {}, 'a'])
  await alice.ask([64, 1, {}, 'p'])
  carol.send([48, 1, {}, 'p'])
  await alice.next()
  alice.send([16, 2, {}, 'a', ['before']], [999], [16, 3, {}, 'a', ['after']])
  t.match(await alice.next(), violation)
  t.equal(await alice.closed, 1002)
  t.same(head(await carol.next()), [8, 48, 1, {}, 'wamp.error.canceled'])
  t.same(head(await carol.ask([48, 2, {}, 'p'])), [8, 48, 2, {}, 'wamp.error.no_such_procedure'])
  t.same((await bob.fence()).map(told), [[{}, ['before']]])
  t.same(app.wamp.sessions('realm1').map(({ authid }) => authid), ['bob', 'carol'])
})

forEachTransport(t, 'AUTHENTICATE, WELCOME and CHALLENGE on an open session are violations [PVI-03, PVI-04]', async (t, transport) => {
  for (const wrong of [[5, 'of alice', {}], [2, 1, {}], [4, 'ticket', {}]]) {
    const { alice } = await buildParties(t, transport)
    t.match(await alice.ask(wrong), violation, JSON.stringify(wrong))
    t.equal(await alice.closed, 1002)
  }
})

forEachTransport(t, 'ERROR for anything other than an invocation is a violation [PVI-06]', async (t, transport) => {
  for (const type of [16, 32, 34, 48, 49, 64, 66, 70, 0]) {
    const { alice } = await buildParties(t, transport)
    await alice.ask([64, 1, {}, 'p'])
    await alice.ask([48, 2, {}, 'p'])
    t.match(await alice.ask([8, type, 1, {}, 'com.e']), violation, String(type))
  }
})

forEachTransport(t, 'an answer to an unknown invocation is a violation [PVI-07]', async (t, transport) => {
  for (const wrong of [[70, 2, {}], [8, 68, 2, {}, 'com.e'], [70, 2 ** 53, {}]]) {
    const { alice, bob } = await buildParties(t, transport)
    await alice.ask([64, 1, {}, 'p'])
    bob.send([48, 1, {}, 'p'])
    await alice.next()
    t.match(await alice.ask(wrong), violation, JSON.stringify(wrong))
    t.same(head(await bob.next()), [8, 48, 1, {}, 'wamp.error.canceled'])
  }
})

forEachTransport(t, 'a late answer is discarded without consequences [PVI-08, TRP-12]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([64, 1, {}, 'p'])
  bob.send([48, 1, {}, 'p'], [48, 2, {}, 'p'], [49, 2, { mode: 'skip' }])
  await bob.next()
  alice.send([70, 1, {}, ['first']], [70, 1, {}, ['again']], [8, 68, 1, {}, 'com.e'], [70, 2, {}], [8, 68, 2, {}, 'com.e'])
  t.same((await alice.fence()).map(([type]) => type), [68, 68])
  t.same(await bob.fence(), [[50, 1, {}, ['first']]])
})

forEachTransport(t, 'a session cannot answer the invocations of another one [PVI-09, TRP-30]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await alice.ask([64, 1, {}, 'p'])
  bob.send([48, 1, {}, 'p'])
  await alice.next()
  t.match(await carol.ask([8, 68, 1, {}, 'com.e']), violation)
  t.same(await bob.fence(), [])
  alice.send([70, 1, {}, ['yes']])
  t.same(await bob.next(), [50, 1, {}, ['yes']])
})
