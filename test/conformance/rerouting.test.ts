import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import { advanced, rolesWith } from '../helper/roles.ts'
import { forEachTransport } from '../helper/transports.ts'

const unavailable = 'wamp.error.unavailable'

forEachTransport(t, 'the call of an unavailable callee is routed to the next one, according to the policy [RRT-01, RRT-02, RRT-04]', async (t, transport) => {
  for (const [invoke, order] of [['roundrobin', [0, 1, 2]], ['first', [0, 1, 2]], ['last', [2, 1, 0]]] as const) {
    const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
    const callees = [alice, bob, carol]
    for (const callee of callees) await callee.ask([64, 1, { invoke }, 'p'])
    alice.send([48, 1, {}, 'p', ['arg'], { k: 1 }])
    for (const place of order.slice(0, 2)) {
      const [type, request, , , ...payload] = await callees[place]!.next()
      t.same([type, request, payload], [68, 1, [['arg'], { k: 1 }]], `${invoke}: callee ${place}`)
      callees[place]!.send([8, 68, 1, {}, unavailable])
    }
    const last = callees[order[2]]!
    await last.next()
    last.send([70, 1, {}, ['done']])
    t.same(await alice.next(), [50, 1, {}, ['done']])
  }
})

forEachTransport(t, 'with the policy random, each callee is tried once [RRT-02, RRT-03]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
  for (const callee of [bob, carol]) await callee.ask([64, 1, { invoke: 'random' }, 'p'])
  alice.send([48, 1, {}, 'p'])
  const decline = async (callee: typeof bob): Promise<unknown> => {
    const [type] = await callee.next()
    callee.send([8, 68, 1, {}, unavailable])
    return type
  }
  t.same(await Promise.all([decline(bob), decline(carol)]), [68, 68])
  t.match(await alice.next(), [8, 48, 1, {}, 'wamp.error.no_available_callee', [String]])
})

forEachTransport(t, 'a single callee that is unavailable has no alternative [RRT-02]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, {}, 'p'])
  await bob.next()
  bob.send([8, 68, 1, {}, unavailable])
  t.same(head(await alice.next()), [8, 48, 1, {}, 'wamp.error.no_available_callee'])
})

forEachTransport(t, 'the error of a callee that did not announce re-routing, or has begun to answer, is final [RRT-04]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: rolesWith('callee.call_canceling') })
  for (const callee of [bob, carol]) await callee.ask([64, 1, { invoke: 'first' }, 'p'])
  alice.send([48, 1, {}, 'p'])
  await bob.next()
  bob.send([8, 68, 1, {}, unavailable, ['busy']])
  t.same(await alice.next(), [8, 48, 1, {}, unavailable, ['busy']])

  const able = await buildParties(t, transport, { announced: advanced })
  for (const callee of [able.bob, able.carol]) await callee.ask([64, 1, { invoke: 'first' }, 'p'])
  able.alice.send([48, 1, { receive_progress: true }, 'p'])
  await able.bob.next()
  able.bob.send([70, 1, { progress: true }, [1]], [8, 68, 1, {}, unavailable])
  t.same(await able.alice.next(), [50, 1, { progress: true }, [1]])
  t.same(head(await able.alice.next()), [8, 48, 1, {}, unavailable])
  able.alice.send([48, 2, { progress: true }, 'p'], [48, 2, {}, 'p'])
  await able.alice.fence()
  t.equal((await able.bob.fence()).length, 2)
  able.bob.send([8, 68, 2, {}, unavailable])
  t.same(head(await able.alice.next()), [8, 48, 2, {}, unavailable])
})

forEachTransport(t, 'the timeout of a call continues at the next callee [RRT-04, TMO-05]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
  for (const callee of [bob, carol]) await callee.ask([64, 1, { invoke: 'first' }, 'p'])
  alice.send([48, 1, { timeout: 200 }, 'p'])
  await bob.next()
  bob.send([8, 68, 1, {}, unavailable])
  t.match(await carol.next(), [68, 1])
  t.same(head(await alice.next()), [8, 48, 1, {}, 'wamp.error.timeout'])
  t.same(await carol.next(), [69, 1, { mode: 'killnowait' }])
})

forEachTransport(t, 'keys and modes of sharding are accepted, and have no effect [SHS-01, SHC-01]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([64, 1, {}, 'p'])
  await bob.ask([32, 2, { nkey: 'x' }, 'a'])
  alice.send([48, 1, { runmode: 'partition', rkey: 'x' }, 'p'], [16, 2, { rkey: 'y' }, 'a'])
  await alice.fence()
  t.same((await bob.fence()).map(([type, , , details]) => [type, details]), [[68, {}], [36, {}]])
})
