import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { buildParties, login, violation } from '../helper/build-parties.ts'
import { forEachCodec, HELLO, WireClient } from '../helper/wire-client.ts'

forEachCodec(t, 'a client that announces no role that there is, is refused [FEA-08, FEA-09, OPT-01]', async (t, codec) => {
  const { url } = await buildApp(t)
  for (const details of [{}, { roles: {} }, { roles: [] }, { roles: null }, { roles: 'caller' }, { roles: { pilot: {} } }]) {
    const client = await WireClient.connect(t, url, codec)
    t.match(await client.ask([1, 'realm1', details]), violation, JSON.stringify(details))
    t.equal(await client.closed, 1002)
  }
})

forEachCodec(t, 'roles and features that there are not are no obstacle beside one that there is [FEA-09, FEA-11, TRP-37]', async (t, codec) => {
  const { url } = await buildApp(t)
  for (const role of ['publisher', 'subscriber', 'caller', 'callee']) {
    const client = await WireClient.join(t, url, codec, {}, { [role]: { features: { flying: true, call_canceling: 'x' } }, pilot: { features: {} } })
    t.match(await client.ask([32, 1, {}, 'a']), [33, 1])
    t.match(await client.ask([64, 2, {}, 'a']), [65, 2])
    client.socket.terminate()
    await client.closed
  }
})

forEachCodec(t, 'what each callee announced decides what it is sent [FEA-10, CAN-05, TRP-05]', async (t, codec) => {
  const { url, alice } = await buildParties(t, codec)
  const spellings = [[{ call_canceling: true }, true], [{ call_cancelling: true }, true], [{ call_canceling: false }, false], [{}, false]] as const
  for (const [i, [features, told]] of spellings.entries()) {
    const callee = await login(t, url, codec, 'bob', { callee: { features } })
    await callee.ask([64, 1, {}, `p${i}`])
    alice.send([48, i + 1, {}, `p${i}`], [49, i + 1, { mode: 'killnowait' }])
    await alice.fence()
    t.same((await callee.fence()).map(([type]) => type), told ? [68, 69] : [68], JSON.stringify(features))
  }
})

forEachCodec(t, 'HELLO may name the client\'s program, and WELCOME names this one [FEA-12]', async (t, codec) => {
  const { url } = await buildApp(t)
  const client = await WireClient.connect(t, url, codec)
  const [type, , details] = await client.ask([1, 'realm1', { ...HELLO[2], agent: 'a test' }])
  t.equal(type, 2)
  t.match((details as { agent: string }).agent, /^fastify-wamp/)
})
