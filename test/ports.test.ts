import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge, wampConsole, wampEndpoint, wampPort } from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { everything } from './helper/build-router.ts'
import { WebBrowser } from './helper/web-browser.ts'
import { HELLO, WireClient, wireCodecs } from './helper/wire-client.ts'

const options: FastifyWampOptions = {
  realms: { realm1: { roles: { user: everything, staff: everything } } },
  auth: { anonymous: { type: 'static', role: 'user' }, cookie: {} },
  cookie: {}
}
const anonymous = { anonymous: { type: 'static', role: 'staff' } } as const

/** An app with a router, and another one that serves it at its own port. `extend` adds to the latter before it listens. */
async function build (t: Test, { server = {}, extend = async () => {} }: { server?: FastifyServerOptions, extend?: (port: FastifyInstance) => Promise<void> } = {}): Promise<{ app: FastifyInstance, port: FastifyInstance, urls: { app: string, port: string } }> {
  const [app, port] = [Fastify(server), Fastify(server)]
  t.teardown(async () => { await Promise.all([app.close(), port.close()]) })
  await app.register(wampPlugin, { ...options, shutdownTimeout: 500 })
  await port.register(wampPort, { app })
  await port.register(wampEndpoint, { path: '/ws', auth: anonymous })
  await extend(port)
  const at = { port: 0, host: '127.0.0.1' }
  return { app, port, urls: { app: await app.listen(at), port: await port.listen(at) } }
}

async function join (t: Test, url: string): Promise<WireClient> {
  const client = await WireClient.connect(t, `${url.replace('http', 'ws')}/ws`, wireCodecs[0]!)
  t.match(await client.ask(HELLO), [2])
  return client
}

t.test('clients on two ports share the realms, and each port has its own logins', async (t) => {
  const { urls } = await build(t)
  const [user, staff] = [await join(t, urls.app), await join(t, urls.port)]
  await staff.ask([64, 1, { disclose_caller: true }, 'com.example.add2'])
  user.send([48, 1, {}, 'com.example.add2', [2, 3]])
  const invocation = await staff.next()
  t.match(invocation, [68, Number, Number, { caller_authrole: 'user' }, [2, 3]])
  staff.send([70, invocation[1], {}, [5]])
  t.same(await user.next(), [50, 1, {}, [5]])
  t.match(await user.ask([48, 2, {}, 'wamp.session.list', [['staff']]]), [50, 2, {}, [[Number]]])
})

t.test('a port has the decorators, the bridge, the console and the procedures of routes, with the cookies of the app', async (t) => {
  const { app, port, urls } = await build(t, {
    extend: async (port) => {
      await port.register(wampBridge, { call: '/call' })
      await port.register(wampConsole, { path: '/console', role: 'staff' })
      port.get('/hello', { config: { wamp: { realm: 'realm1', procedure: 'com.example.hello' } } }, async () => ({ hello: 'world' }))
      port.wampRoute({ method: 'POST', url: '/add2', procedure: 'com.example.add2', args: ['x', 'y'], contract: { args: { type: 'array', items: [{ type: 'integer' }, { type: 'integer' }] } } })
      port.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'ann', role: 'staff' }))
    }
  })
  t.equal(port.wamp, app.wamp)
  t.equal(port.wampCookies, app.wampCookies)
  const session = port.wamp.join('realm1')
  await session.register('com.example.add2', ({ args: [x, y] }) => Number(x) + Number(y))
  t.same(await app.wamp.join('realm1').call('com.example.hello'), { hello: 'world' })

  const browser = new WebBrowser(urls.port)
  t.equal((await browser.fetch('/call', { body: { procedure: 'com.example.add2', args: [2, 3] } })).status, 401)
  t.equal((await browser.fetch('/console/')).status, 401)
  await browser.fetch('/login', { body: {} })
  t.same(await (await browser.fetch('/call', { body: { procedure: 'com.example.add2', args: [2, 3] } })).json(), { args: [5] })
  t.same(await (await browser.fetch('/add2', { body: { x: 2, y: 4 } })).json(), 6)
  t.equal((await browser.fetch('/console/')).status, 200)
  const wamp = await WireClient.connect(t, `${urls.app.replace('http', 'ws')}/ws`, wireCodecs[0]!, { headers: { cookie: browser.cookie } })
  t.match(await wamp.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['cookie'] }]), [2, Number, { authid: 'ann', authprovider: 'cookie' }])
  const client = await port.injectWamp({ realm: 'realm1' })
  t.equal(await client.call('com.example.add2', [1, 1]), 2)
})

t.test('closing a port ends only its own connections, and the procedures of its routes', async (t) => {
  const { app, port, urls } = await build(t, {
    extend: async (port) => { port.get('/hello', { config: { wamp: { realm: 'realm1', procedure: 'com.example.hello' } } }, async () => 'world') }
  })
  const [user, staff] = [await join(t, urls.app), await join(t, urls.port)]
  await staff.ask([64, 1, {}, 'com.example.add2'])
  await port.close()
  t.equal(await staff.closed, 1001)
  t.match(await user.ask([48, 1, {}, 'com.example.add2']), [8, 48, 1, {}, 'wamp.error.no_such_procedure'])
  t.match(await user.ask([48, 2, {}, 'com.example.hello']), [8, 48, 2, {}, 'wamp.error.no_such_procedure'])
  t.same(app.wamp.sessions('realm1').map(({ authrole }) => authrole), ['user'])
  await app.close()
  t.equal(await user.closed, 1001)
})

t.test('a port that closes does not wait for calls without an answer', async (t) => {
  const { app, port, urls } = await build(t, {
    extend: async (port) => {
      await port.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'staff' } })
      await port.register(wampBridge, { call: '/own-call' })
      port.wampRoute({ method: 'GET', url: '/never', procedure: 'com.example.never', as: port.wamp.join('realm1') })
      port.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'ann', role: 'staff' }))
      port.get('/wait', { onRequest: port.wampRequireRole('staff') }, async (request) => await request.wamp.call('com.example.never'))
    }
  })
  const session = app.wamp.join('realm1')
  let called = 0
  const allCalled = new Promise<void>((resolve) => {
    session.register('com.example.never', async () => {
      if (++called === 4) resolve()
      await new Promise(() => {})
    })
  })
  const browser = new WebBrowser(urls.port)
  await browser.fetch('/login', { body: {} })
  const body = { procedure: 'com.example.never' }
  const pending = [browser.fetch('/call', { body }), browser.fetch('/own-call', { body }), browser.fetch('/never'), browser.fetch('/wait')]
  await allCalled
  await port.close()
  t.same((await Promise.all(pending)).map(({ status }) => status), [503, 503, 503, 503])
  t.equal(await app.wamp.join('realm1').call('wamp.session.count'), 0)
  t.equal(app.wamp.sessions('realm1').filter(({ authid }) => authid === 'ann' || authid === 'http').length, 0)
})

t.test('ports close with the app', async (t) => {
  const { app, port, urls } = await build(t)
  const clients = [await join(t, urls.app), await join(t, urls.port)]
  await app.close()
  t.same(await Promise.all(clients.map(({ closed }) => closed)), [1001, 1001])
  t.notOk(port.server.listening)
})

t.test('a port that does not listen yet, or never will, does not delay closing the app', async (t) => {
  const [app, port, failed] = [Fastify(), Fastify(), Fastify()]
  await app.register(wampPlugin, options)
  await port.register(wampPort, { app })
  await failed.register(wampPort, { app })
  await t.rejects(async () => await failed.register(async () => { throw new Error('a plugin failed') }), { message: 'a plugin failed' })
  await app.listen({ port: 0 })
  await t.resolves(app.close())
})

t.test('a port serves files of its own, but no cookie file', async (t) => {
  const root = t.testdir({ web: { 'index.html': '<p>port</p>' }, logs: {} })
  const [app, port] = [Fastify(), Fastify()]
  t.teardown(() => app.close())
  await app.register(wampPlugin, { ...options, cookie: { store: { type: 'file', filename: `${root}/cookies.dat` } } })
  await port.register(wampPort, { app, static: { root: `${root}/web` }, client: '/wamp-client.js' })
  t.equal((await port.inject('/')).body, '<p>port</p>')
  t.match((await port.inject('/wamp-client.js')).headers, { 'content-type': /^text\/javascript/ })
  t.equal((await app.inject('/')).statusCode, 404)
  const other = Fastify()
  await other.register(wampPort, { app, static: { root: `${root}/web` } })
  await t.rejects(async () => await other.register(wampEndpoint, { path: '/more', auth: anonymous, cookie: { name: 'more', store: { type: 'file', filename: `${root}/web/more.dat` } } }), { message: 'The option "cookie.store.filename" must not be inside a static root: it would be served' })
  const endpointIn = async (folder: string): Promise<void> => {
    const one = Fastify()
    await one.register(wampPort, { app })
    await one.register(wampEndpoint, { path: '/more', auth: anonymous, cookie: { name: 'more', store: { type: 'file', filename: `${root}/${folder}/more.dat` } } })
  }
  await t.rejects(endpointIn('web'), { message: /must not be inside a static root/ }, 'another port would serve it')
  await endpointIn('logs')
  await t.rejects(async () => await Fastify().register(wampPort, { app, static: { root: `${root}/logs` } }), { message: /must not be inside a static root/ }, 'a cookie of another port')
  await t.rejects(async () => await Fastify().register(wampPort, { app, static: { root } }), { message: 'The option "cookie.store.filename" must not be inside a static root: it would be served' })
})

t.test('a port without a router is refused', async (t) => {
  const [app, port] = [Fastify(), Fastify()]
  t.teardown(async () => { await Promise.all([app.close(), port.close()]) })
  const refused = async (options: unknown, message: string, at = Fastify()): Promise<void> => {
    await t.rejects(async () => await at.register(wampPort, options as never), { message })
  }
  const expected = 'The option "app" must be a Fastify app on which wampPlugin has been loaded: await app.register(wampPlugin, …) first'
  for (const given of [{}, { app: null }, { app }, { app: {} }]) await refused(given, expected)
  await app.register(wampPlugin, options)
  const closed = Fastify()
  await closed.register(wampPlugin, options)
  await closed.close()
  await refused({ app: closed }, 'The option "app" must not have begun to close')
  await refused({ app, port: 8081 }, 'The option "port" is not an option')
  await refused({ app }, 'fastify-wamp is already registered: wampPort is for another Fastify app, which has its own port', app)
})
