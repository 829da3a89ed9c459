import { mock } from 'node:test'
import t from 'tap'
import { ProtocolViolation } from '../../plugin/protocol/violation.ts'
import type { Visitor } from '../../plugin/cookie/visitor.ts'
import { buildRouter, everything, HELLO, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

/** Has a client's transport throw when it is sent a message of this type. */
function breakAt (client: TestClient, type: number, error: Error = new Error('broken')): void {
  const { send } = client
  client.send = (message) => {
    if (message.type === type) throw error
    return send.call(client, message)
  }
}

/** A router whose authorizer always has to think. tap fails each test that leaves a rejection unhandled. */
function buildThinking () {
  return buildRouter({ realms: { realm1: { roles: { anonymous: { authorizer: async () => true } } } } })
}

t.test('an exception after a late decision ends the session, as any other exception does', async (t) => {
  for (const [error, uri, kind] of [[new Error('broken'), 'wamp.error.runtime_error', 'failure'], [new ProtocolViolation('not so'), 'wamp.error.protocol_violation', 'violation']] as const) {
    const { join, logged } = buildThinking()
    const [client, other] = [await join(), await join()]
    breakAt(client, 33, error)
    client.say([32, 1, {}, 'a'], [32, 2, {}, 'b'])
    await settled()
    t.match(client.heard(), [[3, { message: String }, uri]])
    t.equal(client.closedBy, kind)
    t.equal(logged.length, kind === 'failure' ? 1 : 0, 'only a fault of the router is logged')
    other.say([32, 1, {}, 'a'])
    await settled()
    t.match(other.heard(), [[33, 1, Number]])
  }
})

t.test('a testament that cannot be published is logged, and the next one is published', async (t) => {
  for (const { join, logged } of [buildRouter(), buildThinking()]) {
    const [leaving, subscriber] = [await join(), await join()]
    for (const [i, topic] of ['bad', 'good'].entries()) {
      subscriber.say([32, i + 1, {}, topic])
      leaving.say([48, i + 1, {}, 'wamp.session.add_testament', [topic, [i], {}]])
      await settled()
    }
    t.match(leaving.heard(), [[50, 1], [50, 2]])
    t.equal(subscriber.heard().length, 2)
    const { send } = subscriber
    let events = 0
    subscriber.send = (message) => {
      if (message.type === 36 && events++ === 0) throw new Error('broken')
      return send.call(subscriber, message)
    }
    leaving.say([6, {}, 'wamp.close.close_realm'])
    await settled()
    t.match(logged, [/^a testament could not be published Error: broken/])
    t.match(subscriber.heard(), [[36, Number, Number, {}, [1]]])
  }
})

t.test('the answer of a meta procedure that cannot be routed is logged', async (t) => {
  const { join, logged } = buildRouter()
  const client = await join()
  breakAt(client, 50)
  client.say([48, 1, {}, 'wamp.session.count'])
  await settled()
  t.match(logged, [/^the answer of a meta procedure could not be routed/])
})

t.test('a failure after a logout ends the session, whether the logout failed or not', async (t) => {
  for (const logout of [async () => 'is deleted' as const, async () => { throw new Error('no store') }]) {
    const { connect, logged } = buildRouter({ realms: { realm1: { roles: { anonymous: everything } } } })
    const visitor: Visitor = { pseudonym: 'x', recall: async () => null, challenged () {}, bind: async () => {}, logout, setSession () {} }
    const client = connect({ visitor }).say(HELLO)
    await settled()
    client.heard()
    breakAt(client, 6)
    client.say([6, {}, 'wamp.close.logout'])
    await settled()
    t.match(logged.at(-1), /^a message could not be handled Error: broken/)
  }
})

t.test('a hanging onLogout is waited for at most handshakeTimeout: GOODBYE is answered, and the connection accepts a new HELLO', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { connect, logged } = buildRouter({ handshakeTimeout: 1000 })
  const client = connect({ methods: { anonymous: () => ({ authid: 'joe', role: 'anonymous', onLogout: () => new Promise(() => {}) }) } }).say(HELLO)
  await settled()
  client.heard()
  client.say([6, {}, 'wamp.close.logout'])
  await settled()
  mock.timers.tick(999)
  await settled()
  t.same(client.heard(), [])
  mock.timers.tick(1)
  await settled()
  t.match(client.heard(), [[6, {}, 'wamp.close.goodbye_and_out']])
  t.match(logged, [/^logout failed Error: onLogout did not answer in time/])
  client.say(HELLO)
  await settled()
  t.match(client.heard(), [[2]])
})

t.test('a login whose details the serializer of the client cannot represent is refused', async (t) => {
  const { connect, router } = buildRouter()
  const client = connect()
  const { send } = client
  client.send = (message) => message.type === 2 ? 'unencodable' : send.call(client, message)
  client.say(HELLO)
  await settled()
  t.match(client.heard(), [[3, { message: /cannot represent/ }, 'wamp.error.authentication_failed']])
  t.equal(router.sessions('realm1').length, 0)
})

t.test('an exception of the app at the end of its session affects no other session', async (t) => {
  const { router, logged } = buildRouter()
  const session = router.join('realm1')
  const told: string[] = []
  session.whenClosed(() => { throw new Error('mine') })
  session.whenClosed(() => { told.push('closed') })
  await session.leave()
  t.same(told, ['closed'])
  t.match(logged, [/^a callback for the end of a session failed Error: mine/])
})
