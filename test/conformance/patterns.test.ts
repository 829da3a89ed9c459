import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'

const prefix = { pattern: 'com.myapp.topic.emergency', yes: ['com.myapp.topic.emergency', 'com.myapp.topic.emergency.11', 'com.myapp.topic.emergency-low', 'com.myapp.topic.emergency.category.severe'], no: ['com.myapp.topic.emerge', 'org.myapp.topic.emergency', 'com'] }
const wildcards = [
  { pattern: 'com.myapp..userevent', yes: ['com.myapp.foo.userevent', 'com.myapp.bar.userevent'], no: ['com.myapp.foo.userevent.bar', 'com.myapp.foo.user', 'com.myapp2.foo.userevent', 'com.myapp.userevent'] },
  { pattern: '.x', yes: ['a.x', 'x.x'], no: ['x', 'a.b.x', 'a.y'] },
  { pattern: 'x.', yes: ['x.a'], no: ['x', 'x.a.b', 'y.a'] },
  { pattern: 'a...b', yes: ['a.1.2.b', 'a.b.b.b'], no: ['a.1.b', 'a.b', 'a.1.2.3.b'] },
  { pattern: '...', yes: ['a.b.c.d'], no: ['a.b.c', 'a', 'a.b.c.d.e'] }
]
const patterns = [{ match: 'prefix', ...prefix }, ...wildcards.map((wildcard) => ({ match: 'wildcard', ...wildcard }))]

forEachTransport(t, 'a pattern subscription receives events of matching topics, with the topic [PAS-01, PAS-02, PAS-04]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  for (const { match, pattern, yes, no } of patterns) {
    const [, , id] = await bob.ask([32, 1, { match }, pattern])
    for (const topic of [...yes, ...no]) alice.send([16, 1, {}, topic])
    await alice.fence()
    t.same((await bob.fence()).map(([, subscription, , details]) => [subscription, details]), yes.map((topic) => [id, { topic }]), `${match} ${pattern}`)
    await bob.ask([34, 2, id])
  }
})

forEachTransport(t, 'an event for an exact subscription does not have the topic in the details [PAS-05]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([32, 1, {}, 'a'])
  await alice.ask([16, 1, { acknowledge: true }, 'a'])
  t.same((await bob.next())[3], {})
})

forEachTransport(t, 'each publication is sent to exact, prefix and wildcard subscriptions in this order [PAS-03, PAS-06, BWL-01]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const ids: unknown[] = []
  for (const [match, uri] of [['wildcard', '..c'], ['wildcard', 'a..c'], ['prefix', 'a.b.'], ['prefix', 'a'], ['exact', 'a.b.c']]) ids.unshift((await bob.ask([32, 1, { match }, uri]))[2])
  for (let i = 0; i < 3; i++) {
    await alice.ask([16, 1, { acknowledge: true }, 'a.b.c'])
    const events = await bob.fence()
    const received = events.map(([, id]) => id)
    t.same(received.slice(0, 3), ids.slice(0, 3))
    t.same(new Set(received.slice(3)), new Set(ids.slice(3)), 'wildcards in no order')
    t.equal(new Set(events.map(([, , publication]) => publication)).size, 1)
  }
  await alice.ask([16, 1, { acknowledge: true, exclude: [bob.id] }, 'a.b.c'])
  t.same(await bob.fence(), [], 'who is left out is left out of all')
})

forEachTransport(t, 'a pattern subscription is ended as a whole, by its id [PAS-07]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , wide] = await bob.ask([32, 1, { match: 'prefix' }, 'a'])
  const [, , narrow] = await bob.ask([32, 2, {}, 'a.b'])
  t.same(await bob.ask([34, 3, narrow]), [35, 3])
  await alice.ask([16, 1, { acknowledge: true }, 'a.b'])
  t.same((await bob.fence()).map(([type, id]) => [type, id]), [[36, wide]], 'the pattern still covers it')
})

forEachTransport(t, 'a pattern registration receives calls of matching procedures, with the procedure [PAR-01, PAR-06]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  let invocation = 0
  for (const { match, pattern, yes, no } of patterns) {
    const [, , id] = await bob.ask([64, 1, { match }, pattern])
    for (const procedure of yes) {
      alice.send([48, ++invocation, {}, procedure])
      t.same(await bob.next(), [68, invocation, id, { procedure }], `${match} ${pattern}`)
    }
    for (const procedure of no) t.same(head(await alice.ask([48, 100, {}, procedure])), [8, 48, 100, {}, 'wamp.error.no_such_procedure'], `${match} ${pattern}`)
    await bob.ask([66, 2, id])
  }
  const [, , exact] = await bob.ask([64, 3, {}, 'a'])
  alice.send([48, ++invocation, {}, 'a'])
  t.same(await bob.next(), [68, invocation, exact, {}], 'exact needs no telling')
})

forEachTransport(t, 'one registration is called: an exact one, or the longest prefix, or the best wildcard [PAR-02, PAR-03, PAR-04, TRP-43]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const registrations: unknown[] = []
  for (const [match, uri] of [
    ['exact', 'a1.b2.c3.d4.e55'], ['prefix', 'a1.b2.c3'], ['prefix', 'a1.b2.c3.d4'],
    ['wildcard', 'a1.b2..d4.e5'], ['wildcard', 'a1.b2.c33..e5'], ['wildcard', 'a1.b2..d4.e5..g7'], ['wildcard', 'a1.b2..d4..f6.g7']
  ]) registrations.push((await bob.ask([64, 1, { match }, uri]))[2])
  // The specification's example has the fifth call go to the wildcard. But prefixes are compared by their characters:
  // `a1.b2.c3` matches it, and beats every wildcard.
  const calls = ['a1.b2.c3.d4.e55', 'a1.b2.c3.d98.e74', 'a1.b2.c3.d4.e325', 'a1.b2.c55.d4.e5', 'a1.b2.c33.d4.e5', 'a1.b2.c88.d4.e5.f6.g7']
  const chosen = [0, 1, 2, 3, 1, 5]
  const registrationOf = async (request: number, procedure: string): Promise<unknown> => {
    alice.send([48, request, {}, procedure])
    await alice.fence()
    return (await bob.fence()).map(([, , id]) => registrations.indexOf(id))
  }
  for (const [i, procedure] of calls.entries()) t.same(await registrationOf(i + 1, procedure), [chosen[i]], procedure)
  await bob.ask([66, 2, registrations[1]])
  t.same(await registrationOf(50, 'a1.b2.c33.d4.e5'), [4], 'without that prefix it is the wildcard\'s')
  t.same(head(await alice.ask([48, 100, {}, 'a2.b2.c2.d2.e2'])), [8, 48, 100, {}, 'wamp.error.no_such_procedure'])
})

forEachTransport(t, 'prefixes are compared by characters, and take precedence over wildcards [PAR-02, PAR-05, TRP-42]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([64, 1, { match: 'prefix' }, 'a.b'])
  const [, , longer] = await bob.ask([64, 2, { match: 'prefix' }, 'a.bc'])
  await bob.ask([64, 3, { match: 'wildcard' }, 'a.'])
  alice.send([48, 1, {}, 'a.bcd'])
  t.match(await bob.next(), [68, 1, longer])
})

forEachTransport(t, 'only the selected registration is tried [PAR-07]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await bob.ask([64, 1, {}, 'a.b'])
  await carol.ask([64, 1, { match: 'prefix' }, 'a'])
  alice.send([48, 1, {}, 'a.b'])
  const [, request] = await bob.next()
  bob.send([8, 68, request, {}, 'wamp.error.unavailable'])
  t.same(head(await alice.next()), [8, 48, 1, {}, 'wamp.error.unavailable'])
  t.same(await carol.fence(), [])
})
