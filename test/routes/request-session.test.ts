import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'

/** An app, and the cookie of an admin who is logged in. */
async function build (t: Test): Promise<{ app: FastifyInstance, cookie: string }> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { guest: everything, admin: everything } } }, auth: { cookie: {} }, cookie: {} })
  await app.wamp.join('realm1', { authid: 'backend' }).register('com.example.who', ({ details }) => details.caller_authid, { disclose_caller: true })
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'root', role: 'admin' }))
  app.post('/switch', { onRequest: app.wampIdentify }, async (request, reply) => {
    const before = [await who(request), request.wampLogin]
    await reply.wampSignIn('realm1', { authid: 'joe', role: 'guest' })
    return { before, sessions: authids(app), after: [await who(request), request.wampLogin] }
  })
  app.post('/out', { onRequest: app.wampIdentify }, async (request, reply) => {
    const before = await who(request)
    await reply.wampSignOut()
    return { before, sessions: authids(app), after: await who(request).catch((error: { code: string }) => error.code) }
  })
  app.get('/wait', { onRequest: app.wampIdentify }, async (request) => {
    const codeOf = async (procedure: string): Promise<string> => await request.wamp.call(procedure).then(() => 'answered', (error: { code: string }) => error.code)
    return [await codeOf('com.example.wait'), await codeOf('com.example.who').catch((error: { code: string }) => error.code), request.wampPrincipal?.authid]
  })
  const { headers } = await app.inject({ method: 'POST', url: '/login' })
  return { app, cookie: String(headers['set-cookie']).split(';')[0]! }
}

async function who (request: FastifyRequest): Promise<string> {
  return await request.wamp.call('com.example.who')
}

function authids (app: FastifyInstance): string[] {
  return app.wamp.sessions('realm1').map(({ authid }) => authid)
}

t.test('a request that logs in as another user has a session of that user from then on, and its login', async (t) => {
  const { app, cookie } = await build(t)
  const [old] = await app.wampCookies!.find()
  const answer = (await app.inject({ method: 'POST', url: '/switch', headers: { cookie } })).json<object>()
  const [login] = await app.wampCookies!.find()
  t.same(answer, { before: ['root', old!.cookie], sessions: ['backend'], after: ['joe', login!.cookie] })
  t.not(login!.cookie, old!.cookie)
  t.same(authids(app), ['backend'])
})

t.test('a request that logs out has no session from then on', async (t) => {
  const { app, cookie } = await build(t)
  t.same((await app.inject({ method: 'POST', url: '/out', headers: { cookie } })).json(), { before: 'root', sessions: ['backend'], after: 'WAMP_ERR_NO_PRINCIPAL' })
})

t.test('the session of a request ends with its login, whoever ends that, and the request opens no other one', async (t) => {
  for (const end of ['logout', 'revocation'] as const) {
    const { app, cookie } = await build(t)
    let goOn = (): void => {}
    const waiting = new Promise<void>((resolve) => { goOn = resolve })
    let begun = (): void => {}
    const arrived = new Promise<void>((resolve) => { begun = resolve })
    await app.wamp.join('realm1').register('com.example.wait', async () => { begun(); await waiting })
    const { url, answers } = { url: await app.listen({ port: 0, host: '127.0.0.1' }), answers: [] as string[] }
    const response = fetch(`${url}/wait`, { headers: { cookie } })
    await arrived
    t.same(authids(app).filter((authid) => authid === 'root'), ['root'])
    if (end === 'logout') await app.inject({ method: 'POST', url: '/out', headers: { cookie } })
    else await app.wampCookies!.revoke({ authid: 'root' })
    answers.push(...await (await response).json() as string[])
    t.same(answers, ['WAMP_ERR_SESSION_CLOSED', 'WAMP_ERR_NO_PRINCIPAL', 'root'], end)
    t.same(authids(app).filter((authid) => authid === 'root'), [])
    goOn()
  }
})

t.test('a session that a hook before the plugin has opened ends when its client disconnects', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request) => {
    request.wampPrincipal = { realm: 'realm1', authid: 'joe', authrole: 'guest', authmethod: 'token', authprovider: 'app' }
    t.ok(request.wamp.id)
  })
  await app.register(wampPlugin, { realms: { realm1: { roles: { guest: everything } } }, auth: { anonymous: { type: 'static', role: 'guest' } }, shutdownTimeout: 100 })
  let arrived = (): void => {}
  let left = (): void => {}
  const [arrival, departure] = [new Promise<void>((resolve) => { arrived = resolve }), new Promise<void>((resolve) => { left = resolve })]
  app.get('/', async ({ raw }) => {
    raw.socket.once('close', () => { setImmediate(left) })
    arrived()
    await new Promise(() => {})
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const client = new AbortController()
  const answer = fetch(url, { signal: client.signal }).catch(() => {})
  await arrival
  t.same(authids(app), ['joe'])
  client.abort()
  await answer
  await departure
  t.same(authids(app), [])
})
