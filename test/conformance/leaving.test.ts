import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import type { Parties } from '../helper/build-parties.ts'
import type { Peer } from '../helper/peer.ts'
import { forEachTransport } from '../helper/transports.ts'
import { HELLO } from '../helper/wire-client.ts'

/** The ways in which a session ends. */
const ways: Readonly<Record<string, (client: Peer, parties: Parties) => unknown>> = {
  GOODBYE: (client) => { client.send([6, {}, 'wamp.close.close_realm']) },
  ABORT: (client) => { client.send([3, {}, 'com.bye']) },
  'a violation': (client) => { client.send([999]) },
  'a lost connection': (client) => { client.terminate() },
  'being kicked': ({ id }, { app }) => { app.wamp.kick('realm1', { session: id }) }
}

forEachTransport(t, 'when a caller leaves, its callee is interrupted, and may answer late [LEA-01]', async (t, transport) => {
  for (const [way, leave] of Object.entries(ways)) {
    const parties = await buildParties(t, transport)
    const { alice, bob } = parties
    await alice.ask([64, 1, {}, 'p'])
    bob.send([48, 1, {}, 'p'], [48, 2, {}, 'p'])
    await alice.next()
    await alice.next()
    leave(bob, parties)
    t.same([await alice.next(), await alice.next()], [[69, 1, { mode: 'killnowait' }], [69, 2, { mode: 'killnowait' }]], way)
    alice.send([70, 1, {}], [8, 68, 2, {}, 'com.e'])
    t.same(await alice.fence(), [])
  }
})

forEachTransport(t, 'a callee that cannot be interrupted is not notified when its caller leaves [LEA-01]', async (t, transport) => {
  for (const [way, leave] of Object.entries(ways)) {
    const parties = await buildParties(t, transport, { announced: HELLO[2].roles })
    const { app, alice, bob } = parties
    await alice.ask([64, 1, {}, 'p'])
    bob.send([48, 1, {}, 'p'])
    await alice.next()
    leave(bob, parties)
    while (app.wamp.sessions('realm1').length > 2) await alice.fence()
    t.same(await alice.fence(), [], way)
    alice.send([70, 1, {}])
    t.same(await alice.fence(), [])
  }
})

forEachTransport(t, 'when a callee leaves, each of its callers gets one error [LEA-02, LEA-03, LEA-04]', async (t, transport) => {
  for (const [way, leave] of Object.entries(ways)) {
    const parties = await buildParties(t, transport)
    const { alice, bob, carol } = parties
    const spare = await parties.login('bob')
    for (const callee of [alice, spare]) await callee.ask([64, 1, { invoke: 'first' }, 'p'])
    bob.send([48, 1, {}, 'p'], [48, 2, {}, 'p'])
    carol.send([48, 1, {}, 'p'])
    for (let i = 0; i < 3; i++) await alice.next()
    leave(alice, parties)
    t.same([head(await bob.next()), head(await bob.next())], [[8, 48, 1, {}, 'wamp.error.canceled'], [8, 48, 2, {}, 'wamp.error.canceled']], way)
    t.same(head(await carol.next()), [8, 48, 1, {}, 'wamp.error.canceled'])
    t.same(await bob.fence(), [])
    t.same(await spare.fence(), [], 'nobody else is asked')
  }
})

forEachTransport(t, 'a session that called itself receives nothing when it leaves [LEA-05]', async (t, transport) => {
  const { app, alice } = await buildParties(t, transport, { plugin: { shutdownTimeout: 60_000 } })
  await alice.ask([64, 1, {}, 'p'])
  await alice.ask([48, 2, {}, 'p'])
  app.wamp.kick('realm1', { authid: 'alice' })
  t.same(await alice.next(), [6, {}, 'wamp.close.killed'])
  alice.send([6, {}, 'wamp.close.goodbye_and_out'])
  await alice.closed
  await t.rejects(alice.next(), 'nothing more came')
})

forEachTransport(t, 'nothing is left of a call after both sides have left [LEA-06]', async (t, transport) => {
  for (const announced of [undefined, HELLO[2].roles]) {
    for (const order of ['caller first', 'callee first']) {
      const parties = await buildParties(t, transport, { ...(announced === undefined ? {} : { announced }) })
      const { app, alice, bob, carol } = parties
      await alice.ask([64, 1, {}, 'p'])
      bob.send([48, 1, {}, 'p'], [49, 1, { mode: 'kill' }])
      await alice.next()
      for (const client of order === 'caller first' ? [bob, alice] : [alice, bob]) client.terminate()
      while (app.wamp.sessions('realm1').length > 1) await carol.fence()
      t.same(head(await carol.ask([48, 1, {}, 'p'])), [8, 48, 1, {}, 'wamp.error.no_such_procedure'])
      t.match(await carol.ask([64, 2, {}, 'p']), [65, 2])
      t.match(await carol.ask([48, 3, {}, 'p']), [68, 1], 'invocations are counted anew')
    }
  }
})
