import t from 'tap'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import { convert, everything, node, realm1, refused, variable, web, websocket, WS } from './sample.ts'

const open = { anonymous: { type: 'static' } }

t.test('static files, a WebSocket, a cookie file and two methods become the options of the plugin [CKI-01, CKI-09, CKI-11]', async (t) => {
  const config = node({
    transports: [web({
      '/': { type: 'static', directory: '../web' },
      ws: {
        type: 'websocket',
        cookie: { store: { type: 'file', filename: 'cookies.dat' } },
        auth: { wampcra: { type: 'static', users: { joe: { role: 'frontend', secret: '123456' } } }, cookie: {} }
      }
    })]
  })
  const before = structuredClone(config)
  const { listen, plugin, endpoints, warnings } = convert(config)
  t.same(listen, { host: '0.0.0.0', port: 8080 })
  t.strictSame(plugin, {
    dialect: 'crossbar',
    path: '/ws',
    static: [{ root: '/node/web', prefix: '/' }],
    realms: {
      realm1: {
        roles: {
          anonymous: { permissions: [everything] },
          frontend: { permissions: [{ uri: 'com.example.*', allow: { call: true } }] }
        }
      }
    },
    cookie: { name: 'cbtid', store: { type: 'file', filename: '/node/.crossbar/cookies.dat' } },
    auth: { wampcra: { type: 'static', users: { joe: { role: 'frontend', secret: '123456' } } }, cookie: {} }
  })
  t.same([endpoints, warnings], [[], []])
  t.same(config, before, 'the configuration is as it was')
  t.equal(resolveOptions(plugin).endpoint.path, '/ws', 'the plugin takes them')
})

t.test('a node with settings that a router does not need is served, with warnings', async (t) => {
  const { warnings } = convert({
    $schema: 'x',
    version: 2,
    controller: { id: 'node1', options: { title: 'a', shutdown: 'shutdown_on_worker_exit' }, manhole: {} },
    workers: [
      ...node({ id: 'router1', options: { pythonpath: ['..'] }, components: [{ type: 'class' }], connections: [] }).workers as object[],
      { type: 'container', components: [] },
      { type: 'guest', executable: 'node', arguments: [variable('NOT_SET')] }
    ]
  })
  t.same(warnings, [
    'controller.manhole has no equivalent',
    'controller.options.shutdown has no equivalent',
    'workers[0].connections has no equivalent',
    'workers[0].options.pythonpath has no equivalent',
    'workers[1] is not started: run its components as separate WAMP clients',
    'workers[2] is not started: run its components as separate WAMP clients',
    'workers[0].components are not started: run them as separate WAMP clients'
  ])
})

t.test('a component whose role no transport grants causes a warning that says what to add', async (t) => {
  const roles = ['backend', 'authorizer', 'frontend', 'anonymous'].map((name) => ({ name, permissions: [everything] }))
  const components = [...roles.map(({ name }) => ({ type: 'class', classname: 'a.B', realm: 'realm1', role: name })), { type: 'class', role: 'backend' }, { type: 'guest' }]
  const service = (auth: object): object => node({ realms: [{ name: 'realm1', roles }], transports: [web({ ws: { type: 'websocket', auth } })], components })
  const add = (role: string): string => `add a path for its clients, such as {"${role}":{"type":"websocket","auth":{"ticket":{"type":"static","principals":{"${role}":{"ticket":"…","role":"${role}"}}}}}}`
  const users = { joe: { role: 'frontend', secret: 'secret' } }
  t.same(convert(service({ wampcra: { type: 'static', users }, anonymous: { type: 'static' } })).warnings, [
    'workers[0].components are not started: run them as separate WAMP clients',
    `workers[0].components[0].role is a role that no transport grants: ${add('backend')}`,
    `workers[0].components[1].role is a role that no transport grants: ${add('authorizer')}`
  ])
  t.same(convert(service({ wampcra: { type: 'static', users }, ticket: { type: 'dynamic', authenticator: 'com.example.a', 'authenticator-realm': 'realm1' } })).warnings.length, 1)
  const plain = node({ realms: [{ name: 'realm1', roles }], components })
  t.same(convert(plain).warnings.length, 4, 'without auth clients are anonymous')
})

t.test('empty settings cause no warning', async (t) => {
  t.same(convert({ ...node({ components: [], options: {} }), controller: {} }).warnings, [])
})

t.test('a configuration that does not have version 2 is refused', async (t) => {
  for (const config of [undefined, null, 'config', 7, []]) refused(t, config, '.', 'must be a dict')
  refused(t, {}, '.', 'must have "version"')
  refused(t, { ...node(), version: 1 }, 'version', 'must be 2')
  refused(t, { ...node(), version: '2' }, 'version', 'must be 2')
  refused(t, { version: 2 }, '.', 'must have "workers"')
  refused(t, { version: 2, workers: {} }, 'workers', 'must be a list')
  refused(t, { version: 2, workers: [{}] }, 'workers[0]', 'must have "type"')
  refused(t, { ...node(), worker: [] }, 'worker', 'is unknown')
  refused(t, node({ realm: [] }), 'workers[0].realm', 'is unknown')
  refused(t, { ...node(), controller: { fabric: {} } }, 'controller.fabric', 'is unknown')
})

t.test('a node without any way to connect is refused', async (t) => {
  const expected = 'must have a router with a WebSocket transport'
  refused(t, { version: 2, workers: [] }, 'workers', expected)
  refused(t, { version: 2, workers: [{ type: 'container' }] }, 'workers', expected)
  refused(t, { version: 2, workers: [{ type: 'router' }] }, 'workers', expected)
  refused(t, node({ transports: [] }), 'workers', expected)
  refused(t, node({ transports: [web({ '/': { type: 'static', directory: 'web' } })] }), 'workers', expected)
})

t.test('the WebSockets beyond the first are endpoints of their own', async (t) => {
  const { plugin, endpoints } = convert(node({
    transports: [
      web({ ws: { type: 'websocket', auth: open }, api: { type: 'path', paths: { '/': { type: 'websocket', serializers: ['cbor'] } } } }),
      web({ admin: { type: 'websocket' } })
    ]
  }))
  t.equal(plugin.path, '/ws')
  t.same(plugin.auth, open)
  t.same(endpoints, [
    { path: '/api', serializers: ['cbor'], allowedOrigins: ['*'] },
    { path: '/admin', allowedOrigins: ['*'] }
  ])
})

t.test('the realms and transports of several router workers are served by one router', async (t) => {
  const { plugin, endpoints } = convert({
    version: 2,
    workers: [
      { type: 'router', realms: [realm1], transports: [web({ ws: { type: 'websocket' } })] },
      { type: 'router', realms: [{ name: 'realm2', roles: [{ name: 'guest' }] }], transports: [web({ ws2: { type: 'websocket', auth: { anonymous: { type: 'static', role: 'guest' } } } })] }
    ]
  })
  t.same(Object.keys(plugin.realms), ['realm1', 'realm2'])
  t.same(endpoints.map(({ path }) => path), ['/ws2'])
})

t.test('a login of one router worker gives no access to a realm of another', async (t) => {
  const workers = (second: object): object => ({ version: 2, workers: [...node().workers as object[], { type: 'router', ...second }] })
  const both = 'must not be the role "anonymous": a realm of another router worker also has it'
  refused(t, workers({ realms: [{ name: 'realm2', roles: [{ name: 'anonymous' }] }] }), WS, both)
  refused(t, workers({ realms: [realm1] }), 'workers[1].realms', 'must not have the realm "realm1": "workers[0]" has it')
  refused(t, workers({ transports: [web({ other: { type: 'websocket' } })] }), 'workers[1].transports[0].paths.other', 'has anonymous clients, but no realm has the role "anonymous"')
})

t.test('a router that listens on several ports has a configuration for each', async (t) => {
  const at = (paths: Record<string, unknown>, endpoint: object): object => ({ ...web(paths), endpoint: { type: 'tcp', port: 8080, ...endpoint } })
  const ws = { type: 'websocket' }
  const files = { type: 'static', directory: 'web' }
  const { listen, plugin, endpoints, ports } = convert(node({
    transports: [
      at({ '/': files }, { port: 8079 }),
      at({ ws }, { port: 8080 }),
      at({ ws, '/': files, call: { type: 'caller', realm: 'realm1', role: 'frontend' } }, { port: 8081, interface: '127.0.0.1' }),
      at({ info: { type: 'nodeinfo' } }, { port: 8082 }),
      at({ ws2: ws }, { port: 8080 }),
      { type: 'websocket', endpoint: { type: 'tcp', port: 8081, interface: '127.0.0.2' } }
    ]
  }))
  const folder = { static: [{ root: '/node/.crossbar/web', prefix: '/' }] }
  t.match({ listen, plugin, endpoints }, { listen: { host: '0.0.0.0', port: 8080 }, plugin: { path: '/ws' }, endpoints: [{ path: '/ws2' }] })
  t.notOk('static' in plugin)
  t.match(ports, [
    { listen: { host: '127.0.0.1', port: 8081 }, https: null, port: folder, endpoints: [{ path: '/ws' }], bridges: [{ call: '/call' }] },
    { listen: { host: '127.0.0.2', port: 8081 }, port: {}, endpoints: [{ path: '/*' }], bridges: [] },
    { listen: { host: '0.0.0.0', port: 8079 }, port: folder, endpoints: [], bridges: [] }
  ])
  t.equal(ports.length, 3, 'a port that serves nothing is left out')
})

t.test('one port on two interfaces is refused if one of them is all of them', async (t) => {
  const at = (endpoint: object): object => ({ ...web({ other: { type: 'websocket' } }), endpoint: { type: 'tcp', port: 8080, ...endpoint } })
  const transports = (endpoint: object): object => node({ transports: [web({ ws: { type: 'websocket' } }), at(endpoint)] })
  const expected = 'must be the same as "workers[0].transports[0].endpoint", which has the same port'
  refused(t, transports({ interface: '127.0.0.1' }), 'workers[0].transports[1].endpoint', expected)
  refused(t, transports({ version: 6 }), 'workers[0].transports[1].endpoint', expected)
  t.equal(convert(transports({})).endpoints.length, 1)
})

t.test('a directory must not serve the cookie file or database, at whatever port', async (t) => {
  const refusedWith = (store: object, what: string): void => {
    const transports = [web({ ws: { type: 'websocket', cookie: { store } } }), { ...web({ '/': { type: 'static', directory: '../web' } }), endpoint: { type: 'tcp', port: 8081 } }]
    refused(t, node({ transports }), 'workers[0].transports[1].paths["/"].directory', `must not contain ${what}: it would be served`)
  }
  refusedWith({ type: 'file', filename: '../web/cookies.dat' }, 'the cookie file')
  refusedWith({ type: 'database', path: '../web/cookies' }, 'the cookie database')
})

t.test('no message contains a secret', async (t) => {
  const secret = 'do-not-tell'
  const configs = [
    websocket({ auth: { wampcra: { type: 'static', users: { joe: { secret: [secret], role: 'frontend' } } } } }),
    websocket({ auth: { wampcra: { type: 'static', users: { joe: { secret, role: secret + 1, salt: 7 } } } } }),
    websocket({ auth: { wampcra: { type: 'static', users: { joe: secret } } } }),
    websocket({ auth: { ticket: { type: secret } } }),
    websocket({ auth: { ticket: secret } }),
    websocket({ cookie: { length: variable('SECRET') } })
  ]
  for (const config of configs) {
    t.throws(() => convert(config, { env: { SECRET: secret } }), { code: 'WAMP_ERR_CROSSBAR_CONFIG' })
    try {
      convert(config, { env: { SECRET: secret } })
    } catch (error) {
      t.notMatch(String(error), secret)
    }
  }
})

t.test('without options names of files are relative to the working directory, and the environment is that of the process', async (t) => {
  const { fromCrossbarConfig } = await import('../../plugin/crossbar/node-configuration.ts')
  t.intercept(process, 'env', { value: { ROLE: 'frontend' } })
  const { plugin } = fromCrossbarConfig(websocket({
    cookie: { store: { type: 'file', filename: 'cookies.dat' } }, auth: { anonymous: { type: 'static', role: variable('ROLE') } }
  }))
  t.same(plugin.cookie?.store, { type: 'file', filename: `${process.cwd()}/cookies.dat` })
  t.same(plugin.auth, { anonymous: { type: 'static', role: 'frontend' } })
})
