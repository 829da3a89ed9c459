import t from 'tap'
import { buildParties } from '../helper/build-parties.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'
import { forEachCodec, HELLO } from '../helper/wire-client.ts'

forEachTransport(t, 'events and invocations arrive in the order of the publications and calls that caused them [ORD-01, ORD-03]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([32, 1, {}, 'a'])
  await bob.ask([64, 2, {}, 'p'])
  const count = 100
  for (let i = 0; i < count; i++) alice.send(i % 2 === 0 ? [16, i + 1, {}, 'a', [i]] : [48, i + 1, {}, 'p', [i]])
  await alice.fence()
  const seen = await bob.fence()
  t.same(seen.map(([type, , , , args]) => [type, (args as number[])[0]]), Array.from({ length: count }, (_, i) => [i % 2 === 0 ? 36 : 68, i]))
})

forEachTransport(t, 'a failing authenticator affects only its own login, and discloses nothing [ORD-06]', async (t, transport) => {
  const broken = { type: 'function', authenticator: () => { throw new Error('the secret of the database') } } as const
  const rejecting = { type: 'function', authenticator: () => Promise.reject(new TypeError('the secret of the database')) } as const
  const { connect, join } = await buildHost(t, transport, { auth: { broken, rejecting, anonymous: { type: 'static' } } })
  const witness = await join()
  for (const method of ['broken', 'rejecting']) {
    const client = await connect()
    const abort = await client.ask([1, 'realm1', { ...HELLO[2], authmethods: [method] }])
    t.match(abort, [3, { message: String }, 'wamp.error.authentication_failed'])
    t.notMatch(JSON.stringify(abort), /secret/)
  }
  t.same(await witness.fence(), [])
  t.not((await join()).id, witness.id, 'others come in')
})

forEachCodec(t, 'bytes that are not a message end one connection, and no other [ORD-06, SER-01]', async (t, codec) => {
  const { alice, bob } = await buildParties(t, codec)
  await bob.ask([32, 1, {}, 'a'])
  alice.socket.send(codec.binary ? Buffer.from([0xc1, 0xff, 0x00]) : '[16,1,{},"a"', { binary: codec.binary })
  t.match(await alice.next(), [3, { message: String }, 'wamp.error.protocol_violation'])
  t.equal(await alice.closed, 1002)
  t.same(await bob.fence(), [])
})
