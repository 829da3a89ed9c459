import { mock } from 'node:test'
import t from 'tap'
import { FailedLogins } from '../../plugin/auth/failed-logins.ts'
import type { Guesser } from '../../plugin/auth/failed-logins.ts'
import { buildRouter, everything, settled } from '../helper/build-router.ts'

const limits = { address: 4, authid: 4, cookie: 4, recovery: 100 }
const from = (peer: string | undefined, authid?: string, pseudonym: string | null = null): Guesser => ({ transport: { type: 'websocket', ...(peer === undefined ? {} : { peer }) }, authid, pseudonym })

function times (logins: FailedLogins, guesser: Guesser, count: number): number[] {
  return Array.from({ length: count }, () => logins.count(guesser))
}

t.test('half may fail at once, more are held back, all are refused', async (t) => {
  const logins = new FailedLogins(limits, () => 0)
  t.same(times(logins, from('192.0.2.1'), 4), [0, 0, 1000, 1000])
  t.ok(logins.isRefused(from('192.0.2.1')))
  t.notOk(logins.isRefused(from('192.0.2.2')))
})

t.test('address, authid and cookie count each on its own', async (t) => {
  const guessers: [Guesser, Guesser][] = [
    [from('192.0.2.1', 'joe', 'browser'), from('192.0.2.1', 'ann', 'other')], [from('192.0.2.1', 'joe', 'browser'), from('192.0.2.9', 'joe', 'other')], [from('192.0.2.1', 'joe', 'browser'), from('192.0.2.9', 'ann', 'browser')]
  ]
  for (const [one, other] of guessers) {
    const logins = new FailedLogins(limits, () => 0)
    times(logins, one, 4)
    t.ok(logins.isRefused(other))
    t.notOk(logins.isRefused(from('192.0.2.9', 'ann', 'other')))
  }
})

t.test('what is used up comes back by and by, and no more than there was', async (t) => {
  let now = 0
  const logins = new FailedLogins(limits, () => now)
  const guesser = from('192.0.2.1')
  times(logins, guesser, 4)
  now = 24_999
  t.ok(logins.isRefused(guesser))
  now = 25_000
  t.notOk(logins.isRefused(guesser), 'one of four, after a quarter of the time')
  logins.count(guesser)
  t.ok(logins.isRefused(guesser))
  now = 1_000_000
  t.same(times(logins, guesser, 4), [0, 0, 1000, 1000])
})

t.test('an IPv6 household is one address', async (t) => {
  for (const [one, other, same] of [
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true], ['2001:db8:1:2::1', '2001:db8:1:3::1', false], ['::1', '::2', true], ['fe80::1%eth0', 'fe80::2', true], ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false]
  ] as const) {
    const logins = new FailedLogins(limits, () => 0)
    times(logins, from(one), 4)
    t.equal(logins.isRefused(from(other)), same, `${one} ${other}`)
  }
})

t.test('who makes up names does not make it grow', async (t) => {
  const logins = new FailedLogins({ ...limits, address: 1e9 }, () => 0)
  times(logins, from(undefined, 'first'), 4)
  for (let i = 0; i < 100_000; i++) logins.count(from('192.0.2.1', `made up ${i}`))
  t.notOk(logins.isRefused(from(undefined, 'first')), 'the least recent is forgotten')
  t.notOk(logins.isRefused(from(undefined)), 'who cannot be told apart is not counted')
})

t.test('a client that guesses is held back, and then not even challenged; others are not', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { connect, logged } = buildRouter({
    realms: { realm1: { roles: { user: everything, anonymous: everything } } },
    auth: { anonymous: { type: 'static' }, ticket: { type: 'static', principals: { joe: { ticket: 'right', role: 'user' }, ann: { ticket: 'right', role: 'user' } } } },
    failedLogins: { authid: 4, address: 100, recovery: 100 }
  })
  const login = async (authid: string, ticket: string): Promise<unknown[][]> => {
    const client = connect()
    client.say([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid }])
    await settled()
    client.say([5, ticket, {}])
    await settled()
    if (client.sent.length < 2) {
      mock.timers.tick(999)
      t.equal(client.sent.length, 1)
      mock.timers.tick(1)
    }
    return client.heard()
  }
  for (let i = 0; i < 4; i++) t.match(await login('joe', 'wrong'), [[4, 'ticket', {}], [3, {}, 'wamp.error.authentication_denied']])
  const refused = connect()
  refused.say([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'joe' }])
  await settled()
  t.match(refused.heard(), [[3, { message: String }, 'fastify_wamp.error.too_many_failed_logins']])
  t.match(await login('ann', 'right'), [[4, 'ticket', {}], [2]])
  const anonymous = connect()
  anonymous.say([1, 'realm1', { roles: { caller: {} }, authid: 'joe' }])
  await settled()
  t.match(anonymous.heard(), [[2]], 'who claims nothing has nothing to guess')
  t.ok(logged.some((line) => line.startsWith('too many failed logins')))
  t.notMatch(logged.join(), /wrong|right/)
})

t.test('who leaves while a refusal is held back leaves nothing behind', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { connect } = buildRouter({ realms: { realm1: { roles: { user: everything } } }, auth: { ticket: { type: 'static', principals: { joe: { ticket: 'right', role: 'user' } } } }, failedLogins: { authid: 1 } })
  const client = connect()
  client.say([1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'joe' }])
  await settled()
  client.say([5, 'wrong', {}])
  await settled()
  client.connection.closed()
  mock.timers.tick(10_000)
  t.same(client.heard(), [[4, 'ticket', {}]])
})
