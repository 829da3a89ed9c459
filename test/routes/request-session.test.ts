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
