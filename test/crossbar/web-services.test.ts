import { join, resolve } from 'node:path'
import t from 'tap'
import { convert, node, refused, variable, web } from './sample.ts'

const PATHS = 'workers[0].transports[0].paths'
const ws = { type: 'websocket' }
const paths = (given: object): object => node({ transports: [web({ ws, ...given })] })

t.test('a directory is relative to the node\'s, and served under its path', async (t) => {
  const { plugin, warnings } = convert(paths({
    '/': { type: 'static', directory: '../web' }, shared: { type: 'static', directory: '/srv/shared', id: 'files' }
  }))
  t.same(plugin.static, [{ root: '/node/web', prefix: '/' }, { root: '/srv/shared', prefix: '/shared/' }])
  t.same(warnings, [])
  t.equal(convert(paths({})).plugin.static, undefined)
})

t.test('a directory without one is refused, files of a Python package are not served', async (t) => {
  refused(t, paths({ '/': { type: 'static' } }), `${PATHS}["/"]`, 'must have "directory"')
  refused(t, paths({ '/': { type: 'static', directories: [] } }), `${PATHS}["/"].directories`, 'is unknown')
  const { plugin, warnings } = convert(paths({ '/': { type: 'static', package: 'a', resource: 'b', options: { enable_directory_listing: true } } }))
  t.equal(plugin.static, undefined)
  t.same(warnings, [`${PATHS}["/"].options.enable_directory_listing has no equivalent`, `${PATHS}["/"] is not supported: only a "directory" can be`])
})

t.test('a directory that would serve the configuration file is refused', async (t) => {
  const folder = t.testdir({ 'config.yaml': '', tls: {}, web: {}, '.crossbar': { 'config.json': '' }, link: t.fixture('symlink', '.') })
  const root = `${PATHS}["/"].directory`
  const config = (directory: string): object => paths({ '/': { type: 'static', directory } })
  for (const directory of ['.', '..', 'link', join(folder, '..')]) refused(t, config(directory), root, 'must not contain the configuration file: it would be served', { directory: folder })
  refused(t, config('.'), root, 'must not contain the configuration file', { directory: join(folder, '.crossbar') })
  refused(t, config('../web'), root, 'must not contain the configuration file', { directory: join(folder, 'tls'), filename: join(folder, 'web', 'new.json') })
  for (const [directory, base] of [['web', folder], ['../', join(folder, '.crossbar')], ['.', join(folder, 'web')]] as const) {
    t.same(convert(config(directory), { directory: base }).plugin.static, [{ root: resolve(base, directory), prefix: '/' }], directory)
  }
})

t.test('paths are nested', async (t) => {
  const { plugin, endpoints } = convert(paths({
    a: { type: 'path', paths: { '/': { type: 'static', directory: 'x' }, b: { type: 'path', paths: { '/': ws, c: ws, d: { type: 'static', directory: 'y' } } } } }
  }))
  t.same(plugin.static, [{ root: '/node/.crossbar/x', prefix: '/a/' }, { root: '/node/.crossbar/y', prefix: '/a/b/d/' }])
  t.same(endpoints.map(({ path }) => path), ['/a/b', '/a/b/c'])
  refused(t, paths({ a: { type: 'path' } }), `${PATHS}.a`, 'must have "paths"')
  refused(t, paths({ a: { type: 'path', paths: { b: { type: 'static' } } } }), `${PATHS}.a.paths.b`, 'must have "directory"')
})

t.test('a WebSocket may be at the root', async (t) => {
  t.equal(convert(node({ transports: [web({ '/': ws })] })).plugin.path, '/')
})

t.test('callers and publishers are HTTP bridges in the name of a role, signed where there is a key', async (t) => {
  const service = { realm: 'realm1', role: 'frontend' }
  const { bridges, warnings } = convert(paths({
    call: { type: 'caller', ...service, options: { debug: true } },
    publish: { type: 'publisher', ...service, options: { key: 'k', secret: variable('SECRET'), timestamp_delta_limit: 60, post_body_limit: 8192 } }
  }), { env: { SECRET: 's' } })
  t.same(bridges, [
    { call: '/call', as: service }, { publish: '/publish', as: service, signature: { key: 'k', secret: 's', tolerance: 60 } }
  ])
  t.same(warnings, [`${PATHS}.publish.options.post_body_limit has no equivalent`])
  t.same(convert(paths({})).bridges, [])
  const networks = ['127.0.0.1', '192.168.1.1/255.255.255.0', '10.0.0.0/8', 'fd00::/8', '0.0.0.0/0.0.0.0']
  t.same(convert(paths({ call: { type: 'caller', ...service, options: { require_ip: networks, require_tls: false } } })).bridges[0]?.allowedNetworks, ['127.0.0.1', '192.168.1.1/24', '10.0.0.0/8', 'fd00::/8', '0.0.0.0/0'])
  const wrong = (given: object, where: string, expected: string): void => { refused(t, paths({ call: { type: 'caller', ...service, ...given } }), `${PATHS}.call${where}`, expected) }
  wrong({ role: undefined }, '', 'must have "role"')
  wrong({ other: 1 }, '.other', 'is unknown')
  wrong({ options: { key: 'k' } }, '.options', 'must have "secret"')
  wrong({ options: { require_tls: true } }, '.options.require_tls', 'must not be true for a port without TLS: no request could be served')
  for (const network of ['localhost', '127.0.0.1/33', '127.0.0.1/255.0.255.0', '127.0.0.1/8/8']) {
    wrong({ options: { require_ip: [network] } }, '.options.require_ip[0]', 'must be an IP address, or a network such as "192.168.1.0/24"')
  }
  refused(t, paths({ ws2: { type: 'caller', ...service }, a: { type: 'path', paths: { '/': { type: 'caller', ...service, realm: 'none' } } } }), `${PATHS}.a.paths["/"].realm`, 'must name a realm of this worker')
})

t.test('a long-poll service is served to anonymous clients, with its timeouts [LPL-10]', (t) => {
  const options = { request_timeout: 5, session_timeout: 60, queue_limit_bytes: 1000, queue_limit_messages: 10, debug: true, debug_transport_id: 'x' }
  const { longPolls, warnings } = convert(paths({ lp: { type: 'longpoll', options }, a: { type: 'path', paths: { lp: { type: 'longpoll', options: { request_timeout: 0 } } } } }))
  t.same(longPolls, [{ path: '/lp', allowedOrigins: ['*'], requestTimeout: 5000, sessionTimeout: 60_000 }, { path: '/a/lp', allowedOrigins: ['*'] }])
  t.same(warnings, [
    ...['queue_limit_bytes', 'queue_limit_messages', 'debug_transport_id'].map((name) => `${PATHS}.lp.options.${name} has no equivalent`),
    `${PATHS}.a.paths.lp.options.request_timeout is ignored: there is always a timeout`
  ])
  t.same(convert(paths({})).longPolls, [])
  refused(t, paths({ '/': { type: 'longpoll' } }), `${PATHS}["/"]`, 'must be at a path other than "/"')
  refused(t, paths({ lp: { type: 'longpoll', options: { session_timeout: -1 } } }), `${PATHS}.lp.options.session_timeout`, 'must be')
  refused(t, paths({ lp: { type: 'longpoll', auth: {} } }), `${PATHS}.lp.auth`, 'is unknown: as in Crossbar.io, long-poll clients are anonymous. For logins, use wampLongPoll in an app')
  t.end()
})

t.test('other web services are not served, with a warning', async (t) => {
  for (const type of ['nodeinfo', 'archive', 'json', 'redirect', 'webhook', 'wsgi']) {
    t.same(convert(paths({ other: { type, any: 'thing' } })).warnings, [`${PATHS}.other is not supported`])
  }
  t.same(convert(paths({ other: { type: 'long-poll' } })).warnings, [`${PATHS}.other.type is not supported: did you mean "longpoll"?`])
  refused(t, paths({ other: {} }), `${PATHS}.other`, 'must have "type"')
  refused(t, paths({ other: 'static' }), `${PATHS}.other`, 'must be a dict')
})

t.test('a path is one component of a URL', async (t) => {
  for (const name of ['/ws', 'a/b', '', 'ä', 'a*', ':id', '..']) refused(t, paths({ [name]: ws }), `${PATHS}["${name}"]`, 'must be at "/", or at letters')
})

t.test('two services at one place are refused', async (t) => {
  const twice = (second: object, first: Record<string, unknown> = { ws }): object => node({ transports: [web(first), second] })
  refused(t, twice(web({ ws })), 'workers[0].transports[1].paths.ws', `must be at another path: "${PATHS}.ws" is at /ws`)
  refused(t, twice(web({ ws: { type: 'static', directory: 'x' } })), 'workers[0].transports[1].paths.ws', 'must be at another path')
  refused(t, paths({ a: { type: 'path', paths: { '/': ws } }, b: ws, '/': { type: 'path', paths: { b: ws } } }), `${PATHS}["/"].paths.b`, 'must be at another path')
  const everyPath = { type: 'websocket', endpoint: { type: 'tcp', port: 8080 } }
  refused(t, twice(everyPath, { ws, '/': { type: 'static', directory: 'x' } }), 'workers[0].transports[1]', 'must be at another path')
})
