import t from 'tap'
import type { AuthOptions } from '../../plugin/auth-options.ts'
import type { FastifyWampOptions } from '../../plugin/options.ts'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

const procedure = 'com.example.backend'
const auth: AuthOptions = {
  anonymous: { type: 'static' },
  wampcra: { type: 'dynamic', authenticator: procedure },
  // The users of the authorizer's role.
  ticket: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'user' }) }
}
const realms = { realm1: { roles: { anonymous: everything, user: { authorizer: procedure } }, eventHistory: [{ uri: 'com.example.kept' }] } }
const helloBy = (method: string): unknown[] => helloAs({ authid: 'joe', authmethods: [method] }) as unknown[]

/** A router, the backend that it asks about logins and permissions, and the URIs of permissions that the backend has been asked about. */
async function build (limits: FastifyWampOptions['limits'] = {}): Promise<ReturnType<typeof buildRouter> & { backend: TestClient, pending: () => number, asked: () => unknown[] }> {
  const built = buildRouter({ realms, auth, limits })
  const backend = await built.join(helloAs({}, ['call_canceling']))
  backend.ask([64, 1, {}, procedure])
  return {
    ...built,
    backend,
    pending: () => built.router.census().get('realm1')!.calls,
    asked: () => backend.heard().map(([type, request, , , args]) => type === 68 ? (args as unknown[])[1] : [type, request])
  }
}

/** Lets a client of the authorizer's role call a procedure of the meta API without being asked again. */
async function mayCall (client: TestClient, backend: TestClient, uri: string): Promise<void> {
  client.say([48, 1, {}, uri])
  backend.say([70, backend.heard()[0]![1], {}, [{ allow: true, cache: true }]])
  await settled()
  client.heard()
}

const testament = (request: number, topic: string): unknown[] => [48, request, {}, 'wamp.session.add_testament', [topic, [], {}]]

t.test('calls of a dynamic authorizer count for the client that they concern', async (t) => {
  const { join, backend, asked } = await build({ pendingCalls: 4 })
  const [busy, other] = [await join(helloBy('ticket')), await join(helloBy('ticket'))]
  await mayCall(busy, backend, 'wamp.session.add_testament')
  for (let i = 2; i < 8; i++) busy.say(testament(i, `com.example.topic${i}`))
  t.same(asked(), [2, 3, 4, 5].map((i) => `com.example.topic${i}`))
  t.match(busy.heard(), [6, 7].map((request) => [8, 48, request, {}, 'wamp.error.limit_exceeded']))
  other.say([32, 1, {}, 'com.example.other'])
  t.same(asked(), ['com.example.other'])
  await settled()
  t.same(other.heard(), [])
})

t.test('calls of a dynamic authenticator count for the address of the client', async (t) => {
  const { connect, join, backend, asked } = await build({ pendingCalls: 4 })
  const user = await join(helloBy('ticket'))
  const attempt = async (peer: string): Promise<TestClient> => {
    const client = connect({ peer }).say(helloBy('wampcra'))
    await settled()
    return client
  }
  for (let i = 0; i < 6; i++) await attempt('192.0.2.1')
  t.equal(asked().length, 4)
  await attempt('2001:db8::1')
  t.equal(asked().length, 1, 'another address')
  await attempt('2001:db8::2')
  t.equal(asked().length, 1)
  for (let i = 3; i < 8; i++) await attempt(`2001:db8::${i}`)
  t.equal(asked().length, 2, 'one IPv6 network')
  user.say([32, 1, {}, 'com.example.topic'])
  t.same(asked(), ['com.example.topic'])
  backend.connection.closed()
})

t.test('a client that causes many calls leaves capacity of the backend for other clients', async (t) => {
  const { connect, join, backend, asked } = await build({ pendingInvocations: 8 })
  const [busy, other] = [await join(helloBy('ticket')), await join(helloBy('ticket'))]
  await mayCall(busy, backend, 'wamp.session.add_testament')
  for (let i = 2; i < 20; i++) busy.say(testament(i, `com.example.topic${i}`))
  await settled()
  t.ok(asked().length < 8)
  other.say([32, 1, {}, 'com.example.other'])
  t.same(asked(), ['com.example.other'])
  connect().say(helloBy('wampcra'))
  await settled()
  t.equal(asked().length, 1, 'a login')
})

t.test('CANCEL of a CALL cancels the call of its authorizer', async (t) => {
  for (const mode of ['kill', 'killnowait', 'skip']) {
    const { join, backend, pending, logged } = await build()
    const client = await join(helloBy('ticket'))
    client.say([48, 1, {}, 'com.example.call'])
    const [[, invocation]] = backend.heard() as [[number, number]]
    client.say([49, 1, { mode }])
    t.match(client.heard(), [[8, 48, 1, {}, 'wamp.error.canceled']], mode)
    t.same(backend.heard(), [[69, invocation, { mode: 'killnowait' }]])
    t.equal(pending(), 0)
    await settled()
    client.say([48, 2, {}, 'com.example.call'])
    t.match(backend.heard(), [[68]], 'the next one is a new question')
    t.same(logged, [])
  }
})

t.test('the timeout of a CALL cancels the call of its authorizer', async (t) => {
  const { join, backend, pending } = await build()
  const client = await join(helloBy('ticket'))
  client.say([48, 1, { timeout: 1 }, 'com.example.call'])
  const [[, invocation]] = backend.heard() as [[number, number]]
  while (client.sent.length === 0) await settled()
  t.match(client.heard(), [[8, 48, 1, {}, 'wamp.error.timeout']])
  t.same(backend.heard(), [[69, invocation, { mode: 'killnowait' }]])
  t.equal(pending(), 0)
})

t.test('CANCEL of a call of the meta API cancels the call of an authorizer that it waits for', async (t) => {
  for (const mode of ['kill', 'killnowait']) {
    const { join, backend, pending, asked, router } = await build()
    const client = await join(helloBy('ticket'))
    const subscription = await router.join('realm1').call<number>('wamp.subscription.lookup', ['com.example.kept'])
    for (const [uri, args] of [['wamp.session.add_testament', ['com.example.kept', [], {}]], ['wamp.subscription.get_events', [subscription]]] as const) {
      await mayCall(client, backend, uri)
      client.say([48, 2, {}, uri, args])
      const [[, invocation]] = backend.heard() as [[number, number]]
      client.say([49, 2, { mode }])
      await settled()
      t.match(client.heard(), [[8, 48, 2, {}, 'wamp.error.canceled']], `${uri}, ${mode}`)
      t.same(asked(), [[69, invocation]])
      t.equal(pending(), 0)
    }
  }
})

t.test('a decision for which another request waits is not canceled', async (t) => {
  const { join, backend, asked } = await build()
  const client = await join(helloBy('ticket'))
  await mayCall(client, backend, 'wamp.session.add_testament')
  client.say(testament(2, 'com.example.topic'))
  const [[, invocation]] = backend.heard() as [[number, number]]
  client.say([16, 3, {}, 'com.example.topic'], [49, 2, {}], [49, 2, {}])
  await settled()
  t.same(asked(), [])
  client.connection.closed()
  t.same(asked(), [[69, invocation]])
})

t.test('a session that leaves cancels the calls of an authorizer that its calls of the meta API wait for', async (t) => {
  const { join, backend, pending, logged } = await build()
  const client = await join(helloBy('ticket'))
  await mayCall(client, backend, 'wamp.session.add_testament')
  client.say(testament(2, 'com.example.first'), testament(3, 'com.example.second'), [49, 2, { mode: 'skip' }])
  const [[, first], [, second]] = backend.heard() as [[number, number], [number, number]]
  client.connection.closed()
  t.same(backend.heard(), [first, second].map((invocation) => [69, invocation, { mode: 'killnowait' }]))
  t.equal(pending(), 0)
  await settled()
  t.same(logged, [])
})

t.test('calls of the meta API that are canceled count until they have ended', async (t) => {
  const { join, backend, asked } = await build({ parkedBytes: 4096 })
  const client = await join(helloBy('ticket'))
  await mayCall(client, backend, 'wamp.session.add_testament')
  for (let i = 2; i < 50; i++) client.say(testament(i, `com.example.topic${i}`), [49, i, { mode: 'skip' }])
  const { length } = asked()
  t.ok(length > 2 && length <= 8, `${length} are asked about`)
  t.match(client.heard().at(-1), [8, 48, 49, {}, 'wamp.error.limit_exceeded'])
})
