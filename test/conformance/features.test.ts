import t from 'tap'
import { buildParties, violation } from '../helper/build-parties.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'
import { HELLO } from '../helper/wire-client.ts'

forEachTransport(t, 'a client that announces no role that there is, is refused [FEA-08, FEA-09, OPT-01]', async (t, transport) => {
  const { connect } = await buildHost(t, transport)
  for (const details of [{}, { roles: {} }, { roles: [] }, { roles: null }, { roles: 'caller' }, { roles: { pilot: {} } }]) {
    const client = await connect()
    t.match(await client.ask([1, 'realm1', details]), violation, JSON.stringify(details))
    t.equal(await client.closed, 1002)
  }
})

forEachTransport(t, 'roles and features that there are not are no obstacle beside one that there is [FEA-09, FEA-11, TRP-37]', async (t, transport) => {
  const { join } = await buildHost(t, transport)
  for (const role of ['publisher', 'subscriber', 'caller', 'callee']) {
    const client = await join({}, { [role]: { features: { flying: true, call_canceling: 'x' } }, pilot: { features: {} } })
    t.match(await client.ask([32, 1, {}, 'a']), [33, 1])
    t.match(await client.ask([64, 2, {}, 'a']), [65, 2])
    client.terminate()
    await client.closed
  }
})

forEachTransport(t, 'what each callee announced decides what it is sent [FEA-10, CAN-05, TRP-05]', async (t, transport) => {
  const { login, alice } = await buildParties(t, transport)
  const spellings = [[{ call_canceling: true }, true], [{ call_cancelling: true }, true], [{ call_canceling: false }, false], [{}, false]] as const
  for (const [i, [features, told]] of spellings.entries()) {
    const callee = await login('bob', { callee: { features } })
    await callee.ask([64, 1, {}, `p${i}`])
    alice.send([48, i + 1, {}, `p${i}`], [49, i + 1, { mode: 'killnowait' }])
    await alice.fence()
    t.same((await callee.fence()).map(([type]) => type), told ? [68, 69] : [68], JSON.stringify(features))
  }
})

forEachTransport(t, 'HELLO may name the client\'s program, and WELCOME names this one [FEA-12]', async (t, transport) => {
  const { connect } = await buildHost(t, transport)
  const client = await connect()
  const [type, , details] = await client.ask([1, 'realm1', { ...HELLO[2], agent: 'a test' }])
  t.equal(type, 2)
  t.match((details as { agent: string }).agent, /^fastify-wamp/)
})
