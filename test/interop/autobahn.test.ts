import { setImmediate } from 'node:timers/promises'
import autobahn from 'autobahn'
import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { answerWith, openAutobahn } from './autobahn-client.ts'
import { logins } from './logins.ts'
import { Inbox, rejection, serializers } from './peer.ts'
import { needsAutobahnForPython } from './programs.ts'
import { PythonPeer } from './python-peer.ts'

const [json] = wireCodecs

for (const serializer of serializers) {
  t.test(`AutobahnJS joins, is called and receives events over ${serializer} [WSK-02, ANO-01]`, async (t) => {
    const { app, url } = await buildApp(t)
    const { session, welcome, violations } = await openAutobahn(t, url, { serializer })
    t.match(welcome, { authrole: 'anonymous', authmethod: 'anonymous', transport: { protocol: `wamp.2.${serializer}` } })
    t.ok(app.wamp.sessions('realm1').some((info) => info.session === session.id))

    const events = new Inbox<unknown>()
    await session.subscribe('com.news', (args, kwargs) => { events.put({ args, kwargs }) })
    await session.register('com.add2', ([x, y]) => Number(x) + Number(y))
    const backend = app.wamp.join('realm1')
    t.equal(await backend.call('com.add2', [2, 3]), 5)
    await backend.publish('com.news', ['hello'], { number: 7 })
    t.same(await events.next(), { args: ['hello'], kwargs: { number: 7 } })
    t.same(violations, [])
  })
}

t.test('AutobahnJS over CBOR receives typed arrays once it has sent one, and Autobahn for Python receives binary data [SER-03, TRP-35]', needsAutobahnForPython(), async (t) => {
  const { url } = await buildApp(t)
  const [{ session }, { session: silent }] = await Promise.all([openAutobahn(t, url, { serializer: 'cbor' }), openAutobahn(t, url, { serializer: 'cbor' })])
  const python = await PythonPeer.join(t, url, { serializer: 'cbor' })
  const seen = new Inbox<unknown>()
  await session.register('com.echo', ([value]) => { seen.put(value); return value })
  // The values of the library's own test of binary data, testBinaryCBOR.
  for (const value of [Buffer.from([1]), Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]), Buffer.from([2]), new Uint16Array([3])]) {
    t.strictSame(await session.call('com.echo', [value]), value)
    t.strictSame(await seen.next(), value)
  }
  await python.register('com.python')
  t.match(await session.call('com.python', [Uint8Array.from([1, 2])]), { args: [Buffer.from([1, 2])] })

  const events = new Inbox<unknown>()
  await silent.subscribe('com.news', ([value]) => { events.put(value) })
  await python.subscribe('com.news')
  await session.publish('com.news', [Uint8Array.from([5])], {}, { acknowledge: true })
  t.strictSame(await events.next(), Buffer.from([5]), 'binary data, as this session has not sent a typed array')
  t.match(await python.events.next(), { args: [{ octets: '05' }] })
  t.strictSame(await silent.call('com.echo', [Uint8Array.from([6])]), Uint8Array.from([6]))
  await session.publish('com.news', [Uint8Array.from([7])], {}, { acknowledge: true })
  t.strictSame(await events.next(), Uint8Array.from([7]))
})

t.test('AutobahnJS logs in with a ticket [TIC-01]', async (t) => {
  const { url } = await buildApp(t, logins)
  const { welcome } = await openAutobahn(t, url, { authid: 'joe', authmethods: ['ticket'], onchallenge: () => 'let me in' })
  t.match(welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'ticket', authprovider: 'static' })
  t.match(await rejection(openAutobahn(t, url, { authid: 'joe', authmethods: ['ticket'], onchallenge: () => 'open up' })), { reason: 'wamp.error.authentication_denied' })
})

t.test('AutobahnJS logs in with WAMP-CRA, with a plain and with a salted secret [CRA-02, CRA-03]', async (t) => {
  const { url } = await buildApp(t, logins)
  for (const [authid, secret] of [['joe', '123456'], ['peter', 'secret1']] as const) {
    const { welcome } = await openAutobahn(t, url, { authid, authmethods: ['wampcra'], onchallenge: answerWith(secret) })
    t.match(welcome, { authid, authrole: 'frontend', authmethod: 'wampcra', authprovider: 'static' })
    t.match(await rejection(openAutobahn(t, url, { authid, authmethods: ['wampcra'], onchallenge: answerWith('wrong') })), { reason: 'wamp.error.authentication_denied' })
  }
})

t.test('AutobahnJS is logged in again by its cookie, and logs out [CKL-01, CKO-01]', async (t) => {
  const { url } = await buildApp(t, logins)
  // It shows no header of the 101, so that another client has to be handed the cookie.
  const handed = await WireClient.connect(t, url, json!)
  const [, , { challenge }] = await handed.ask([1, 'realm1', { authid: 'joe', authmethods: ['wampcra'], roles: { caller: {} } }]) as [number, string, { challenge: string }]
  t.match(await handed.ask([5, autobahn.auth_cra.sign('123456', challenge), {}]), [2, Number, { authid: 'joe' }])
  const options = {
    transports: [{ type: 'websocket', url, headers: { Cookie: handed.setCookie?.split(';')[0] ?? '' } }], authid: 'joe', authmethods: ['cookie']
  } as const

  const { session, welcome, closed } = await openAutobahn(t, url, options)
  t.match(welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'cookie' })
  session.leave('wamp.close.logout')
  t.equal(await closed, 'wamp.close.goodbye_and_out')
  t.match(await rejection(openAutobahn(t, url, options)), { reason: 'wamp.error.no_matching_auth_method' })
})

t.test('AutobahnJS receives the reason for a rejected login [AUT-01, AUT-05]', async (t) => {
  const { url } = await buildApp(t, logins)
  t.match(await rejection(openAutobahn(t, url)), { reason: 'wamp.error.authentication_required' })
  t.match(await rejection(openAutobahn(t, url, { authid: 'joe', authmethods: ['cryptosign'] })), { reason: 'wamp.error.no_matching_auth_method' })
  t.match(await rejection(openAutobahn(t, url, { realm: 'realm2', authid: 'joe', authmethods: ['ticket'] })), { reason: 'wamp.error.no_such_realm' })
})

t.test('AutobahnJS receives the events of others, and its own if it wants them [PUB-04, PUB-06, PUB-07]', async (t) => {
  const { url } = await buildApp(t)
  const [alice, bob] = await Promise.all([openAutobahn(t, url), openAutobahn(t, url)])
  const atAlice = new Inbox<unknown>()
  const atBob = new Inbox<unknown>()
  await alice.session.subscribe('com.news', ([item], _kwargs, { publication }) => { atAlice.put({ item, publication }) })
  await bob.session.subscribe('com.news', ([item], _kwargs, { publication }) => { atBob.put({ item, publication }) })

  const first = await alice.session.publish('com.news', [1], {}, { acknowledge: true })
  const second = await alice.session.publish('com.news', [2], {}, { acknowledge: true, exclude_me: false })
  t.same(await atAlice.next(), { item: 2, publication: second?.id })
  t.same([await atBob.next(), await atBob.next()], [{ item: 1, publication: first?.id }, { item: 2, publication: second?.id }])
})

t.test('AutobahnJS receives an error if it may not publish and requested an acknowledgement [PUB-01, PUB-02]', async (t) => {
  const permissions = [{ uri: 'com.', match: 'prefix', allow: { subscribe: true } }] as const
  const { url } = await buildApp(t, { realms: { realm1: { roles: { anonymous: { permissions } } } } })
  const { session, violations } = await openAutobahn(t, url)
  t.equal(session.publish('com.news', ['unheard']), undefined, 'without acknowledgement there is nothing to wait for')
  t.match(await rejection(session.publish('com.news', ['refused'], {}, { acknowledge: true })), { error: 'wamp.error.not_authorized' })
  t.same(violations, [], 'an answer to the first would have been a violation')
})

t.test('AutobahnJS calls with args and kwargs, and is answered with them [CAL-01, CAL-03]', async (t) => {
  const { url } = await buildApp(t)
  const [callee, caller] = await Promise.all([openAutobahn(t, url), openAutobahn(t, url)])
  await callee.session.register('com.echo', (args, kwargs) => new autobahn.Result(args, kwargs))
  t.same(await caller.session.call('com.echo', [1, 'zwei'], { three: [3] }), { args: [1, 'zwei'], kwargs: { three: [3] } })
  t.equal(await caller.session.call('com.echo', ['one']), 'one')
  t.equal(await caller.session.call('com.echo'), null)
})

t.test('AutobahnJS receives errors with args and kwargs, and those of the router [CAL-02, CAL-03]', async (t) => {
  const { url } = await buildApp(t)
  const [callee, caller] = await Promise.all([openAutobahn(t, url), openAutobahn(t, url)])
  await callee.session.register('com.fail', (args, kwargs) => { throw new autobahn.Error('com.error.mine', args, kwargs) })
  t.match(await rejection(caller.session.call('com.fail', [1], { two: 2 })), { error: 'com.error.mine', args: [1], kwargs: { two: 2 } })
  t.match(await rejection(caller.session.call('com.nothing')), { error: 'wamp.error.no_such_procedure' })
  t.match(await rejection(caller.session.register('com.fail', () => 1)), { error: 'wamp.error.procedure_already_exists' })
})

t.test('AutobahnJS unregisters and unsubscribes, and receives nothing for them afterwards [SUB-04, SUB-05, REG-04, REG-05]', async (t) => {
  const { app, url } = await buildApp(t)
  const { session, violations } = await openAutobahn(t, url)
  const backend = app.wamp.join('realm1')
  const registration = await session.register('com.echo', ([item]) => item)
  const subscription = await session.subscribe('com.news', () => { t.fail('an event after the subscription has ended') })

  t.equal(await subscription.unsubscribe(), true)
  await registration.unregister()
  await backend.publish('com.news', ['late'])
  t.match(await rejection(backend.call('com.echo', [1])), { error: 'wamp.error.no_such_procedure' })
  await session.register('com.echo', ([item]) => item)
  t.same(violations, [], 'AutobahnJS treats an unexpected EVENT or INVOCATION as a violation, and receives none [TRP-59]')
})

t.test('AutobahnJS subscribes and registers by pattern, and receives the actual URIs [PAS-04, PAR-02]', async (t) => {
  const { url } = await buildApp(t)
  const [first, second] = await Promise.all([openAutobahn(t, url), openAutobahn(t, url)])
  const topics = new Inbox<string>()
  await first.session.subscribe('com.news.', (_args, _kwargs, { topic }) => { topics.put(`prefix ${topic}`) }, { match: 'prefix' })
  await first.session.subscribe('com..sports', (_args, _kwargs, { topic }) => { topics.put(`wildcard ${topic}`) }, { match: 'wildcard' })
  await second.session.publish('com.news.sports', [], {}, { acknowledge: true })
  t.same([await topics.next(), await topics.next()].sort(), ['prefix com.news.sports', 'wildcard com.news.sports'])

  await first.session.register('com.do.', (_args, _kwargs, { procedure }) => `prefix ${procedure}`, { match: 'prefix' })
  await first.session.register('com..it', (_args, _kwargs, { procedure }) => `wildcard ${procedure}`, { match: 'wildcard' })
  t.equal(await second.session.call('com.do.it'), 'prefix com.do.it')
  t.equal(await second.session.call('com.see.it'), 'wildcard com.see.it')
})

t.test('AutobahnJS receives the identity of callers and publishers that disclose it [PID-01, CID-01, CID-07]', async (t) => {
  const { url } = await buildApp(t)
  const [first, second] = await Promise.all([openAutobahn(t, url), openAutobahn(t, url)])
  const publishers = new Inbox<unknown>()
  await first.session.subscribe('com.news', (_args, _kwargs, { publisher }) => { publishers.put(publisher) })
  await first.session.register('com.who', (_args, _kwargs, { caller }) => caller ?? null)
  await second.session.publish('com.news', [], {}, { acknowledge: true, disclose_me: true })
  t.equal(await publishers.next(), second.session.id)
  t.equal(await second.session.call('com.who', [], {}, { disclose_me: true }), second.session.id)
  t.equal(await second.session.call('com.who'), null)
})

t.test('AutobahnJS cancels a call: it is answered at once, and never a second time [CAL-04, CAN-05, TRP-59]', async (t) => {
  const { url } = await buildApp(t)
  const [callee, caller] = await Promise.all([openAutobahn(t, url), openAutobahn(t, url)])
  const invoked = new Inbox<(result: string) => void>()
  await callee.session.register('com.slow', () => new Promise((resolve) => { invoked.put(resolve) }))
  const call = caller.session.call('com.slow')
  const answer = await invoked.next()
  // AutobahnJS callees do not announce call_canceling: nobody may be interrupted.
  call.cancel({ mode: 'kill' })
  t.match(await rejection(call), { error: 'wamp.error.canceled' })

  answer('too late')
  // The late YIELD leaves before this call of the callee is sent, and is handled before it is answered.
  await setImmediate()
  t.match(await rejection(callee.session.call('com.nothing')), { error: 'wamp.error.no_such_procedure' })
  t.match(await rejection(caller.session.call('com.nothing')), { error: 'wamp.error.no_such_procedure' })
  t.same([caller.violations, callee.violations], [[], []], 'it takes a second answer for a violation, and gives up the connection')
})

t.test('AutobahnJS receives an answer when it cancels without waiting, although it treats the answer as a violation [CAN-02, CAN-04]', async (t) => {
  const { url } = await buildApp(t)
  const [callee, caller] = await Promise.all([openAutobahn(t, url), openAutobahn(t, url)])
  const invoked = new Inbox<void>()
  await callee.session.register('com.slow', () => { invoked.put(); return new Promise(() => {}) })
  const call = caller.session.call('com.slow')
  await invoked.next()
  call.cancel({ mode: 'skip' })
  t.match(await rejection(call), { error: 'Cancelled' }, 'this is its own error')
  // It forgets the call as it cancels it, in every mode but kill, and does not expect the ERROR that the specification
  // demands: it closes the connection. Crossbar.io never answers here.
  await caller.closed
  t.equal(caller.violations.length, 1)
})

t.test('AutobahnJS leaves, and the router answers its GOODBYE [SES-11]', async (t) => {
  const { app, url } = await buildApp(t)
  const { session, closed } = await openAutobahn(t, url)
  session.leave('wamp.close.normal')
  t.equal(await closed, 'wamp.close.goodbye_and_out')
  t.same(app.wamp.sessions('realm1'), [])
})

t.test('AutobahnJS receives GOODBYE when the router shuts down, if this is configured [SES-15]', async (t) => {
  const { app, url } = await buildApp(t, { shutdown: 'goodbye' })
  const { closed } = await openAutobahn(t, url)
  await app.close()
  t.equal(await closed, 'wamp.close.system_shutdown')
})
