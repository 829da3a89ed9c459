import Fastify from 'fastify'
import prom from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { contractReference, fromCrossbarConfig, scramCredentials, typed, wampBridge, wampConsole, wampContract, wampEndpoint, wampMetrics, wampTracing } from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { cookieStoreContract, injectWamp } from 'fastify-wamp/testing'
import { buildWarnedApp } from './helper/warned-app.ts'
import type { Line } from './helper/warned-app.ts'

const realms = { realm1: { roles: { anonymous: { permissions: [{ uri: '*', allow: { call: true } }] }, staff: {} } } }

const build = async (t: Test, options: Partial<FastifyWampOptions> = {}): ReturnType<typeof buildWarnedApp> => await buildWarnedApp(t, { realms, ...options })

/** The message of the error that an invalid argument causes. */
async function faultOf (attempt: () => unknown, code = 'WAMP_ERR_INVALID_OPTION'): Promise<unknown> {
  try {
    await attempt()
    return 'no error'
  } catch (error) {
    return (error as { code?: string }).code === code ? (error as Error).message : error
  }
}

const wrong = [undefined, null, 5, []] as never[]

t.test('a decorated method without its object, or with another value, is refused by name, and ends no session and no login', async (t) => {
  const { app } = await build(t, { auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: {} })
  const session = app.wamp.join('realm1')
  for (const given of wrong) {
    t.equal(await faultOf(() => app.wamp.kick('realm1', given)), 'The option "filter" must be an object')
    t.equal(await faultOf(async () => await app.wampCookies!.revoke(given)), 'The option "filter" must be an object')
    t.equal(await faultOf(async () => await app.injectWamp(given)), 'The option "options" must be an object')
    t.equal(await faultOf(() => { app.wampRoute(given) }), 'The option "options" must be an object')
    if (given === undefined) continue
    t.equal(await faultOf(() => app.wamp.join('realm1', given)), 'The option "options" must be an object')
    t.equal(await faultOf(() => { app.wamp.forgetDecisions('realm1', given) }), 'The option "filter" must be an object')
    t.equal(await faultOf(async () => await app.wampCookies!.find(given)), 'The option "filter" must be an object')
    t.match(await faultOf(() => app.wampRequireRole(given)), /^The option "wampRequireRole" must have the names of roles/)
  }
  t.equal(await faultOf(() => app.wamp.kick('realm1', 'joe' as never)), 'The option "filter" must be an object')
  t.equal(await faultOf(async () => { await (app.wampIdentify as () => Promise<void>)() }), 'The option "wampIdentify" is a hook: pass it without calling it')
  t.equal(await session.call('wamp.session.count'), 0, 'the session goes on')
})

t.test('a route whose hook is wampRequireRole itself, without a call, answers 500 and does not run its handler', async (t) => {
  const { app } = await build(t, { auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: {} })
  const hooks = ['onRequest', 'preHandler']
  for (const hook of hooks) app.get(`/${hook}`, { [hook]: app.wampRequireRole }, async () => t.fail('the handler ran'))
  for (const hook of hooks) {
    const response = await app.inject(`/${hook}`)
    t.equal(response.statusCode, 500)
    t.match(response.json(), { code: 'WAMP_ERR_INVALID_OPTION', message: /wampRequireRole\("staff"\)/ })
  }
})

t.test('an authenticator without a name, or that is no function, is refused', async (t) => {
  const { app } = await build(t)
  const set = app.wampAuthenticators.set.bind(app.wampAuthenticators) as (method?: unknown, authenticator?: unknown) => void
  t.equal(await faultOf(() => { set() }, 'WAMP_ERR_AUTHENTICATOR'), 'The authenticator "undefined" must have a name')
  t.equal(await faultOf(() => { set('', () => {}) }, 'WAMP_ERR_AUTHENTICATOR'), 'The authenticator "" must have a name')
  t.equal(await faultOf(() => { set('own', {}) }, 'WAMP_ERR_AUTHENTICATOR'), 'The authenticator "own" must be a function')
  t.equal(app.wampAuthenticators.has('own'), false)
})

t.test('a sign-in without a complete grant is refused, and logs nobody in', async (t) => {
  const { app } = await build(t, { auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: {} })
  const grants: unknown[] = []
  app.get('/login', async (_request, reply) => await reply.wampSignIn('realm1', grants.shift() as never))
  for (const [grant, message] of [
    [undefined, 'The option "grant" must be an object'],
    [{ authid: 'joe', authrole: 'staff' }, 'The option "grant.authrole" is not an option'],
    [{ role: 'staff' }, 'Signing in requires an authid that is a non-empty string'],
    [{ authid: 5, role: 'staff' }, 'Signing in requires an authid that is a non-empty string'],
    [{ authid: 'joe', role: 'staff', onLogout: () => {} }, 'Signing in does not support "onLogout": subscribe to the end of the login instead']
  ] as const) {
    grants.push(grant)
    t.match((await app.inject('/login')).json(), { statusCode: 500, message })
  }
  t.same(await app.wampCookies!.find(), [])
})

t.test('a route of a procedure needs a path, names, a session and a valid contract', async (t) => {
  const { app } = await build(t)
  const route = { method: 'GET', url: '/f', procedure: 'com.example.f' }
  const mount = (options: object) => () => { app.wampRoute(options as never) }
  t.equal(await faultOf(mount({ ...route, url: undefined })), 'The option "url" must be the path of the route')
  t.equal(await faultOf(mount({ ...route, args: [5] })), 'The option "args" must be a list of names')
  t.equal(await faultOf(mount({ ...route, as: 'realm1' })), 'The option "as" must be a session, such as app.wamp.join("realm1")')
  t.equal(await faultOf(mount({ ...route, contract: 5 })), 'The option "contract" must be an object, and not a number')
  t.equal(await faultOf(mount({ ...route, contract: { kwarg: {} } })), 'The option "contract.kwarg" is not an option: did you mean "kwargs"?')
  t.equal(await faultOf(mount({ ...route, contract: { errors: { 'com.example.error': '404' } } })), 'The option "contract.errors.com.example.error" must be a whole number from 400 to 599, and not "404"')
  const add = (wamp: unknown) => () => { app.get('/g', { config: { wamp: wamp as never } }, async () => 1) }
  t.equal(await faultOf(add(null)), 'The option "config.wamp" must be an object')
  t.equal(await faultOf(add('com.example.g')), 'The option "config.wamp" must be an object')
  t.equal(await faultOf(add({ procedure: 'com.example.g' })), 'The option "config.wamp.realm" of GET /g must be the name of a realm')
  t.equal(await faultOf(add({ realm: 'realm1', procedure: 'com.example.g', args: 'x' })), 'The option "config.wamp.args" of GET /g must be a list of names')
})

t.test('a route with config.wamp that was added before the plugin is a warning at its first request', async (t) => {
  const warnings: Line[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { warnings.push(JSON.parse(line) as Line) } } } })
  t.teardown(() => app.close())
  app.get('/early', { config: { wamp: { realm: 'realm1', procedure: 'com.example.early' } } }, async () => 1)
  app.get('/plain', async () => 1)
  await app.register(wampPlugin, { realms })
  app.get('/late', { config: { wamp: { realm: 'realm1', procedure: 'com.example.late' } } }, async () => 1)
  for (const path of ['/none', '/plain', '/late', '/early', '/early']) await app.inject(path)
  t.match(warnings, [{ option: 'config.wamp', url: '/early', msg: /^the route GET \/early is not a procedure, because it was added before fastify-wamp was loaded: add it after await/ }])
  t.equal(warnings.length, 1)
})

t.test('requests that no hook can authenticate cause a warning at the first 401, but not if cookies are configured', async (t) => {
  const { app, warnings } = await build(t)
  await app.register(wampBridge, { call: '/call', events: '/events' })
  app.wampRoute({ method: 'GET', url: '/f', procedure: 'com.example.f' })
  app.get('/staff', { onRequest: app.wampRequireRole('staff') }, async () => 1)
  const call = { method: 'POST', url: '/call', payload: { procedure: 'com.example.f' } } as const
  t.equal((await app.inject(call)).statusCode, 401)
  t.match(warnings, [{ option: 'cookie', url: '/call', msg: /nothing identifies its user: set the option cookie, set request.wampPrincipal .* "as"$/ }])
  for (const url of ['/events?topic=com.example.t', '/f', '/staff']) t.equal((await app.inject(url)).statusCode, 401)
  t.equal(warnings.length, 1, 'once')

  const { app: other, warnings: none } = await build(t, { auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: {} })
  await other.register(wampBridge, { call: '/call' })
  t.equal((await other.inject(call)).statusCode, 401)
  t.same(none, [])
})

t.test('an asterisk in the topic of an event stream is refused, unless it is meant as such', async (t) => {
  const { app } = await build(t)
  await app.register(wampBridge, { events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  for (const query of ['topic=com.example.*', 'topic=com.example.x&topic=com.*.x&match=wildcard']) {
    const response = await app.inject(`/events?${query}`)
    t.equal(response.statusCode, 400)
    t.match(response.body, /\\"match\\" must be \\"exact\\" for a literal/)
  }
  t.equal((await app.inject('/events?topic=com.example.*&match=exact')).statusCode, 403)
})

t.test('error messages never name an empty option', async (t) => {
  for (const [given, kind] of [[5, 'number'], ['x', 'string'], [[], 'list']] as [never, string][]) {
    const message = `The option "options" must be an object, and not a ${kind}`
    t.equal(await faultOf(async () => { await Fastify().register(wampPlugin, given) }), message)
    for (const plugin of [wampEndpoint, wampBridge, wampConsole]) t.equal(await faultOf(async () => { await (await build(t)).app.register(plugin as typeof wampEndpoint, given) }), message)
  }
  t.equal(await faultOf(async () => { await (await build(t)).app.register(wampBridge, {}) }), 'The option "call" is missing: set "call", "publish" or "events" to a path')
  t.equal(await faultOf(async () => { await (await build(t)).app.register(wampMetrics, [] as never) }), 'The option "options" must be an object')
  t.equal(await faultOf(async () => { await (await build(t)).app.register(wampMetrics, { client: prom, path: 'x' }) }), 'The option "path" must be a path that begins with "/"')
  t.equal(await faultOf(async () => { await (await build(t)).app.register(wampTracing, 'x' as never) }), 'The option "options" must be an object')
  t.equal(await faultOf(async () => { await (await build(t)).app.register(wampEndpoint, {}) }), 'The option "path" must be a free path: there is already a route GET /ws')
})

t.test('the functions of the package refuse invalid contracts, sessions, passwords, configurations, apps and stores', async (t) => {
  for (const given of wrong) {
    t.equal(await faultOf(() => wampContract(given)), 'The option "contract" must be an object')
    t.equal(await faultOf(() => contractReference(given)), 'The option "contract" must be an object')
    t.equal(await faultOf(() => typed(given)), 'The option "session" must be a session, such as app.wamp.join("realm1")')
    t.match(await faultOf(async () => await scramCredentials(given)), /^The option "password" must have/)
    t.equal(await faultOf(async () => await injectWamp(given, { realm: 'realm1' })), 'The option "app" must be a Fastify instance')
    t.equal(await faultOf(() => cookieStoreContract(given)), 'The option "open" must be a function that opens a store')
  }
  t.equal(await faultOf(() => wampContract({ procedure: {} } as object)), 'The option "contract.procedure" is not an option: did you mean "procedures"?')
  t.equal(await faultOf(() => contractReference({}, { titel: 'x' } as object)), 'The option "titel" is not an option: did you mean "title"?')
  t.equal(await faultOf(async () => await scramCredentials('secret', 'pbkdf2' as never)), 'The option "options" must be an object')
  t.equal(await faultOf(async () => await scramCredentials('secret', { salt: 5 as never })), 'The option "salt" must be at least 8 octets in Base64')
  t.equal(await faultOf(() => fromCrossbarConfig({}, null as never)), 'The option "options" must be an object')
})
