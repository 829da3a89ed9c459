import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampEndpoint } from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { buildTarget } from '../attacks/target.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const ticket = { type: 'static', principals: { joe: { ticket: 'secret of joe', role: 'user' } } } as const
const hello = [1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'joe' }]

/** A client that has logged in at an endpoint, and the cookie that it was sent there. */
async function logIn (t: Test, url: string): Promise<{ client: WireClient, cookie: string }> {
  const client = await WireClient.connect(t, url, wireCodecs[0]!)
  await client.ask(hello)
  t.equal((await client.ask([5, 'secret of joe', {}]))[0], 2)
  return { client, cookie: client.setCookie!.split(';')[0]! }
}

t.test('the app finds and revokes the logins at all endpoints, also those with a cookie of their own', async (t) => {
  const store = new MemoryStore()
  for (const cookie of [{ name: 'other' }, { name: 'other', store }]) {
    const auth = { ticket, cookie: {} }
    const { app, ws } = await buildTarget(t, { auth, cookie: { store } }, {}, { path: '/other', auth, cookie })
    const [one, two] = [await logIn(t, ws), await logIn(t, ws.replace('/ws', '/other'))]
    const found = await app.wampCookies!.find({ authid: 'joe' })
    t.same(found.map(({ connected }) => connected), [1, 1])
    t.equal(await app.wampCookies!.revoke({ authid: 'joe' }), 2)
    for (const { client } of [one, two]) t.same(await client.next(), [6, {}, 'wamp.close.logout'])
    t.same(await app.wampCookies!.find(), [])
  }
})

t.test('the app finds the logins of an endpoint if the plugin itself has no cookie', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.equal(app.wampCookies, null)
  await app.register(wampEndpoint, { path: '/other', cookie: {}, auth: { anonymous: { type: 'static' }, cookie: {} } })
  t.same(await app.wampCookies!.find(), [])
})

t.test('a REST logout ends the logins of all cookies that the request carries', async (t) => {
  const auth = { ticket, cookie: {} }
  const app = await build(t, { auth, cookie: {} })
  await app.register(wampEndpoint, { path: '/other', auth, cookie: { name: 'other' } })
  const ws = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')
  const [one, two] = [await logIn(t, `${ws}/ws`), await logIn(t, `${ws}/other`)]
  const { headers } = await app.inject({ method: 'POST', url: '/logout', headers: { cookie: `${one.cookie}; ${two.cookie}` } })
  t.match(headers['set-cookie'], [/^cbtid=; Max-Age=0/, /^other=; Max-Age=0/])
  t.match((await app.inject({ method: 'POST', url: '/logout' })).headers['set-cookie'], /^cbtid=; Max-Age=0/)
  for (const { client } of [one, two]) t.same(await client.next(), [6, {}, 'wamp.close.logout'])
  t.same(await app.wampCookies!.find(), [])
})

t.test('a user is killed at once even if the store cannot list the logins to revoke', async (t) => {
  const store = new MemoryStore()
  const { app, browser, login, enter } = await buildTarget(t, { cookie: { store } })
  const joe = browser()
  const client = await login(joe)
  store.entries = () => { throw new Error('cannot list') }
  const killing = t.rejects(app.wamp.join('realm1').call('wamp.session.kill_by_authid', ['joe'], { revoke_logins: true, reason: 'com.example.banned' }), { message: 'wamp.error.runtime_error' })
  t.same(await client.next(), [6, {}, 'com.example.banned'])
  await killing
  t.equal(await enter(joe.cookie), null)
})

t.test('a login whose challenge was pending during a revocation ends', async (t) => {
  const { app, ws } = await buildTarget(t)
  const [joe, mallory] = [await WireClient.connect(t, ws, wireCodecs[0]!), await WireClient.connect(t, ws, wireCodecs[0]!)]
  t.equal((await joe.ask(hello))[0], 4)
  t.equal((await mallory.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'mallory' }]))[0], 4)
  t.equal(await app.wampCookies!.revoke({ authid: 'joe' }), 0)
  t.equal((await joe.ask([5, 'secret of joe', {}]))[0], 2)
  t.same(await joe.next(), [6, {}, 'wamp.close.logout'])
  t.equal((await mallory.ask([5, 'secret of mallory', {}]))[0], 2)
  t.same((await app.wampCookies!.find()).map(({ record }) => record.authid), ['mallory'])
})

t.test('a function that revokes the other logins of a user before it returns does not revoke its own', async (t) => {
  const app = await build(t, { auth: { cookie: {} }, cookie: {} })
  app.wampAuthenticators.set('one', async ({ challenge }) => {
    await challenge()
    await app.wampCookies!.revoke({ authid: 'joe' })
    return { authid: 'joe', role: 'user' }
  })
  const ws = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')
  const [first, second] = [await WireClient.connect(t, `${ws}/ws`, wireCodecs[0]!), await WireClient.connect(t, `${ws}/ws`, wireCodecs[0]!)]
  for (const client of [first, second]) {
    t.equal((await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['one'] }]))[0], 4)
    t.equal((await client.ask([5, '', {}]))[0], 2)
  }
  t.same(await first.next(), [6, {}, 'wamp.close.logout'])
  t.equal((await second.ask([48, 1, {}, 'wamp.session.count']))[0], 50)
  t.equal((await app.wampCookies!.find()).length, 1)
})

t.test('a request whose login ends before its handler runs is unauthenticated', async (t) => {
  for (const hook of ['onRequest', 'preValidation', 'preHandler'] as const) {
    const app = await build(t, { auth: { cookie: {} }, cookie: {} })
    let revoked = 0
    const preParsing = async (): Promise<void> => { revoked += await app.wampCookies!.revoke({ authid: 'joe' }) }
    const guard = app.wampRequireRole('user')
    app.post('/act', { preParsing, onRequest: hook === 'onRequest' ? guard : app.wampIdentify, ...(hook === 'onRequest' ? {} : { [hook]: guard }) }, async () => 'acted')
    app.post('/look', { preParsing, onRequest: app.wampIdentify }, async ({ wampPrincipal, wampLogin }) => ({ wampPrincipal, wampLogin }))
    for (const [url, status, body] of [['/act', 401, { statusCode: 401, error: 'Unauthorized', message: 'log in first' }], ['/look', 200, { wampPrincipal: null, wampLogin: null }]] as const) {
      const cookie = String((await app.inject({ method: 'POST', url: '/login' })).headers['set-cookie']).split(';')[0]!
      const response = await app.inject({ method: 'POST', url, headers: { cookie } })
      t.same([response.statusCode, response.json()], [status, body], hook)
    }
    t.equal(revoked, 2)
  }
})

t.test('a principal that has expired is not accepted', async (t) => {
  const app = await build(t, { auth: { cookie: {} }, cookie: {} })
  let expires = new Date(0)
  app.addHook('onRequest', async (request) => {
    request.wampPrincipal = { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'jwt', authprovider: 'function', expires }
  })
  app.get('/act', { onRequest: app.wampRequireRole('user') }, async () => 'acted')
  app.get('/look', async ({ wampPrincipal }) => ({ who: wampPrincipal?.authid ?? null }))
  t.equal((await app.inject('/act')).statusCode, 401)
  t.same((await app.inject('/look')).json(), { who: null })
  expires = new Date(Date.now() + 60_000)
  t.equal((await app.inject('/act')).statusCode, 200)
  t.same((await app.inject('/look')).json(), { who: 'joe' })
})

async function build (t: Test, options: Partial<FastifyWampOptions>): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { user: everything } } }, shutdownTimeout: 100, ...options })
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'user' }))
  app.post('/logout', async (_request, reply) => { await reply.wampSignOut() })
  return app
}
