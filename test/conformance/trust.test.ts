import t from 'tap'
import { buildParties } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'

const everywhere = { call: true, register: true, publish: true, subscribe: true }

forEachTransport(t, 'callees and subscribers receive the trust level of the role and URI, if there is one [TRU-01, TRU-02, CTR-01, MSG-12]', async (t, transport) => {
  const user = { permissions: [{ uri: '', match: 'prefix', allow: everywhere }, { uri: 'a', allow: everywhere, trustlevel: 0 }, { uri: 'b.', match: 'prefix', allow: everywhere, trustlevel: 7 }] } as const
  const { alice, bob, carol } = await buildParties(t, transport, { user })
  for (const [i, uri] of ['a', 'b.x', 'c'].entries()) {
    await bob.ask([64, 10 + i, {}, uri])
    await bob.ask([32, 20 + i, {}, uri])
    await carol.ask([32, 20 + i, {}, uri])
  }
  for (const [i, [uri, trustlevel]] of ([['a', 0], ['b.x', 7], ['c', undefined]] as const).entries()) {
    const details = trustlevel === undefined ? {} : { trustlevel }
    alice.send([16, 1, { trustlevel: 99 }, uri], [48, 30 + i, { trustlevel: 99 }, uri])
    await alice.fence()
    t.same((await bob.fence()).map(([type, , , given]) => [type, given]), [[36, details], [68, details]])
    t.same((await carol.fence())[0]![3], details, 'all receivers are told the same')
  }
  carol.send([48, 3, {}, 'b.x'])
  t.same((await bob.next())[3], {}, 'another role is trusted otherwise')
})
