import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { CallResult, WampError } from 'fastify-wamp/client'
import type { ConnectionEnd } from 'fastify-wamp/client'
import { ScriptedRouter } from './scripted-router.ts'

t.test('HELLO offers the cookie first, and the principal tells how the session was logged in', async (t) => {
  const router = await ScriptedRouter.start(t)
  const joining = router.connect(t)
  const script = await router.connection()
  t.match(await script.welcome(7, { authid: 'joe', authrole: 'user', authmethod: 'wampcra', authprovider: 'cookie', realm: 'realm1' }),
    [1, 'realm1', { authmethods: ['cookie', 'anonymous'], roles: { caller: { features: { call_canceling: true } } } }])
  const session = await joining
  t.match(session, { id: 7, state: 'open', end: null, principal: { authid: 'joe', authprovider: 'cookie' } })
})

t.test('a call is sent with args, kwargs and options, and resolves to one value or a CallResult', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const one = session.call('com.add', [2, 3], { precise: true }, { disclose_me: true })
  t.same(await script.next(), [48, 1, { disclose_me: true }, 'com.add', [2, 3], { precise: true }])
  script.say([50, 1, {}, [5]])
  t.equal(await one, 5)
  const many = session.call('com.many')
  t.same(await script.next(), [48, 2, {}, 'com.many'])
  script.say([50, 2, {}, [1, 2], { a: 3 }])
  t.same(await many, new CallResult([1, 2], { a: 3 }))
  const none = session.call('com.none')
  await script.next()
  script.say([50, 3, {}])
  t.equal(await none, undefined)
})

t.test('an ERROR is a WampError with URI, args and kwargs', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const call = session.call('com.fail')
  await script.next()
  script.say([8, 48, 1, {}, 'com.error', ['why'], { code: 7 }])
  const error: unknown = await call.catch((error: unknown) => error)
  t.type(error, WampError)
  t.match(error, { error: 'com.error', args: ['why'], kwargs: { code: 7 }, message: 'com.error: why' })
})

t.test('progressive results are passed to onProgress and to iterators; leaving the loop cancels the call', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const steps: unknown[] = []
  const call = session.call('com.slow', [], {}, { onProgress: (value) => { steps.push(value) } })
  t.same(await script.next(), [48, 1, { receive_progress: true }, 'com.slow'])
  script.say([50, 1, { progress: true }, [1]], [50, 1, { progress: true }, [2]], [50, 1, {}, [3]])
  t.equal(await call, 3)
  t.same(steps, [1, 2])

  const results = session.results<number>('com.slow')
  const first = results.next()
  await script.next()
  script.say([50, 2, { progress: true }, [1]])
  t.same(await first, { value: 1, done: false })
  await results.return(0)
  t.same(await script.next(), [49, 2, { mode: 'killnowait' }])
})

t.test('an aborted call rejects at once with the reason; its answer may cross the CANCEL', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const stop = new AbortController()
  const call = session.call('com.slow', [], {}, { signal: stop.signal })
  await script.next()
  const reason = new Error('changed my mind')
  stop.abort(reason)
  await t.rejects(call, reason)
  t.same(await script.next(), [49, 1, { mode: 'killnowait' }])
  script.say([50, 1, {}, ['late']], [8, 48, 1, {}, 'wamp.error.canceled'])
  const next = session.call('com.next')
  t.same(await script.next(), [48, 2, {}, 'com.next'])
  script.say([50, 2, {}, ['fine']])
  t.equal(await next, 'fine', 'the session goes on')
  await t.rejects(session.call('com.never', [], {}, { signal: AbortSignal.abort(reason) }), reason)
})

t.test('a call that times out is canceled, whether or not the router enforces the timeout', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const canceled = t.rejects(session.call('com.slow', [], {}, { timeout: 1 }), /wamp.error.timeout/)
  t.same(await script.next(), [48, 1, { timeout: 1 }, 'com.slow'])
  await canceled
  t.same(await script.next(), [49, 1, { mode: 'killnowait' }])
})

t.test('a request that cannot be sent rejects, and nothing is sent', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const circle: unknown[] = []
  circle.push(circle)
  for (const call of [session.call('com.x', [1n]), session.call('com.x', [circle]), session.call('com.x', 'text' as never), session.call('com.x', [], new Map() as never)]) {
    t.match(await call.catch((error: unknown) => error), { name: 'ClientError', code: 'WAMP_ERR_INVALID_MESSAGE' })
  }
  const call = session.call('com.x')
  t.same(await script.next(), [48, 1, {}, 'com.x'])
  script.say([50, 1, {}])
  await call
})

t.test('a publication is acknowledged with its id, or refused', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const published = session.publish('com.news', ['hello'], {}, { exclude_me: false })
  t.same(await script.next(), [16, 1, { exclude_me: false, acknowledge: true }, 'com.news', ['hello']])
  script.say([17, 1, 99])
  t.equal(await published, 99)
  const refused = session.publish('com.news')
  await script.next()
  script.say([8, 16, 2, {}, 'wamp.error.not_authorized'])
  await t.rejects(refused, /not_authorized/)
})

t.test('a refused subscription or registration rejects, and is reported nowhere else', async (t) => {
  const told: unknown[] = []
  const { session, script } = await (await ScriptedRouter.start(t)).join(t, { onError: (error) => { told.push(error) } })
  for (const [request, type, begin] of [[1, 32, () => session.subscribe('com.x', () => {})], [2, 64, () => session.register('com.x', () => {})], [3, 32, () => session.events('com.x').next()]] as const) {
    const refused: Promise<unknown> = begin()
    await script.next()
    script.say([8, type, request, {}, 'wamp.error.not_authorized'])
    await t.rejects(refused, /not_authorized/)
  }
  t.same(told, [])
})

t.test('an event that comes right behind SUBSCRIBED is handled, before subscribe has resolved', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const seen: unknown[] = []
  const subscribed = session.subscribe('com.news', ({ args, publication, details }) => { seen.push([args, publication, details]) }, { match: 'prefix' })
  t.same(await script.next(), [32, 1, { match: 'prefix' }, 'com.news'])
  script.say([33, 1, 5], [36, 5, 10, { topic: 'com.news.x' }, ['first']])
  const subscription = await subscribed
  t.match(subscription, { id: 5, topic: 'com.news' })
  t.same(seen, [[['first'], 10, { topic: 'com.news.x' }]])

  const gone = subscription.unsubscribe()
  t.same(await script.next(), [34, 2, 5])
  script.say([36, 5, 11, {}, ['late']], [35, 2])
  await gone
  t.equal(seen.length, 1, 'an event that crosses UNSUBSCRIBE is for nobody')
})

t.test('two handlers of one topic share a subscription: each gets its own values, and removing the last one ends it', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const seen: unknown[] = []
  const first = session.subscribe('com.news', ({ args }) => { seen.push(args.pop()) })
  const second = session.subscribe('com.news', ({ args }) => { seen.push(args.pop()) })
  await script.next()
  await script.next()
  script.say([33, 1, 5])
  const leaving = (await first).unsubscribe()
  script.say([33, 2, 5], [36, 5, 10, {}, ['a']])
  const other = await second
  await leaving
  t.same(seen, ['a'], 'whoever unsubscribes while another subscribes does not take it from the other')
  const third = session.subscribe('com.news', ({ args }) => { seen.push(args.pop()) })
  t.same(await script.next(), [32, 3, {}, 'com.news'])
  script.say([33, 3, 5], [36, 5, 11, {}, ['b']])
  await third
  t.same(seen, ['a', 'b', 'b'])
  await other.unsubscribe()
  const gone = (await third).unsubscribe()
  t.same(await script.next(), [34, 4, 5])
  script.say([35, 4])
  await gone
})

t.test('events are iterated over; leaving the loop unsubscribes', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const events = session.events<[number]>('com.count')
  const first = events.next()
  await script.next()
  script.say([33, 1, 5], [36, 5, 1, {}, [1]], [36, 5, 2, {}, [2]])
  t.match(await first, { value: { args: [1] } })
  t.match(await events.next(), { value: { args: [2] } })
  const over = events.return()
  t.same(await script.next(), [34, 2, 5])
  script.say([35, 2])
  await over
})

t.test('an iterator that is not read has a limit, and throws beyond it', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const events = session.events('com.count')
  const first = events.next()
  await script.next()
  script.say([33, 1, 5])
  for (let i = 1; i <= 25_000; i++) script.say([36, 5, i, {}])
  const fence = session.call('com.fence')
  await first
  await script.next()
  script.say([50, 2, {}])
  await fence
  const drained = (async () => { while ((await events.next()).done !== true); })()
  t.same(await script.next(), [34, 3, 5])
  script.say([35, 3])
  t.match(await drained.catch((error: unknown) => error), { code: 'WAMP_ERR_SLOW_READER' })
})

t.test('an invocation is answered with what the procedure returns, throws, or sends by progress', async (t) => {
  const errors: unknown[] = []
  const { session, script } = await (await ScriptedRouter.start(t)).join(t, { onError: (error) => { errors.push(error) } })
  const registering = session.register<[string]>('com.do', async ({ args: [what], kwargs, details, progress }) => {
    progress?.('half')
    if (what === 'several') return new CallResult([1, 2], { kwargs })
    if (what === 'refuse') throw new WampError('com.refused', { args: [details.caller], kwargs: { a: 1 } })
    if (what === 'fail') throw new TypeError('secret')
    return what === 'wrong' ? 1n : what === 'nothing' ? undefined : what
  }, { invoke: 'roundrobin' })
  t.same(await script.next(), [64, 1, { invoke: 'roundrobin' }, 'com.do'])
  script.say([65, 1, 6])
  const registration = await registering
  const ask = async (request: number, details: object, ...values: unknown[]): Promise<unknown> => {
    script.say([68, request, 6, details, ...values])
    return await script.next()
  }
  t.same(await ask(1, {}, ['one']), [70, 1, {}, ['one']])
  t.same(await ask(2, { receive_progress: true }, ['one']), [70, 2, { progress: true }, ['half']])
  t.same(await script.next(), [70, 2, {}, ['one']])
  t.same(await ask(3, {}, ['several'], { x: 1 }), [70, 3, {}, [1, 2], { kwargs: { x: 1 } }])
  t.same(await ask(4, { caller: 9 }, ['refuse']), [8, 68, 4, {}, 'com.refused', [9], { a: 1 }])
  t.same(await ask(5, {}, ['fail']), [8, 68, 5, {}, 'wamp.error.runtime_error', ['the procedure failed']])
  t.same(await ask(6, {}, ['wrong']), [8, 68, 6, {}, 'wamp.error.runtime_error', ['the procedure failed']])
  t.same(await ask(7, {}, ['nothing']), [70, 7, {}])
  t.match(errors, [{ message: 'secret' }, { code: 'WAMP_ERR_INVALID_MESSAGE' }])

  const gone = registration.unregister()
  t.same(await script.next(), [66, 2, 6])
  t.same(await ask(8, {}, ['one']), [70, 8, {}, ['one']], 'what crosses UNREGISTER is still answered')
  script.say([67, 2])
  await gone
  t.same(await ask(9, {}, ['one']), [8, 68, 9, {}, 'wamp.error.no_such_registration'])
})

t.test('INTERRUPT aborts the signal of the invocation', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const registering = session.register('com.wait', ({ signal }) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) }))
  await script.next()
  script.say([65, 1, 6])
  await registering
  script.say([68, 1, 6, {}], [69, 1, { mode: 'kill' }])
  t.same(await script.next(), [8, 68, 1, {}, 'wamp.error.canceled'])
  script.say([69, 1, {}], [69, 55, {}])
})

t.test('an interrupted invocation is forgotten even if its procedure never ends', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const signals: WeakRef<AbortSignal>[] = []
  const registering = session.register('com.deaf', ({ args: [name], signal }) => {
    if (name === 'fence') return name
    signals.push(new WeakRef(signal))
    return new Promise(() => {})
  })
  await script.next()
  script.say([65, 1, 6])
  await registering
  script.say([68, 1, 6, {}], [69, 1, { mode: 'killnowait' }], [68, 2, 6, {}, ['fence']])
  t.same(await script.next(), [70, 2, {}, ['fence']])
  await new Promise((resolve) => { setImmediate(resolve) })
  collect()
  t.same(signals.map((signal) => signal.deref()), [undefined])
})

t.test('a registration or subscription that the router revokes ends, and this is reported', async (t) => {
  const errors: unknown[] = []
  const { session, script } = await (await ScriptedRouter.start(t)).join(t, { onError: (error) => { errors.push(error) } })
  const subscribing = session.subscribe('com.news', () => {})
  const events = session.events('com.news')
  const next = events.next()
  await script.next()
  await script.next()
  script.say([33, 1, 5], [33, 2, 5])
  const subscription = await subscribing
  script.say([35, 0, { subscription: 5, reason: 'com.revoked' }], [67, 0, { registration: 77 }], [67, 0])
  await t.rejects(next, /com.revoked/)
  t.match(errors, [{ error: 'com.revoked' }])
  await subscription.unsubscribe()
})

t.test('leave sends GOODBYE and waits for the answer; a second call resolves as well', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const ends: (ConnectionEnd | null)[] = []
  session.onState((_state, end) => { ends.push(end) })
  const call = session.call('com.slow')
  await script.next()
  const left = session.leave()
  t.same(await script.next(), [6, {}, 'wamp.close.close_realm'])
  t.match(await session.call('com.late').catch((error: unknown) => error), { code: 'WAMP_ERR_SESSION_CLOSED' })
  script.say([6, {}, 'wamp.close.goodbye_and_out'])
  await left
  await session.leave()
  t.match(await call.catch((error: unknown) => error), { code: 'WAMP_ERR_IN_DOUBT' })
  t.match(ends, [{ by: 'client', reason: 'wamp.close.close_realm' }])
  t.equal(session.state, 'closed')
  for (const late of [session.call('a.b'), session.publish('a.b'), session.subscribe('a.b', () => {}), session.register('a.b', () => {}), session.events('a.b').next()]) {
    t.match(await late.catch((error: unknown) => error), { code: 'WAMP_ERR_SESSION_CLOSED' })
  }
})

t.test('await using leaves at the end of the block, and logout sends the reason for a logout', async (t) => {
  const router = await ScriptedRouter.start(t)
  const { session, script } = await router.join(t)
  const block = session[Symbol.asyncDispose]()
  t.same(await script.next(), [6, {}, 'wamp.close.close_realm'])
  script.say([6, {}, 'wamp.close.goodbye_and_out'])
  await block
  const { session: other, script: second } = await router.join(t)
  const out = other.logout()
  t.same(await second.next(), [6, {}, 'wamp.close.logout'])
  second.socket.terminate()
  await out
  t.match(other.end, { by: 'client', reason: 'wamp.close.logout' }, 'whatever ends the connection then')
})
