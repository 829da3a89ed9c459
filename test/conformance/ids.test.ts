import t from 'tap'
import { buildParties, head, violation } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'
import { forEachCodec, HELLO } from '../helper/wire-client.ts'

const LARGEST = 2 ** 53

forEachCodec(t, 'all ids from 1 to 2^53 are accepted and returned [IDS-01, IDS-02, IDS-15, SER-10, SER-11, TRP-03, TRP-04]', async (t, codec) => {
  const { alice } = await buildParties(t, codec)
  const [, , registration] = await alice.ask([64, 1, {}, 'p'])
  for (const id of [1, 255, 65_536, 2 ** 32 - 1, 2 ** 32, 5_512_315_355, 2 ** 53 - 1, LARGEST]) {
    const [type, request, subscription] = await alice.ask([32, id, {}, 'a'])
    t.same([type, request], [33, id])
    t.same(await alice.ask([34, id, subscription]), [35, id])
    t.match(await alice.ask([16, id, { acknowledge: true }, 'a']), [17, id, Number])
    const [, invocation, of] = await alice.ask([48, id, {}, 'p'])
    t.equal(of, registration)
    t.same(await alice.ask([70, invocation, {}]), [50, id, {}])
    t.match(await alice.ask([64, id, {}, 'p']), [8, 64, id, {}, 'wamp.error.procedure_already_exists'])
  }
  t.same(await alice.ask([66, LARGEST, registration]), [67, LARGEST])
})

forEachTransport(t, 'session ids are unique, and spread over the whole range [IDS-03]', async (t, transport) => {
  const { login, alice, bob, carol } = await buildParties(t, transport)
  const ids = [alice.id, bob.id, carol.id]
  while (ids.length < 20) ids.push((await login('alice')).id)
  t.equal(new Set(ids).size, 20)
  t.ok(ids.every((id) => Number.isInteger(id) && id >= 1 && id <= LARGEST))
  t.ok(Math.max(...ids) > 2 ** 40, 'drawn from the whole range')
})

forEachTransport(t, 'publication ids are spread over the whole range, acknowledged or not [IDS-04]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([32, 1, {}, 'a'])
  for (let i = 1; i <= 20; i++) alice.send([16, i, i > 10 ? { acknowledge: true } : {}, 'a'])
  const published = (await alice.fence()).map(([, , id]) => id)
  const ids = (await bob.fence()).map(([, , id]) => Number(id))
  t.same(ids.slice(10), published)
  t.equal(new Set(ids).size, 20)
  t.ok(ids.every((id) => Number.isInteger(id) && id >= 1 && id <= LARGEST))
  t.ok(Math.max(...ids) > 2 ** 40)
})

forEachTransport(t, 'subscriptions and registrations have small, increasing ids [IDS-05, IDS-06]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const ids: number[] = []
  for (const [type, uri] of [[32, 'a'], [64, 'a'], [32, 'b'], [64, 'b']]) {
    ids.push(Number((await alice.ask([type, 1, {}, uri]))[2]), Number((await bob.ask([type, 1, {}, `${uri}.bob`]))[2]))
  }
  t.ok(ids.every((id) => id >= 1 && id < 2 ** 32))
  for (const kind of [ids.filter((_, i) => i % 4 < 2), ids.filter((_, i) => i % 4 > 1)]) t.same(kind, [...new Set(kind)].sort((a, b) => a - b))
})

forEachTransport(t, 'each callee has its own sequence of invocation ids, from 1 [IDS-07, IDS-08, TRP-30]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await alice.ask([64, 1, {}, 'of.alice'])
  await bob.ask([64, 1, {}, 'of.bob'])
  for (let i = 0; i < 6; i++) carol.send([48, 10 + i, {}, i % 2 === 0 ? 'of.alice' : 'of.bob'])
  await carol.fence()
  t.same((await alice.fence()).map(([, id]) => id), [1, 2, 3])
  t.same((await bob.fence()).map(([, id]) => id), [1, 2, 3])
})

forEachTransport(t, 'request ids out of sequence are accepted [IDS-11, TRP-02]', async (t, transport) => {
  const { alice } = await buildParties(t, transport)
  for (const id of [123, 789, 5, 5]) t.match(await alice.ask([32, id, {}, 'a']), [33, id])
})

forEachTransport(t, 'a strict realm accepts only request ids in sequence, and drops any other request [IDS-09, IDS-10, PVI-10]', async (t, transport) => {
  const strict = { realm: { strictRequestIds: true } }
  for (const wrong of [[2], [1, 3], [1, 1], [1, 2, 1]]) {
    const { alice, bob } = await buildParties(t, transport, strict)
    await bob.ask([32, 1, {}, 'a'])
    alice.send(...wrong.map((id) => [16, id, {}, 'a', [id]]))
    t.match(await alice.next(), violation, String(wrong))
    await alice.closed
    bob.send([34, 2, 999])
    for (const id of wrong.slice(0, -1)) t.match(await bob.next(), [36, Number, Number, {}, [id]])
    t.match(await bob.next(), [8, 34, 2], 'nothing of the wrong one')
  }
})

forEachTransport(t, 'all requests share one sequence: refused requests count, and references to earlier ids do not [IDS-09, IDS-12, IDS-13]', async (t, transport) => {
  const { alice } = await buildParties(t, transport, { realm: { strictRequestIds: true } })
  const [, , subscription] = await alice.ask([32, 1, {}, 'a'])
  const [, , registration] = await alice.ask([64, 2, {}, 'p'])
  alice.send([16, 3, {}, 'com..x'])
  t.same(head(await alice.ask([48, 4, {}, 'none'])), [8, 48, 4, {}, 'wamp.error.no_such_procedure'])
  t.match(await alice.ask([48, 5, {}, 'p']), [68, 1])
  t.match(await alice.ask([48, 6, {}, 'p']), [68, 2])
  t.same(await alice.ask([70, 1, {}]), [50, 5, {}])
  t.same(await alice.ask([8, 68, 2, {}, 'com.e']), [8, 48, 6, {}, 'com.e'])
  alice.send([49, 5, {}])
  t.same(await alice.ask([34, 7, subscription]), [35, 7])
  t.same(await alice.ask([66, 8, registration]), [67, 8])
})

forEachTransport(t, 'the sequence restarts with a new session on the connection; without strictRequestIds, it may also continue [IDS-14]', async (t, transport) => {
  const { alice } = await buildParties(t, transport, { realm: { strictRequestIds: true } })
  await alice.ask([32, 1, {}, 'a'])
  await alice.ask([6, {}, 'wamp.close.close_realm'])
  await alice.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'alice' }])
  t.match(await alice.ask([5, 'of alice', {}]), [2])
  t.match(await alice.ask([32, 1, {}, 'a']), [33, 1])

  const { alice: lenient } = await buildParties(t, transport)
  await lenient.ask([32, 1, {}, 'a'])
  await lenient.ask([6, {}, 'wamp.close.close_realm'])
  await lenient.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'alice' }])
  t.match(await lenient.ask([5, 'of alice', {}]), [2])
  t.match(await lenient.ask([32, 2, {}, 'a']), [33, 2])
})

forEachTransport(t, 'two sessions can use the same request ids without conflict [IDS-15, IDS-17]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await carol.ask([64, 1, {}, 'p'])
  await alice.ask([64, 1, {}, 'q'])
  alice.send([48, 7, {}, 'p', ['alice']])
  bob.send([48, 7, {}, 'p', ['bob']])
  const calls = [await carol.next(), await carol.next()]
  bob.send([49, 7, { mode: 'skip' }])
  t.same(head(await bob.next()), [8, 48, 7, {}, 'wamp.error.canceled'])
  for (const [, id, , , args] of calls) carol.send([70, id, {}, args])
  t.same(await alice.next(), [50, 7, {}, ['alice']])
  await carol.fence()
  t.same(await bob.fence(), [])
})
