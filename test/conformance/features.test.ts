import t from 'tap'
import { buildParties, violation } from '../helper/build-parties.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'
import { HELLO } from '../helper/wire-client.ts'

const brokerFeatures = [
  'event_history', 'event_retention', 'pattern_based_subscription', 'payload_passthru_mode', 'publication_trustlevels', 'publisher_exclusion',
  'publisher_identification', 'session_meta_api', 'subscriber_blackwhite_listing', 'subscription_meta_api', 'subscription_revocation'
]
const dealerFeatures = [
  'call_canceling', 'call_reroute', 'call_timeout', 'call_trustlevels', 'caller_identification', 'pattern_based_registration', 'payload_passthru_mode',
  'progressive_call_invocations', 'progressive_call_results', 'registration_meta_api', 'registration_revocation', 'session_meta_api',
  'shared_registration', 'testament_meta_api'
]
const details = ['agent', 'authid', 'authmethod', 'authprovider', 'authrole', 'realm', 'roles']

forEachTransport(t, 'HELLO is answered by one WELCOME, which announces exactly the supported features [SES-02, SES-04, SES-05, FEA-01, FEA-02, FEA-03, FEA-04, FEA-05, FEA-06, FEA-07, FEA-13, MSG-10, MSE-17, MRE-14, MSU-09, RET-09, TES-08, TMO-10, PPT-14, TRP-15, TRP-16, TRP-36, TRP-57]', async (t, transport) => {
  const { connect } = await buildHost(t, transport, { auth: { anonymous: { type: 'static' }, ticket: { type: 'static', principals: { alice: { ticket: 'x', role: 'anonymous' } } } } })
  const [guest, alice] = [await connect(), await connect()]
  const welcomes = [await guest.ask(HELLO)]
  await alice.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'alice' }])
  welcomes.push(await alice.ask([5, 'x', {}]))
  for (const client of [guest, alice]) t.same(await client.fence(), [], 'and that was all')
  for (const [type, id, welcome] of welcomes as [number, number, Record<string, unknown>][]) {
    t.equal(type, 2)
    t.ok(Number.isInteger(id))
    t.same(Object.keys(welcome).sort(), details, 'nothing of Crossbar.io\'s own')
    const { broker, dealer, ...others } = welcome.roles as Record<string, { features: Record<string, boolean> }>
    t.same(others, {})
    for (const [role, features] of [[broker, brokerFeatures], [dealer, dealerFeatures]] as const) {
      t.same(Object.keys(role!), ['features'])
      t.same(Object.keys(role!.features).sort(), features)
      t.ok(Object.values(role!.features).every((announced) => announced === true))
    }
  }
  const [anonymous, named] = welcomes.map(([, , welcome]) => welcome)
  t.match(anonymous, { realm: 'realm1', authid: String, authrole: 'anonymous', authmethod: 'anonymous', authprovider: 'static' })
  t.match(named, { realm: 'realm1', authid: 'alice', authrole: 'anonymous', authmethod: 'ticket', authprovider: 'static' })
})

forEachTransport(t, 'a client that announces no known role is refused [FEA-08, FEA-09, OPT-01]', async (t, transport) => {
  const { connect } = await buildHost(t, transport)
  for (const details of [{}, { roles: {} }, { roles: [] }, { roles: null }, { roles: 'caller' }, { roles: { pilot: {} } }]) {
    const client = await connect()
    t.match(await client.ask([1, 'realm1', details]), violation, JSON.stringify(details))
    t.equal(await client.closed, 1002)
  }
})

forEachTransport(t, 'unknown roles and features are ignored if a known role is announced [FEA-09, FEA-11, TRP-37]', async (t, transport) => {
  const { join } = await buildHost(t, transport)
  for (const role of ['publisher', 'subscriber', 'caller', 'callee']) {
    const client = await join({}, { [role]: { features: { flying: true, call_canceling: 'x' } }, pilot: { features: {} } })
    t.match(await client.ask([32, 1, {}, 'a']), [33, 1])
    t.match(await client.ask([64, 2, {}, 'a']), [65, 2])
    client.terminate()
    await client.closed
  }
})

forEachTransport(t, 'the features that a callee announced determine the messages that it receives [FEA-10, CAN-05, TRP-05]', async (t, transport) => {
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

forEachTransport(t, 'HELLO may contain the name of the client program, and WELCOME contains that of the router [FEA-12]', async (t, transport) => {
  const { connect } = await buildHost(t, transport)
  const client = await connect()
  const [type, , details] = await client.ask([1, 'realm1', { ...HELLO[2], agent: 'a test' }])
  t.equal(type, 2)
  t.match((details as { agent: string }).agent, /^fastify-wamp/)
})
