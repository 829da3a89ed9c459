import { createHmac } from 'node:crypto'
import { mock } from 'node:test'
import t from 'tap'
import type { Principal } from '../../plugin/auth/authenticator.ts'
import type { AuthOptions } from '../../plugin/auth-options.ts'
import type { Visitor } from '../../plugin/cookie/visitor.ts'
import { WampError } from '../../plugin/errors.ts'
import { Kicks } from '../../plugin/session/kicks.ts'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

const realms = { realm1: { roles: { anonymous: everything, user: everything } }, realm2: { roles: { user: everything } } }
const dynamic = { type: 'dynamic', authenticator: 'com.example.authenticate' } as const
const session = { session: 1, realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static' }
type Built = ReturnType<typeof build>

/** A router whose only user joe can be removed: the procedure that authenticates then no longer knows him. */
function build (auth: AuthOptions = {}) {
  const built = buildRouter({ realms, auth: { anonymous: { type: 'static' }, wampcra: dynamic, ticket: dynamic, mine: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'user' }) }, ...auth } })
  const users = new Map([['joe', { role: 'user', secret: 'secret' }]])
  const app = built.router.join('realm1')
  const registered = app.register('com.example.authenticate', ({ args: [, authid] }) => users.get(String(authid)) ?? Promise.reject(new WampError('wamp.error.no_such_principal')))
  return { ...built, users, app, registered }
}

/** All ways to end the sessions of joe. */
const ways: Readonly<Record<string, (built: Built) => unknown>> = {
  kick: ({ router }) => router.kick('realm1', { authid: 'joe' }),
  'kick by role': ({ router }) => router.kick('realm1', { authrole: 'user' }),
  'wamp.session.kill_by_authid': ({ app }) => app.call('wamp.session.kill_by_authid', ['joe']),
  'wamp.session.kill_by_authrole': ({ app }) => app.call('wamp.session.kill_by_authrole', ['user']),
  'wamp.session.kill_all': ({ app }) => app.call('wamp.session.kill_all')
}

/** Sends what has been started on its way: calls of the app, and the answers to them. */
async function done (): Promise<void> {
  for (let i = 0; i < 5; i++) await settled()
}

/** The answer to a challenge of WAMP-CRA. */
function signed (message: unknown[]): string {
  const { challenge } = message[2] as { challenge: string }
  return createHmac('sha256', 'secret').update(challenge).digest('base64')
}

/** A visitor whose login takes a while to be attached to the cookie. */
function slowVisitor (): Visitor & { attached: () => void } {
  let attached = (): void => {}
  const attaching = new Promise<void>((resolve) => { attached = resolve })
  return { pseudonym: 'x', recall: async () => null, challenged () {}, bind: async () => { await attaching }, logout: async () => 'is deleted', setSession () {}, attached: () => { attached() } }
}

t.test('a login whose challenge was sent before its user was kicked ends', async (t) => {
  for (const [name, end] of Object.entries(ways)) {
    const built = build()
    await built.registered
    const client = built.connect().say(helloAs({ authid: 'joe', authmethods: ['wampcra'] }))
    await done()
    const [challenge] = client.heard()
    built.users.delete('joe')
    await end(built)
    client.say([5, signed(challenge!), {}])
    await done()
    t.match(client.heard(), [[2], [6, {}, 'wamp.close.killed']], name)
    t.notMatch(built.router.sessions('realm1'), [{ authid: 'joe' }])
  }
})

t.test('a login that is being attached to a cookie while its user is kicked ends', async (t) => {
  for (const [name, end] of Object.entries(ways)) {
    const built = build()
    await built.registered
    const visitor = slowVisitor()
    const client = built.connect({ visitor }).say(helloAs({ authmethods: ['mine'] }))
    await done()
    await end(built)
    t.same(client.heard(), [])
    visitor.attached()
    await done()
    t.match(client.heard(), [[2], [6, {}, 'wamp.close.killed']], name)
  }
})

t.test('a login by cookie whose record is being read or checked while its user is kicked ends', async (t) => {
  for (const [name, end] of Object.entries(ways)) {
    for (const known of [true, false]) {
      const built = build()
      await built.registered
      let recalled = (_: Principal | null): void => {}
      const visitor: Visitor = { ...slowVisitor(), bind: async () => {}, recall: () => new Promise((resolve) => { recalled = resolve }) }
      const client = built.connect({ visitor, cookieLogin: true }).say(helloAs({ authmethods: ['cookie', 'mine'] }))
      await done()
      await end(built)
      recalled(known ? { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'cookie' } : null)
      await done()
      // Without a login, a function of the app logs the user in after the kick.
      t.match(client.heard(), known ? [[2], [6, {}, 'wamp.close.killed']] : [[2]], name)
      t.equal(built.router.sessions('realm1').some(({ authid }) => authid === 'joe'), !known)
    }
  }
})

t.test('the GOODBYE of a login in progress has the reason and the message of the kick', async (t) => {
  const built = build()
  const visitors = [slowVisitor(), slowVisitor()]
  const clients = visitors.map((visitor) => built.connect({ visitor }).say(helloAs({ authmethods: ['mine'] }))) as [TestClient, TestClient]
  await done()
  await built.app.call('wamp.session.kill_by_authid', ['joe'], { reason: 'com.example.removed', message: 'goodbye' })
  built.router.kick('realm1', { authid: 'joe' })
  for (const { attached } of visitors) attached()
  await done()
  for (const client of clients) t.match(client.heard(), [[2], [6, { message: 'goodbye' }, 'com.example.removed']])
})

t.test('kicks of other sessions do not end a login in progress', async (t) => {
  const built = build()
  const visitor = slowVisitor()
  const client = built.connect({ visitor }).say(helloAs({ authmethods: ['mine'] }))
  await done()
  built.router.kick('realm1', { authid: 'amy' })
  built.router.kick('realm1', { authid: 'joe', authrole: 'anonymous' })
  built.router.kick('realm2', { authid: 'joe' })
  visitor.attached()
  await done()
  t.match(client.heard(), [[2]])
  t.equal(client.closedBy, undefined)
})

t.test('a function, or a procedure that reads a ticket, can kick the other sessions of its user', async (t) => {
  for (const method of ['mine', 'ticket']) {
    const built = build({ mine: { type: 'function', authenticator: async () => { kickOthers(); return { authid: 'joe', role: 'user' } } } })
    const kickOthers = (): void => { built.router.kick('realm1', { authid: 'joe' }) }
    const registration = await built.registered
    await registration.unregister()
    await built.app.register('com.example.authenticate', () => { kickOthers(); return 'user' })
    const clients = [built.connect(), built.connect()]
    for (const client of clients) {
      client.say(helloAs({ authid: 'joe', authmethods: [method] }))
      await done()
      if (method === 'ticket') client.say([5, 'x', {}])
      await done()
      t.match(client.heard().at(-1), [2], method)
    }
    t.match(clients[0]!.heard(), [[6, {}, 'wamp.close.killed']])
    t.equal(built.router.sessions('realm1').filter(({ authid }) => authid === 'joe').length, 1)
  }
})

t.test('the kicks that are remembered for logins in progress are limited, and a login that has missed some ends', async (t) => {
  const kicks = new Kicks()
  const kick = (authid: string): void => { kicks.add({ realm: 'realm1', filter: { authid }, reason: 'com.example.removed' }) }
  const [early, late] = [kicks.watch(), kicks.watch()]
  kick('joe')
  early.begin()
  t.equal(early.find(session), null, 'an earlier kick')
  for (let i = 0; i < 8; i++) kick('x'.repeat(200_000))
  t.match(early.find(session), { reason: 'wamp.close.killed' })
  late.begin()
  late.begin()
  t.equal(late.find(session), null)
  kick('joe')
  t.match(late.find(session), { reason: 'com.example.removed' })
  for (let i = 0; i < 2000; i++) kick('x')
  t.match(late.find(session), { reason: 'wamp.close.killed' })
  for (const watch of [early, late]) watch.end()
  late.begin()
  t.equal(late.find(session), null, 'it has ended')
})

t.test('a session whose login has already expired ends at once', async (t) => {
  const { router, app } = build()
  await app.register('com.example.served', () => 'served')
  const late = router.join('realm1', { expires: new Date(Date.now() - 1) })
  await t.rejects(late.call('com.example.served'), { code: 'WAMP_ERR_SESSION_CLOSED' })
  t.notMatch(router.sessions('realm1'), [{ session: late.id }])

  mock.timers.enable({ apis: ['Date'], now: 0 })
  t.teardown(() => { mock.timers.reset() })
  const visitor = slowVisitor()
  const built = build({ mine: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'user', expires: new Date(1000) }) } })
  const client = built.connect({ visitor }).say(helloAs({ authmethods: ['mine'] }))
  await done()
  mock.timers.setTime(1000)
  visitor.attached()
  await done()
  t.match(client.heard(), [[2], [6, {}, 'wamp.close.logout']])
})
