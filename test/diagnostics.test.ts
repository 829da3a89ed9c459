import { execFile } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { wampChannels, wampContract } from 'fastify-wamp'
import type { CookieStore, InvocationMessage } from 'fastify-wamp'
import { WatchedStore } from '../plugin/cookie/watched-store.ts'
import { Payload } from '../plugin/protocol/payload.ts'
import { CallReport } from '../plugin/realm/call-report.ts'
import { PublicationReport } from '../plugin/realm/publication-report.ts'
import { buildApp } from './helper/build-app.ts'
import { buildParties } from './helper/build-parties.ts'
import { listen } from './helper/listen.ts'
import { inProcess } from './helper/transports.ts'
import { HELLO, WireClient, wireCodecs } from './helper/wire-client.ts'
import { buildRealm, FakeSession, routed } from './realm/fake-session.ts'

const [json] = wireCodecs
const calls = ['callStarted', 'invocationStarted', 'invocationEnded', 'callEnded'] as const

/** The names of what was told, and how it ended, since the last look. */
function told (heard: ReturnType<typeof listen>): unknown[] {
  return heard.splice(0).map(({ name, message: { outcome, error } }) => outcome === undefined ? name : [name, outcome, error])
}

t.test('a session that joins and leaves is reported, with its identity', async (t) => {
  const { app, url } = await buildApp(t, { auth: { ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'anonymous' } } } } })
  const heard = listen(t, app.wamp)
  const client = await WireClient.connect(t, url, json!)
  await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'joe' }])
  const [, session] = await client.ask([5, 'secret', {}])
  await client.ask([6, {}, 'wamp.close.normal'])
  const message = { session, realm: 'realm1', authid: 'joe', authrole: 'anonymous', authmethod: 'ticket', authprovider: 'static', transport: { type: 'websocket', protocol: 'wamp.2.json', secure: false, peer: '127.0.0.1' } }
  t.same(heard.map(({ name, message: { router, ...rest } }) => [name, rest]), [['sessionJoined', message], ['sessionLeft', message]])
})

t.test('a failed login is reported with its method', async (t) => {
  const { app, url } = await buildApp(t, { auth: { ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'anonymous' } } } }, failedLogins: { authid: 2 } })
  const heard = listen(t, app.wamp)
  const reasons = []
  for (const [authid, ticket] of [['joe', 'guessed'], ['x'.repeat(1000), 'guessed'], ['joe', 'guessed'], ['joe', 'never asked for']]) {
    const client = await WireClient.connect(t, url, json!)
    const [type] = await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid }])
    if (type === 4) await client.ask([5, ticket, {}])
    reasons.push(heard.at(-1)!.message.reason)
  }
  t.equal(heard.length, 4)
  t.match(heard.map(({ message }) => message), [{ realm: 'realm1', authid: 'joe', authmethod: 'ticket', peer: '127.0.0.1' }, { authid: 'x'.repeat(256) }, {}, {}])
  const denied = 'wamp.error.authentication_denied'
  t.same(reasons, [denied, denied, denied, 'fastify_wamp.error.too_many_failed_logins'])
  t.notMatch(JSON.stringify(heard.map(({ message: { router, ...rest } }) => rest)), /guessed|secret/)
})

t.test('a call is reported from start to result, with caller and callee', async (t) => {
  const { app, alice, bob } = await buildParties(t, inProcess)
  await alice.ask([64, 1, {}, 'com.example.add2'])
  const heard = listen(t, app.wamp, [...calls])
  bob.send([48, 7, { timeout: 5000, _token: 'private', rkey: 'x', traceparent: 1, disclose_me: true }, 'com.example.add2', ['payload']])
  const [, invocation] = await alice.next()
  t.same(told(heard.slice()), ['callStarted', 'invocationStarted'])
  alice.send([70, invocation, {}, ['payload']])
  await bob.next()
  const [start, invoke, answered, end] = heard.map(({ message }) => message)
  t.match(start, { caller: { session: bob.id, realm: 'realm1', authid: 'bob', authrole: 'user', authmethod: 'ticket', authprovider: 'static' }, request: 7, procedure: 'com.example.add2' })
  t.same(start!.options, { timeout: 5000, disclose_me: true }, 'what may be anything is not told')
  t.match(invoke, { callee: { session: alice.id, authid: 'alice' }, invocation })
  t.equal((invoke as unknown as InvocationMessage).call, start, 'one object for one call')
  t.equal(answered!.invocation, invoke)
  t.equal(end!.call, start)
  t.match(end, { outcome: 'result', error: null, milliseconds: Number })
  t.notMatch(JSON.stringify(heard.map(({ message: { router, call, invocation, ...rest } }) => rest)), /payload|private/)
})

t.test('the outcome of a call is reported', async (t) => {
  const { app, alice, bob, carol } = await buildParties(t, inProcess)
  await alice.ask([64, 1, {}, 'p'])
  const heard = listen(t, app.wamp, [...calls])
  await bob.ask([48, 1, {}, 'none'])
  t.same(told(heard), ['callStarted', ['callEnded', 'error', 'wamp.error.no_such_procedure']])
  bob.send([48, 2, {}, 'p'])
  alice.send([8, 68, (await alice.next())[1], {}, 'com.example.error'])
  await bob.next()
  t.same(told(heard), ['callStarted', 'invocationStarted', ['invocationEnded', 'error', 'com.example.error'], ['callEnded', 'error', 'com.example.error']])
  bob.send([48, 3, {}, 'p'], [49, 3, {}])
  await bob.next()
  t.same(told(heard).slice(2), [['invocationEnded', 'canceled', 'wamp.error.canceled'], ['callEnded', 'canceled', 'wamp.error.canceled']])
  carol.send([48, 1, {}, 'p'])
  await carol.ask([6, {}, 'wamp.close.normal'])
  t.same(told(heard).slice(2), [['invocationEnded', 'caller_gone', null], ['callEnded', 'caller_gone', null]])
  bob.send([48, 4, {}, 'p'])
  alice.send([6, {}, 'wamp.close.normal'])
  await bob.next()
  t.same(told(heard).slice(2), [['invocationEnded', 'error', 'wamp.error.canceled'], ['callEnded', 'error', 'wamp.error.canceled']], 'nobody canceled it: the callee has left')
})

t.test('a call that an authorizer refuses, or has not decided yet, ends as well', async (t) => {
  let decide = (_: boolean): void => {}
  const user = { authorizer: () => new Promise<boolean>((resolve) => { decide = resolve }) }
  const { app, alice, bob } = await buildParties(t, inProcess, { user })
  const heard = listen(t, app.wamp, ['callStarted', 'callEnded', 'publicationStarted', 'publicationEnded'])
  alice.send([48, 1, {}, 'p'])
  decide(false)
  await alice.next()
  t.same(told(heard), ['callStarted', ['callEnded', 'error', 'wamp.error.not_authorized']])
  alice.send([48, 2, {}, 'p'], [49, 2, {}])
  await alice.next()
  t.same(told(heard), ['callStarted', ['callEnded', 'canceled', 'wamp.error.canceled']])
  alice.send([16, 3, { acknowledge: true }, 't'])
  decide(false)
  await alice.next()
  t.same(told(heard), ['publicationStarted', ['publicationEnded', 'refused', 'wamp.error.not_authorized']])
  alice.send([48, 4, {}, 'p'])
  alice.terminate()
  bob.send([16, 1, {}, 't'])
  bob.terminate()
  await Promise.all([alice.closed, bob.closed])
  t.same(told(heard), ['callStarted', 'publicationStarted', ['callEnded', 'caller_gone', null], ['publicationEnded', 'publisher_gone', null]])
})

t.test('a call that is re-routed has several invocations', async (t) => {
  const roles = { publisher: {}, subscriber: {}, caller: {}, callee: { features: { call_reroute: true } } }
  const { app, alice, bob, carol } = await buildParties(t, inProcess, { announced: roles })
  for (const callee of [alice, carol]) await callee.ask([64, 1, { invoke: 'first' }, 'p'])
  const heard = listen(t, app.wamp, [...calls])
  bob.send([48, 1, {}, 'p'])
  alice.send([8, 68, (await alice.next())[1], {}, 'wamp.error.unavailable'])
  carol.send([70, (await carol.next())[1], {}])
  await bob.next()
  t.same(told(heard), [
    'callStarted', 'invocationStarted', ['invocationEnded', 'error', 'wamp.error.unavailable'], 'invocationStarted', ['invocationEnded', 'result', null], ['callEnded', 'result', null]
  ])
})

t.test('a publication is reported, with the number of its events', async (t) => {
  const { app, alice, bob, carol } = await buildParties(t, inProcess)
  for (const subscriber of [alice, bob]) await subscriber.ask([32, 1, {}, 'com.example.news'])
  const heard = listen(t, app.wamp, ['publicationStarted', 'publicationEnded'])
  await carol.ask([16, 1, { acknowledge: true, exclude_authid: ['x'] }, 'com.example.news', ['payload']])
  const [start, end] = heard.map(({ message }) => message)
  t.match(start, { publisher: { session: carol.id, authid: 'carol' }, request: 1, topic: 'com.example.news' })
  t.same([start!.options, start!.details], [{ acknowledge: true }, {}])
  t.match(end, { outcome: 'published', receivers: 2 })
  t.equal(end!.publication, start)
})

t.test('a publication that violates the contract is reported as refused', async (t) => {
  const contract = wampContract({ topics: { 'com.example.news': { args: { type: 'array', items: { type: 'string' } } } } })
  const { app, carol } = await buildParties(t, inProcess, { realm: { contract } })
  const heard = listen(t, app.wamp, ['publicationEnded'])
  carol.send([16, 1, {}, 'com.example.news', [1]])
  await carol.ask([16, 2, { acknowledge: true }, 'com.example.news', [1]])
  await carol.ask([16, 3, { acknowledge: true }, 'com.example.news', ['text']])
  t.match(heard.map(({ message }) => message), [
    ...Array(2).fill({ outcome: 'refused', error: 'wamp.error.invalid_argument', receivers: 0 }), { outcome: 'published', error: null }
  ])
})

t.test('subscribers of an invocation or a publication may add details, but cannot replace any', async (t) => {
  const { alice, bob } = await buildParties(t, inProcess)
  await alice.ask([64, 1, { match: 'prefix' }, 'com.example'])
  await alice.ask([32, 2, {}, 'com.example.news'])
  for (const name of ['invocationStarted', 'publicationStarted'] as const) {
    const add = (message: unknown): void => { Object.assign((message as InvocationMessage).details, { _added: true, procedure: 'replaced' }) }
    subscribe(wampChannels[name], add)
    t.teardown(() => { unsubscribe(wampChannels[name], add) })
  }
  bob.send([48, 1, {}, 'com.example.p'])
  t.same((await alice.next())[3], { _added: true, procedure: 'com.example.p' })
  await bob.ask([16, 2, { acknowledge: true, retain: true, exclude_me: false }, 'com.example.news'])
  t.same((await alice.next())[3], { _added: true, procedure: 'replaced' })
  await bob.ask([32, 3, { get_retained: true }, 'com.example.news'])
  t.same((await bob.next())[3], { retained: true }, 'what was added counts only then')
})

t.test('events that a client has lost are reported', async (t) => {
  const { app, url } = await buildApp(t, { limits: { bufferedEventBytes: 2 ** 16 } })
  const heard = listen(t, app.wamp, ['eventsDropped'])
  const backend = app.wamp.join('realm1')
  const come = new Promise((resolve) => { backend.subscribe('wamp.session.on_congestion', resolve).catch(() => {}) })
  const slow = await WireClient.join(t, url, json!)
  await slow.ask([32, 1, {}, 'com.example.news'])
  slow.socket.pause()
  for (let i = 0; i < 600; i++) await backend.publish('com.example.news', ['x'.repeat(32_000)])
  slow.socket.resume()
  await come
  t.match(heard.map(({ message }) => message), [{ session: slow.id, realm: 'realm1', authrole: 'anonymous', dropped: Number, milliseconds: Number }])
})

/** A store whose answers the test gives. */
function slowStore (answer: () => Promise<undefined>): CookieStore {
  return { get: answer, set: answer, delete: answer, entries: () => [], close () {} }
}

t.test('operations of the cookie store are reported, with their duration', async (t: Test) => {
  const router = {}
  const heard = listen(t, router)
  const store = new WatchedStore(slowStore(async () => undefined), router)
  await store.get('key')
  await store.set('key', { created: 0, maxAge: 1, login: 'key' })
  await store.delete('key')
  for await (const [key] of store.entries()) t.fail(key)
  await store.close()
  const failing = new WatchedStore(slowStore(async () => { throw new Error('not reachable') }), router)
  await t.rejects(async () => { await failing.get('key') }, /not reachable/)
  t.same(heard.map(({ message: { operation, outcome } }) => [operation, outcome]), [['get', 'done'], ['set', 'done'], ['delete', 'done'], ['entries', 'done'], ['close', 'done'], ['get', 'failed']])
  t.ok(heard.every(({ message }) => typeof message.milliseconds === 'number' && Object.keys(message).length === 4), 'neither key nor record')
})

t.test('without subscribers, calls and publications are not watched, and no clock is read', async (t) => {
  const { now } = performance
  t.teardown(() => { performance.now = now })
  performance.now = () => t.fail('a clock was read') as never
  const caller = new FakeSession(1)
  t.equal(CallReport.start({}, caller, { type: 48, request: 1, options: {}, procedure: 'p', payload: Payload.empty }), null)
  t.equal(PublicationReport.start({}, caller, { type: 16, request: 1, options: {}, topic: 't', payload: Payload.empty }), null)
  const [realm, callee] = [buildRealm(), new FakeSession(2)]
  for (const session of [caller, callee]) realm.join(session)
  realm.receive(callee, routed(64, 1, {}, 'p'))
  realm.receive(caller, routed(48, 1, {}, 'p'))
  realm.receive(callee, routed(70, 1, {}))
  t.equal(caller.sent.at(-1)?.type, 50)
})

t.test('without subscribers, a store is used directly', async (t) => {
  const answers = { get: Promise.resolve(undefined), set: Promise.resolve(), delete: Promise.resolve(), entries: [], close: undefined }
  const store = new WatchedStore({ get: () => answers.get, set: () => answers.set, delete: () => answers.delete, entries: () => answers.entries, close: () => answers.close }, {})
  t.equal(store.get('key'), answers.get)
  t.equal(store.set('key', { created: 0, maxAge: 1, login: 'key' }), answers.set)
  t.equal(store.delete('key'), answers.delete)
  t.equal(store.entries(), answers.entries)
  t.equal(store.close(), undefined)
})

t.test('a subscriber that throws is reported to the process, and nothing else is affected', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, fileURLToPath(new URL('helper/throwing-subscriber.ts', import.meta.url))])
  t.same(JSON.parse(stdout), { reported: ['a bug about com.example.add2'], sum: 5 })
})
