import t from 'tap'
import { ticket, WampError } from 'fastify-wamp/client'
import type { ConnectionEnd, ConnectionState } from 'fastify-wamp/client'
import { reaches, ScriptedRouter } from './scripted-router.ts'

const codeOf = (request: Promise<unknown>): Promise<unknown> => request.then(() => 'fine', (error: { code: unknown }) => error.code)

for (const [name, end] of Object.entries({
  'the network is lost': ['terminate'],
  'GOODBYE of a shutdown': [6, {}, 'wamp.close.system_shutdown'],
  'GOODBYE of a killed session': [6, {}, 'wamp.close.killed'],
  'close code 1001': 1001,
  'close code 1012': 1012,
  'close code 1013': 1013
})) {
  t.test(`a session comes back after ${name}, and restores what it had, in order`, async (t) => {
    const router = await ScriptedRouter.start(t)
    const states: ConnectionState[] = []
    const { session, script } = await router.join(t, { onState: (state) => { states.push(state) } })
    const seen: unknown[] = []
    const subscribing = session.subscribe('com.news', ({ args }) => { seen.push(args) }, { match: 'prefix' })
    const registering = session.register('com.do', () => 'done')
    await script.next()
    await script.next()
    script.say([33, 1, 5], [65, 2, 6])
    const subscription = await subscribing
    await registering
    const call = codeOf(session.call('com.slow'))
    const publication = codeOf(session.publish('com.news'))
    await script.next()
    await script.next()

    if (typeof end === 'number') script.socket.close(end)
    else if (end[0] === 'terminate') script.socket.terminate()
    else script.say(end)
    t.same([await call, await publication], ['WAMP_ERR_IN_DOUBT', 'WAMP_ERR_IN_DOUBT'])
    t.equal(session.state, 'waiting')
    t.equal(await codeOf(session.call('com.now')), 'WAMP_ERR_NOT_CONNECTED')
    const again = await router.connection()
    await again.welcome(2)
    t.same(await again.next(), [32, 1, { match: 'prefix' }, 'com.news'])
    t.same(await again.next(), [64, 2, {}, 'com.do'])
    again.say([33, 1, 55], [65, 2, 66], [36, 55, 1, {}, ['back']], [68, 1, 66, {}])
    t.same(await again.next(), [70, 1, {}, ['done']])
    t.same(seen, [['back']])
    t.match(session, { id: 2, state: 'open', end: null })
    t.equal(subscription.id, 55)
    t.same(states, ['connecting', 'open', 'waiting', 'connecting', 'open'])
    const fence = session.call('com.fence')
    t.same(await again.next(), [48, 3, {}, 'com.fence'], 'neither the call nor the publication was sent again')
    again.say([50, 3, {}])
    await fence
  })
}

for (const [name, { options = {}, end, reason }] of Object.entries<{ options?: object, end: (string | number | object)[] | number, reason: string }>({
  'ABORT that will not change': { end: [3, { message: 'none' }, 'wamp.error.no_such_realm'], reason: 'wamp.error.no_such_realm' },
  'a refused cookie without a login': { end: [3, {}, 'wamp.error.no_matching_auth_method'], reason: 'wamp.error.no_matching_auth_method' },
  'close code 1008': { end: 1008, reason: 'wamp.error.network_failure' },
  'any end where retry is false': { options: { retry: false }, end: 1001, reason: 'wamp.error.network_failure' }
})) {
  t.test(`connect rejects after ${name}`, async (t) => {
    const router = await ScriptedRouter.start(t)
    const ends: (ConnectionEnd | null)[] = []
    const joining = router.connect(t, { ...options, onState: (state, end) => { if (state === 'closed') ends.push(end) } })
    const script = await router.connection()
    await script.next()
    if (typeof end === 'number') script.socket.close(end)
    else script.say(end)
    t.match(await joining.catch((error: unknown) => error), { name: 'WampError', error: reason })
    t.match(ends, [{ reason }])
  })
}

t.test('GOODBYE after a logout elsewhere, and ABORT for a broken protocol, end a session for good', async (t) => {
  const router = await ScriptedRouter.start(t)
  for (const end of [[6, {}, 'wamp.close.logout'], [3, {}, 'wamp.error.protocol_violation']]) {
    const { session, script } = await router.join(t)
    script.say(end)
    await reaches(session, 'closed')
    t.match(session.end, { by: 'router', reason: end[2] })
  }
  t.equal(router.asked, 2)
})

t.test('the client waits and retries after temporary refusals: ABORT, and HTTP 503 with Retry-After', async (t) => {
  const router = await ScriptedRouter.start(t)
  router.refuse(503, { 'Retry-After': '0' })
  const waited: (ConnectionEnd | null)[] = []
  const joining = router.connect(t, {
    onState: (state, end) => {
      if (state !== 'waiting') return
      waited.push(end)
      router.refuse(null)
    }
  })
  const first = await router.connection()
  await first.next()
  first.say([3, {}, 'fastify_wamp.error.limit_exceeded'])
  const second = await router.connection()
  await second.welcome()
  t.equal((await joining).state, 'open')
  t.match(waited, [{ by: 'network', code: 503 }, { by: 'router', reason: 'fastify_wamp.error.limit_exceeded' }])
  router.refuse(403)
  t.match(await router.connect(t).catch((error: unknown) => error), { error: 'wamp.error.network_failure', args: [/403/] })
})

t.test('attempts have a limit where one is set, and a signal gives up', async (t) => {
  const router = await ScriptedRouter.start(t)
  router.refuse(503)
  await t.rejects(router.connect(t, { retry: { first: 1, most: 2, attempts: 2 } }), /503/)
  t.equal(router.asked, 3)
  const stop = new AbortController()
  const reason = new Error('enough')
  await t.rejects(router.connect(t, { signal: stop.signal, onState: (state) => { if (state === 'waiting') stop.abort(reason) } }), reason)
  await t.rejects(router.connect(t, { signal: AbortSignal.abort(reason) }), reason)
})

t.test('connect waits until a router listens', async (t) => {
  const router = await ScriptedRouter.start(t)
  const { session, script } = await router.join(t, { queue: 2 })
  script.socket.terminate()
  await reaches(session, 'waiting')
  const call = session.call('com.a')
  const stop = new AbortController()
  const aborted = codeOf(session.call('com.b', [], {}, { signal: stop.signal }))
  t.equal(await codeOf(session.call('com.c')), 'WAMP_ERR_NOT_CONNECTED', 'a third one is too many')
  stop.abort({ code: 'mine' })
  t.equal(await aborted, 'mine')
  const again = await router.connection()
  await again.welcome(2)
  t.same(await again.next(), [48, 1, {}, 'com.a'], 'what has waited is sent')
  again.say([50, 1, {}, [1]])
  t.equal(await call, 1)
})

t.test('a connection that is cut while SUBSCRIBE is open: the next one subscribes', async (t) => {
  const router = await ScriptedRouter.start(t)
  const { session, script } = await router.join(t)
  const subscribing = session.subscribe('com.news', () => {})
  await script.next()
  script.socket.terminate()
  const again = await router.connection()
  await again.welcome(2)
  t.same(await again.next(), [32, 1, {}, 'com.news'])
  again.say([33, 1, 5])
  t.equal((await subscribing).id, 5)
})

t.test('a connection that is cut while UNSUBSCRIBE and UNREGISTER are open: both are done', async (t) => {
  const router = await ScriptedRouter.start(t)
  const { session, script } = await router.join(t)
  const subscribing = session.subscribe('com.news', () => {})
  const registering = session.register('com.do', () => {})
  await script.next()
  await script.next()
  script.say([33, 1, 5], [65, 2, 6])
  const gone = [(await subscribing).unsubscribe(), (await registering).unregister()]
  await script.next()
  await script.next()
  script.socket.terminate()
  await Promise.all(gone)
  const again = await router.connection()
  await again.welcome(2)
  await reaches(session, 'open')
  const fence = session.call('com.fence')
  t.same(await again.next(), [48, 1, {}, 'com.fence'], 'neither is restored')
  again.say([50, 1, {}])
  await fence
})

t.test('leaving ends the session at once, while it waits and while it connects', async (t) => {
  const router = await ScriptedRouter.start(t)
  const { session, script } = await router.join(t)
  script.socket.terminate()
  await reaches(session, 'waiting')
  await session.leave()
  t.equal(session.state, 'closed')
  const { session: other, script: second } = await router.join(t)
  second.socket.terminate()
  const third = await router.connection()
  await third.next()
  const subscribing = codeOf(other.subscribe('com.x', () => {}))
  await other.leave()
  t.equal(await subscribing, 'WAMP_ERR_NOT_CONNECTED')
  await third.closed
})

t.test('a registration that the router still has from the previous connection is retried', async (t) => {
  const router = await ScriptedRouter.start(t)
  const { session, script } = await router.join(t)
  const registering = session.register('com.do', () => 'done')
  await script.next()
  script.say([65, 1, 6])
  await registering
  script.socket.terminate()
  const again = await router.connection()
  await again.welcome(2)
  await again.next()
  again.say([8, 64, 1, {}, 'wamp.error.procedure_already_exists'])
  t.same(await again.next(), [64, 2, {}, 'com.do'])
  again.say([65, 2, 7], [68, 1, 7, {}])
  t.same(await again.next(), [70, 1, {}, ['done']])
})

t.test('subscriptions and registrations that cannot be restored are reported', async (t) => {
  const router = await ScriptedRouter.start(t)
  const errors: unknown[] = []
  const { session, script } = await router.join(t, { onError: (error) => { errors.push(error) } })
  const subscribing = session.subscribe('com.news', () => {})
  const events = session.events('com.news')
  const next = events.next()
  await script.next()
  await script.next()
  script.say([33, 1, 5], [33, 2, 5])
  const subscription = await subscribing
  script.socket.terminate()
  const again = await router.connection()
  await again.welcome(2)
  await again.next()
  await again.next()
  again.say([8, 32, 1, {}, 'wamp.error.not_authorized'], [8, 32, 2, {}, 'wamp.error.not_authorized'])
  await t.rejects(next, /not_authorized/)
  t.match(errors, [{ error: 'wamp.error.not_authorized' }])
  await subscription.unsubscribe()
})

t.test('a login function is called when the cookie has no valid login, and again when the login has ended', async (t) => {
  const router = await ScriptedRouter.start(t)
  let asked = 0
  const joining = router.connect(t, { login: () => ticket({ authid: 'joe', ticket: async () => `secret ${++asked}` }) })
  const refuse = async (reason: string): Promise<void> => {
    const script = await router.connection()
    t.match(await script.next(), [1, 'realm1', { authmethods: ['cookie'] }])
    script.say([3, {}, reason])
  }
  await refuse('wamp.error.no_matching_auth_method')
  const script = await router.connection()
  t.match(await script.next(), [1, 'realm1', { authmethods: ['cookie', 'ticket'], authid: 'joe' }])
  script.say([4, 'ticket', {}])
  t.same(await script.next(), [5, 'secret 1', {}])
  script.say([2, 1, {}])
  const session = await joining
  script.socket.terminate()
  // As Crossbar.io says it.
  await refuse('wamp.error.no_auth_method')
  const again = await router.connection()
  await again.next()
  again.say([4, 'ticket', {}])
  t.same(await again.next(), [5, 'secret 2', {}])
  again.say([3, {}, 'wamp.error.authentication_failed'])
  await reaches(session, 'closed')
  t.match(session.end, { reason: 'wamp.error.authentication_failed' }, 'a wrong answer is not given again')
})

t.test('a login that fails in the client ends the session, with the error as the cause', async (t) => {
  const router = await ScriptedRouter.start(t)
  const cause = new Error('the user closed the form')
  const joining = router.connect(t, { login: ticket({ authid: 'joe', ticket: async () => { throw cause } }) }).catch((error: unknown) => error)
  const script = await router.connection()
  await script.next()
  script.say([4, 'ticket', {}])
  t.match(await script.next(), [3, {}, 'wamp.error.authentication_failed'])
  const error = await joining
  t.ok(error instanceof WampError && error.cause === cause)
  await t.rejects(router.connect(t, { cookie: false, login: () => { throw cause } }), /the user closed the form/)
})

t.test('a browser that is online again, or shown again, does not wait any longer', async (t) => {
  const router = await ScriptedRouter.start(t)
  const page = new EventTarget()
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const global = globalThis as unknown as Record<string, unknown>
  Object.assign(global, { addEventListener: page.addEventListener.bind(page), removeEventListener: page.removeEventListener.bind(page), document })
  t.teardown(() => { for (const name of ['addEventListener', 'removeEventListener', 'document']) delete global[name] })
  const { session, script } = await router.join(t, { retry: { first: 1e8, most: 1e8 } })
  script.socket.terminate()
  await reaches(session, 'waiting')
  page.dispatchEvent(new Event('online'))
  const again = await router.connection()
  await again.welcome()
  await reaches(session, 'open')
  again.socket.terminate()
  await reaches(session, 'waiting')
  document.dispatchEvent(new Event('visibilitychange'))
  await (await router.connection()).welcome()
  await reaches(session, 'open')
  t.equal(session.state, 'open')
})

for (const [name, message] of Object.entries<unknown>({
  'text that is no JSON': '{',
  'a message that is no list': '{}',
  'an unknown code': '[99]',
  'a message for routers': '[48,1,{},"com.x"]',
  'an id out of range': '[33,-1,5]',
  'an id beyond 2^53': '[50,9007199254740994,{}]',
  'a missing field': '[36,5]',
  'too many elements': '[17,1,2,3,4,5]',
  'args that are no list': '[36,5,1,{},{}]',
  'kwargs that are no dict': '[36,5,1,{},[],[]]',
  'a second WELCOME': '[2,1,{}]',
  'a late CHALLENGE': '[4,"ticket",{}]',
  'an answer to no request': '[50,77,{}]',
  'an answer of another kind': '[33,1,5]',
  'an ERROR for another kind': '[8,32,1,{},"com.x"]',
  'octets in a text protocol': new Uint8Array([1, 2]),
  'a list nested without end': '['.repeat(100_000)
})) {
  t.test(`${name} from the router: ABORT, a clear error, and nothing is left pending`, async (t) => {
    const router = await ScriptedRouter.start(t)
    const { session, script } = await router.join(t)
    const call = codeOf(session.call('com.slow'))
    await script.next()
    script.socket.send(message as string)
    t.match(await script.next(), [3, { message: String }, 'wamp.error.protocol_violation'])
    t.equal(await call, 'WAMP_ERR_IN_DOUBT')
    await script.closed
    t.match([session.state, session.end], ['closed', { by: 'client', reason: 'wamp.error.protocol_violation' }])
  })
}

t.test('a router that breaks the protocol in the handshake: connect rejects', async (t) => {
  const router = await ScriptedRouter.start(t)
  for (const message of [[36, 1, 1, {}], [4, 'ticket', {}], [2, 'id', {}], [70, 1, {}]]) {
    const joining = router.connect(t).catch((error: unknown) => error)
    const script = await router.connection()
    await script.next()
    script.say(message)
    t.match(await script.next(), [3, {}, 'wamp.error.protocol_violation'])
    t.match(await joining, { error: 'wamp.error.protocol_violation' })
  }
})

t.test('an infinite time is not treated as the shortest one', async (t) => {
  const router = await ScriptedRouter.start(t)
  router.refuse(503)
  const joining = router.connect(t, { handshakeTimeout: Infinity, retry: { first: 2 ** 40, most: Infinity } })
  await t.rejects(router.connect(t, { handshakeTimeout: Infinity, retry: { first: 1, most: 1, attempts: 3 } }))
  t.equal(router.asked, 5, 'this one has tried four times, and the other one waits')
  joining.catch(() => {})
})

t.test('a router that does not respond is given up, and tried again', async (t) => {
  const router = await ScriptedRouter.start(t)
  const joining = router.connect(t, { handshakeTimeout: 50 })
  const silent = await router.connection()
  await silent.closed
  await (await router.connection()).welcome()
  const session = await joining
  const left = session.leave()
  await left
  t.equal(session.state, 'closed', 'also when it does not answer GOODBYE')
})
