import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import wampPlugin from 'fastify-wamp'
import type { InProcessSession } from 'fastify-wamp'

const SUBJECT = 'com.example.x'

async function join (t: Test): Promise<InProcessSession> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: {} } } } })
  return app.wamp.join('realm1')
}

/** The requests of a session, with options that may be wrong. */
const requests: Readonly<Record<string, (session: InProcessSession, options: never) => Promise<unknown>>> = {
  CALL: async (session, options) => await session.call('wamp.session.count', [], {}, options),
  PUBLISH: async (session, options) => await session.publish(SUBJECT, [], {}, options),
  SUBSCRIBE: async (session, options) => await session.subscribe(SUBJECT, () => {}, options),
  REGISTER: async (session, options) => await session.register(SUBJECT, () => {}, options)
}

async function faultOf (asked: Promise<unknown>): Promise<unknown> {
  return await asked.then(() => 'nothing', (error: TypeError & { code?: string }) => error instanceof TypeError && error.code === 'WAMP_ERR_INVALID_MESSAGE' ? error.message.replace('The message is not valid: ', '') : error)
}

t.test('an unknown option of a request is refused at once by its name, with a suggestion, and the session goes on', async (t) => {
  const session = await join(t)
  for (const [request, given, message] of [
    ['CALL', { timout: 5 }, 'CALL.options.timout is not an option: did you mean "timeout"?'],
    ['CALL', { onprogress: () => {} }, 'CALL.options.onprogress is not an option: did you mean "onProgress"?'],
    ['PUBLISH', { excludeMe: false }, 'PUBLISH.options.excludeMe is not an option: did you mean "exclude_me"?'],
    ['PUBLISH', { signal: new AbortController().signal }, 'PUBLISH.options.signal is not an option'],
    ['SUBSCRIBE', { mach: 'prefix' }, 'SUBSCRIBE.options.mach is not an option: did you mean "match"?'],
    ['CALL', { toString: 1 }, 'CALL.options.toString is not an option'],
    ['CALL', { hasOwnProperty: 1 }, 'CALL.options.hasOwnProperty is not an option'],
    ['PUBLISH', { __lookupGetter__: 1 }, 'PUBLISH.options.__lookupGetter__ is not an option'],
    ['REGISTER', { invok: 'last' }, 'REGISTER.options.invok is not an option: did you mean "invoke"?'],
    ['REGISTER', { timeout: undefined }, 'REGISTER.options.timeout is not an option']
  ] as const) t.equal(await faultOf(requests[request]!(session, given as never)), message)
  t.equal(await session.call('wamp.session.count'), 0)
  for (const request of Object.values(requests)) {
    await t.resolves(request(session, { _own: 1, x_own: 1, traceparent: '', tracestate: '' } as never), 'options of implementations are sent')
  }
})

t.test('an option of a request with a wrong value is refused at once by its name, and the session goes on', async (t) => {
  const session = await join(t)
  for (const [request, given, message] of [
    ['CALL', { timeout: '5s' }, 'CALL.options.timeout is invalid: it must be a whole number of milliseconds'],
    ['CALL', { signal: 5 }, 'call.options.signal must be an AbortSignal'],
    ['CALL', { onProgress: {} }, 'call.options.onProgress must be a function'],
    ['PUBLISH', { exclude: [0] }, 'PUBLISH.options.exclude is invalid'],
    ['SUBSCRIBE', { match: 'prefx' }, 'SUBSCRIBE.options.match must be one of exact, prefix, wildcard'],
    ['REGISTER', { concurrency: 0 }, 'REGISTER.options.concurrency is invalid']
  ] as const) t.equal(await faultOf(requests[request]!(session, given as never)), message)
  for (const none of [null, 5000, [], new Map()] as never[]) {
    t.equal(await faultOf(requests['CALL']!(session, none)), 'call.options must be an object')
    t.equal(await faultOf(requests['PUBLISH']!(session, none)), 'publish.options must be an object')
    t.equal(await faultOf(requests['SUBSCRIBE']!(session, none)), 'subscribe.options must be an object')
    t.equal(await faultOf(requests['REGISTER']!(session, none)), 'REGISTER.options must be a dict')
    t.equal(await faultOf(session.results(SUBJECT, [], {}, none).next()), 'results.options must be an object')
    t.equal(await faultOf(session.events(SUBJECT, none).next()), 'events.options must be an object')
  }
  for (const uri of [null, 5, Symbol('x')] as never[]) {
    t.equal(await faultOf(session.register(uri, () => {})), 'REGISTER.procedure is invalid')
    t.equal(await faultOf(session.subscribe(uri, () => {})), 'SUBSCRIBE.topic is invalid')
  }
  t.equal(await session.call('wamp.session.count'), 0)
})

t.test('an asterisk in a subscription or registration is refused, unless it is meant as such', async (t) => {
  const session = await join(t)
  const text = '.match must be "exact" for a literal "*": write "a." with match "prefix", or "a..c" with match "wildcard"'
  for (const options of [{}, { match: 'prefix' }, { match: 'wildcard' }] as const) {
    t.equal(await faultOf(session.subscribe('com.example.*', () => {}, options)), `SUBSCRIBE.options${text}`)
    t.equal(await faultOf(session.register('com.*.x', () => {}, options)), `REGISTER.options${text}`)
    t.equal(await faultOf(session.events('com.example.*', options).next()), `SUBSCRIBE.options${text}`)
  }
  await t.resolves(session.register('com.example.*', () => {}, { match: 'exact' }))
  await t.resolves(session.subscribe('com.example.*', () => {}, { match: 'exact' }))
  await t.resolves(session.publish('com.example.*'))
})

t.test('a value that cannot be serialized is refused with the name of its argument', async (t) => {
  const session = await join(t)
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  t.equal(await faultOf(session.publish(SUBJECT, [1, () => {}])), 'args[1]: a function cannot be serialized')
  t.equal(await faultOf(session.publish(SUBJECT, [], { a: 1, b: [cycle] })), 'kwargs.b: a value contains itself')
  t.equal(await faultOf(session.call('wamp.session.count', [new Error('x')])), 'args[0]: [object Error] cannot be serialized')
  const args: unknown[] = []
  args.push(args)
  t.equal(await faultOf(session.call('wamp.session.count', args)), 'args[0]: a value contains itself')
  await t.rejects(session.publish(SUBJECT, [{ toJSON () { throw new RangeError('its own') } }]), new RangeError('its own'), 'an error of the app stays what it is')
  t.equal(await session.call('wamp.session.count'), 0)
})

t.test('a callback that is none, and a reason that is no URI, are refused', async (t) => {
  const session = await join(t)
  t.throws(() => session.whenClosed(undefined as never), { code: 'WAMP_ERR_INVALID_MESSAGE', message: /whenClosed requires a function/ })
  t.equal(await faultOf(session.leave('see you')), 'leave requires a URI as its reason')
  t.equal(await session.call('wamp.session.count'), 0)
})
