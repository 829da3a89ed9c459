import { createHmac } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { CallResult, wampBridge, WampError } from 'fastify-wamp'
import type { BridgeOptions } from 'fastify-wamp'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import { secretsOfSignedUrl, SignatureKeys, SignedRequests } from '../../routes/signed-request.ts'
import { WebBrowser } from '../helper/web-browser.ts'

const allow = { call: true, publish: true }
const as = { realm: 'realm1', role: 'service' }

/** An app with a bridge, and procedures that it can call. */
async function build (t: Test, bridge: BridgeOptions, server: FastifyServerOptions = {}): Promise<{ app: FastifyInstance, http: string, post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<{ status: number, body: unknown }> }> {
  const app = Fastify(server)
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { user: { permissions: [{ uri: 'com.example.mine.', match: 'prefix', allow }] }, service: { permissions: [{ uri: 'com.example.', match: 'prefix', allow, disclose: { caller: true } }] } } } },
    auth: { ticket: { type: 'static', principals: {} }, cookie: {} },
    cookie: {}
  })
  await app.register(wampBridge, bridge)
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'ann', role: 'user' }))
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.echo', ({ args, kwargs }) => new CallResult(args, kwargs))
  await backend.register('com.example.mine.who', ({ details }) => details.caller_authid ?? 'nobody')
  await backend.register('com.example.fails', () => { throw new WampError('com.example.error', { args: ['no'], kwargs: { why: 1 } }) })
  t.teardown(() => app.close())
  const http = await app.listen({ port: 0, host: '127.0.0.1' })
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<{ status: number, body: unknown }> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const response = await fetch(`${http}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text })
    return { status: response.status, body: JSON.parse(await response.text()) as unknown }
  }
  return { app, http, post }
}

t.test('a call is answered by its result, or by the error that it raised', async (t) => {
  const { post } = await build(t, { call: '/call', as })
  t.same(await post('/call', { procedure: 'com.example.echo', args: [1, 'ä'] }), { status: 200, body: { args: [1, 'ä'] } })
  t.same(await post('/call', { procedure: 'com.example.echo', args: [], kwargs: { a: { b: null } } }), { status: 200, body: { args: [], kwargs: { a: { b: null } } } })
  t.same(await post('/call', { procedure: 'com.example.mine.who' }), { status: 200, body: { args: ['http'] } })
  t.same(await post('/call', { procedure: 'com.example.fails' }), { status: 200, body: { error: 'com.example.error', args: ['no'], kwargs: { why: 1 } } })
  t.match(await post('/call', { procedure: 'com.example.none' }), { status: 200, body: { error: 'wamp.error.no_such_procedure' } })
  t.match(await post('/call', { procedure: 'org.example.none' }), { status: 200, body: { error: 'wamp.error.not_authorized' } })
})

t.test('numbers and binary data have the same form as in wamp.2.json', async (t) => {
  const { app, http } = await build(t, { call: '/call', as })
  await app.wamp.join('realm1').register('com.example.native', ({ args: [big, octets] }) => [typeof big, big, octets])
  const response = await fetch(`${http}/call`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"procedure":"com.example.native","args":[12345678901234567890,"\\u0000AAEC"]}' })
  t.equal(await response.text(), '{"args":[["bigint",12345678901234567890,"\\u0000AAEC"]]}')
})

t.test('an event is published, with the options of PUBLISH', async (t) => {
  const { app, post } = await build(t, { publish: '/publish', as })
  const come = new Promise((resolve) => { app.wamp.join('realm1').subscribe('com.example.news', resolve).catch(() => {}) })
  const { status, body } = await post('/publish', { topic: 'com.example.news', args: ['hello'], kwargs: { a: 1 }, options: { retain: true } })
  t.match({ status, body }, { status: 200, body: { id: Number } })
  t.match(await come, { args: ['hello'], kwargs: { a: 1 }, publication: (body as { id: number }).id })
  t.equal((await post('/call', {})).status, 404, 'what is not asked for is not there')
})

t.test('by default, the bridge acts as the logged-in user', async (t) => {
  const { http, post } = await build(t, { call: '/call', publish: '/publish' })
  t.match(await post('/call', { procedure: 'com.example.mine.who' }), { status: 401, body: { error: 'log in first' } })
  const ann = new WebBrowser(http)
  await ann.fetch('/login', { body: {} })
  const call = async (procedure: string, headers = {}): Promise<unknown> => await (await ann.fetch('/call', { body: { procedure }, headers })).json()
  t.same(await call('com.example.mine.who'), { args: ['nobody'] })
  t.match(await call('com.example.echo'), { error: 'wamp.error.not_authorized' }, 'and no further than its role goes')
  t.match(await call('com.example.mine.who', { origin: 'https://evil.example' }), { error: 'log in first' }, 'a page of a foreign origin is nobody')
})

t.test('the error of an invalid request names its fault', async (t) => {
  const { post, http } = await build(t, { call: '/call', as })
  for (const [body, error] of [
    ['[', 'the body is not JSON'], [[], 'the body must be an object'], [{}, '"procedure" must be a URI'], [{ procedure: 5 }, '"procedure" must be a URI'],
    [{ procedure: 'a', args: {} }, '"args" must be a list'], [{ procedure: 'a', kwargs: [] }, '"kwargs" must be an object'], [{ procedure: 'a', options: 1 }, '"options" must be an object'],
    [{ procedure: 'a', topic: 'b' }, '"topic" is not allowed: the body may have procedure, args, kwargs and options']
  ] as const) {
    const answer = await post('/call', body)
    t.equal(answer.status, 400)
    t.ok(JSON.stringify(answer.body).includes(JSON.stringify(error).slice(1, -1)), error)
  }
  t.match(await post('/call', { procedure: 'com.example.echo', options: { timeout: 'soon' } }), { status: 400, body: { error: /CALL\.options\.timeout/ } })
  t.equal((await fetch(`${http}/call`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' })).status, 415)
})

t.test('no request body makes a request hang or fail, or ends the shared session', async (t) => {
  const { post } = await build(t, { call: '/call', as })
  for (const body of ['"1234567890123456', '{"procedure":1234567890123456', '{"args":[-', `{"procedure":"com.example.echo","args":${'['.repeat(400_000)}${']'.repeat(400_000)}}`]) {
    t.equal((await post('/call', body)).status, 400, body.slice(0, 40))
  }
  t.match(await post('/call', { procedure: 'com.example.echo', args: ['1'.repeat(5000)] }), { status: 200 })
  t.match(await post('/call', `{"procedure":"com.example.echo","args":[${'1'.repeat(400_000)}]}`), { status: 400, body: { message: /too long/ } })
  for (const options of [{ progress: true }, { receive_progress: true }, { ppt_scheme: 'x_mine' }, { timeout: 1, _own: 1 }]) await post('/call', { procedure: 'com.example.echo', options })
  t.match(await post('/call', { procedure: 'com.example.echo', options: { progress: true } }), { status: 400, body: { error: /CALL\.options\.progress/ } })
  t.match(await post('/call', { procedure: 'com.example.echo', args: [1] }), { status: 200, body: { args: [1] } })
})

t.test('keys that change prototypes are refused, removed or passed on, as the app configures for its routes', async (t) => {
  for (const [key, text] of [['__proto__', '"__proto__":{"n":9007199254740993}'], ['__proto__', '"\\u005f_proto__":1'], ['constructor', '"constructor":{"prototype":{"n":1}}']] as const) {
    for (const action of [undefined, 'error', 'remove', 'ignore'] as const) {
      const { app, http } = await build(t, { call: '/call', as }, action === undefined ? {} : key === '__proto__' ? { onProtoPoisoning: action } : { onConstructorPoisoning: action })
      app.wamp.join('realm1').register('com.example.keys', ({ kwargs }) => [Object.keys(kwargs), Object.keys((kwargs['in'] as object[])[0]!), kwargs['n']]).catch(t.threw)
      const post = async (path: string, body: string): Promise<Response> => await fetch(`${http}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      for (const name of ['com.example.echo', 'com.example.keys']) {
        const response = await post('/call', `{"procedure":"${name}","kwargs":{${text},"in":[{${text}}]}}`)
        const plain = await post('/login', `{${text}}`)
        t.equal(response.status, plain.status === 200 ? 200 : 400, 'as the app answers it')
        const answer = await response.text()
        if (action === undefined || action === 'error') t.match(answer, `the body cannot be accepted: it has the key \\"${key}\\"`)
        else if (name === 'com.example.keys') t.match(JSON.parse(answer), { args: [action === 'remove' ? [['in'], [], null] : [[key, 'in'], [key], null]] })
        else t.equal(answer, `{"args":[],"kwargs":{${action === 'remove' ? '"in":[{}]' : `${text.replace('\\u005f', '_')},"in":[{${text.replace('\\u005f', '_')}}]`}}}`)
      }
    }
  }
  t.equal(({} as { n?: number }).n, undefined)
})

t.test('ordinary keys that look like these arrive', async (t) => {
  const { post } = await build(t, { call: '/call', as })
  const kwargs = { constructor: 1, in: { constructor: { name: 'x' }, prototype: 1 }, proto: ['__proto__', '\u00e4'] }
  t.same(await post('/call', { procedure: 'com.example.echo', args: [], kwargs }), { status: 200, body: { args: [], kwargs } })
})

/** The query of a signed request. */
function sign (body: string, { key = 'key', secret = 'secret', timestamp = new Date().toISOString(), nonce = '7', seq = '1' } = {}): Record<string, string> {
  const signature = createHmac('sha256', secret).update(key + timestamp + seq + nonce + body).digest('base64').replaceAll('+', '-').replaceAll('/', '_')
  return { key, timestamp, seq, nonce, signature }
}

t.test('the bridge continues after all sessions were killed, and hanging calls do not block other clients', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { service: { permissions: [{ uri: '', match: 'prefix', allow }] } } } }, auth: { ticket: { type: 'static', principals: {} } }, limits: { pendingCalls: 2 } })
  await app.register(wampBridge, { call: '/call', as })
  const backend = app.wamp.join('realm1')
  const hanging = new Set<() => void>()
  await backend.register('com.example.hangs', async () => { await new Promise<void>((resolve) => { hanging.add(resolve) }) })
  await backend.register('com.example.answers', () => 1)
  const call = async (procedure: string): Promise<unknown> => (await app.inject({ method: 'POST', url: '/call', payload: { procedure } })).json()
  const all = Array.from({ length: 5 }, async () => await call('com.example.hangs'))
  t.same(await call('com.example.answers'), { args: [1] })
  while (hanging.size < 5) await new Promise((resolve) => { setImmediate(resolve) })
  for (const resolve of hanging) resolve()
  await Promise.all(all)
  await app.wamp.join('realm1').call('wamp.session.kill_all')
  t.same(await call('com.example.answers'), { args: [1] })
  t.equal(app.wamp.sessions('realm1').filter(({ authid }) => authid === 'http').length, 0, 'each session ends with its request')
})

t.test('with `signature`, a request without a valid signature has no effect', async (t) => {
  const { post } = await build(t, { call: '/call', as, signature: { key: 'key', secret: 'secret' } })
  const body = JSON.stringify({ procedure: 'com.example.echo', args: [1] })
  const query = new URLSearchParams(sign(body)).toString()
  t.match(await post('/call', body), { status: 401, body: { error: /"key" is missing/ } })
  t.same(await post(`/call?${query}`, body), { status: 200, body: { args: [1] } })
  t.match(await post(`/call?${query}`, body), { status: 401, body: { error: 'the request was already received' } })
  t.match(await post(`/call?${query}`, body.replace('1', '2')), { status: 401, body: { error: 'the signature is wrong' } })
})

t.test('the signature of a request does not appear in the log, whichever serializer the app has', async (t) => {
  const own = (request: FastifyRequest): Record<string, unknown> => ({ way: [request.originalUrl], query: request.query, headers: request.headers, ip: request.ip })
  for (const [name, logger, scope] of [
    ['of Fastify', {}, {}], ['of the logger', { serializers: { req: own } }, {}], ['of the scope', {}, { logSerializers: { req: own } }]
  ] as const) {
    const lines: string[] = []
    const app = Fastify({ logger: { ...logger, level: 'trace', stream: { write: (line: string) => { lines.push(line) } } } as object })
    t.teardown(() => app.close())
    app.setChildLoggerFactory((parent, bindings, options) => parent.child({ ...bindings, own: name }, options))
    await app.register(wampPlugin, { realms: { realm1: { roles: { service: { permissions: [{ uri: '', match: 'prefix', allow }] } } } }, auth: { ticket: { type: 'static', principals: {} } } })
    await app.register(async (child) => { await child.register(wampBridge, { call: '/call', as, signature: { key: 'key', secret: 'secret' } }) }, scope as object)
    const body = JSON.stringify({ procedure: 'com.example.none' })
    const query = sign(body, { nonce: '127.0.0.1' })
    const { statusCode } = await app.inject({ method: 'POST', url: '/call', query, payload: body, headers: { 'content-type': 'application/json' } })
    t.equal(statusCode, 200)
    const line = lines.find((line) => line.includes('incoming request')) ?? ''
    t.match(JSON.parse(line), { own: name, req: name === 'of Fastify' ? { method: 'POST', url: '/call?[hidden]', remoteAddress: '127.0.0.1' } : { way: ['/call?[hidden]'], query: { key: 'key', signature: '[hidden]' }, ip: '127.0.0.1' } })
    t.notOk(lines.some((line) => line.includes(query['signature']!)), name)
    const asked = { method: 'OPTIONS', url: '/call', query, headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' } } as const
    t.match(await app.inject(asked), { statusCode: 404 }, 'a browser asks before it sends')
    t.notOk(lines.some((line) => line.includes(query['signature']!)), name)
    await app.inject({ method: 'POST', url: '/call?127.0.0.1', payload: body, headers: { 'content-type': 'application/json' } })
    t.match(lines.at(-2), '127.0.0.1', 'a client cannot hide its address')
  }
})

t.test('the signature is found in a URL in a time in proportion to its length', async (t) => {
  const signature = 'x'.repeat(43)
  t.same(secretsOfSignedUrl(`/call?signature=${signature}==`), [`?signature=${signature}==`, signature])
  t.same(secretsOfSignedUrl('/call?signature=======').length, 1)
  // Otherwise, this takes minutes.
  t.equal(secretsOfSignedUrl(`/call?signature=${'='.repeat(500_000)}x`).length, 2)
})

t.test('a signature is accepted once, within the tolerance, for its key and its body', async (t) => {
  let now = Date.now()
  const requests = new SignedRequests({ key: 'key', secret: 'secret', tolerance: 60 }, () => now)
  const at = (offset: number): string => new Date(now + offset).toISOString()
  t.equal(requests.faultOf(sign('{}'), '{}'), null)
  t.match(requests.faultOf(sign('{}', { timestamp: at(-61_000) }), '{}'), /more than 60 seconds off/)
  t.match(requests.faultOf(sign('{}', { timestamp: at(61_000) }), '{}'), /more than 60 seconds off/)
  t.match(requests.faultOf(sign('{}', { timestamp: 'yesterday' }), '{}'), /must be a time in UTC/)
  t.match(requests.faultOf(sign('{}', { key: 'other' }), '{}'), /signature is wrong/)
  t.match(requests.faultOf(sign('{}', { secret: 'other' }), '{}'), /signature is wrong/)
  t.match(requests.faultOf({ ...sign('{}'), signature: 'x' }, '{}'), /signature is wrong/)
  const once = sign('{}', { nonce: '8' })
  t.equal(requests.faultOf(once, '{}'), null)
  now += 30_000
  t.match(requests.faultOf(once, '{}'), /already received/)
})

t.test('a signed request is accepted once, even after many others, and when the clock has been set back', async (t) => {
  let now = Date.parse('2026-10-14T16:59:51.123Z')
  const signed = new SignedRequests({ key: 'k', secret: 's' }, () => now)
  const sign = (nonce: string): Record<string, string> => {
    const query = { key: 'k', timestamp: new Date(now).toISOString(), seq: '1', nonce }
    return { ...query, signature: createHmac('sha256', 's').update(`k${query.timestamp}1${nonce}{}`).digest('base64url') }
  }
  const first = sign('first')
  t.equal(signed.faultOf(first, '{}'), null)
  for (let i = 0; i < 100_001; i++) {
    if (i % 1000 === 0) now += 1000
    if (signed.faultOf(sign(String(i)), '{}') !== null) t.fail('what is new counts')
  }
  t.match(signed.faultOf(first, '{}'), /older than the remembered requests/)
  const late = sign('late')
  t.equal(signed.faultOf(late, '{}'), null)
  now += 700_000
  t.match(signed.faultOf(late, '{}'), /seconds off/)
  t.equal(signed.faultOf(sign('another'), '{}'), null)
  now -= 600_000
  t.match(signed.faultOf(late, '{}'), /older than the remembered requests/)
  t.equal(signed.faultOf(sign('new'), '{}'), null)
})

t.test('only requests from the allowed networks are accepted', async (t) => {
  const call = { procedure: 'com.example.echo', args: [1] }
  const { app, post } = await build(t, { call: '/call', publish: '/publish', events: '/events', as, allowedNetworks: ['192.0.2.0/24', 'fd00::1'] }, { trustProxy: true })
  const refused = { status: 403, body: { error: 'this address may not send requests', args: [], kwargs: {} } }
  t.same(await post('/call', call), refused)
  t.same(await post('/publish', { topic: 'com.example.news' }), refused)
  t.equal((await app.inject('/events?topic=com.example.news')).statusCode, 403)
  for (const from of ['192.0.2.7', '::ffff:192.0.2.7', 'fd00::1', '192.0.2.7:4711']) t.match(await post('/call', call, { 'x-forwarded-for': from }), { status: 200 }, from)
  for (const from of ['192.0.3.7', 'fd00::2', 'unknown', '192.0.2.7, 192.0.3.1']) {
    t.match(await post('/call', call, { 'x-forwarded-for': from }), from.startsWith('192.0.2.7') ? { status: 200 } : refused, from)
  }
  t.equal((await build(t, { call: '/call', as, allowedNetworks: ['127.0.0.1'] }).then(async ({ post }) => await post('/call', call))).status, 200)
})

t.test('options that make no sense are refused', async (t) => {
  for (const [options, message] of [
    [{}, /call.*is missing: set/], [{ call: 'call' }, /"call"/], [{ call: '/call', signature: { key: 'a', secret: 'b' } }, /"signature" requires the option "as"/],
    [{ call: '/call', as: { realm: 'none', role: 'user' } }, /none/], [{ call: '/call', other: 1 }, /"other" is not an option/]
  ] as const) {
    const app = Fastify()
    await app.register(wampPlugin, { realms: { realm1: { roles: { user: {} } } }, auth: { ticket: { type: 'static', principals: {} } } })
    await t.rejects(async () => { await app.register(wampBridge, options as BridgeOptions) }, { message })
    await app.close()
  }
})

t.test('a request whose token has expired, or expires meanwhile, is unauthenticated', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { user: { permissions: [{ uri: '', match: 'prefix', allow }] } } } }, auth: { ticket: { type: 'static', principals: {} } } })
  app.addHook('onRequest', async (request) => {
    const expires = new Date(Date.now() + Number(request.headers['x-expires-in']))
    request.wampPrincipal = { realm: 'realm1', authid: 'machine', authrole: 'user', authmethod: 'token', authprovider: 'app', expires }
  })
  await app.register(wampBridge, { call: '/call' })
  t.teardown(() => app.close())
  // A deadline keeps no process alive; a server does.
  await app.listen({ port: 0, host: '127.0.0.1' })
  const backend = app.wamp.join('realm1')
  const ended = new Promise((resolve) => {
    backend.register('com.example.slow', async ({ signal }) => { await new Promise(() => { signal.addEventListener('abort', resolve) }) }).catch(() => {})
  })
  await backend.register('com.example.fast', () => 1)
  const call = async (procedure: string, expires: number): Promise<unknown> => {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/call', headers: { 'x-expires-in': String(expires) }, payload: { procedure } })
    return [statusCode, (JSON.parse(body) as { error?: string }).error]
  }
  t.same(await call('com.example.fast', 60_000), [200, undefined])
  t.match(await call('com.example.fast', -1000), [401])
  t.same(await call('com.example.slow', 100), [401, 'the login has ended'])
  await ended
  t.equal(app.wamp.sessions('realm1').length, 1)
})

t.test('a result or error that JSON cannot represent is answered as for a caller of wamp.2.json', async (t) => {
  const { app, post } = await build(t, { call: '/call', as })
  const value = new OpaqueValue('msgpack', 5, Buffer.from([1]))
  const session = app.wamp.join('realm1')
  await session.register('com.example.result', () => value)
  await session.register('com.example.error', () => { throw new WampError('com.example.error', { args: [value] }) })
  for (const procedure of ['com.example.result', 'com.example.error']) {
    t.match(await post('/call', { procedure }), { status: 200, body: { error: 'wamp.error.invalid_argument', args: [String], kwargs: {} } })
  }
})

t.test('bridges with the same key share the remembered requests and the tolerance', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { service: { permissions: [] } } } }, auth: { ticket: { type: 'static', principals: {} } } })
  const signature = { key: 'key', secret: 'secret' }
  for (const call of ['/a', '/b']) await app.register(wampBridge, { call, as, signature })
  await app.register(wampBridge, { call: '/c', as, signature: { ...signature, secret: 'another' } })
  const body = JSON.stringify({ procedure: 'com.example.echo' })
  const timestamp = new Date().toISOString()
  const ask = async (url: string, secret: string): Promise<number> => (await app.inject({ method: 'POST', url, query: sign(body, { secret, timestamp }), headers: { 'content-type': 'application/json' }, payload: body })).statusCode
  t.same([await ask('/a', 'secret'), await ask('/b', 'secret'), await ask('/c', 'another')], [200, 401, 200])

  const keys = new SignatureKeys()
  keys.requestsOf(signature)
  t.throws(() => { keys.requestsOf({ ...signature, tolerance: 60 }) }, { code: 'WAMP_ERR_INVALID_OPTION', message: /signature\.tolerance/ })
})

t.test('options with too many lists and objects are refused', async (t) => {
  const { post } = await build(t, { call: '/call', as })
  const call = async (count: number): Promise<unknown> =>
    await post('/call', { procedure: 'com.example.echo', options: { x_many: Array.from({ length: count }, () => ({})) } })
  t.match(await call(999), { status: 200 })
  t.match(await call(1000), { status: 400, body: { error: '"options" must contain at most 1000 lists and objects' } })
})
