import fastifyCookie from '@fastify/cookie'
import fastifyJwt from '@fastify/jwt'
import fastifySession from '@fastify/session'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampConsole, WampError } from 'fastify-wamp'
import type { CookieStore, FastifyWampOptions } from 'fastify-wamp'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { everything } from '../helper/build-router.ts'
import { buildWarnedApp } from '../helper/warned-app.ts'
import { WebBrowser } from '../helper/web-browser.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

declare module 'fastify' {
  interface Session { user?: string }
}

const [json] = wireCodecs
const roles = { caller: {}, subscriber: {} }
const options: FastifyWampOptions = {
  realms: { realm1: { roles: { frontend: everything, staff: everything } } },
  auth: { ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'frontend' } } }, cookie: {} },
  cookie: {}
}

async function listen (t: Test, app: FastifyInstance): Promise<{ http: string, ws: string }> {
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return { http: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}/ws` }
}

/** An app with a REST login, and routes that ask who is there. */
async function build (t: Test, given: Partial<FastifyWampOptions> = {}): Promise<{ app: FastifyInstance, http: string, ws: string }> {
  const app = Fastify()
  await app.register(wampPlugin, { ...options, ...given })
  app.post<{ Body: { authid: string, role?: string, expires?: string } }>('/login', async ({ body: { authid, role = 'frontend', expires } }, reply) =>
    await reply.wampSignIn('realm1', { authid, role, authmethod: 'password', extra: { theme: 'dark' }, expires: expires === undefined ? null : new Date(expires) }))
  app.post('/logout', async (_request, reply) => { await reply.wampSignOut() })
  app.get('/me', { onRequest: app.wampIdentify }, async ({ wampPrincipal }) => ({ who: wampPrincipal?.authid ?? null }))
  app.get('/any', { onRequest: app.wampRequireRole() }, async () => 'in')
  app.get('/staff', { onRequest: app.wampRequireRole('staff') }, async () => 'in')
  return { app, ...await listen(t, app) }
}

t.test('a REST login is valid for the WebSocket, and a REST logout ends its sessions', async (t) => {
  const { http, ws } = await build(t)
  const browser = new WebBrowser(http)
  t.equal(await browser.me(), null)
  const response = await browser.fetch('/login', { body: { authid: 'ann' } })
  t.match(response.headers.getSetCookie(), [/^cbtid=[^;]{40,}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/])
  t.equal(await browser.me(), 'ann')
  const { client, answer } = await browser.join(t, ws)
  t.match(answer, [2, Number, { authid: 'ann', authrole: 'frontend', authmethod: 'password', authprovider: 'cookie', authextra: { theme: 'dark' } }])
  const out = await browser.fetch('/logout', { body: {} })
  t.match(out.headers.getSetCookie(), [/^cbtid=; Max-Age=0;/])
  t.same(await client.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await browser.me(), null)
})

t.test('a WebSocket login is valid on REST routes, and a WebSocket logout ends it', async (t) => {
  const { http, ws } = await build(t)
  const browser = new WebBrowser(http)
  const { client } = await browser.join(t, ws, ['cookie', 'ticket'])
  t.equal(await browser.me(), null)
  await client.ask([5, 'secret', {}])
  t.equal(await browser.me(), 'joe')
  t.same(await client.ask([6, {}, 'wamp.close.logout']), [6, {}, 'wamp.close.goodbye_and_out'])
  t.equal(await browser.me(), null)
})

t.test('each login has a fresh cookie, whatever the request sent: a planted cookie is useless', async (t) => {
  const { http } = await build(t)
  const planted = `cbtid=${'a'.repeat(40)}`
  const browser = new WebBrowser(http)
  browser.cookie = planted
  await browser.fetch('/login', { body: { authid: 'ann' } })
  const first = browser.cookie
  t.not(first, planted)
  for (const thief of [planted, first]) {
    const other = new WebBrowser(http)
    other.cookie = thief
    t.equal(await other.me(), thief === first ? 'ann' : null)
  }
  await browser.fetch('/login', { body: { authid: 'ann' } })
  t.not(browser.cookie, first)
  t.equal(await browser.me(), 'ann')
  const old = new WebBrowser(http)
  old.cookie = first
  t.equal(await old.me(), null, 'the id of the login before is forgotten')
})

t.test('logging in as another user ends the sessions of the previous user', async (t) => {
  const { http, ws } = await build(t)
  const browser = new WebBrowser(http)
  await browser.fetch('/login', { body: { authid: 'ann' } })
  const { client } = await browser.join(t, ws)
  await browser.fetch('/login', { body: { authid: 'bob' } })
  t.same(await client.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await browser.me(), 'bob')
})

t.test('a route may require a role', async (t) => {
  const { http } = await build(t)
  const browser = new WebBrowser(http)
  const statuses = async (): Promise<number[]> => [(await browser.fetch('/any')).status, (await browser.fetch('/staff')).status]
  t.same(await statuses(), [401, 401])
  await browser.fetch('/login', { body: { authid: 'ann' } })
  t.same(await statuses(), [200, 403])
  await browser.fetch('/login', { body: { authid: 'sue', role: 'staff' } })
  t.same(await statuses(), [200, 200])
})

t.test('a request has a WAMP session of its user, until it is answered', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, {
    ...options,
    realms: { realm1: { roles: { frontend: { permissions: [{ uri: 'com.example.whoami', match: 'exact', allow: { call: true }, disclose: { caller: true } }] } } } }
  })
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'ann', role: 'frontend' }))
  app.get('/call/:procedure', { onRequest: app.wampIdentify }, async ({ wamp, params }) => await wamp.call((params as { procedure: string }).procedure))
  await app.ready()
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.whoami', ({ details }) => ({ authid: details.caller_authid, sessions: app.wamp.sessions('realm1').length }))
  const { http } = await listen(t, app)
  const browser = new WebBrowser(http)
  t.match(await (await browser.fetch('/call/com.example.whoami')).json(), { statusCode: 401, code: 'WAMP_ERR_NO_PRINCIPAL' })
  await browser.fetch('/login', { body: {} })
  for (let i = 0; i < 3; i++) t.same(await (await browser.fetch('/call/com.example.whoami')).json(), { authid: 'ann', sessions: 2 }, 'its own, and the one of before is gone')
  t.match(await (await browser.fetch('/call/wamp.session.count')).json(), { message: /wamp\.error\.not_authorized/ })
})

t.test('a page of a foreign origin cannot use the cookie', async (t) => {
  const { http } = await build(t)
  const browser = new WebBrowser(http)
  await browser.fetch('/login', { body: { authid: 'ann' } })
  for (const [origin, status] of [['https://evil.example', 401], ['null', 401], [http, 200]] as const) {
    t.equal((await browser.fetch('/any', { headers: { origin } })).status, status, origin)
  }
})

t.test('a login with the role of the app itself, or with a role or realm that no longer exists, is not valid on any route', async (t) => {
  const store = new MemoryStore()
  const { http } = await build(t, { cookie: { store } })
  const browser = new WebBrowser(http)
  await browser.fetch('/login', { body: { authid: 'ann' } })
  t.equal(await browser.me(), 'ann')
  const [key, login] = [...store.entries()].find(([, record]) => 'authid' in record)!
  for (const other of [{ authrole: 'trusted' }, { authrole: 'gone' }, { authrealm: 'gone' }]) {
    store.set(key, { ...login, ...other })
    t.equal(await browser.me(), null, JSON.stringify(other))
    t.equal((await browser.fetch('/any')).status, 401)
  }
})

t.test('a login that fails causes an error that says why', async (t) => {
  const { http } = await build(t)
  const message = async (body: object, at = http): Promise<unknown> => ((await (await new WebBrowser(at).fetch('/login', { body })).json()) as { code?: string }).code
  t.equal(await message({ authid: 'ann', role: 'other' }), 'WAMP_ERR_NO_SUCH_ROLE')
  t.equal(await message({ authid: 'ann', role: 'trusted' }), 'WAMP_ERR_NO_SUCH_ROLE')
  t.equal(await message({ authid: '' }), 'WAMP_ERR_SIGN_IN')
  t.equal(await message({ authid: 'ann', expires: '2100-01-01' }), 'WAMP_ERR_SIGN_IN', 'a cookie would outlive it')
  const { http: untracked } = await build(t, { auth: { ticket: options.auth!.ticket! } })
  t.equal(await message({ authid: 'ann' }, untracked), 'WAMP_ERR_SIGN_IN')
  const broken: CookieStore = { get () { return undefined }, set () { throw new Error('disk full') }, delete () {}, entries: () => [], close () {} }
  const { http: full } = await build(t, { cookie: { store: broken } })
  t.equal(await message({ authid: 'ann' }, full), 'WAMP_ERR_SIGN_IN', 'a login that would not be there next time is none')
  const app = Fastify()
  await app.register(wampPlugin, { realms: options.realms, auth: { ticket: options.auth!.ticket! } })
  app.post('/login', async (_request, reply) => await reply.wampSignIn('nowhere', { authid: 'ann', role: 'frontend' }))
  t.match(await message({}, (await listen(t, app)).http), 'WAMP_ERR_NO_SUCH_REALM')
})

t.test('a login whose cookie came too late for the response is deleted, with a warning that says to await it', async (t) => {
  const { app, warnings } = await buildWarnedApp(t, options)
  let signedIn: Promise<unknown> | undefined
  app.post('/login', async (_request, reply) => {
    signedIn = reply.wampSignIn('realm1', { authid: 'joe', role: 'frontend' })
    return 'not awaited'
  })
  app.post('/raw', async (_request, reply) => {
    reply.hijack()
    await reply.wampSignIn('realm1', { authid: 'ann', role: 'frontend' })
    reply.raw.writeHead(200, { 'set-cookie': reply.getHeader('set-cookie') as string }).end()
  })
  const response = await app.inject({ method: 'POST', url: '/login' })
  await signedIn
  t.equal(response.headers['set-cookie'], undefined)
  t.same(await app.wampCookies!.find(), [], 'nobody has its cookie')
  const raw = await app.inject({ method: 'POST', url: '/raw' })
  t.equal((await app.wampCookies!.find({ authid: 'ann' })).length, 1, raw.headers['set-cookie'] as string)
  t.match(warnings, [{ authid: 'joe', realm: 'realm1', msg: /await reply\.wampSignIn/ }])
})

t.test('a user\'s logins can be listed, with what they came from, and revoked one by one', async (t) => {
  const { app, http, ws } = await build(t)
  const [one, two] = [new WebBrowser(http), new WebBrowser(http)]
  await one.fetch('/login', { body: { authid: 'ann' }, headers: { 'user-agent': `Browser/1 ${'x'.repeat(500)}` } })
  await two.fetch('/login', { body: { authid: 'ann' }, headers: { 'user-agent': 'Browser/2' } })
  await new WebBrowser(http).fetch('/login', { body: { authid: 'bob' } })
  const { client } = await two.join(t, ws)
  const logins = await app.wampCookies!.find({ authid: 'ann' })
  const second = logins.find(({ record }) => record.userAgent === 'Browser/2')!
  t.equal(logins.length, 2)
  t.match(second, { cookie: /^[0-9a-f]{64}$/, record: { authid: 'ann', address: '127.0.0.1' }, lastSeen: Number, connected: 1 })
  t.ok(second.lastSeen >= second.record.created)
  t.equal(logins.find((login) => login !== second)!.record.userAgent!.length, 256)
  t.notOk(JSON.stringify(logins).includes(two.cookie.slice('cbtid='.length)), 'no cookie\'s value')
  t.equal(await app.wampCookies!.revoke({ cookie: second.cookie }), 1)
  t.same(await client.next(), [6, {}, 'wamp.close.logout'])
  t.same([await one.me(), await two.me()], ['ann', null])
})

t.test('an operator lists and revokes logins over WAMP, and kills a user with them', async (t) => {
  const { app, http, ws } = await build(t)
  const admin = app.wamp.join('realm1')
  const told: unknown[] = []
  await admin.subscribe('wamp.login.on_revoke', ({ args }) => { told.push(args[0]) })
  const browsers = [new WebBrowser(http), new WebBrowser(http), new WebBrowser(http)]
  for (const [i, authid] of ['ann', 'ann', 'bob'].entries()) await browsers[i]!.fetch('/login', { body: { authid }, headers: { 'user-agent': `Browser/${i}` } })
  const listed = await admin.call<Record<string, unknown>[]>('wamp.login.list', [], { authid: 'ann' })
  t.match(listed, [{ authid: 'ann', authrole: 'frontend', authmethod: 'password', cookie: /^[0-9a-f]{64}$/, created: /Z$/, last_seen: /Z$/, address: '127.0.0.1', connected: 0 }, {}])
  t.same(listed.map(({ user_agent: agent }) => agent).toSorted(), ['Browser/0', 'Browser/1'])
  const one = listed.find(({ user_agent: agent }) => agent === 'Browser/0')!
  t.equal(await admin.call('wamp.login.revoke', [], { cookie: one.cookie }), 1)
  t.same([await browsers[0]!.me(), await browsers[1]!.me()], [null, 'ann'])
  const { client } = await browsers[1]!.join(t, ws)
  t.equal((await admin.call<number[]>('wamp.session.kill_by_authid', ['ann'], { reason: 'com.example.banned' })).length, 1)
  t.same(await client.next(), [6, {}, 'com.example.banned'])
  t.equal(await browsers[1]!.me(), 'ann', 'killed, and yet it could come back')
  const again = await browsers[1]!.join(t, ws)
  await admin.call('wamp.session.kill_by_authid', ['ann'], { revoke_logins: true })
  t.same((await again.client.next())[0], 6)
  t.equal(await browsers[1]!.me(), null)
  t.equal(await browsers[2]!.me(), 'bob')
  t.equal(await admin.call('wamp.login.revoke', [], { authrole: 'frontend' }), 1)
  t.same(told, [{ cookie: one.cookie, count: 1 }, { authid: 'ann', count: 1 }, { authrole: 'frontend', count: 1 }])
  await t.rejects(admin.call('wamp.login.revoke'), { message: /invalid_argument/ }, 'not all by accident')
  await t.rejects(admin.call('wamp.login.list', [], { authid: 5 }), { message: /invalid_argument/ })
  await t.rejects(admin.call('wamp.session.kill_by_authid', ['ann'], { revoke_logins: 'x' }), { message: /invalid_argument/ })
})

t.test('an app that logs in by @fastify/session gives the WebSocket its identity by one function', async (t) => {
  const app = Fastify()
  await app.register(fastifyCookie)
  await app.register(fastifySession, { secret: 'a secret of at least thirty-two characters', cookie: { secure: false } })
  await app.register(fastifyWebsocket)
  await app.register(wampPlugin, {
    realms: options.realms,
    auth: {
      anonymous: {
        type: 'function',
        authenticator: ({ request }) => {
          const user = request?.session.user
          if (user === undefined) throw new WampError('wamp.error.authentication_required', { args: ['log in first'] })
          return { authid: user, role: 'frontend', authmethod: 'session', onLogout: () => request!.session.destroy() }
        }
      }
    }
  })
  app.post<{ Body: { authid: string } }>('/login', async (request) => { request.session.user = request.body.authid })
  app.post('/logout', async (request) => {
    app.wamp.kick('realm1', { authid: request.session.user! }, 'wamp.close.logout')
    await request.session.destroy()
  })
  app.get('/me', async (request) => ({ who: request.session.user ?? null }))
  const { http, ws } = await listen(t, app)
  const browser = new WebBrowser(http)
  t.match((await browser.join(t, ws, [])).answer, [3, { message: 'log in first' }, 'wamp.error.authentication_required'])
  await browser.fetch('/login', { body: { authid: 'ann' } })
  const { client, answer } = await browser.join(t, ws, [])
  t.match(answer, [2, Number, { authid: 'ann', authmethod: 'session' }])
  await browser.fetch('/logout', { body: {} })
  t.same(await client.next(), [6, {}, 'wamp.close.logout'])
  await browser.fetch('/login', { body: { authid: 'bob' } })
  const next = await browser.join(t, ws, [])
  t.equal(await browser.me(), 'bob')
  t.same(await next.client.ask([6, {}, 'wamp.close.logout']), [6, {}, 'wamp.close.goodbye_and_out'])
  t.equal(await browser.me(), null, 'and the other way round')
})

t.test('an app that logs in by @fastify/jwt can do the same', async (t) => {
  const app = Fastify()
  await app.register(fastifyJwt, { secret: 'a secret of at least thirty-two characters' })
  await app.register(wampPlugin, {
    realms: options.realms,
    auth: {
      jwt: {
        type: 'function',
        authenticator: async ({ request, challenge }) => {
          const token = request?.headers.authorization?.replace(/^Bearer /, '') ?? (await challenge()).signature
          const { sub, role } = app.jwt.verify<{ sub: string, role: string }>(token)
          return { authid: sub, role }
        }
      }
    }
  })
  const { ws } = await listen(t, app)
  const token = app.jwt.sign({ sub: 'ann', role: 'staff' })
  const byHeader = await WireClient.connect(t, ws, json!, { headers: { authorization: `Bearer ${token}` } })
  t.match(await byHeader.ask([1, 'realm1', { roles, authmethods: ['jwt'] }]), [2, Number, { authid: 'ann', authrole: 'staff', authmethod: 'jwt' }])
  const byMessage = await WireClient.connect(t, ws, json!)
  t.match(await byMessage.ask([1, 'realm1', { roles, authmethods: ['jwt'] }]), [4, 'jwt', {}])
  t.match(await byMessage.ask([5, token, {}]), [2, Number, { authid: 'ann' }])
  const forged = await WireClient.connect(t, ws, json!, { headers: { authorization: `Bearer ${token.slice(0, -2)}xx` } })
  t.match(await forged.ask([1, 'realm1', { roles, authmethods: ['jwt'] }]), [3, {}, 'wamp.error.authentication_failed'])
})

t.test('a role of the same name in another realm is not accepted, and cannot open the console', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { admin: {}, user: {} } }, realm2: { roles: { admin: {}, guest: {} } } }, auth: { ticket: { type: 'static', principals: {} }, cookie: {} }, cookie: {} })
  await app.register(wampConsole, { path: '/console', role: 'admin', realm: 'realm1' })
  t.throws(() => app.wampRequireRole('admin'), { code: 'WAMP_ERR_INVALID_OPTION', message: /several realms have the role "admin"/ })
  t.throws(() => app.wampRequireRole('none'), { code: 'WAMP_ERR_NO_SUCH_ROLE' })
  t.throws(() => app.wampRequireRole({ realm: 'realm2', role: 'user' }), { code: 'WAMP_ERR_NO_SUCH_ROLE' })
  app.get('/admin', { onRequest: app.wampRequireRole({ realm: 'realm1', role: 'admin' }) }, async () => 'in')
  app.get('/user', { onRequest: app.wampRequireRole('user', { realm: 'realm2', role: 'admin' }) }, async () => 'in')
  app.post<{ Params: { realm: string } }>('/login/:realm', async ({ params: { realm } }, reply) => await reply.wampSignIn(realm, { authid: 'ann', role: 'admin' }))
  const statuses = async (realm: string): Promise<number[]> => {
    const login = await app.inject({ method: 'POST', url: `/login/${realm}` })
    const cookie = String(login.headers['set-cookie']).split(';')[0]!
    return await Promise.all(['/admin', '/user', '/console/'].map(async (url) => (await app.inject({ url, headers: { cookie } })).statusCode))
  }
  t.same(await statuses('realm1'), [200, 403, 200])
  t.same(await statuses('realm2'), [403, 200, 403])
})

t.test('a hook that calls the one of wampRequireRole without waiting for it lets nobody in', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, options)
  const hook = app.wampRequireRole('staff')
  const careless = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => { hook(request, reply).catch(() => {}) }
  const hooks = ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const
  let entered = 0
  const handler = async (): Promise<string> => `in ${++entered}`
  for (const name of hooks) {
    app.get(`/${name}`, { [name]: careless }, handler)
    await app.register(async (scope) => {
      scope.addHook(name as 'onRequest', careless)
      scope.get(`/scope/${name}`, handler)
    })
  }
  t.teardown(() => app.close())
  for (const name of hooks) for (const url of [`/${name}`, `/scope/${name}`]) t.equal((await app.inject(url)).statusCode, 401, url)
  t.equal(entered, 0)
})
