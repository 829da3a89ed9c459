import type { AddressInfo } from 'node:net'
import fastifySwagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { Type } from 'typebox'
import wampPlugin, { CallResult, WampError, wampContract } from 'fastify-wamp'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import { everything } from '../helper/build-router.ts'
import { InProcessClient } from '../helper/in-process-client.ts'
import { WebBrowser } from '../helper/web-browser.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

const contract = wampContract({
  procedures: {
    'com.example.add2': { description: 'Adds two numbers', args: Type.Tuple([Type.Number(), Type.Number()]), result: Type.Number() },
    'com.example.tasks.add': {
      kwargs: Type.Object({ list: Type.String(), title: Type.String({ minLength: 1 }), done: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
      result: Type.Object({ id: Type.Integer(), by: Type.String() }),
      errors: { 'com.example.error.list_full': 409 }
    },
    'com.example.name': { result: Type.String() }
  }
})

const callsOfFrontend = [{ uri: 'com.example.', match: 'prefix', allow: { call: true } }] as const

async function build (t: Test, options: FastifyServerOptions = {}): Promise<{ app: FastifyInstance, browser: WebBrowser, url: string }> {
  const app = Fastify(options)
  t.teardown(() => app.close())
  await app.register(fastifySwagger)
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { anonymous: everything, frontend: { permissions: callsOfFrontend }, guest: { permissions: [] } }, contract } },
    auth: { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'frontend' } } }, cookie: {} },
    cookie: {}
  })
  app.post<{ Querystring: { role: string } }>('/login', async (request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: request.query.role }))
  return { app, url: '', browser: new WebBrowser('') }
}

/** Has the app listen, and a browser log in. */
async function logIn (app: FastifyInstance, role = 'frontend'): Promise<WebBrowser> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  const browser = new WebBrowser(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  await browser.fetch(`/login?role=${role}`, { body: {} })
  return browser
}

t.test('a procedure becomes a route by its contract, and acts as the user of the request', async (t) => {
  const { app } = await build(t)
  const procedures = contract.procedures
  app.wampRoute({ method: 'GET', url: '/sum', procedure: 'com.example.add2', contract: procedures['com.example.add2'], args: ['x', 'y'] })
  app.wampRoute({ method: 'POST', url: '/lists/:list/tasks', procedure: 'com.example.tasks.add', contract: procedures['com.example.tasks.add'] })
  app.wampRoute({ method: 'GET', url: '/name', procedure: 'com.example.name', contract: procedures['com.example.name'] })
  const backend = app.wamp.join('realm1')
  await backend.register<[number, number]>('com.example.add2', ({ args: [x, y] }) => x + y)
  await backend.register('com.example.name', () => 'a "name"')
  await backend.register('com.example.tasks.add', ({ kwargs: { list, title }, details }) => {
    if (list === 'full') throw new WampError('com.example.error.list_full', { args: ['this list is full'] })
    return { id: String(title).length, by: details['caller_authid'] }
  }, { disclose_caller: true })

  const browser = await logIn(app)
  const answer = async (path: string, body?: object): Promise<unknown[]> => {
    const response = await browser.fetch(path, body === undefined ? {} : { body })
    return [response.status, await response.json()]
  }
  t.strictSame(await answer('/sum?x=2&y=3'), [200, 5])
  t.match(await answer('/sum?x=2'), [400, { code: 'FST_ERR_VALIDATION', message: /required propert/ }])
  t.match(await answer('/sum?x=2&y=three'), [400, { message: 'querystring/y must be number' }])
  t.strictSame(await answer('/name'), [200, 'a "name"'])
  t.strictSame(await answer('/lists/home/tasks', { title: 'milk' }), [200, { id: 4, by: 'joe' }])
  t.match(await answer('/lists/home/tasks', { title: '' }), [400, { message: 'body/title must NOT have fewer than 1 characters' }])
  t.match(await answer('/lists/home/tasks?title=bread&by=nobody', { title: 'milk' }), [200, { id: 4 }], 'what no schema has looked at does not count')
  t.match(await answer('/lists/full/tasks', { title: 'milk' }), [409, { statusCode: 409, error: 'Conflict', code: 'com.example.error.list_full', message: 'com.example.error.list_full: this list is full' }])
  t.match(await app.inject('/sum?x=2&y=3'), { statusCode: 401 })
  t.match(await (await logIn(app, 'guest')).fetch('/sum?x=2&y=3'), { status: 403 }, 'the permissions are those of WAMP')
})

t.test('a procedure that violates its contract, is missing, or fails causes a server error', async (t) => {
  const { app } = await build(t)
  const as = app.wamp.join('realm1')
  app.wampRoute({ method: 'GET', url: '/name', procedure: 'com.example.name', contract: contract.procedures['com.example.name'], as })
  app.wampRoute({ method: 'GET', url: '/several', procedure: 'com.example.several', as })
  app.wampRoute({ method: 'GET', url: '/nothing', procedure: 'com.example.nothing', as })
  t.match((await app.inject('/name')).json(), { statusCode: 404, code: 'wamp.error.no_such_procedure' })
  await as.register('com.example.name', () => 5)
  await as.register('com.example.several', () => new CallResult([1], { two: 2 }))
  await as.register('com.example.nothing', () => {})
  t.match((await app.inject('/name')).json(), { statusCode: 502, code: 'fastify_wamp.error.invalid_result' })
  t.strictSame((await app.inject('/several')).json(), { args: [1], kwargs: { two: 2 } })
  t.equal((await app.inject('/nothing')).statusCode, 204)
})

t.test('a route that cannot be derived from a contract causes an error that names the option', async (t) => {
  const { app } = await build(t)
  const add2 = contract.procedures['com.example.add2']
  t.throws(() => { app.wampRoute({ method: 'GET', url: '/a', procedure: 'com.example.add2', contract: add2 }) }, { code: 'WAMP_ERR_INVALID_OPTION', message: /"args" must name the 2/ })
  t.throws(() => { app.wampRoute({ method: 'GET', url: '/a', procedure: 'com.example.add2', contract: { args: Type.Array(Type.Number()) } }) }, { code: 'WAMP_ERR_INVALID_OPTION', message: /"contract.args" must be a tuple/ })
})

t.test('a route is a procedure: its schema, its hooks and its errors are those of the call', async (t) => {
  const { app } = await build(t)
  const typed = app.withTypeProvider<TypeBoxTypeProvider>()
  typed.get('/lists/:list/tasks', {
    config: { wamp: { realm: 'realm1', procedure: 'com.example.tasks', args: ['list'] } },
    onRequest: app.wampRequireRole('frontend'),
    schema: { params: Type.Object({ list: Type.String() }), querystring: Type.Object({ limit: Type.Optional(Type.Integer({ maximum: 100 })), tags: Type.Optional(Type.Array(Type.String())) }), response: { 200: Type.Object({ list: Type.String(), limit: Type.Integer(), tags: Type.Array(Type.String()), by: Type.String() }) } }
  }, async ({ params: { list }, query: { limit = 10, tags = [] }, wampPrincipal }) => ({ list, limit, tags, by: wampPrincipal!.authid, secret: 'not in the schema' }))
  typed.put('/tasks/:id', { config: { wamp: { realm: 'realm1', procedure: 'com.example.put' } }, schema: { body: Type.Object({ title: Type.String() }) } }, async ({ params, body }, reply) => {
    const { id } = params as { id: string }
    if (id === 'gone') return await reply.code(404).send({ message: 'there is no such task' })
    if (id === 'own') throw new WampError('com.example.error.own', { args: ['an error of its own'] })
    if (id === 'bug') throw new Error('a bug with a secret')
    return id === 'text' ? 'some text' : id === 'none' ? await reply.code(204).send() : body
  })
  const joe = await app.injectWamp({ realm: 'realm1', authid: 'joe', role: 'frontend' })
  t.strictSame(await joe.call('com.example.tasks', ['a/b & c'], { limit: 5, tags: ['x', 'y'] }), { list: 'a/b & c', limit: 5, tags: ['x', 'y'], by: 'joe' })
  t.match(await joe.call('com.example.tasks', [], { list: 'home' }), { list: 'home', limit: 10 })
  await t.rejects(joe.call('com.example.tasks', ['home'], { limit: 1000 }), { name: 'WampError', message: 'wamp.error.invalid_argument: querystring/limit must be <= 100' })
  for (const list of ['..', '.', '', undefined, {}]) await t.rejects(joe.call('com.example.tasks', [list]), { message: 'wamp.error.invalid_argument: "list" must be a number, or a string that can be a path segment' }, 'it leads nowhere else')
  await t.rejects(joe.call('com.example.tasks', ['home', 5]), { code: 'wamp.error.invalid_argument' })

  const guest = await app.injectWamp({ realm: 'realm1', authid: 'guest', role: 'anonymous' })
  await t.rejects(guest.call('com.example.tasks', ['home']), { code: 'wamp.error.not_authorized' }, 'the route itself asks for a role')
  t.strictSame(await guest.call('com.example.put', [], { id: 7, title: 'milk' }), { title: 'milk' })
  t.equal(await guest.call('com.example.put', [], { id: 'text', title: 'milk' }), 'some text')
  t.equal(await guest.call('com.example.put', [], { id: 'none', title: 'milk' }), undefined)
  await t.rejects(guest.call('com.example.put', [], { id: 'gone', title: '' }), { message: 'fastify_wamp.error.not_found: there is no such task' })
  await t.rejects(guest.call('com.example.put', [], { id: 'own', title: '' }), { code: 'com.example.error.own', statusCode: 422 })
  await t.rejects(guest.call('com.example.put', [], { id: 'bug', title: '' }), { code: 'wamp.error.runtime_error' })
})

t.test('a path may have colons and steps that can be left out, but no wildcard', async (t) => {
  const { app } = await build(t)
  const echo = async ({ url }: { url: string }): Promise<string> => url
  app.get('/tasks::done/:id?', { config: { wamp: { realm: 'realm1', procedure: 'com.example.done', args: ['id'] } } }, echo)
  t.throws(() => { app.get('/files/*', { config: { wamp: { realm: 'realm1', procedure: 'com.example.files' } } }, echo) }, { code: 'WAMP_ERR_INVALID_OPTION', message: 'GET /files/*' })
  const joe = await app.injectWamp({ realm: 'realm1', authid: 'joe', role: 'frontend' })
  t.equal(await joe.call('com.example.done', [7]), '/tasks:done/7')
  t.equal(await joe.call('com.example.done'), '/tasks:done')
})

t.test('a call has the address of its caller at the route, and all values that JSON can represent', async (t) => {
  const { app } = await build(t, { trustProxy: '127.0.0.1' })
  app.post('/whence', { config: { wamp: { realm: 'realm1', procedure: 'com.example.whence' } } }, async ({ ip }) => ip)
  const { cookie } = await logIn(app)
  const [, , cbor] = wireCodecs
  const joe = await WireClient.connect(t, `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`, cbor!, { headers: { cookie, 'x-forwarded-for': '203.0.113.7' } })
  await joe.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['cookie'] }])
  t.same(await joe.ask([48, 1, {}, 'com.example.whence']), [50, 1, {}, ['203.0.113.7']])
  t.match(await joe.ask([48, 2, {}, 'com.example.whence', [], { big: 2n ** 60n }]), [8, 48, 2, {}, 'wamp.error.invalid_argument'])
})

t.test('a made-up header does not identify a caller', async (t) => {
  const { app } = await build(t)
  app.get('/who', { onRequest: app.wampIdentify, config: { wamp: { realm: 'realm1', procedure: 'com.example.who' } } }, async ({ wampPrincipal, headers }) => [wampPrincipal?.authid ?? null, Object.keys(headers).filter((name) => name.startsWith('x-'))])
  t.strictSame((await app.inject({ url: '/who', headers: { 'x-fastify-wamp-call': 'made up' } })).json(), [null, []])
  const joe = await app.injectWamp({ realm: 'realm1', authid: 'joe', role: 'frontend' })
  t.strictSame(await joe.call('com.example.who'), ['joe', []])
})

t.test('OpenAPI documents both directions, with one schema', async (t) => {
  const { app } = await build(t)
  app.wampRoute({ method: 'POST', url: '/lists/:list/tasks', procedure: 'com.example.tasks.add', contract: contract.procedures['com.example.tasks.add'], schema: { tags: ['tasks'] } })
  app.get('/plain', { schema: { querystring: { type: 'object', properties: { q: { type: 'string' } } } }, config: { wamp: { realm: 'realm1', procedure: 'com.example.plain' } } }, async () => 1)
  await app.ready()
  const { paths } = app.swagger() as unknown as { paths: Record<string, Record<string, object>> }
  t.match(paths['/lists/{list}/tasks'], {
    post: {
      tags: ['tasks'],
      'x-wamp-procedure': 'com.example.tasks.add',
      responses: { 200: { schema: { properties: { id: { type: 'integer' } } } }, 409: {} }
    }
  })
  t.match(JSON.stringify(paths['/lists/{list}/tasks']), '"required":["title"]')
  t.match(JSON.stringify(paths['/lists/{list}/tasks']), '"required":true,"in":"path","name":"list"')
  t.match(paths['/plain'], { get: { 'x-wamp-procedure': 'com.example.plain' } })
})

t.test('a route cannot be a procedure without a name or a realm', async (t) => {
  const { app } = await build(t)
  t.throws(() => { app.get('/a', { config: { wamp: { realm: 'realm1', procedure: 'com..x' } } }, async () => 1) }, { code: 'WAMP_ERR_INVALID_OPTION', message: 'GET /a' })
  app.get('/b', { config: { wamp: { realm: 'nowhere', procedure: 'com.example.x' } } }, async () => 1)
  await t.rejects(async () => { await app.ready() }, { code: 'WAMP_ERR_NO_SUCH_REALM' })
})

t.test('results that JSON cannot represent, and errors of any name, are not server errors', async (t) => {
  const { app } = await build(t)
  const as = app.wamp.join('realm1')
  for (const [url, procedure] of [['/big', 'big'], ['/formless', 'formless'], ['/error', 'error']] as const) app.wampRoute({ method: 'GET', url, procedure: `org.example.${procedure}`, as })
  app.wampRoute({ method: 'GET', url: '/integer', procedure: 'org.example.big', as, contract: { result: Type.Object({ n: Type.Integer() }) } })
  app.wampRoute({ method: 'GET', url: '/any', procedure: 'org.example.big', as, contract: { result: Type.Object({ n: Type.Any() }) } })
  app.wampRoute({ method: 'GET', url: '/raised', procedure: 'org.example.error', as, contract: { errors: { 'com.example.other': 409 } } })
  await as.register('org.example.big', () => ({ n: 2n ** 60n }))
  await as.register('org.example.formless', () => ({ a: [new OpaqueValue('cbor', 5, 1)] }))
  await as.register('org.example.error', () => { throw new WampError('constructor') })
  const get = async (url: string): Promise<[number, string]> => {
    const { statusCode, body } = await app.inject(url)
    return [statusCode, statusCode === 200 ? body : (JSON.parse(body) as { code: string }).code]
  }
  t.same(await get('/big'), [200, '{"n":1152921504606846976}'], 'as wamp.2.json writes it')
  t.same(await get('/integer'), [200, '{"n":1152921504606846976}'], 'as the schema says')
  t.same(await get('/any'), [400, 'wamp.error.invalid_argument'], 'what the schema has no words for')
  t.same(await get('/formless'), [400, 'wamp.error.invalid_argument'])
  t.same(await get('/error'), [422, 'constructor'])
  t.same(await get('/raised'), [422, 'constructor'])
})

t.test('arguments that cannot be part of a request are refused', async (t) => {
  const { app } = await build(t)
  app.get('/things/:id', { config: { wamp: { realm: 'realm1', procedure: 'org.example.get', args: ['id'] } } }, async () => ({}))
  app.post('/things', { config: { wamp: { realm: 'realm1', procedure: 'org.example.post' } } }, async () => ({}))
  await app.ready()
  const session = app.wamp.join('realm1')
  const refused = { message: /^wamp\.error\.invalid_argument/ }
  for (const value of ['\ud800', { a: 2n ** 60n }, [2n ** 60n, '\udfff'], [new OpaqueValue('cbor', 5, 1)]]) await t.rejects(session.call('org.example.get', ['x'], { value }), refused)
  await t.rejects(session.call('org.example.get', ['x'], { 'a\ud800': 1 }), refused)
  await t.rejects(session.call('org.example.get', ['\ud800']), refused)
  for (const value of [2n ** 60n, new OpaqueValue('cbor', 5, 1)]) await t.rejects(session.call('org.example.post', [], { value }), refused)
  t.same(await session.call('org.example.get', ['x'], { list: [null, 1, { a: 1 }], none: null }), {})
})

t.test('each argument of a call is added to the query of its request without a look at the others', async (t) => {
  const { app } = await build(t)
  app.get('/many', { config: { wamp: { realm: 'realm1', procedure: 'com.example.many' } } }, async ({ query }) => Object.keys(query as object).length)
  await app.ready()
  const session = app.wamp.join('realm1')
  const set = t.capture(URLSearchParams.prototype, 'set', URLSearchParams.prototype.set)
  const append = t.capture(URLSearchParams.prototype, 'append', URLSearchParams.prototype.append)
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, i]))
  t.equal(await session.call('com.example.many', [], { ...many, list: [1, 2, 3], none: null }), 1001)
  t.equal(set().length + append().length, 0)
})

t.test('values that lead to another route do not run that route', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const ran: string[] = []
  const other = { onRequest: async () => { ran.push('onRequest') }, onSend: async () => { ran.push('onSend') }, errorHandler: () => { ran.push('errorHandler') } }
  await app.register(async (scope) => { scope.get('/users/older', async () => 'of a scope that is older than the plugin') })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  const procedure = (name: string, args: string[] = []) => ({ wamp: { realm: 'realm1', procedure: `com.example.${name}`, args } })
  app.get<{ Params: { id: string } }>('/users/:id', { config: procedure('user', ['id']) }, async ({ params }) => params.id)
  app.get('/users/export', other, async () => { ran.push('export') })
  app.get<{ Params: { id: string } }>('/numbers/:id(^\\d+$)', { config: procedure('number', ['id']) }, async ({ params }) => params.id)
  app.get('/numbers/:name', other, async () => { ran.push('name') })
  await app.ready()
  const session = app.wamp.join('realm1', { role: 'anonymous' })
  t.equal(await session.call('com.example.user', ['7']), '7')
  t.equal(await session.call('com.example.number', [7]), '7')
  const astray = { message: 'wamp.error.invalid_argument: the arguments match another route' }
  for (const [name, args] of [['user', ['export']], ['number', ['seven']], ['user', ['older']]] as const) await t.rejects(session.call(`com.example.${name}`, [...args]), astray, name)
  t.same(ran, [])
})

t.test('a route with a constraint cannot be a procedure, since a call says no version and no host', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  const config = { wamp: { realm: 'realm1', procedure: 'com.example.version' } }
  for (const [name, constraints] of [['version', { version: '2.0.0' }], ['host', { host: 'app.example' }]] as const) {
    t.throws(() => { app.get('/versions', { config, constraints }, async () => 2) }, { code: 'WAMP_ERR_INVALID_OPTION', message: new RegExp(`"config.wamp" is not supported for GET /versions: .*"${name}"`) })
  }
  app.get('/versions', { constraints: { version: '2.0.0' } }, async () => 2)
  app.get('/versions', { config, constraints: {} }, async () => 1)
  await app.ready()
  t.equal(await app.wamp.join('realm1').call('com.example.version'), 1)
})

t.test('a hook that comes before the plugin may refuse a call', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (_request, reply) => await reply.code(429).send({ message: 'too many' }))
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  app.get('/busy', { config: { wamp: { realm: 'realm1', procedure: 'com.example.busy' } } }, async () => 1)
  await app.ready()
  await t.rejects(app.wamp.join('realm1').call('com.example.busy'), { message: /too many/ })
})

t.test('a call of a route that is canceled at once sends no request', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  const requests: string[] = []
  app.addHook('onRequest', async ({ url }) => { requests.push(url) })
  for (const url of ['/canceled', '/last']) app.post(url, { config: { wamp: { realm: 'realm1', procedure: `com.example.${url.slice(1)}` } } }, async () => 'done')
  await app.ready()
  const client = InProcessClient.connect(t, app)
  await client.join(HELLO[2])
  for (let request = 1; request <= 20; request++) client.send([48, request, {}, 'com.example.canceled'], [49, request, {}])
  for (let request = 1; request <= 20; request++) t.match(await client.next(), [8, 48, request, {}, 'wamp.error.canceled'])
  t.match(await client.ask([48, 21, {}, 'com.example.last']), [50, 21, {}, ['done']])
  t.same(requests, ['/last'])
})
