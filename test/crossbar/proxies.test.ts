import t from 'tap'
import { convert, everything, realm1, refused, web } from './sample.ts'

const roles = [...realm1.roles, { name: 'backend', permissions: [everything] }]
const local = { type: 'unix', path: 'router.sock' }
const rawSocket = { type: 'rawsocket', endpoint: local, serializers: ['cbor'], auth: { 'anonymous-proxy': { type: 'static' } } }
const router = { type: 'router', realms: [{ name: 'realm1', roles }], transports: [rawSocket] }
const ws = { ws: { type: 'websocket', auth: { anonymous: { type: 'static', role: 'frontend' } } } }
const proxy = { type: 'proxy', connections: { conn1: { transport: { type: 'rawsocket', endpoint: local } } }, routes: { realm1: { anonymous: 'conn1', frontend: ['conn1'] } }, transports: [web(ws)] }
const node = (...workers: object[]): object => ({ version: 2, workers: [router, ...workers] })
const dynamic = { ws: { type: 'websocket', auth: { ticket: { type: 'dynamic', authenticator: 'com.example.authenticate', 'authenticator-realm': 'realm1' } } } }

t.test('the clients of a proxy worker connect to the router directly', async (t) => {
  const { plugin, endpoints, rawSockets, warnings } = convert(node({ ...proxy, id: 'proxy1', options: { title: 'a' } }))
  t.match(plugin, { path: '/ws', auth: ws.ws.auth })
  t.same(Object.keys(plugin.realms), ['realm1'])
  t.same(endpoints, [])
  t.same(rawSockets, [], 'a socket that trusts proxy workers is not opened')
  t.same(warnings, ['workers[1].options.title has no equivalent', 'workers[0].transports[0] is not served: proxy workers are part of this router'])
})

t.test('workers that share a port and serve the same are served once', async (t) => {
  const paths = { ...ws, '/': { type: 'static', directory: '../web' }, call: { type: 'caller', realm: 'realm1', role: 'frontend' } }
  const shared = { ...proxy, transports: [web(paths, { endpoint: { type: 'tcp', port: 8080, shared: true } })] }
  const { plugin, endpoints, bridges } = convert(node(shared, structuredClone(shared)))
  t.match(plugin, { path: '/ws', static: [{ root: '/node/web', prefix: '/' }] })
  t.same([[plugin.static].flat().length, endpoints.length, bridges.length], [1, 0, 1])
  const other = { ...shared, transports: [web({ ws: { type: 'websocket' } }, { endpoint: { type: 'tcp', port: 8080, shared: true } })] }
  refused(t, node(shared, other), 'workers[2].transports[0].paths.ws', 'must be the same service as "workers[1].transports[0].paths.ws", which shares the port and is also at /ws')
})

t.test('a proxy worker lets in the roles of its routes only', async (t) => {
  const path = 'workers[1].transports[0].paths.ws'
  refused(t, node({ ...proxy, routes: { realm1: { anonymous: 'conn1' } } }), `${path}.auth.anonymous.role`, 'must be a role of a realm: there is no role "frontend"')
  const [, other] = [router, { type: 'router', realms: [{ name: 'realm2', roles: [{ name: 'frontend' }] }] }]
  refused(t, node(proxy, other), `${path}.auth.anonymous.role`, 'must not be the role "frontend": a realm of another router worker also has it, and would be open')
  const expected = 'is not supported if the node has realms or roles that this worker\'s clients may not have: the authenticator might return such a role'
  refused(t, node({ ...proxy, transports: [web(dynamic)] }), `${path}.auth.ticket`, expected)
  const all = { realm1: Object.fromEntries(roles.map(({ name }) => [name, 'conn1'])) }
  t.match(convert(node({ ...proxy, routes: all, transports: [web(dynamic)] })).plugin.auth, { ticket: { type: 'dynamic' } })
})

t.test('a route to another node, or to nothing, is refused', async (t) => {
  const elsewhere = 'must be the endpoint of the router worker with this realm: other nodes are not supported'
  const endpoints = [{ type: 'unix', path: 'other.sock' }, { type: 'tcp', port: 9000, host: 'router.example' }, { type: 'tcp', port: 9000 }]
  for (const endpoint of endpoints) {
    refused(t, node({ ...proxy, connections: { conn1: { transport: { type: 'rawsocket', endpoint } } } }), 'workers[1].connections.conn1.transport.endpoint', elsewhere)
  }
  const tcp = { ...rawSocket, endpoint: { type: 'tcp', port: 9000 } }
  const to = (host: string): object => ({ version: 2, workers: [{ ...router, transports: [tcp] }, { ...proxy, connections: { conn1: { transport: { type: 'rawsocket', endpoint: { type: 'tcp', host, port: 9000 } } } } }] })
  t.equal(convert(to('127.0.0.1')).plugin.path, '/ws')
  refused(t, to('router.example'), 'workers[1].connections.conn1.transport.endpoint', elsewhere)
  refused(t, node({ ...proxy, routes: { realm2: { anonymous: 'conn1' } } }), 'workers[1].routes.realm2', 'must be a realm of a router worker in this configuration: other nodes are not supported')
  refused(t, node({ ...proxy, routes: { realm1: { anonymous: 'conn2' } } }), 'workers[1].routes.realm1.anonymous', 'must name one of "connections"')
  refused(t, node({ ...proxy, routes: undefined }), 'workers[1]', 'must have "routes"')
})

t.test('a route for a role that the realm does not have is warned of', async (t) => {
  const { warnings } = convert(node({ ...proxy, routes: { realm1: { frontend: 'conn1', admin: 'conn1' } } }))
  t.ok(warnings.includes('workers[1].routes.realm1 has the role "admin", which the realm does not have'))
})
