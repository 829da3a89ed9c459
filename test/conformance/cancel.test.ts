import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import type { Parties } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'
import { HELLO } from '../helper/wire-client.ts'

const canceled = (request: number): unknown[] => [8, 48, request, {}, 'wamp.error.canceled']

/** Has bob call alice once, and takes the INVOCATION off. */
async function call ({ alice, bob }: Parties, request = 1): Promise<unknown> {
  if (request === 1) await alice.ask([64, 1, {}, 'p'])
  bob.send([48, request, {}, 'p'])
  return (await alice.next())[1]
}

forEachTransport(t, 'CANCEL of an unknown or ended call is ignored [CAN-01]', async (t, transport) => {
  const parties = await buildParties(t, transport)
  const { alice, bob, carol } = parties
  const invocation = await call(parties)
  carol.send([49, 1, {}])
  bob.send([49, 2, {}])
  t.same(await bob.fence(), [])
  t.same(await carol.fence(), [])
  alice.send([70, invocation, {}])
  t.same(await bob.next(), [50, 1, {}])
  bob.send([49, 1, {}], [49, 1, { mode: 'kill' }])
  t.same(await bob.fence(), [])
  t.same(await alice.fence(), [])
})

forEachTransport(t, 'skip answers the caller at once, and does not interrupt the callee [CAN-02, CAN-08, TRP-27]', async (t, transport) => {
  const parties = await buildParties(t, transport)
  const { alice, bob } = parties
  const invocation = await call(parties)
  t.same(head(await bob.ask([49, 1, { mode: 'skip' }])), canceled(1))
  t.same(await alice.fence(), [])
  alice.send([70, invocation, {}])
  await alice.fence()
  t.same(await bob.fence(), [])
})

forEachTransport(t, 'kill interrupts the callee, and its answer is sent to the caller [CAN-03, CAN-08, TRP-27]', async (t, transport) => {
  const parties = await buildParties(t, transport)
  const { alice, bob } = parties
  for (const [request, answer, expected] of [
    [1, (id: unknown) => [70, id, {}, ['done']], [50, 1, {}, ['done']]],
    [2, (id: unknown) => [8, 68, id, {}, 'com.stopped', ['x']], [8, 48, 2, {}, 'com.stopped', ['x']]]
  ] as const) {
    const invocation = await call(parties, request)
    bob.send([49, request, { mode: 'kill' }])
    t.same(await bob.fence(), [], 'not answered yet')
    t.same(await alice.next(), [69, invocation, { mode: 'kill' }])
    alice.send(answer(invocation))
    t.same(await bob.next(), expected)
  }
})

forEachTransport(t, 'killnowait, the default, answers the caller and interrupts the callee [CAN-04, CAN-06, TRP-39]', async (t, transport) => {
  const parties = await buildParties(t, transport)
  const { alice, bob } = parties
  for (const [request, options] of [[1, { mode: 'killnowait' }], [2, {}]] as const) {
    const invocation = await call(parties, request)
    t.same(head(await bob.ask([49, request, options])), canceled(request))
    t.same(await alice.next(), [69, invocation, { mode: 'killnowait' }])
    alice.send([70, invocation, {}], [8, 68, invocation, {}, 'com.stopped'])
    await alice.fence()
    t.same(await bob.fence(), [])
  }
})

forEachTransport(t, 'a callee that did not announce canceling receives no INTERRUPT, and its caller does not wait for it [CAN-05]', async (t, transport) => {
  const parties = await buildParties(t, transport, { announced: HELLO[2].roles })
  const { alice, bob } = parties
  for (const [i, mode] of ['kill', 'killnowait', 'skip'].entries()) {
    const invocation = await call(parties, i + 1)
    t.same(head(await bob.ask([49, i + 1, { mode }])), canceled(i + 1), mode)
    t.same(await alice.fence(), [])
    alice.send([70, invocation, {}])
  }
  await alice.fence()
  t.same(await bob.fence(), [])
})

forEachTransport(t, 'after a CANCEL in mode kill, another CANCEL can end the call without waiting for the callee [CAN-07]', async (t, transport) => {
  const parties = await buildParties(t, transport)
  const { alice, bob } = parties
  for (const [i, mode] of ['skip', 'killnowait'].entries()) {
    const invocation = await call(parties, i + 1)
    bob.send([49, i + 1, { mode: 'kill' }], [49, i + 1, { mode: 'kill' }])
    t.same(await bob.fence(), [])
    t.same(await alice.next(), [69, invocation, { mode: 'kill' }])
    t.same(await alice.fence(), [], 'told once')
    t.same(head(await bob.ask([49, i + 1, { mode }])), canceled(i + 1))
    t.same(await bob.fence(), [])
    await alice.fence()
  }
})

forEachTransport(t, 'a call that is being killed ends if its callee or its caller leaves [CAN-09, LEA-02]', async (t, transport) => {
  const parties = await buildParties(t, transport)
  const { alice, bob } = parties
  await call(parties)
  bob.send([49, 1, { mode: 'kill' }])
  await alice.next()
  alice.terminate()
  t.same(head(await bob.next()), canceled(1))
  t.same(await bob.fence(), [])
})

forEachTransport(t, 'an ERROR of the router has an explanation as its first argument [CAN-11, ORD-05]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await alice.ask([64, 1, {}, 'p'])
  for (const request of [[48, 1, {}, 'none'], [48, 1, {}, 'com..x'], [64, 1, {}, 'p'], [66, 1, 12345], [34, 1, 12345], [32, 1, {}, 'com..x'], [16, 1, { acknowledge: true }, 'com..x']]) {
    const [type, , , details, , [text] = [] as unknown[]] = await bob.ask(request) as [number, number, number, object, string, unknown[]?]
    t.equal(type, 8)
    t.same(details, {})
    t.type(text, 'string', JSON.stringify(request))
  }
})

/** What ends a call of bob's to alice. */
const ends: Readonly<Record<string, (parties: Parties, invocation: unknown, registration: unknown) => unknown>> = {
  answered: ({ alice }, invocation) => { alice.send([70, invocation, {}]) },
  failed: ({ alice }, invocation) => { alice.send([8, 68, invocation, {}, 'com.e']) },
  skipped: ({ bob }) => { bob.send([49, 1, { mode: 'skip' }]) },
  killed: ({ bob }) => { bob.send([49, 1, { mode: 'kill' }]) },
  'killed without waiting': ({ bob }) => { bob.send([49, 1, { mode: 'killnowait' }]) },
  unregistered: ({ alice }, _, registration) => { alice.send([66, 2, registration]) }
}

forEachTransport(t, 'the caller gets exactly one answer, whatever ends the call [CAL-04, TRP-60]', async (t, transport) => {
  for (const [first, end] of Object.entries(ends)) {
    for (const [second, endAgain] of Object.entries(ends)) {
      const parties = await buildParties(t, transport)
      const { alice, bob } = parties
      const [, , registration] = await alice.ask([64, 1, {}, 'p'])
      bob.send([48, 1, {}, 'p'])
      const [, invocation] = await alice.next()
      const heard: unknown[][] = []
      for (const step of [end, endAgain]) {
        step(parties, invocation, registration)
        await alice.fence()
        heard.push(...await bob.fence())
      }
      alice.terminate()
      await alice.closed
      // An answer that is still owed comes now; then the call's id is free again.
      heard.push(...await bob.fence())
      if (heard.length === 0) heard.push(await bob.next())
      t.equal(heard.length, 1, `${first}, then ${second}`)
      t.match(await bob.ask([48, 1, {}, 'none']), [8, 48, 1, {}, 'wamp.error.no_such_procedure'])
    }
  }
})
