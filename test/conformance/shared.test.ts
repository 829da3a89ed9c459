import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import type { Parties } from '../helper/build-parties.ts'
import type { Peer } from '../helper/peer.ts'
import { advanced } from '../helper/roles.ts'
import { forEachTransport } from '../helper/transports.ts'

/** Calls `p` so often, and returns who was invoked, by the callees' place in the list. */
async function shares (caller: Peer, callees: readonly Peer[], calls: number): Promise<number[]> {
  for (let i = 0; i < calls; i++) caller.send([48, i + 1, {}, 'p', [i]])
  await caller.fence()
  const invocations = await Promise.all(callees.map(async (callee) => (await callee.fence()).filter(([type]) => type === 68)))
  const taken: number[] = []
  invocations.forEach((own, callee) => { for (const [, , , , [i]] of own as [68, number, number, object, [number]][]) taken[i] = callee })
  invocations.forEach((own, callee) => { for (const [, request] of own) callees[callee]!.send([70, request, {}]) })
  await Promise.all(callees.map((callee) => callee.fence()))
  await caller.fence()
  return taken
}

/** Has three register `p`. Returns the registration, and somebody else who calls. */
async function share ({ login, alice, bob, carol }: Parties, options: object): Promise<{ id: unknown, caller: Peer }> {
  const ids: unknown[] = []
  for (const callee of [alice, bob, carol]) ids.push((await callee.ask([64, 1, options, 'p']))[2])
  if (new Set(ids).size !== 1) throw new Error('they do not share a registration')
  return { id: ids[0], caller: await login('carol') }
}

forEachTransport(t, 'the first callee sets the policy, all callees share one registration, and it ends with the last one [SHR-01, SHR-02, SHR-06, TRP-40]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  const [, , id] = await alice.ask([64, 1, { invoke: 'roundrobin' }, 'p'])
  t.same(await bob.ask([64, 1, { invoke: 'roundrobin' }, 'p']), [65, 1, id])
  for (const options of [{}, { invoke: 'single' }, { invoke: 'first' }]) {
    t.match(await carol.ask([64, 1, options, 'p']), [8, 64, 1, {}, 'wamp.error.procedure_already_exists', [/roundrobin/]])
  }
  t.match(await carol.ask([64, 2, { invoke: 'first', match: 'prefix' }, 'p']), [65, 2], 'another policy of matching is another registration')
  t.same(await alice.ask([66, 2, id]), [67, 2])
  t.same(head(await carol.ask([64, 3, { invoke: 'last' }, 'p'])), [8, 64, 3, {}, 'wamp.error.procedure_already_exists'])
  t.same(await bob.ask([66, 2, id]), [67, 2])
  const [, , next] = await carol.ask([64, 4, { invoke: 'last' }, 'p'])
  t.not(next, id)
})

forEachTransport(t, 'a callee that registers again is not called twice [SHR-08]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  const [, , id] = await alice.ask([64, 1, { invoke: 'roundrobin' }, 'p'])
  t.same(await alice.ask([64, 2, { invoke: 'roundrobin' }, 'p']), [65, 2, id])
  await bob.ask([64, 1, { invoke: 'roundrobin' }, 'p'])
  t.same(await shares(carol, [alice, bob], 4), [0, 1, 0, 1])
})

forEachTransport(t, 'roundrobin keeps its order when callees leave [SHR-03, SHR-09]', async (t, transport) => {
  const parties = await buildParties(t, transport)
  const { alice, bob, carol } = parties
  const { id, caller } = await share(parties, { invoke: 'roundrobin' })
  t.same(await shares(caller, [alice, bob, carol], 7), [0, 1, 2, 0, 1, 2, 0])
  // It is bob's turn: neither he nor carol is skipped because alice goes.
  await alice.ask([66, 2, id])
  t.same(await shares(caller, [bob, carol], 3), [0, 1, 0])
  await bob.ask([66, 2, id])
  t.same(await shares(caller, [carol], 2), [0, 0])
})

forEachTransport(t, 'random selects all callees, in no fixed order [SHR-04]', async (t, transport) => {
  const parties = await buildParties(t, transport)
  const { alice, bob, carol } = parties
  const { caller } = await share(parties, { invoke: 'random' })
  const taken = await shares(caller, [alice, bob, carol], 300)
  // Each has 100 to expect: outside these bounds it is once in 10^11 runs.
  for (const callee of [0, 1, 2]) t.ok(Math.abs(taken.filter((one) => one === callee).length - 100) < 60)
  t.ok(taken.some((one, i) => one === taken[i + 1]), 'it does not go round')
})

forEachTransport(t, 'first and last select one callee, and another one when it leaves [SHR-05, SHR-06]', async (t, transport) => {
  for (const [invoke, order] of [['first', [0, 1, 2]], ['last', [2, 1, 0]]] as const) {
    const parties = await buildParties(t, transport)
    const callees = [parties.alice, parties.bob, parties.carol]
    const { id, caller } = await share(parties, { invoke })
    for (const callee of order) {
      t.same(await shares(caller, callees, 3), [callee, callee, callee], invoke)
      await callees[callee]!.ask([66, 2, id])
    }
    t.same(head(await caller.ask([48, 10, {}, 'p'])), [8, 48, 10, {}, 'wamp.error.no_such_procedure'])
  }
})

forEachTransport(t, 'concurrency limits the calls of a callee: others are tried in turn, within the registration [SHR-10, PAR-07]', async (t, transport) => {
  for (const [invoke, fits] of [['single', 1], ['first', 1], ['last', 1], ['roundrobin', 3], ['random', 3]] as const) {
    const { alice, bob, carol } = await buildParties(t, transport)
    const callees = invoke === 'single' ? [bob] : [bob, carol, alice]
    for (const callee of callees) await callee.ask([64, 1, { invoke, concurrency: 1 }, 'p'])
    // A call does not fall back to what matches less well.
    await alice.ask([64, 2, { match: 'prefix' }, 'p'])
    for (let i = 0; i < fits; i++) alice.send([48, i + 1, {}, 'p'])
    const own = (await alice.fence()).filter(([type]) => type === 68).length
    t.equal(own, fits === 3 || invoke === 'last' ? 1 : 0)
    t.same(head(await alice.ask([48, 9, {}, 'p'])), [8, 48, 9, {}, 'wamp.error.no_available_callee'], invoke)
  }
})

forEachTransport(t, 'however a call ends, it frees capacity; a progressive result does not [SHR-11]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, { concurrency: 1 }, 'p'])
  const full = async (): Promise<boolean> => {
    const [type, , , , error] = await carol.ask([48, 99, {}, 'p'])
    return type === 8 && error === 'wamp.error.no_available_callee'
  }
  let invocation = 0
  const endings = {
    result: () => { bob.send([70, invocation, {}]) },
    error: () => { bob.send([8, 68, invocation, {}, 'a.b']) },
    skip: (call: number) => { alice.send([49, call, { mode: 'skip' }]) },
    killnowait: (call: number) => { alice.send([49, call, { mode: 'killnowait' }]) },
    kill: (call: number) => { alice.send([49, call, { mode: 'kill' }]); bob.send([8, 68, invocation, {}, 'a.b']) }
  }
  for (const [i, [name, end]] of Object.entries(endings).entries()) {
    alice.send([48, i + 1, { receive_progress: true }, 'p'])
    await alice.fence()
    for (const [type, request] of await bob.fence()) if (type === 68) invocation = Number(request)
    bob.send([70, invocation, { progress: true }])
    await alice.next()
    t.ok(await full(), `${name}: progress is no end`)
    end(i + 1)
    t.ok((await alice.next())[0] !== 68, name)
  }
  alice.send([48, 50, { timeout: 1 }, 'p'])
  t.same(head(await alice.next()), [8, 48, 50, {}, 'wamp.error.timeout'])
  alice.send([48, 51, {}, 'p'])
  await alice.fence()
  t.ok(await full())
  alice.terminate()
  await alice.closed
  await bob.fence()
  carol.send([48, 100, {}, 'p'])
  t.same(await carol.fence(), [], 'the caller\'s leaving made room')
  t.equal((await bob.fence()).filter(([type]) => type === 68).length, 1)
})
