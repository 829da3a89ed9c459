import t from 'tap'
import type { FastifyWampOptions } from 'fastify-wamp'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

const [json] = wireCodecs
const soon = (): Date => new Date(Date.now() + 200)

function granting (expires: () => unknown): Partial<FastifyWampOptions> {
  return {
    realms: { realm1: { roles: { frontend: everything } } },
    auth: { anonymous: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'frontend', authmethod: 'session', expires: expires() as Date }) }, cookie: {} },
    cookie: {}
  }
}

t.test('a session ends when the grant of its authenticator expires, and is not attached to a cookie', async (t) => {
  const { app, url } = await buildApp(t, granting(soon))
  const client = await WireClient.connect(t, url, json!)
  t.match(await client.ask(HELLO), [2, Number, { authid: 'joe', authmethod: 'session' }])
  t.same(await app.wampCookies!.find({ authid: 'joe' }), [])
  t.same(await client.next(), [6, { message: 'the login has expired' }, 'wamp.close.logout'])
  t.same(app.wamp.sessions('realm1'), [])
})

t.test('a login without an expiry is attached, and one with an expired or invalid expiry is refused', async (t) => {
  for (const [expires, answer] of [[null, [2]], [undefined, [2]], [new Date(0), [3, { message: 'the login has expired' }, 'wamp.error.authentication_required']], [new Date(NaN), [3, {}, 'wamp.error.authentication_failed']], ['tomorrow', [3, {}, 'wamp.error.authentication_failed']]] as const) {
    const { app, url } = await buildApp(t, granting(() => expires))
    t.match(await (await WireClient.connect(t, url, json!)).ask(HELLO), answer)
    t.equal((await app.wampCookies!.find({ authid: 'joe' })).length, answer[0] === 2 ? 1 : 0)
  }
})

t.test('a dynamic authenticator can also set the expiry of a login, as a Date or as text', async (t) => {
  const authenticator = 'com.example.authenticate'
  let expires: () => unknown
  const { app, url } = await buildApp(t, { ...granting(soon), auth: { ticket: { type: 'dynamic', authenticator }, cookie: {} } })
  await app.wamp.join('realm1').register(authenticator, () => ({ role: 'frontend', expires: expires() }))
  const login = async (when: () => unknown): Promise<WireClient> => {
    expires = when
    const client = await WireClient.connect(t, url, json!)
    await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'joe' }])
    client.send([5, 'secret', {}])
    return client
  }
  for (const when of [soon, () => soon().toISOString().replace('Z', '+00:00')]) {
    const client = await login(when)
    t.match(await client.next(), [2, Number, { authid: 'joe' }])
    t.same(await client.next(), [6, { message: 'the login has expired' }, 'wamp.close.logout'])
  }
  t.same(await app.wampCookies!.find({ authid: 'joe' }), [])
  t.match(await (await login(() => '2001-01-01T00:00:00Z')).next(), [3, { message: 'the login has expired' }, 'wamp.error.authentication_required'])
  for (const when of [1_900_000_000, 'tomorrow', '2101-01-01', '2101-01-01T00:00:00', '2101-13-01T00:00:00Z', 'T'.repeat(900_000)]) {
    t.match(await (await login(() => when)).next(), [3, {}, 'wamp.error.authentication_failed'], String(when).slice(0, 30))
  }
  t.match(await (await login(() => null)).next(), [2])
  t.equal((await app.wampCookies!.find({ authid: 'joe' })).length, 1)
})

t.test('a session of the app ends at its expiry, unless it has left before', async (t) => {
  const { app } = await buildApp(t)
  const [session, left] = [app.wamp.join('realm1', { expires: soon() }), app.wamp.join('realm1', { expires: soon() })]
  await left.leave()
  await new Promise<void>((resolve) => { session.whenClosed(resolve) })
  await t.rejects(session.call('com.example.any'), { code: 'WAMP_ERR_SESSION_CLOSED', message: /wamp.close.logout/ })
  t.same(app.wamp.sessions('realm1'), [])
})

t.test('an expires that is not a valid Date is refused, and no session is opened', async (t) => {
  const { app } = await buildApp(t)
  for (const expires of [null, Date.now() + 1000, '2030-01-01', new Date(NaN)]) {
    t.throws(() => app.wamp.join('realm1', { expires: expires as Date }), { code: 'WAMP_ERR_INVALID_OPTION', message: /"expires" must be a Date/ })
  }
  t.same(app.wamp.sessions('realm1'), [])
})
