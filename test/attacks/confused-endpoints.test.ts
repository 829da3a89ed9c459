import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampEndpoint, wampPort, WampError } from 'fastify-wamp'
import type { CookieStore, EndpointOptions, FastifyWampOptions } from 'fastify-wamp'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

type Auth = NonNullable<EndpointOptions['auth']>

const realms: FastifyWampOptions['realms'] = { realm1: { roles: { guest: everything, admin: everything } } }
const guest: Auth = { cookie: {}, ticket: { type: 'static', principals: { joe: { ticket: 'open', role: 'guest' } } } }
const admin: Auth = { cookie: {}, ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'admin' } } } }
const at = { port: 0, host: '127.0.0.1' }

/** A login by a function, whose ticket is this. */
function byFunction (ticket: string): NonNullable<Auth['ticket']> {
  return {
    type: 'function',
    authenticator: async ({ challenge }) => {
      if ((await challenge()).signature !== ticket) throw new WampError('wamp.error.authentication_denied')
      return { authid: 'joe', role: 'admin' }
    }
  }
}

/** Logs joe in at an endpoint. Resolves to his cookie. */
async function login (t: Test, url: string, ticket: string): Promise<string> {
  const client = await WireClient.connect(t, url.replace('http', 'ws'), wireCodecs[0]!)
  t.match(await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'joe' }]), [4])
  t.match(await client.ask([5, ticket, {}]), [2])
  return client.setCookie!.split(';')[0]!
}

/** The role that a cookie has at an endpoint, or null. */
async function roleOf (t: Test, url: string, cookie: string): Promise<unknown> {
  const client = await WireClient.connect(t, url.replace('http', 'ws'), wireCodecs[0]!, { headers: { cookie } })
  const [type, , details] = await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['cookie'] }])
  return type === 2 ? (details as { authrole: unknown }).authrole : null
}

/** An app with an endpoint at /ws, and one at the same path of another port. Resolves to the ports, or rejects if that endpoint is refused. */
async function twoPorts (t: Test, own: Omit<FastifyWampOptions, 'realms'>, other: EndpointOptions): Promise<[string, string]> {
  const [app, port] = [Fastify(), Fastify()]
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms, path: '/ws', ...own })
  await port.register(wampPort, { app })
  await port.register(wampEndpoint, { path: '/ws', ...other })
  return [await app.listen(at), await port.listen(at)]
}

t.test('endpoints at one path of two ports are refused if a login of one would be a login of the other', async (t) => {
  const store: CookieStore = new MemoryStore()
  const message = 'The option "path" must be another path: an endpoint at "/ws" of another port shares its logins with this one, but has a different "auth"'
  const refused = async (own: Omit<FastifyWampOptions, 'realms'>, other: EndpointOptions): Promise<void> => {
    await t.rejects(twoPorts(t, own, other), { code: 'WAMP_ERR_INVALID_OPTION', message })
  }
  await refused({ cookie: {}, auth: guest }, { cookie: {}, auth: admin })
  await refused({ cookie: {}, auth: { cookie: {}, ticket: byFunction('open') } }, { cookie: {}, auth: { cookie: {}, ticket: byFunction('secret') } })
  await refused({ cookie: {}, auth: { ticket: byFunction('open') } }, { cookie: {}, auth: admin })
  await refused({ cookie: { name: 'one', store }, auth: guest }, { cookie: { name: 'other', store }, auth: admin })
  const path = `${t.testdir({})}/logins.lmdb`
  await refused({ cookie: { name: 'one', store: { type: 'database', path } }, auth: guest }, { cookie: { name: 'other', store: { type: 'database', path } }, auth: admin })
})

t.test('at one path of two ports, endpoints may have the same logins, or different stores', async (t) => {
  const [first, second] = await twoPorts(t, { cookie: {}, auth: guest }, { cookie: {}, auth: { ...guest } })
  t.equal(await roleOf(t, `${second}/ws`, await login(t, `${first}/ws`, 'open')), 'guest')
  const [one, other] = await twoPorts(t, { cookie: { name: 'one' }, auth: guest }, { cookie: { name: 'other' }, auth: admin })
  const cookie = await login(t, `${one}/ws`, 'open')
  t.equal(await roleOf(t, `${other}/ws`, cookie.replace('one=', 'other=')), null)
  t.equal(await roleOf(t, `${one}/ws`, cookie), 'guest')
  await t.resolves(twoPorts(t, { cookie: {}, auth: { ticket: byFunction('open') } }, { cookie: {}, auth: { ticket: byFunction('secret') } }), 'no cookie logs in')
  await t.resolves(twoPorts(t, { auth: { ticket: byFunction('open') } }, { cookie: {}, auth: admin }), 'only one has a cookie')
})

t.test('a login under one prefix is not a login of the endpoint with the same path under another prefix', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms, auth: guest, cookie: {} })
  const under = async (prefix: string, auth: Auth): Promise<void> => {
    await app.register(async (scope: FastifyInstance) => { await scope.register(wampEndpoint, { path: '/ws', auth, cookie: {} }) }, { prefix })
  }
  await under('/public', guest)
  await under('/internal', admin)
  const url = await app.listen(at)
  const cookie = await login(t, `${url}/public/ws`, 'open')
  t.equal(await roleOf(t, `${url}/internal/ws`, cookie), null)
  t.equal(await roleOf(t, `${url}/public/ws`, cookie), 'guest')
})

t.test('a login at an endpoint without logins by cookie is not a login of another one', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms, cookie: {}, auth: { cookie: {}, ticket: byFunction('secret') } })
  await app.register(wampEndpoint, { path: '/public', cookie: {}, auth: { ticket: byFunction('open') } })
  const url = await app.listen(at)
  t.equal(await roleOf(t, `${url}/ws`, await login(t, `${url}/public`, 'open')), null)
  t.equal(await roleOf(t, `${url}/ws`, await login(t, `${url}/ws`, 'secret')), 'admin')
})
