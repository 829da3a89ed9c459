import { join } from 'node:path'
import Fastify from 'fastify'
import prom from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampConsole, wampEndpoint, wampLongPoll, wampMetrics, wampTracing } from 'fastify-wamp'
import type { FastifyWampOptions, WampError } from 'fastify-wamp'
import { buildWarnedApp } from './helper/warned-app.ts'

const all = { call: true, register: true, publish: true, subscribe: true }
const realms = { realm1: { roles: { anonymous: { permissions: [{ uri: 'com.example.', match: 'prefix', allow: all }] }, staff: {} } } } as const

const build = async (t: Test, options: Partial<FastifyWampOptions> = {}): ReturnType<typeof buildWarnedApp> => await buildWarnedApp(t, { realms, ...options })

const invalid = (message: string | RegExp): { code: string, message: string | RegExp } => ({ code: 'WAMP_ERR_INVALID_OPTION', message })

t.test('a permission that hardly anyone means is a warning at start that names it', async (t) => {
  const { warnings } = await build(t, { realms: { realm1: { roles: { anonymous: { permissions: [{ uri: 'com.example.*', match: 'prefix' }] } } } } })
  t.match(warnings, [{ option: 'realms.realm1.roles.anonymous.permissions[0].uri', msg: /^the permission has a "\*" that is literal/ }])
})

t.test('a time in seconds instead of milliseconds is a warning at start that names it', async (t) => {
  const { warnings } = await build(t, { pingInterval: 25, handshakeTimeout: 10 })
  t.match(warnings, [{ option: 'handshakeTimeout', msg: /^handshakeTimeout is 10 ms.*write 10000 for 10 s$/ }, { option: 'pingInterval', msg: /write 25000 for 25 s$/ }])
  t.same((await build(t, { pingInterval: 0, handshakeTimeout: 1000 })).warnings, [])

  const longPoll = await build(t)
  await longPoll.app.register(wampLongPoll, { requestTimeout: 10, sessionTimeout: 30 })
  t.match(longPoll.warnings, [{ option: 'requestTimeout', msg: /write 10000 for 10 s$/ }, { option: 'sessionTimeout', msg: /write 30000 for 30 s$/ }])
  await longPoll.app.register(wampLongPoll, { path: '/other' })
  t.equal(longPoll.warnings.length, 2)
})

t.test('a time of a cookie after which its login has ended is a warning at start that names it', async (t) => {
  const cookie = { maxAge: 3600, rotateAfter: 3600, idleTimeout: 7200 }
  const auth = { anonymous: { type: 'static' }, cookie: {} } as const
  const { app, warnings } = await build(t, { auth, cookie })
  await app.register(wampEndpoint, { path: '/other', auth, cookie: { ...cookie, name: 'other', idleTimeout: 60 } })
  t.match(warnings, [
    { option: 'cookie.rotateAfter', msg: /^cookie.rotateAfter is 3600 s and has no effect, because a login ends after cookie.maxAge, which is 3600 s/ },
    { option: 'cookie.idleTimeout', msg: /^cookie.idleTimeout is 7200 s and has no effect/ },
    { option: 'cookie.rotateAfter' }
  ])
  t.equal(warnings.length, 3)
  t.same((await build(t, { auth, cookie: { maxAge: 3600, rotateAfter: 3599, idleTimeout: 60 } })).warnings, [])
})

t.test('unknown options are refused when sessions are joined, injected, ended and observed', async (t) => {
  const { app } = await build(t)
  const given = { authrole: 'anonymous' } as object
  t.throws(() => app.wamp.join('realm1', given), invalid('The option "authrole" is not an option'))
  await t.rejects(app.injectWamp({ realm: 'realm1', ...given }), invalid('The option "authrole" is not an option'))
  t.throws(() => app.wamp.kick('realm1', { role: 'anonymous' } as object), invalid('The option "role" is not an option'))
  t.throws(() => { app.wamp.forgetDecisions('realm1', { authids: 'joe' } as object) }, invalid('The option "authids" is not an option: did you mean "authid"?'))
  await t.rejects(async () => { await (await build(t)).app.register(wampMetrics, { clients: prom } as unknown as Parameters<typeof wampMetrics>[1]) }, invalid(/"clients" is not an option: did you mean "client"\?/))
  await t.rejects(async () => { await (await build(t)).app.register(wampTracing, { apis: 1 } as unknown as Parameters<typeof wampTracing>[1]) }, invalid(/"apis" is not an option: did you mean "api"\?/))
  t.equal((await app.injectWamp({ realm: 'realm1', role: 'anonymous' })).principal.authrole, 'anonymous')
})

t.test('a filter that would select more than intended is refused, and ends no session and no login', async (t) => {
  const { app } = await build(t, { auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: {} })
  app.get('/login', async (_request, reply) => { await reply.wampSignIn('realm1', { authid: 'joe', role: 'staff' }); return 'done' })
  await app.inject('/login')
  const session = app.wamp.join('realm1', { authid: 'joe' })
  const logins = app.wampCookies!
  const wrong: [object, string | RegExp][] = [
    [{ user: 'joe' }, 'The option "user" is not an option'], [{ authId: 'joe' }, 'The option "authId" is not an option: did you mean "authid"?'],
    [{ authid: undefined }, 'The option "authid" must be a string'], [{ authid: null }, 'The option "authid" must be a string']
  ]
  for (const [filter, message] of wrong) {
    await t.rejects(logins.revoke(filter), invalid(message))
    await t.rejects(logins.find(filter), invalid(message))
    t.throws(() => app.wamp.kick('realm1', filter), invalid(message))
    t.throws(() => { app.wamp.forgetDecisions('realm1', filter) }, invalid(message))
  }
  await t.rejects(logins.revoke({}), invalid(/^The option "filter" must have one of cookie, realm, authid, authrole/))
  t.equal((await logins.find()).length, 1)
  t.equal(await session.call('wamp.session.count'), 0, 'the session goes on')
  t.equal(await logins.revoke({ realm: 'realm1', authid: 'joe' }), 1)
})

t.test('an error without a valid URI is an error of the procedure, where it is made, and ends no session', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => { lines.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms })
  const { WampError } = await import('fastify-wamp')
  for (const uri of ['my error', '', undefined, 'a..b']) t.throws(() => new WampError(uri as string), new TypeError(`invalid URI ${uri}`))
  for (const values of ['a text', ['a text'], null, 5] as never[]) t.throws(() => new WampError('com.example.error', values), new TypeError('com.example.error: values must be an object'))
  await app.wamp.join('realm1').register('com.example.f', () => { throw new WampError('my error') })
  const caller = await app.injectWamp({ realm: 'realm1', role: 'anonymous' })
  for (let i = 0; i < 2; i++) await t.rejects(caller.call('com.example.f'), /wamp.error.runtime_error/)
  t.match(lines, [/invalid URI my error/])
})

t.test('an invalid handler is refused at once, and nothing is registered or subscribed', async (t) => {
  const { app } = await build(t)
  const session = app.wamp.join('realm1')
  const none = undefined as unknown as () => void
  await t.rejects(session.register('com.example.f', none), { code: 'WAMP_ERR_INVALID_MESSAGE', message: /register\("com.example.f"\) requires a handler function/ })
  await t.rejects(session.subscribe('com.example.t', none), { code: 'WAMP_ERR_INVALID_MESSAGE', message: /subscribe\("com.example.t"\) requires a handler function/ })
  await t.rejects(session.call('com.example.f'), { code: 'wamp.error.no_such_procedure' })
})

t.test('a procedure route is refused at once if it names no procedure, or has a misspelled key', async (t) => {
  const { app } = await build(t)
  const route = { method: 'GET', url: '/f', procedure: 'com.example.f' }
  const mount = (options: object) => () => { app.wampRoute(options as Parameters<typeof app.wampRoute>[0]) }
  t.throws(mount({ ...route, procedure: undefined }), invalid('The option "procedure" must be the URI that GET /f calls'))
  t.throws(mount({ ...route, arg: ['x'] }), invalid('The option "arg" is not an option: did you mean "args"?'))
  t.throws(mount({ ...route, contracts: {} }), invalid('The option "contracts" is not an option: did you mean "contract"?'))
  t.throws(mount({ ...route, method: 'get' }), invalid('The option "method" must be one of GET, POST, PUT, PATCH, DELETE'))
  t.throws(mount({ ...route, args: 'x' }), invalid('The option "args" must be a list of names'))
  t.throws(mount({ ...route, handler: () => 1 }), invalid('The option "handler" is not supported by wampRoute: the procedure answers'))
  t.doesNotThrow(mount({ ...route, helmet: false }), 'a plugin of Fastify may have an option of its own')
  t.throws(() => app.get('/g', { config: { wamp: { realm: 'realm1', procedures: 'com.example.g' } as never } }, async () => 1), invalid('The option "config.wamp.procedures" is not an option: did you mean "procedure"?'))
  t.throws(() => app.wampRequireRole('stuff'), { code: 'WAMP_ERR_NO_SUCH_ROLE', message: 'There is no role "stuff" in any realm' })
})

t.test('a refusal names role, action and URI, which is shortened', async (t) => {
  const { app } = await build(t)
  const guest = app.wamp.join('realm1', { role: 'anonymous' })
  const textOf = async (asked: Promise<unknown>): Promise<unknown> => await asked.then(() => null, (error: WampError) => [error.error, error.args[0]])
  t.same(await textOf(guest.call('org.example.f')), ['wamp.error.not_authorized', 'the role "anonymous" may not call "org.example.f"'])
  t.same(await textOf(guest.publish('org.example.t')), ['wamp.error.not_authorized', 'the role "anonymous" may not publish to "org.example.t"'])
  t.same(await textOf(guest.subscribe('org.example.t', () => {})), ['wamp.error.not_authorized', 'the role "anonymous" may not subscribe to "org.example.t"'])
  t.same(await textOf(guest.register('com.example..f', () => {})), ['wamp.error.invalid_uri', 'the role "anonymous" cannot register "com.example..f": the URI is not valid: an empty component requires match "wildcard", or "prefix" at the end'])
  t.same(await textOf(guest.subscribe('com.example.', () => {})), ['wamp.error.invalid_uri', 'the role "anonymous" cannot subscribe to "com.example.": the URI is not valid: an empty component requires match "wildcard", or "prefix" at the end'])
  t.same(await textOf(guest.call('com.example.')), ['wamp.error.invalid_uri', 'the role "anonymous" cannot call "com.example.": the URI is not valid: a component is empty'])
  t.same(await textOf(guest.publish('com.example t')), ['wamp.error.invalid_uri', 'the role "anonymous" cannot publish to "com.example t": the URI is not valid'])
  t.same(await textOf(guest.publish('wamp.session.on_join')), ['wamp.error.invalid_uri', 'the role "anonymous" cannot publish to "wamp.session.on_join": URIs that begin with "wamp" are reserved'])
  t.same(await textOf(guest.call('com.example.f')), ['wamp.error.no_such_procedure', 'the role "anonymous" cannot call "com.example.f": this procedure is not registered'])
  t.same(await textOf(guest.call(`org.${'x'.repeat(1000)}`)), ['wamp.error.not_authorized', `the role "anonymous" may not call "org.${'x'.repeat(124)}…"`])
  t.same(await textOf(guest.call(`org.${'😀'.repeat(1000)}`)), ['wamp.error.not_authorized', `the role "anonymous" may not call "org.${'😀'.repeat(124)}…"`], 'no character is cut in two')
})

t.test('the failure of an authorizer is logged with role, action and URI', async (t) => {
  const { app } = await build(t, { realms: { realm1: { roles: { anonymous: { authorizer: () => { throw new Error('lost') } } } } } })
  const guest = app.wamp.join('realm1', { role: 'anonymous' })
  await t.rejects(guest.call('com.example.f'), { message: 'wamp.error.authorization_failed: the authorizer of the role "anonymous" failed, so call "com.example.f" is denied' })
})

t.test('a REST route answers 403 with role, action and URI', async (t) => {
  const { app } = await build(t)
  app.addHook('onRequest', async (request) => { request.wampPrincipal = { realm: 'realm1', authid: 'joe', authrole: 'anonymous', authmethod: 'ticket', authprovider: 'static' } })
  app.wampRoute({ method: 'GET', url: '/call', procedure: 'org.example.f' })
  app.get('/staff/:id', { onRequest: app.wampRequireRole('staff') }, async () => 1)
  t.match((await app.inject('/call')).json(), { statusCode: 403, message: 'wamp.error.not_authorized: the role "anonymous" may not call "org.example.f"' })
  t.match((await app.inject('/staff/5')).json(), { statusCode: 403, message: 'the role "anonymous" may not GET /staff/:id' })
})

t.test('the plugin is registered once, and says how to add a route', async (t) => {
  const { app } = await build(t)
  const expected = { code: 'WAMP_ERR_HOST_PLUGIN', message: /already registered.*wampEndpoint/ }
  await t.rejects(async () => { await app.register(wampPlugin, { realms, path: '/x' }) }, expected)
  const { app: other } = await build(t)
  await t.rejects(async () => { await other.register(async (scope) => { await scope.register(wampPlugin, { realms, path: '/x' }) }) }, expected)
  const { app: third } = await build(t)
  await t.resolves(async () => { await third.register(wampEndpoint, { path: '/x' }) })
})

t.test('a missing folder is named in the error', async (t) => {
  const folder = join(t.testdir({}), 'missing')
  const cookie = { store: { type: 'file', filename: join(folder, 'cookies.dat') } } as const
  await t.rejects(build(t, { cookie }), { code: 'WAMP_ERR_COOKIE_FILE', message: `The cookie file "${folder}/cookies.dat" cannot be created: the folder "${folder}" does not exist` })
  await t.rejects(build(t, { static: { root: folder } }), invalid(`The option "static.root" must be a folder: "${folder}" is not one`))
})

t.test('a cookie that cannot log anyone in causes a warning', async (t) => {
  const { warnings } = await build(t, { cookie: {} })
  t.match(warnings, [{ option: 'auth.cookie', msg: /logins by cookie are not enabled at \/ws: add auth.cookie: \{\}/ }])
  t.same((await build(t, { cookie: {}, auth: { anonymous: { type: 'static' }, cookie: {} } })).warnings, [])
})

t.test('a cookie that browsers do not send to the endpoint or to the console is a warning', async (t) => {
  const cookieAt = async (cookiePath: string, path: string, prefix = ''): Promise<string[]> => {
    const { app, warnings } = await build(t)
    await app.register(async (scope) => {
      await scope.register(wampEndpoint, { path, auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: { path: cookiePath } })
    }, { prefix })
    return warnings.map(({ msg }) => String(msg))
  }
  for (const [cookiePath, path, prefix] of [['/', '/x'], ['/x', '/x'], ['/a', '/a/x'], ['/a/', '/a/x'], ['/a', '/x', '/a'], ['/rooms/5', '/rooms/:room'], ['/rooms', '/rooms/:room/x']] as const) {
    t.same(await cookieAt(cookiePath, path, prefix), [], `${cookiePath} for ${prefix ?? ''}${path}`)
  }
  for (const [cookiePath, path, prefix] of [['/app', '/x'], ['/x/', '/x'], ['/a', '/ab'], ['/x', '/x', '/a'], ['/halls', '/rooms/:room']] as const) {
    t.match(await cookieAt(cookiePath, path, prefix), [`browsers do not send a cookie with the path "${cookiePath}" to ${prefix ?? ''}${path}: logins by cookie only work there if a proxy changes the path`])
  }
  const { app, warnings } = await build(t, { auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: { path: '/ws' } })
  await app.register(wampConsole, { path: '/console', role: 'staff' })
  t.match(warnings, [{ option: 'cookie.path', msg: /"\/ws" to \/console\/:/ }])
})

t.test('two apps whose metrics go into one registry are told which option is at fault', async (t) => {
  const registry = new prom.Registry()
  const { app } = await build(t)
  await app.register(wampMetrics, { client: prom, registry })
  const { app: other } = await build(t)
  await t.rejects(async () => { await other.register(wampMetrics, { client: prom, registry }) }, invalid(/"registry" already has a metric "wamp_sessions".*its own registry or prefix/))
  const { app: third } = await build(t)
  await t.resolves(async () => { await third.register(wampMetrics, { client: prom, registry, prefix: 'third_' }) })
})
