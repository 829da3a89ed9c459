import { once } from 'node:events'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import type { NodeConfiguration } from '../../plugin/crossbar/node-configuration.ts'
import { wampPlugin } from '../../plugin/index.ts'
import { convert, node, refused, variable, web } from './sample.ts'

const tcp = { type: 'tcp', port: 8080 }
const ws = { ws: { type: 'websocket' } }
const transports = (...given: object[]): object => node({ transports: given })
const listen = (endpoint: object, env = {}): NodeConfiguration['listen'] => convert(transports(web(ws, { endpoint: { ...tcp, ...endpoint } })), { env }).listen
const refusedEndpoint = (t: Test, endpoint: object, path: string, expected: string): void => {
  refused(t, transports(web(ws, { endpoint })), `workers[0].transports[0].endpoint${path}`, expected)
}

t.test('an endpoint is a port of an interface; without one, all of IPv4, or of IPv6', async (t) => {
  t.same(listen({}), { host: '0.0.0.0', port: 8080 })
  t.same(listen({ interface: '127.0.0.1', port: 65_535 }), { host: '127.0.0.1', port: 65_535 })
  t.same(listen({ version: 6 }), { host: '::', port: 8080 })
  t.same(listen({ version: 4 }), { host: '0.0.0.0', port: 8080 })
  t.same(listen({ port: '$PORT', interface: variable('HOST') }, { PORT: '9000', HOST: 'localhost' }), { host: 'localhost', port: 9000 })
})

t.test('an endpoint that is wrong is refused', async (t) => {
  for (const port of [0, 65_536, '8080', 80.5]) refusedEndpoint(t, { ...tcp, port }, '.port', 'must be a whole number from 1 to 65535')
  refusedEndpoint(t, { type: 'tcp' }, '', 'must have "port"')
  refusedEndpoint(t, {}, '', 'must have "type"')
  refusedEndpoint(t, { ...tcp, version: 5 }, '.version', 'must be 4 or 6')
  refusedEndpoint(t, { ...tcp, host: 'x' }, '.host', 'is unknown')
})

t.test('an endpoint that cannot be served is refused: a range of ports, a socket file', async (t) => {
  refusedEndpoint(t, { type: 'tcp', portrange: [8000, 8010] }, '.portrange', 'is not supported: choose one "port"')
  refusedEndpoint(t, { type: 'unix', path: 'sock' }, '.type', 'must be "tcp"')
})

t.test('settings that tune an endpoint or a web transport cause a warning', async (t) => {
  const { warnings } = convert(transports(web(ws, { id: 'web1', endpoint: { ...tcp, backlog: 1024, shared: true }, options: { access_log: true } })))
  t.same(warnings, ['endpoint.backlog', 'options.access_log'].map((name) => `workers[0].transports[0].${name} has no equivalent`))
  refused(t, transports(web(ws, { options: { gzip: true } })), 'workers[0].transports[0].options.gzip', 'is unknown')
  refused(t, transports(web(ws, { path: {} })), 'workers[0].transports[0].path', 'is unknown')
  refused(t, transports({ type: 'web', endpoint: tcp }), 'workers[0].transports[0]', 'must have "paths"')
  refused(t, transports({ type: 'web', paths: {} }), 'workers[0].transports[0]', 'must have "endpoint"')
})

t.test('a transport that is not served is not opened, on any port, and causes a warning', async (t) => {
  for (const type of ['mqtt', 'websocket.testee']) {
    const { warnings } = convert(transports(web(ws), { type, endpoint: { type: 'tcp', port: 9000, tls: {} } }))
    t.same(warnings, ['workers[0].transports[1] is not supported: its clients can use WebSocket'])
  }
  const { warnings } = convert(transports(web(ws), { type: 'raw-socket', endpoint: { type: 'tcp', port: 9000 } }))
  t.same(warnings, ['workers[0].transports[1].type is not supported: did you mean "rawsocket"?'])
  refused(t, transports({ endpoint: tcp }), 'workers[0].transports[0]', 'must have "type"')
})

t.test('a RawSocket transport listens at its own port or Unix socket, with its logins and serializers [RAW-18]', async (t) => {
  const ticket = { type: 'static', principals: { joe: { ticket: 'secret', role: 'frontend' } } }
  const endpoint = { type: 'tcp', port: 9000, interface: '127.0.0.1' }
  const rawSocket = { type: 'rawsocket', id: 'raw1', endpoint, serializers: ['cbor', 'ubjson'], auth: { ticket }, max_message_size: 1_048_576, debug: false }
  const { rawSockets, warnings } = convert(transports(web(ws), rawSocket, { ...rawSocket, endpoint: { type: 'unix', path: 'router.sock' }, serializers: undefined }))
  t.match(rawSockets, [
    { host: '127.0.0.1', port: 9000, serializers: ['cbor'], auth: { ticket } },
    { path: '/node/.crossbar/router.sock', auth: { ticket } }
  ])
  t.notOk('serializers' in rawSockets[1]!)
  t.ok(warnings.includes('workers[0].transports[1].max_message_size is ignored: there is one limit for all messages, that of WebSocket'))
  const second = 'workers[0].transports[1]'
  refused(t, transports(web(ws), { ...rawSocket, endpoint: tcp }), `${second}.endpoint`, 'must have another port: "workers[0].transports[0].endpoint" has it')
  refused(t, transports(rawSocket, web(ws, { endpoint })), `${second}.endpoint`, 'must have another port: "workers[0].transports[0].endpoint" has it')
  refused(t, transports(web(ws), { ...rawSocket, auth: { ticket, cookie: {} } }), `${second}.auth.cookie`, 'is not possible over RawSocket, which has no cookies')
  refused(t, transports(web(ws), { ...rawSocket, auth: { ticket: { type: 'static', principals: { joe: { ticket: 'x', role: 'nobody' } } } } }), `${second}.auth.ticket.principals.joe.role`, 'must be a role of a realm: there is no role "nobody"')
})

t.test('a WebSocket transport is at its URL\'s path, or at every path', async (t) => {
  const path = (more: object): string | undefined => convert(transports({ type: 'websocket', endpoint: tcp, ...more })).plugin.path
  t.equal(path({ url: 'ws://127.0.0.1:8080/ws' }), '/ws')
  t.equal(path({ url: 'wss://app.example' }), '/')
  t.equal(path({}), '/*')
  for (const url of ['http://x/ws', '/ws', 'rs://x']) refused(t, transports({ type: 'websocket', endpoint: tcp, url }), 'workers[0].transports[0].url', 'must be a URL that begins with "ws://"')
})

t.test('a WebSocket transport without a URL is found at every path', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, convert(transports({ type: 'websocket', endpoint: tcp })).plugin)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  for (const path of ['/', '/ws', '/any/path']) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, 'wamp.2.json')
    await once(socket, 'open')
    const welcome = once(socket, 'message')
    socket.send(JSON.stringify([1, 'realm1', { roles: { caller: {} } }]))
    t.match(JSON.parse(String((await welcome)[0])), [2, Number, { authrole: 'anonymous' }], path)
    socket.close()
  }
})

t.test('a WebSocket transport has what a WebSocket service has', async (t) => {
  const { plugin } = convert(transports({
    type: 'websocket', id: 'ws1', debug: false, endpoint: tcp, serializers: ['json'], options: { max_message_size: 500 }, cookie: {}, auth: { anonymous: { type: 'static' }, cookie: {} }
  }))
  t.match(plugin, { path: '/*', serializers: ['json'], limits: { messageSize: 500 }, cookie: {}, auth: { anonymous: { type: 'static' }, cookie: {} } })
  refused(t, transports({ type: 'websocket', endpoint: tcp, paths: {} }), 'workers[0].transports[0].paths', 'is unknown')
})

t.test('a universal transport serves its WebSockets, its web site and RawSocket on one port, and warns of MQTT [RAW-18]', async (t) => {
  const { plugin, endpoints, rawSockets, warnings } = convert(transports({
    type: 'universal', endpoint: tcp, rawsocket: { serializers: ['cbor'] }, mqtt: {}, websocket: ws, web: { paths: { '/': { type: 'static', directory: 'web' }, ws2: { type: 'websocket' } } }
  }))
  t.equal(plugin.path, '/ws')
  t.same(plugin.static, [{ root: '/node/.crossbar/web', prefix: '/' }])
  t.same(endpoints.map(({ path }) => path), ['/ws2'])
  t.same(rawSockets, [{ sharePort: true, serializers: ['cbor'] }])
  t.same(warnings, ['workers[0].transports[0].mqtt is not supported: its clients can use WebSocket'])
  refused(t, transports({ type: 'universal', endpoint: tcp, rawsocket: {} }), 'workers', 'must have a router with a WebSocket transport')
})

t.test('RawSocket of a universal transport has its own logins, and belongs to the port of the transport', async (t) => {
  const ticket = { type: 'static', principals: { joe: { ticket: 'secret', role: 'frontend' } } }
  const universal = (port: number, rawsocket: object): object => ({ type: 'universal', endpoint: { type: 'tcp', port }, rawsocket })
  const own = { type: 'rawsocket', endpoint: { type: 'tcp', port: 9000 } }
  const { rawSockets, ports, warnings } = convert(transports(web(ws), own, universal(9001, { auth: { ticket }, max_message_size: 5 })))
  t.same(rawSockets.map(({ port, sharePort }) => [port, sharePort]), [[9000, undefined]])
  t.match(ports, [{ listen: { port: 9001 }, endpoints: [], rawSockets: [{ sharePort: true, auth: { ticket } }] }])
  t.same(warnings, ['workers[0].transports[2].rawsocket.max_message_size is ignored: there is one limit for all messages, that of WebSocket'])
  const second = 'workers[0].transports[1]'
  refused(t, transports(web(ws), universal(9001, { endpoint: tcp })), `${second}.rawsocket.endpoint`, 'is unknown')
  refused(t, transports(web(ws), universal(9001, { auth: { ticket, cookie: {} } })), `${second}.rawsocket.auth.cookie`, 'is not possible over RawSocket, which has no cookies')
  refused(t, transports(web(ws), own, universal(9000, {})), 'workers[0].transports[2].endpoint', 'must have another port: "workers[0].transports[1].endpoint" has it')
  refused(t, transports(web(ws), universal(9001, {}), universal(9001, {})), 'workers[0].transports[2].rawsocket', 'must be the same as "workers[0].transports[1].rawsocket", and both workers must share the port')
})

t.test('two ports with one path and one cookie must have the same logins, otherwise a login at one would be one at the other', async (t) => {
  const ticket = (role: string): object => ({ type: 'static', principals: { joe: { ticket: role, role } } })
  const at = (port: number, role: string, cookie = {}): object => web({ ws: { type: 'websocket', cookie, auth: { cookie: {}, ticket: ticket(role) } } }, { endpoint: { type: 'tcp', port } })
  refused(t, transports(at(8080, 'anonymous'), at(8081, 'frontend')), 'workers[0].transports[1].paths.ws', 'must have the same "auth" as "workers[0].transports[0].paths.ws", another path, or a cookie with another name and store: a login there would also be valid here')
  t.equal(convert(transports(at(8080, 'frontend'), at(8081, 'frontend'))).ports.length, 1)
  t.equal(convert(transports(at(8080, 'anonymous', { name: 'one' }), at(8081, 'frontend', { name: 'other' }))).ports.length, 1)
  const file = (filename: string): object => ({ store: { type: 'file', filename } })
  t.equal(convert(transports(at(8080, 'anonymous', { name: 'one', ...file('a.dat') }), at(8081, 'frontend', { name: 'other', ...file('b.dat') }))).ports.length, 1)
})
