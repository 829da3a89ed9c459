import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import wampPlugin from 'fastify-wamp'
import { connect, cryptosign, json, ticket, wampcra, wampScram } from 'fastify-wamp/client'
import type { ClientSession, ConnectOptions } from 'fastify-wamp/client'
import { cbor } from 'fastify-wamp/client/cbor'
import { msgpack } from 'fastify-wamp/client/msgpack'

const TOPIC = 'com.example.x'
const all = { call: true, register: true, publish: true, subscribe: true }

async function join (t: Test, options: ConnectOptions = {}): Promise<ClientSession> {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: { permissions: [{ uri: '*', allow: all }] } } } } })
  t.teardown(() => app.close())
  const session = await connect(`${await app.listen()}/ws`, { realm: 'realm1', WebSocket, retry: false, ...options })
  t.teardown(() => session.leave())
  return session
}

/** The message of the error that a request without anything sent rejects with. */
async function faultOf (asked: Promise<unknown>, code = 'WAMP_ERR_INVALID_OPTION'): Promise<unknown> {
  return await asked.then(() => 'no error', (error: { code?: string, message?: string }) => error.code === code ? error.message : error)
}

const requests: Readonly<Record<string, (session: ClientSession, options: never) => Promise<unknown>>> = {
  call: async (session, options) => await session.call('wamp.session.count', [], {}, options),
  results: async (session, options) => await session.results('wamp.session.count', [], {}, options).next(),
  publish: async (session, options) => await session.publish(TOPIC, [], {}, options),
  subscribe: async (session, options) => await session.subscribe(TOPIC, () => {}, options),
  events: async (session, options) => await session.events(TOPIC, options).next(),
  register: async (session, options) => await session.register(TOPIC, () => {}, options)
}

t.test('an unknown or invalid option of a request is refused by its name, and the session goes on', async (t) => {
  const session = await join(t)
  const wrong = ' is invalid'
  const noSignal = 'option "signal" must be an AbortSignal'
  for (const [request, given, message] of [
    ['call', { timout: 5 }, 'option "timout" is not an option'],
    ['call', { timeout: '5s' }, `option "timeout"${wrong}`],
    ['call', { signal: 5 }, noSignal],
    ['call', { signal: null }, noSignal],
    ['call', { signal: new AbortController() }, noSignal],
    ['results', { signal: new AbortController() }, noSignal],
    ['events', { signal: new AbortController() }, noSignal],
    ['subscribe', { signal: new AbortController().signal }, 'option "signal" is not an option'],
    ['call', { onProgress: 'yes' }, 'option "onProgress" must be a function'],
    ['results', { recieve_progress: true }, 'option "recieve_progress" is not an option'],
    ['publish', { excludeMe: false }, 'option "excludeMe" is not an option'],
    ['publish', { exclude: ['joe'] }, `option "exclude"${wrong}`],
    ['subscribe', { match: 'prefx' }, 'option "match" must be one of exact, prefix, wildcard'],
    ['events', { get_retaind: true }, 'option "get_retaind" is not an option'],
    ['register', { concurrency: 0 }, `option "concurrency"${wrong}`],
    ['register', { invoke: 'rondrobin' }, 'option "invoke" must be one of single, roundrobin, random, first, last']
  ] as const) t.equal(await faultOf(requests[request]!(session, given as never)), message)
  for (const uri of [undefined, null, 5, {}] as never[]) {
    t.equal(await faultOf(session.call(uri)), `option "uri"${wrong}`)
    t.equal(await faultOf(session.subscribe(uri, () => {})), `option "uri"${wrong}`)
  }
  for (const request of Object.values(requests)) {
    for (const options of [null, 5, 'text', true, [], [1], new Map(), Symbol('x')] as never[]) t.equal(await faultOf(request(session, options)), 'option "options" must be an object')
  }
  for (const request of ['call', 'publish', 'subscribe', 'register']) await t.resolves(requests[request]!(session, { x_own: 1, _own: 1, traceparent: '', ppt_keyid: 'a' } as never))
  t.equal(await session.call('wamp.session.count'), 1, 'the session goes on')
})

t.test('names that every object inherits are not accepted as options', async (t) => {
  const session = await join(t)
  for (const name of Object.getOwnPropertyNames(Object.prototype).filter((name) => !name.startsWith('_'))) {
    const message = `option "${name}" is not an option`
    const options = JSON.parse(`{"${name}":"length"}`) as never
    for (const request of Object.values(requests)) t.equal(await faultOf(request(session, options)), message)
    t.equal(await faultOf(connect('ws://127.0.0.1:1/', { WebSocket, retry: options })), message)
  }
  for (const request of ['call', 'publish', 'subscribe', 'register']) await t.resolves(requests[request]!(session, JSON.parse('{"__proto__":"own"}') as never))
})

t.test('an asterisk in a subscription or registration is refused, unless it is meant as such', async (t) => {
  const session = await join(t)
  const message = 'option "match" must be "exact" for a literal "*"'
  for (const options of [{}, { match: 'prefix' }, { match: 'wildcard' }] as const) {
    t.equal(await faultOf(session.subscribe('com.example.*', () => {}, options)), message)
    t.equal(await faultOf(session.register('com.*.x', () => {}, options)), message)
  }
  t.match(await session.subscribe('com.example.', () => {}).catch((error: unknown) => error), { error: 'wamp.error.invalid_uri', args: [/an empty component requires match "wildcard", or "prefix" at the end$/] })
  await t.resolves(session.subscribe('com.example.*', () => {}, { match: 'exact' }))
})

t.test('a handler that is not a function, and a reason that is not a URI, are refused', async (t) => {
  const session = await join(t)
  for (const handler of [undefined, null, {}] as never[]) {
    t.equal(await faultOf(session.subscribe(TOPIC, handler)), 'option "handler" must be a function')
    t.equal(await faultOf(session.register(TOPIC, handler)), 'option "handler" must be a function')
  }
  for (const reason of ['', 'no uri', 'a..b', 5, null] as never[]) t.equal(await faultOf(session.leave(reason)), 'option "reason" is invalid')
  t.equal(await session.call('wamp.session.count'), 1)
})

for (const [name, serializers] of [['JSON', [json()]], ['CBOR', [cbor()]], ['MessagePack', [msgpack()]]] as const) {
  t.test(`${name}: a value that cannot be encoded is refused by the name of its argument, and the session goes on`, async (t) => {
    const session = await join(t, { serializers })
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const code = 'WAMP_ERR_INVALID_MESSAGE'
    t.equal(await faultOf(session.publish(TOPIC, [1, () => {}]), code), '"1": a function cannot be encoded')
    t.equal(await faultOf(session.call(TOPIC, [], { callback: () => {} }), code), '"callback": a function cannot be encoded')
    t.equal(await faultOf(session.publish(TOPIC, [Symbol('x')]), code), '"0": a symbol cannot be encoded')
    t.match(await faultOf(session.publish(TOPIC, [], { cycle }), code), name === 'JSON' ? /circular.*self/s : /^"self": a value contains itself$/)
    if (name === 'JSON') t.equal(await faultOf(session.publish(TOPIC, [], { n: 1n }), code), '"n": a bigint cannot be encoded')
    await session.register('com.example.bad', () => () => {})
    t.match(await session.call('com.example.bad').catch((error: unknown) => error), { error: 'wamp.error.runtime_error' })
    t.equal(await session.call('wamp.session.count'), 1)
  })
}

t.test('args that are no list and kwargs that are no object are refused by name, and the session goes on', async (t) => {
  const session = await join(t)
  const ask = (...values: never[]): Promise<unknown>[] => [session.call(TOPIC, ...values), session.publish(TOPIC, ...values), session.results(TOPIC, ...values).next()]
  for (const value of [null, 5, 'text', true, {}, new Map()] as never[]) {
    for (const asked of ask(value)) t.equal(await faultOf(asked, 'WAMP_ERR_INVALID_MESSAGE'), 'args must be a list')
  }
  for (const value of [null, 5, 'text', true, [], new Map()] as never[]) {
    for (const asked of ask([] as never, value)) t.equal(await faultOf(asked, 'WAMP_ERR_INVALID_MESSAGE'), 'kwargs must be an object')
  }
  t.equal(await session.call('wamp.session.count'), 1)
})

t.test('a relative URL without a page is refused by name', async (t) => {
  t.equal(await faultOf(connect('/ws', { WebSocket })), 'option "url" must be an absolute URL')
  t.equal(await faultOf(connect(undefined as never, { WebSocket })), 'option "url" must be an absolute URL')
})

t.test('a URL or header that the WebSocket rejects is not reported as a failed login', async (t) => {
  for (const [url, options] of [['localhost:8080/ws', {}], ['ws://127.0.0.1:1/#part', {}], ['ws://127.0.0.1:1/', { headers: { 'no name': '' } }]] as const) {
    t.match(await connect(url, { WebSocket, ...options }).catch((error: unknown) => error), { error: 'wamp.error.network_failure', args: [/URL|header/i] })
  }
})

t.test('a login without its parts is refused where it is made', async (t) => {
  const refused = (make: () => unknown, message: string): void => { t.throws(make, { name: 'ClientError', code: 'WAMP_ERR_LOGIN', message }) }
  refused(() => wampcra({ authid: 'joe' } as never), 'wampcra: "secret" must be a string or a function that returns one')
  refused(() => wampcra({ secret: 'x' } as never), 'wampcra: "authid" must be a string')
  refused(() => ticket({ authid: 'joe', ticket: 5 } as never), 'ticket: "ticket" must be a string or a function that returns one')
  refused(() => wampScram({ authid: 'joe', secret: 'x' } as never), 'wampScram: "password" must be a string or a function that returns one')
  refused(() => cryptosign({ authid: 'joe' } as never), 'cryptosign: "key" must be 64 hexadecimal digits, or a signer { publicKey, sign }')
  for (const make of [wampcra, ticket, wampScram, cryptosign]) t.throws(() => (make as (given?: object) => unknown)(), { code: 'WAMP_ERR_LOGIN' })
})

t.test('a first connection that cannot be made goes to onError once, and the client keeps trying', async (t) => {
  const errors: unknown[] = []
  const states: string[] = []
  const stop = new AbortController()
  const connecting = connect('ws://127.0.0.1:1/wrong', {
    WebSocket,
    signal: stop.signal,
    retry: { first: 1, most: 1 },
    onError: (error) => { errors.push(error) },
    onState: (state) => { if (states.push(state) === 6) stop.abort(new Error('enough')) }
  })
  await t.rejects(connecting, { message: 'enough' })
  t.same(states.slice(0, 6), ['connecting', 'waiting', 'connecting', 'waiting', 'connecting', 'waiting'])
  t.match(errors, [{ error: 'wamp.error.network_failure', args: ['close code 1006'] }])
  t.equal(errors.length, 1)
})
