import { mock } from 'node:test'
import t from 'tap'
import fc from 'fast-check'
import { buildRouter, HELLO, helloAs, settled } from '../helper/build-router.ts'
import type { List } from '../helper/build-router.ts'
import type { Realm } from '../../plugin/realm/realm.ts'

const violation = [3, { message: String }, 'wamp.error.protocol_violation']

/** One valid message of each type that a client may send. */
const messages: Readonly<Record<string, List>> = {
  HELLO,
  ABORT: [3, {}, 'wamp.error.x'],
  AUTHENTICATE: [5, 'x', {}],
  GOODBYE: [6, {}, 'wamp.close.close_realm'],
  ERROR: [8, 68, 1, {}, 'a.b'],
  PUBLISH: [16, 1, {}, 'a'],
  SUBSCRIBE: [32, 1, {}, 'a'],
  UNSUBSCRIBE: [34, 1, 7],
  CALL: [48, 1, {}, 'a'],
  CANCEL: [49, 1, {}],
  REGISTER: [64, 1, {}, 'a'],
  UNREGISTER: [66, 1, 7],
  YIELD: [70, 1, {}]
}

t.test('HELLO without authentication is answered by exactly one WELCOME [SES-02, SES-04, FEA-01, FEA-03, FEA-12]', async (t) => {
  const { connect } = buildRouter()
  const client = connect().say(HELLO)
  await settled()
  const [welcome, ...rest] = client.heard()
  t.match(welcome, [2, Number, {
    realm: 'realm1', authid: String, authrole: 'anonymous', authmethod: 'anonymous', authprovider: 'static', agent: 'fastify-wamp', roles: { broker: { features: {} }, dealer: { features: {} } }
  }])
  t.same(rest, [])
})

t.test('before HELLO, any message other than HELLO and ABORT is a violation [SES-01, SES-18, PVI-03, PVI-05, PVI-13]', async (t) => {
  for (const [name, message] of Object.entries(messages)) {
    const client = buildRouter().connect().say(message)
    await settled()
    if (name === 'HELLO') t.match(client.sent, [[2]])
    else if (name === 'ABORT') t.same(client.sent, [], 'an ABORT is not answered [SES-09]')
    else {
      t.match(client.sent, [violation], name)
      t.equal(client.closedBy, 'violation', 'a violation before HELLO closes the transport [PVI-01, WSK-09]')
    }
  }
})

t.test('while a challenge is open only AUTHENTICATE and ABORT are accepted [AUT-17, PVI-05]', async (t) => {
  const auth = { ticket: { type: 'static', principals: { joe: { ticket: 'x', role: 'anonymous' } } } } as const
  for (const [name, message] of Object.entries(messages)) {
    const client = buildRouter({ auth }).connect().say(helloAs({ authid: 'joe', authmethods: ['ticket'] }))
    await settled()
    t.match(client.heard(), [[4, 'ticket', {}]])
    client.say(message)
    await settled()
    if (name === 'AUTHENTICATE') t.match(client.sent, [[2]])
    else if (name === 'ABORT') t.same(client.sent, [])
    else t.match(client.sent, [violation], name)
  }
})

t.test('in an open session, HELLO and AUTHENTICATE are violations, and its resources are freed at once [SES-08, PVI-01, PVI-02, PVI-03, WSK-08, TRP-29]', async (t) => {
  for (const message of [messages.HELLO!, messages.AUTHENTICATE!]) {
    const { join, router } = buildRouter()
    const client = await join()
    client.say([64, 1, {}, 'p'])
    client.heard()
    client.say(message, [16, 2, { acknowledge: true }, 'a'])
    t.match(client.sent, [violation], 'and nothing after it is handled')
    t.equal(client.closedBy, 'violation')
    t.same(router.sessions('realm1'), [])
    const other = await join()
    t.match(other.ask([64, 1, {}, 'p']), [65])
  }
})

t.test('GOODBYE is answered once, and the transport accepts another HELLO [SES-11, SES-12, SES-17, SES-19, WSK-07, IDS-14, TRP-22, TRP-23]', async (t) => {
  for (const reason of ['wamp.close.close_realm', 'wamp.close.normal', 'wamp.error.close_realm', 'com.example.bye']) {
    const { join } = buildRouter({ realms: { realm1: { strictRequestIds: true, roles: { anonymous: { permissions: [{ uri: '', match: 'prefix', allow: { subscribe: true } }] } } } } })
    const client = await join()
    t.match(client.ask([32, 1, {}, 'a']), [33, 1])
    t.same(client.ask([6, {}, reason]), [6, {}, 'wamp.close.goodbye_and_out'])
    client.say(HELLO)
    await settled()
    const [welcome] = client.heard()
    t.match(welcome, [2, Number])
    t.not(welcome?.[1], client.id, 'the next session on the connection has another id [IDS-03]')
    t.match(client.ask([32, 1, {}, 'a']), [33, 1], 'ids start again')
  }
})

t.test('after a GOODBYE of the router, the session sends nothing more, and the answer to GOODBYE closes the transport [SES-12, SES-13, SES-16]', async (t) => {
  const { join, router } = buildRouter()
  const client = await join()
  t.equal(router.kick('realm1', { session: client.id }), 1)
  client.say([16, 1, { acknowledge: true }, 'a'], [70, 5, {}], [1, 'x', {}])
  t.same(client.heard(), [[6, {}, 'wamp.close.killed']])
  t.same(router.sessions('realm1'), [], 'a killed session is no longer listed [MSE-16]')
  client.say([6, {}, 'wamp.error.goodbye_and_out'])
  t.same(client.heard(), [])
  t.equal(client.closedBy, 'normal')
})

t.test('a client that does not answer GOODBYE is disconnected [SES-14]', async (t) => {
  const { join, router } = buildRouter({ shutdownTimeout: 500 })
  const client = await join()
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  router.kick('realm1', {})
  mock.timers.tick(499)
  t.equal(client.closedBy, undefined)
  mock.timers.tick(1)
  t.equal(client.closedBy, 'normal')
})

t.test('a client that sends no HELLO, or no AUTHENTICATE, in time is disconnected [SES-23, AUT-15]', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { connect } = buildRouter({ handshakeTimeout: 1000, auth: { ticket: { type: 'static', principals: { joe: { ticket: 'x', role: 'anonymous' } } } } })
  const silent = connect()
  const slow = connect().say(helloAs({ authid: 'joe', authmethods: ['ticket'] }))
  await settled()
  t.match(slow.heard(), [[4]])
  mock.timers.tick(1000)
  await settled()
  for (const client of [silent, slow]) {
    t.match(client.heard(), [[3, { message: / in time$/ }, 'wamp.error.authentication_failed']])
    t.equal(client.closedBy, 'normal')
  }
})

t.test('ABORT of a client ends its session without an answer [SES-09]', async (t) => {
  const { join, router } = buildRouter()
  const client = await join()
  client.say([3, { message: 'no' }, 'com.example.error'])
  t.same(client.heard(), [])
  t.same(router.sessions('realm1'), [])
})

t.test('a session ends with its transport, once, even after GOODBYE [SES-20, WSK-11]', async (t) => {
  const { join, router } = buildRouter()
  const [leaving, lost, other] = [await join(), await join(), await join()]
  leaving.say([6, {}, 'wamp.close.close_realm'])
  leaving.connection.closed()
  lost.connection.closed()
  lost.connection.closed()
  t.same(router.sessions('realm1').map(({ session }) => session), [other.id])
})

t.test('a HELLO without a known role is refused; unknown roles and features are ignored [FEA-08, FEA-09, TRP-37]', async (t) => {
  for (const roles of [undefined, {}, { dancer: {} }]) {
    const client = buildRouter().connect().say([1, 'realm1', roles === undefined ? {} : { roles }])
    await settled()
    t.match(client.sent, [violation])
  }
  const { join } = buildRouter()
  await join([1, 'realm1', { roles: { dancer: {}, caller: { features: { dancing: true } } } }])
  t.match(buildRouter().connect().say([1, 'realm1', { roles: [] }]).sent, [violation])
})

t.test('an unknown or malformed realm is refused before any session exists [SES-06, URI-15, URI-16, TRP-08]', async (t) => {
  for (const [realm, reason] of [['none', 'no_such_realm'], ['a b', 'invalid_uri'], ['', 'invalid_uri'], [null, 'no_such_realm']] as const) {
    const client = buildRouter().connect().say([1, realm, { roles: { caller: {} } }])
    await settled()
    t.match(client.sent, [[3, { message: String }, `wamp.error.${reason}`]])
    t.equal(client.closedBy, 'normal')
  }
  const fixed = buildRouter({ auth: { anonymous: { type: 'static', realm: 'realm1' } } }).connect().say([1, null, { roles: { caller: {} } }])
  await settled()
  t.match(fixed.sent, [[2, Number, { realm: 'realm1' }]], 'null asks for the realm of the principal')
})

t.test('realms are isolated from each other [SES-07]', async (t) => {
  const roles = { anonymous: { permissions: [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }] } } as const
  const { join } = buildRouter({ realms: { realm1: { roles }, realm2: { roles } } })
  const [here, there] = [await join(), await join([1, 'realm2', { roles: { caller: {} } }])]
  here.say([32, 1, {}, 'a'], [64, 2, {}, 'p'])
  here.heard()
  t.match(there.ask([48, 1, {}, 'p']), [8, 48, 1, {}, 'wamp.error.no_such_procedure'])
  there.say([16, 2, {}, 'a'])
  t.match(here.ask([34, 3, 999]), [8, 34, 3], 'a fence')
  t.equal(here.sent.length, 0)
})

t.test('session ids are random, and spread over the whole range [IDS-03]', async (t) => {
  const { join } = buildRouter()
  const ids = new Set<number>()
  for (let i = 0; i < 200; i++) ids.add((await join()).id)
  t.equal(ids.size, 200)
  t.ok(Math.max(...ids) > 2 ** 52)
})

t.test('in a strict realm, request ids must form one sequence [IDS-09, IDS-10, IDS-12, IDS-13, PVI-10]', async (t) => {
  const strict = { realms: { realm1: { strictRequestIds: true, roles: { anonymous: { permissions: [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }] } as const } } } }
  const { join } = buildRouter(strict)
  const client = await join()
  client.say([32, 1, {}, 'a'], [16, 2, {}, 'a'], [48, 3, {}, 'none'], [49, 3, {}], [64, 4, {}, 'p'], [34, 5, 999], [66, 6, 999])
  t.equal(client.closedBy, undefined)
  client.say([48, 8, {}, 'p'])
  t.match(client.heard().at(-1), violation)
  for (const wrong of [2, 3]) {
    const other = await join()
    other.say([32, wrong, {}, 'a'])
    t.match(other.sent, [violation], 'the first is 1')
  }
})

t.test('in other realms, request ids out of sequence are accepted [IDS-11, TRP-02]', async (t) => {
  const { join } = buildRouter()
  const client = await join()
  t.match(client.ask([32, 123, {}, 'a']), [33, 123])
  t.match(client.ask([32, 789, {}, 'b']), [33, 789])
  t.match(client.ask([32, 5, {}, 'c']), [33, 5])
})

t.test('a failure of the router ends one session, and no other [ORD-06]', async (t) => {
  const { join, router, logged } = buildRouter()
  const [client, other] = [await join(), await join()]
  const realm = router.realm('realm1') as unknown as { receive: Realm['receive'] }
  const { receive } = realm
  realm.receive = () => { throw new Error('a bug') }
  client.say([16, 1, {}, 'a'])
  realm.receive = receive
  t.match(client.heard(), [[3, { message: 'the router failed' }, 'wamp.error.runtime_error']])
  t.equal(client.closedBy, 'failure')
  t.match(logged, ['a message could not be handled Error: a bug'])
  t.match(other.ask([32, 1, {}, 'a']), [33])
})

t.test('no sequence of messages makes a session throw, send WELCOME twice, or send anything after its end [SES-12]', async (t) => {
  const { connect, router } = buildRouter()
  const anything = fc.array(fc.oneof(
    fc.constantFrom(...Object.values(messages), [48, 2, { disclose_me: true }, 'a'], [70, 1, {}, [1]], [8, 68, 1, {}, 'x.y'], [1, 'none', {}], [5], [99]),
    fc.constantFrom('closed', 'end')), { maxLength: 30 })
  await fc.assert(fc.asyncProperty(anything, async (steps) => {
    const client = connect()
    for (const one of steps) {
      if (one === 'closed') client.connection.closed()
      else if (one === 'end') client.connection.end('wamp.close.killed')
      else if ((one[0] as number) !== 99) client.say(one)
      if (steps.length % 2 === 0) await settled()
    }
    await settled()
    client.connection.closed()
    const hellos = steps.filter((one) => Array.isArray(one) && one[0] === 1).length
    const welcomes = client.sent.filter(([type]) => type === 2).length
    const aborts = client.sent.filter(([type]) => type === 3).length
    return welcomes <= hellos && aborts <= 1 && (aborts === 0 || client.sent.at(-1)?.[0] === 3)
  }), { numRuns: 500, seed: 1 })
  t.same(router.sessions('realm1'), [], 'and nobody is left')
})
