import Fastify from 'fastify'
import t from 'tap'
import wampPlugin from 'fastify-wamp'
import type { AuthOptions } from '../../plugin/auth-options.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { everything } from '../helper/build-router.ts'
import { WebBrowser } from '../helper/web-browser.ts'
import { buildTarget } from './target.ts'

t.test('a stolen cookie is invalid after its owner has logged out, and the session of the thief ends [CKO-01, CKO-03]', async (t) => {
  const { browser, login, connect, enter } = await buildTarget(t)
  const joe = browser()
  const own = await login(joe)
  const thief = await connect(joe.cookie)
  t.equal(thief.answer[0], 2)
  own.send([6, {}, 'wamp.close.logout'])
  t.same(await thief.client.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await enter(joe.cookie), null)
})

t.test('a stolen cookie is also invalid after a REST login of the same browser', async (t) => {
  const { browser, enter, connect } = await buildTarget(t)
  const joe = browser()
  await joe.fetch('/login', { body: { authid: 'joe' } })
  const stolen = joe.cookie
  const thief = await connect(stolen)
  await joe.fetch('/login', { body: { authid: 'joe' } })
  t.same(await thief.client.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await enter(stolen), null)
  t.equal(await enter(joe.cookie), 'joe')
})

t.test('a user whose sessions and logins are killed cannot return by cookie', async (t) => {
  const { app, browser, login, enter } = await buildTarget(t)
  const joe = browser()
  const client = await login(joe)
  await app.wamp.join('realm1').call('wamp.session.kill_by_authid', ['joe'], { revoke_logins: true, reason: 'com.example.banned' })
  t.same((await client.next())[0], 6)
  t.equal(await enter(joe.cookie), null)
})

t.test('revoking a login ends the sessions that its cookie opened', async (t) => {
  const { app, browser, login, connect, enter } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  const { client } = await connect(joe.cookie)
  t.equal(await app.wampCookies!.revoke({ authid: 'joe' }), 1)
  t.same(await client.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await enter(joe.cookie), null)
})

t.test('a user who is no longer configured cannot return by cookie', async (t) => {
  const store = new MemoryStore()
  store.close = () => {}
  const before = await buildTarget(t, { cookie: { store } })
  const [joe, mallory] = [before.browser(), before.browser()]
  await before.login(joe)
  await before.login(mallory, 'mallory')
  await before.app.close()
  const { enter } = await buildTarget(t, {
    auth: { ticket: { type: 'static', principals: { joe: { ticket: 'other', role: 'user' } } }, cookie: {} }, cookie: { store }
  })
  t.equal(await enter(mallory.cookie), null)
  t.equal(await enter(joe.cookie), 'joe')
})

t.test('a login by a method that is no longer configured is not valid by cookie, over WebSocket and REST', async (t) => {
  for (const method of ['ticket', 'token']) {
    const store = new MemoryStore()
    store.close = () => {}
    const principals = { joe: { ticket: 'secret of joe', role: 'user' } } as const
    const first = method === 'ticket' ? { ticket: { type: 'static', principals } as const } : { ticket: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'user', authmethod: 'wampcra' }) } as const }
    const before = await buildTarget(t, { auth: { ...first, cookie: {} }, cookie: { store } })
    const joe = before.browser()
    if (method === 'ticket') await before.login(joe)
    else await (await joe.open(t, before.ws)).ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'] }])
    t.equal(await before.enter(joe.cookie), 'joe')
    await before.app.close()

    const { enter, http } = await buildTarget(t, { auth: { wampcra: { type: 'static', users: { joe: { secret: 'x', role: 'user' } } }, cookie: { verify: () => true } }, cookie: { store } })
    t.equal(await enter(joe.cookie), null, `${method} is not configured`)
    t.same(await (await fetch(`${http}/me`, { headers: { cookie: joe.cookie } })).json(), { who: null })
  }
})

t.test('a cookie of one endpoint is invalid at another one that does not offer the method of its login', async (t) => {
  const cookie = { store: { type: 'memory' } } as const
  const strict = { path: '/strict', auth: { cryptosign: { type: 'static', principals: {} }, cookie: {} }, cookie } as const
  const { browser, login, enter } = await buildTarget(t, { cookie }, {}, strict)
  const joe = browser()
  await login(joe)
  t.equal(await enter(joe.cookie), 'joe')
  t.equal(await enter(joe.cookie, {}, '/strict'), null)
  const ann = browser()
  await ann.fetch('/login', { body: { authid: 'ann' } })
  t.equal(await enter(ann.cookie, {}, '/strict'), 'ann', 'a REST login is one of the app, which every endpoint belongs to')
})

t.test('each of two endpoints looks up its own users', async (t) => {
  const cookie = { store: { type: 'memory' } } as const
  const own = { path: '/own', auth: { ticket: { type: 'static', principals: { ann: { ticket: 'secret of ann', role: 'user' } } }, cookie: {} }, cookie } as const
  const { browser, login, enter } = await buildTarget(t, { cookie }, {}, own)
  const joe = browser()
  await login(joe)
  t.equal(await enter(joe.cookie), 'joe')
  t.equal(await enter(joe.cookie, {}, '/own'), null)
})

t.test('a login has the role of the method that created it, not that of a user of the same name', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { guest: everything, admin: everything } } },
    cookie: {},
    auth: {
      cookie: {},
      ticket: { type: 'static', principals: { joe: { ticket: 'secret of joe', role: 'admin' } } },
      sso: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'guest', authmethod: 'ticket' }) }
    },
    shutdownTimeout: 100
  })
  app.post<{ Body: { authid: string } }>('/login', async ({ body: { authid } }, reply) => await reply.wampSignIn('realm1', { authid, role: 'guest', authmethod: 'ticket' }))
  app.get('/me', { onRequest: app.wampIdentify }, async ({ wampPrincipal }) => ({ role: wampPrincipal?.authrole ?? null }))
  t.teardown(() => app.close())
  const http = await app.listen({ port: 0, host: '127.0.0.1' })
  const bySso = new WebBrowser(http)
  const client = await bySso.open(t, `${http.replace('http', 'ws')}/ws`)
  t.match(await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['sso'] }]), [2, Number, { authrole: 'guest', authmethod: 'ticket' }])
  t.same(await (await fetch(`${http}/me`, { headers: { cookie: bySso.cookie } })).json(), { role: 'guest' })
  for (const authid of ['joe', 'ann']) {
    const byRest = new WebBrowser(http)
    await byRest.fetch('/login', { body: { authid } })
    t.same(await (await fetch(`${http}/me`, { headers: { cookie: byRest.cookie } })).json(), { role: 'guest' }, authid)
  }
})

t.test('a login is not valid after the type of its method has changed, until the user logs in again [CKO-01]', async (t) => {
  const realms = { realm1: { roles: { guest: everything, admin: everything } } }
  const types: Readonly<Record<string, AuthOptions>> = {
    function: { ticket: { type: 'function', authenticator: async ({ authid, challenge }) => { await challenge(); return { authid: authid!, role: 'guest' } } } },
    dynamic: { ticket: { type: 'dynamic', authenticator: 'com.example.guests' } },
    static: { ticket: { type: 'static', principals: { root: { ticket: 'secret of root', role: 'admin' } } } }
  }
  const start = async (type: string, store: MemoryStore): ReturnType<typeof buildTarget> => {
    const target = await buildTarget(t, { realms, auth: { ...types[type], cookie: {} }, cookie: { store } })
    await target.app.wamp.join('realm1').register('com.example.guests', () => 'guest')
    return target
  }
  for (const [first, second] of [['function', 'static'], ['dynamic', 'static'], ['static', 'function'], ['dynamic', 'function']] as const) {
    const store = new MemoryStore()
    store.close = () => {}
    const before = await start(first, store)
    const root = before.browser()
    await before.login(root, 'root')
    t.equal(await before.enter(root.cookie), 'root', first)
    await before.app.close()
    const after = await start(second, store)
    t.equal(await after.enter(root.cookie), null, `${first}, then ${second}`)
    const again = after.browser()
    again.cookie = root.cookie
    await after.login(again, 'root')
    t.equal(await after.enter(again.cookie), 'root', 'a new login replaces the old one')
    await after.app.close()
  }
})

t.test('a login at one endpoint grants no other role at another endpoint, whose secret was not proven', async (t) => {
  const cookie = { store: { type: 'memory' } } as const
  const realms = { realm1: { roles: { user: everything, admin: everything } } }
  for (const { ticket, who } of [
    { ticket: { type: 'static', principals: { joe: { ticket: 'other', role: 'admin' } } }, who: null },
    { ticket: { type: 'static', principals: { joe: { ticket: 'other', role: 'user' } } }, who: 'joe' },
    { ticket: { type: 'function', authenticator: () => { throw new Error('nobody') } }, who: null }
  ] as const) {
    const { browser, login, enter } = await buildTarget(t, { realms, cookie }, {}, { path: '/staff', auth: { ticket, cookie: {} }, cookie })
    const joe = browser()
    await login(joe)
    t.equal(await enter(joe.cookie), 'joe')
    t.equal(await enter(joe.cookie, {}, '/staff'), who)
  }
})

t.test('neither the keys nor the records of a store can be used as a cookie [CKO-16]', async (t) => {
  const store = new MemoryStore()
  const { browser, login, enter } = await buildTarget(t, { cookie: { store } })
  const joe = browser()
  await login(joe)
  const leaked = JSON.stringify([...store.entries()])
  t.notOk(leaked.includes(joe.cookie.slice('cbtid='.length)))
  for (const text of leaked.match(/[\w-]{16,}/g)!) t.equal(await enter(`cbtid=${text}`), null, text)
})
