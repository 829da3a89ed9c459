import t from 'tap'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import type { NodeConfiguration } from '../../plugin/crossbar/node-configuration.ts'
import { convert, node, refused, web, websocket, WS } from './sample.ts'

const OPTIONS = `${WS}.options`
const loginByCookie = { cookie: {}, auth: { anonymous: { type: 'static' }, cookie: {} } }

function convertOptions (options: object, more: object = {}): NodeConfiguration {
  const result = convert(websocket({ options, ...more }))
  resolveOptions(result.plugin)
  return result
}

t.test('max_message_size is the limit of a message, 1 byte to 64 MiB [WSK-10]', async (t) => {
  for (const size of [1, 67_108_864]) t.same(convertOptions({ max_message_size: size }).plugin.limits, { messageSize: size })
  for (const size of [0, 67_108_865]) refused(t, websocket({ options: { max_message_size: size } }), `${OPTIONS}.max_message_size`, 'must be a whole number from 1 to 67108864')
  t.equal(convert(websocket({})).plugin.limits, undefined)
})

t.test('two WebSockets with different size limits are refused, because all share one limit [WSK-10]', async (t) => {
  const sizes = (...given: number[]): object => node({
    transports: [web(Object.fromEntries(given.map((size, i) => [`ws${i}`, { type: 'websocket', options: { max_message_size: size } }])))]
  })
  refused(t, sizes(1000, 2000), 'workers[0].transports[0].paths.ws1.options.max_message_size', 'must be the same as "workers[0].transports[0].paths.ws0.options.max_message_size"')
  t.same(convert(sizes(1000, 1000)).plugin.limits, { messageSize: 1000 })
})

t.test('a tuning option that the plugin lacks causes a warning, or an error if it is out of range [WSK-10]', async (t) => {
  const tuned = {
    enable_webstatus: true,
    max_frame_size: 0,
    auto_fragment_size: 65536,
    fail_by_drop: true,
    open_handshake_timeout: 2500,
    close_handshake_timeout: 0,
    auto_ping_interval: 10000,
    auto_ping_timeout: 1000,
    auto_ping_size: 12,
    compression: { deflate: {} }
  }
  t.same(convertOptions(tuned).warnings, Object.keys(tuned).map((name) => `${OPTIONS}.${name} has no equivalent`))
  t.equal(convertOptions(tuned).plugin.handshakeTimeout, undefined)
  refused(t, websocket({ options: { auto_ping_size: 11 } }), `${OPTIONS}.auto_ping_size`, 'must be a whole number from 12 to 125')
  refused(t, websocket({ options: { auto_ping_interval: 999 } }), `${OPTIONS}.auto_ping_interval`, 'must be a whole number of 1000 or more')
  refused(t, websocket({ options: { max_frame_size: -1 } }), `${OPTIONS}.max_frame_size`, 'must be a whole number of 0 or more')
  refused(t, websocket({ options: { fail_by_drop: 1 } }), `${OPTIONS}.fail_by_drop`, 'must be true or false')
  refused(t, websocket({ options: { compression: true } }), `${OPTIONS}.compression`, 'must be a dict')
  refused(t, websocket({ options: { auto_pings: 1 } }), `${OPTIONS}.auto_pings`, 'is unknown')
})

t.test('any page may connect unless origins are listed [WSK-10]', async (t) => {
  t.same(convert(websocket({})).plugin.allowedOrigins, ['*'])
  t.same(convertOptions({}).plugin.allowedOrigins, ['*'])
  t.same(convertOptions({ allowed_origins: ['https://a.example', 'http://localhost:8080'] }).plugin.allowedOrigins, ['https://a.example', 'http://localhost:8080'])
  t.equal(convertOptions({ allowed_origins: [] }).plugin.allowedOrigins, undefined)
})

t.test('with cookie logins, foreign pages may connect only if their origins are listed by name [WSK-10]', async (t) => {
  const { plugin, warnings } = convertOptions({ allowed_origins: ['*', 'https://a.example'] }, loginByCookie)
  t.same(plugin.allowedOrigins, ['https://a.example'])
  t.equal(warnings.length, 1)
  t.match(warnings[0], `${OPTIONS}.allowed_origins is ignored`)
  t.match(warnings[0], 'list the origins of your pages')

  t.equal(convertOptions({ allowed_origins: ['*'] }, loginByCookie).plugin.allowedOrigins, undefined)
  const silent = convert(websocket(loginByCookie))
  t.same([silent.plugin.allowedOrigins, silent.warnings], [undefined, []])
  t.same(convertOptions({ allowed_origins: ['*'] }, { cookie: {} }).plugin.allowedOrigins, ['*'], 'a cookie that logs nobody in')
})

t.test('an origin that is a pattern is refused, because it would also match other origins [WSK-10]', async (t) => {
  for (const origin of ['http://localhost:*', 'https://*.example', '*:*', 'app.example', 'https://app.example/', 'null']) {
    refused(t, websocket({ options: { allowed_origins: ['*', origin] } }), `${OPTIONS}.allowed_origins[1]`, 'must be "*" or a full origin')
  }
  refused(t, websocket({ options: { allowed_origins: '*' } }), `${OPTIONS}.allowed_origins`, 'must be a list')
})

t.test('pages without an origin may connect only if any page may [WSK-10]', async (t) => {
  t.same(convertOptions({ allow_null_origin: true }).warnings, [])
  t.same(convertOptions({ allow_null_origin: false, allowed_origins: ['https://a.example'] }).warnings, [])
  t.same(convertOptions({ allow_null_origin: true, allowed_origins: ['https://a.example'] }).warnings, [
    `${OPTIONS}.allow_null_origin is ignored: a page without an origin may not connect`
  ])
  refused(t, websocket({ options: { allow_null_origin: false } }), `${OPTIONS}.allow_null_origin`, 'must not be false where any origin is allowed')
  refused(t, websocket({ options: { allow_null_origin: 0 } }), `${OPTIONS}.allow_null_origin`, 'must be true or false')
})

t.test('a client must offer a subprotocol, regardless of the configuration [WSK-04]', async (t) => {
  t.same(convertOptions({ require_websocket_subprotocol: true }).warnings, [])
  t.same(convertOptions({ require_websocket_subprotocol: false }).warnings, [
    `${OPTIONS}.require_websocket_subprotocol has no equivalent: a client must offer a subprotocol`
  ])
})

t.test('available serializers are offered, and the others cause a warning [SER-05]', async (t) => {
  const convertSerializers = (serializers: unknown): NodeConfiguration => convert(websocket({ serializers }))
  t.same(convertSerializers(['json', 'cbor', 'json']).plugin.serializers, ['json', 'cbor'])
  const { plugin, warnings } = convertSerializers(['ubjson', 'msgpack', 'flatbuffers'])
  t.same(plugin.serializers, ['msgpack'])
  t.same(warnings, [`${WS}.serializers[0] is not supported`, `${WS}.serializers[2] is not supported`])
  t.equal(convert(websocket({})).plugin.serializers, undefined)
  refused(t, websocket({ serializers: ['ubjson'] }), `${WS}.serializers`, 'must have one of json, msgpack, cbor')
  refused(t, websocket({ serializers: ['bson'] }), `${WS}.serializers[0]`, 'must be "json" or')
  refused(t, websocket({ serializers: 'json' }), `${WS}.serializers`, 'must be a list')
})

t.test('names and debugging settings are ignored; other keys are refused', async (t) => {
  t.same(convert(websocket({ id: 'ws1', debug: true, url: 'ws://x/ws' })).warnings, [])
  refused(t, websocket({ serialisers: [] }), `${WS}.serialisers`, 'is unknown')
})
