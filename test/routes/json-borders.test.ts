import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createGunzip, gzipSync } from 'node:zlib'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, InjectOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import type { InProcessSession, JsonSchema } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'

const big = 9_007_199_254_740_993n
const octets = Buffer.from('hi')
const text = '{"n":9007199254740993,"s":"\\u0000aGk="}'
const echoed: JsonSchema = { type: 'object', properties: { n: { type: 'integer' }, s: { type: 'string' } } }

/** An app, and what its procedure was called with. */
async function build (t: Test, options: FastifyServerOptions = {}, prepare: (app: FastifyInstance) => void = () => {}): Promise<{ app: FastifyInstance, backend: InProcessSession, seen: unknown[] }> {
  const app = Fastify(options)
  prepare(app)
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  const as = app.wamp.join('realm1', { role: 'anonymous' })
  const backend = app.wamp.join('realm1')
  const seen: unknown[] = []
  await backend.register('com.example.echo', ({ args, kwargs }) => {
    seen.push(args, kwargs)
    return args.length > 0 ? { n: args[0], s: args[1] } : kwargs
  })
  await backend.register('com.example.octets', () => octets)
  await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
  const route = { procedure: 'com.example.echo', as } as const
  const named = { args: ['n', 's'], contract: { args: { type: 'array', items: [{ type: 'integer' }, { type: 'string' }], minItems: 2 }, result: echoed } } as const
  app.wampRoute({ ...route, method: 'POST', url: '/free', contract: { kwargs: { type: 'object' } } })
  app.wampRoute({ ...route, method: 'POST', url: '/checked', contract: { kwargs: echoed, result: echoed } })
  app.wampRoute({ ...route, ...named, method: 'POST', url: '/named' })
  app.wampRoute({ ...route, method: 'GET', url: '/numbers/:n', contract: { kwargs: { type: 'object', properties: { n: { type: 'integer' }, list: { type: 'array', items: { type: 'integer' } } } } } })
  const coerced: JsonSchema = { type: 'object', properties: { integer: { type: 'integer' }, list: { type: 'array', items: { type: 'integer' } }, text: { type: 'string' }, texts: { type: 'array', items: { type: 'string' } }, either: { oneOf: [{ type: 'integer' }, { type: 'null' }] } } }
  for (const method of ['GET', 'POST'] as const) app.wampRoute({ ...route, method, url: '/coerced', contract: { kwargs: coerced } })
  app.wampRoute({ method: 'GET', url: '/octets', procedure: 'com.example.octets', as })
  app.get('/route', { config: { wamp: { realm: 'realm1', procedure: 'com.example.route' } } }, async (_request, reply) => await reply.type('application/json').send(text))
  app.post('/route', { config: { wamp: { realm: 'realm1', procedure: 'com.example.body' } } }, async ({ body }) => ({ body }))
  await app.ready()
  return { app, backend, seen }
}

const post = (url: string, payload: string) => ({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload }) as const

t.test('integers beyond 2^53 and binary data are the same in a JSON body as in wamp.2.json, between REST and WAMP', async (t) => {
  const { app, seen } = await build(t)
  for (const url of ['/free', '/checked', '/named']) {
    const { statusCode, body, headers } = await app.inject(post(url, text))
    t.same([statusCode, body], [200, text], url)
    t.match(headers['content-type'], /^application\/json/)
    const [args, kwargs] = seen.splice(0) as [unknown[], object]
    t.same(url === '/named' ? args : kwargs, url === '/named' ? [big, octets] : { n: big, s: octets }, url)
  }
  const { body } = await app.inject(post('/call', `{"procedure":"com.example.echo","kwargs":${text}}`))
  t.equal(body, `{"args":[${text}]}`, 'the bridge')
  t.same(seen.splice(0), [[], { n: big, s: octets }])
})

t.test('an integer beyond 2^53 in a path or a query is exact', async (t) => {
  const { app, seen } = await build(t)
  await app.inject('/numbers/9007199254740993?list=9007199254740995&list=1')
  t.same(seen, [[], { n: big, list: [9_007_199_254_740_995n, 1] }])
})

t.test('a result that is only binary data becomes the body of the answer', async (t) => {
  const { app } = await build(t)
  const { headers, body } = await app.inject('/octets')
  t.match([headers['content-type'], body], ['application/octet-stream', 'hi'])
})

t.test('a procedure route returns exact values, and refuses an integer that its body would round', async (t) => {
  const { backend } = await build(t)
  t.same(await backend.call('com.example.route'), { n: big, s: octets })
  t.same(await backend.call('com.example.body', [], { n: 2n, s: octets }), { body: { n: 2, s: octets } })
  await t.rejects(backend.call('com.example.body', [], { list: [big] }), { code: 'wamp.error.invalid_argument', message: /beyond 2\^53/ })
})

t.test('a body that is nested too deep is refused', async (t) => {
  const { app } = await build(t)
  const { statusCode, body } = await app.inject(post('/free', `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`))
  t.match([statusCode, body], [400, /nested too deep/])
})

t.test('an integer beyond 2^53 stays exact when the schema coerces it', async (t) => {
  const { app, seen } = await build(t)
  const sent = async (request: InjectOptions | string): Promise<unknown> => {
    t.match(await app.inject(request), { statusCode: 200 })
    return seen.splice(0)[1]
  }
  t.same(await sent('/coerced?list=9007199254740993'), { list: [big] }, 'a list of one in a query')
  t.same(await sent('/coerced?integer=%2B9007199254740993&either=-9007199254740993&text=9007199254740993'), { integer: big, either: -big, text: '9007199254740993' })
  t.same(await sent('/coerced?integer=0x20000000000001'), { integer: big })
  t.same(await sent(post('/coerced', '{"list":9007199254740993,"text":9007199254740993,"texts":9007199254740993,"integer":"9007199254740993"}')), { list: [big], text: '9007199254740993', texts: ['9007199254740993'], integer: big })
  t.same(await sent(post('/coerced', '{"integer":[9007199254740993],"either":1e300,"list":["9007199254740993"],"texts":"\\u0000aGk="}')), { integer: big, either: 1e300, list: [big], texts: [octets] })
  for (const type of ['Application/JSON', 'application/json ; charset=utf-8']) t.same(await sent({ ...post('/coerced', '{"integer":9007199254740993}'), headers: { 'content-type': type } }), { integer: big }, type)
})

t.test('a validator that copies values loses neither binary data nor integers', async (t) => {
  const { app, seen } = await build(t, {}, (app) => { app.setValidatorCompiler(() => (data) => ({ value: structuredClone(data) })) })
  t.match(await app.inject(post('/checked', `{"s":[${text}]}`)), { statusCode: 200 })
  t.same(seen[1], { s: [{ n: big, s: octets }] })
})

t.test('keys that the parser of the host removes do not reappear', async (t) => {
  const { app, seen } = await build(t, { onProtoPoisoning: 'remove', onConstructorPoisoning: 'remove' })
  t.match(await app.inject(post('/free', '{"__proto__":{"admin":9007199254740993},"in":{"constructor":{"prototype":{"n":9007199254740993}},"n":9007199254740993}}')), { statusCode: 200 })
  t.same(Object.getOwnPropertyNames(seen[1]), ['in'])
  t.same(seen[1], { in: { n: big } })
})

t.test('a body is parsed by the parser of the host', async (t) => {
  const { app, seen } = await build(t, {}, (app) => {
    app.removeContentTypeParser('application/json')
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => { done(null, { ...(body === '' ? {} : JSON.parse(body as string) as object), tenant: 1 }) })
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => { done(null, { untyped: '9007199254740993' }) })
    app.addContentTypeParser('text/own', { parseAs: 'string' }, (_request, _body, done) => {
      const own: Record<string, unknown> = { integer: '9007199254740993', date: new Date(0) }
      own['self'] = own
      done(null, own)
    })
  })
  t.match(await app.inject(post('/free', '')), { statusCode: 200 })
  t.match(await app.inject(post('/free', text)), { statusCode: 200 })
  t.same([seen[1], seen[3]], [{ tenant: 1 }, { n: big, s: octets, tenant: 1 }])
  t.match(await app.inject({ method: 'POST', url: '/free', payload: Buffer.from('x') }), { statusCode: 200 }, 'also without a type')
  t.match((await app.inject({ ...post('/coerced', 'x'), headers: { 'content-type': 'text/own' } })).json(), { message: /a value contains itself/ }, 'a value that contains itself ends no walk')
})

t.test('a byte order mark before a body is skipped, as in Fastify', async (t) => {
  const { app, seen } = await build(t)
  t.match(await app.inject(post('/free', `\ufeff${text}`)), { statusCode: 200 })
  t.same(seen[1], { n: big, s: octets })
})

t.test('an integer that no serializer can take is refused', async (t) => {
  const { app } = await build(t)
  t.match((await app.inject(post('/free', `{"n":${'9'.repeat(2000)}}`))).json(), { statusCode: 400, message: /an integer is too long/ })
})

t.test('a body that a route does not use delays neither its answer nor the next request', async (t) => {
  const { app } = await build(t)
  t.match(await app.inject({ url: '/coerced', headers: { 'content-type': 'application/json' } }), { statusCode: 200 })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  let answers = ''
  const second = new Promise<void>((resolve) => {
    socket.on('data', (data) => {
      answers += data.toString()
      if (answers.split('HTTP/1.1').length > 2) resolve()
    })
  })
  const ask = (length: number): string => `GET /coerced HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${' '.repeat(length)}`
  socket.write(ask(300_000) + ask(2))
  await second
  t.same(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200'])
})

t.test('a body that a hook of the host decompresses is read', async (t) => {
  const { app, seen } = await build(t, {}, (app) => {
    app.addHook('preParsing', async (_request, _reply, payload) => {
      const plain = Object.assign(createGunzip(), { receivedEncodedLength: 0 })
      payload.on('data', (data: Buffer) => { plain.receivedEncodedLength += data.length })
      return payload.pipe(plain)
    })
  })
  const compressed = gzipSync(text)
  const headers = { 'content-type': 'application/json', 'content-length': String(compressed.length) }
  t.match(await app.inject({ method: 'POST', url: '/free', headers, payload: compressed }), { statusCode: 200 })
  t.same(seen[1], { n: big, s: octets })
  t.match(await app.inject({ method: 'POST', url: '/free', headers: { 'content-type': 'application/json' }, payload: 'not compressed' }), { statusCode: 400 })
})
