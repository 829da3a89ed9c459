import { mock } from 'node:test'
import t from 'tap'
import { FailedLogins } from '../../plugin/auth/failed-logins.ts'
import type { Guesser } from '../../plugin/auth/failed-logins.ts'
import type { Authenticator, Grant } from '../../plugin/auth/authenticator.ts'
import { WampError } from '../../plugin/errors.ts'
import { buildRouter, everything, settled } from '../helper/build-router.ts'

const limits = { address: 4, authid: 4, cookie: 4, recovery: 100 }
const from = (peer: string | undefined, authid?: string, pseudonym: string | null = null): Guesser => ({ transport: { type: 'websocket', ...(peer === undefined ? {} : { peer }) }, authid, pseudonym })

function times (logins: FailedLogins, guesser: Guesser, count: number): number[] {
  return Array.from({ length: count }, () => logins.count(guesser))
}

async function isRefused (logins: FailedLogins, guesser: Guesser): Promise<boolean> {
  const checked = await logins.begin(guesser)
  checked?.()
  return checked === null
}

t.test('after half of the allowed failures, rejections are delayed; after all of them, every attempt is refused', async (t) => {
  const logins = new FailedLogins(limits, () => 0)
  t.same(times(logins, from('192.0.2.1'), 4), [0, 0, 1000, 1000])
  t.ok(await isRefused(logins, from('192.0.2.1')))
  t.notOk(await isRefused(logins, from('192.0.2.2')))
})

t.test('address, authid and cookie have separate counts', async (t) => {
  const guessers: [Guesser, Guesser][] = [
    [from('192.0.2.1', 'joe', 'browser'), from('192.0.2.1', 'ann', 'other')], [from('192.0.2.1', 'joe', 'browser'), from('192.0.2.9', 'joe', 'other')], [from('192.0.2.1', 'joe', 'browser'), from('192.0.2.9', 'ann', 'browser')]
  ]
  for (const [one, other] of guessers) {
    const logins = new FailedLogins(limits, () => 0)
    times(logins, one, 4)
    t.ok(await isRefused(logins, other))
    t.notOk(await isRefused(logins, from('192.0.2.9', 'ann', 'other')))
  }
})

t.test('the allowance recovers gradually, up to its original size', async (t) => {
  let now = 0
  const logins = new FailedLogins(limits, () => now)
  const guesser = from('192.0.2.1')
  times(logins, guesser, 4)
  now = 24_999
  t.ok(await isRefused(logins, guesser))
  now = 25_000
  t.notOk(await isRefused(logins, guesser), 'one of four, after a quarter of the time')
  logins.count(guesser)
  t.ok(await isRefused(logins, guesser))
  now = 1_000_000
  t.same(times(logins, guesser, 4), [0, 0, 1000, 1000])
})

t.test('all addresses of an IPv6 /64 count as one address', async (t) => {
  for (const [one, other, same] of [
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true], ['2001:db8:1:2::1', '2001:db8:1:3::1', false], ['::1', '::2', true], ['fe80::1%eth0', 'fe80::2', true], ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false]
  ] as const) {
    const logins = new FailedLogins(limits, () => 0)
    times(logins, from(one), 4)
    t.equal(await isRefused(logins, from(other)), same, `${one} ${other}`)
  }
})

t.test('names that a method treats as equal share one count', async (t) => {
  const logins = new FailedLogins(limits, () => 0)
  for (const name of ['joe', 'jo\u00ade', `${'\u00ad'.repeat(300)}joe`, 'j\u2060oe']) logins.count(from(undefined, name))
  t.ok(await isRefused(logins, from(undefined, 'joe')))
  t.notOk(await isRefused(logins, from(undefined, 'ann')))
})

t.test('names that a database of the app may treat as equal share one count', async (t) => {
  const spellings = [['joe', 'Joe', 'JOE', 'jo\u0065\u0301'], ['Straße', 'STRASSE', 'strasse ', ' strasse'], ['\u01c5 x', 'd\u017e X', 'DZ x', '\u01f1 x'], ['joe\u0000', 'JOE\u0000', 'joe\u0000 ', 'Joe\u0000']]
  // Each has a character that the collations of databases ignore, or treat as a letter or digit of ASCII.
  spellings.push(['joe', 'joe\u0001', 'jo\u200be', 'jo\u200be\u0002', 'joe\u061c\ud800', 'j\u3164oe', '\u{e0001}joe'], ['strasse 12', 'STRAẞE\u00a012', 'ſtrasse12', 'Straße ১２'])
  spellings.push(['olof 2026', 'øłof ２०٢६', 'ØLØF ᮲0②6', 'OLoF\u200f 2026'])
  for (const [name, ...others] of spellings) {
    const logins = new FailedLogins(limits, () => 0)
    for (const other of [...others, others[0]!]) logins.count(from(undefined, other))
    t.ok(await isRefused(logins, from(undefined, name)), JSON.stringify(name))
    t.notOk(await isRefused(logins, from(undefined, 'ann')))
  }
})

t.test('the number of concurrent proof checks does not exceed the number of failures left, and further checks wait', async (t) => {
  const logins = new FailedLogins(limits, () => 0)
  const joe = from('192.0.2.1', 'joe')
  const checks = await Promise.all(Array.from({ length: 4 }, async () => await logins.begin(joe)))
  const begun: string[] = []
  const all = Array.from({ length: 100 }, async (_, i) => {
    const checked = await logins.begin(joe)
    begun.push(checked === null ? 'refused' : 'begun')
    if (i < 50) return checked?.()
    logins.count(joe)
    checked?.()
  })
  const elsewhere = logins.begin(from('192.0.2.1', 'ann'))
  await settled()
  t.same(begun, [])
  t.notOk(await isRefused(logins, from('192.0.2.9', 'bob')), 'of another address and authid nobody has to wait')
  for (const checked of checks) checked!()
  await Promise.all(all)
  t.equal(begun.filter((one) => one === 'begun').length, 54, 'those that were right, and four that were wrong')
  t.equal(await elsewhere, null)
})

t.test('made-up names do not make the counts grow', async (t) => {
  const logins = new FailedLogins({ ...limits, address: 1e9 }, () => 0)
  times(logins, from(undefined, 'first'), 4)
  for (let i = 0; i < 100_000; i++) logins.count(from('192.0.2.1', `made up ${i}`))
  t.notOk(await isRefused(logins, from(undefined, 'first')), 'the least recent is forgotten')
  t.notOk(await isRefused(logins, from(undefined)), 'who cannot be told apart is not counted')
})

t.test('a guess counts, regardless of what the authenticator throws or grants', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const raise = (error: string): Authenticator => () => { throw new WampError(error) }
  const failing: readonly (readonly [name: string, authenticator: Authenticator, guesses: number])[] = [
    ['an Error', () => { throw new Error('wrong') }, 4],
    ['nothing', () => null as unknown as Grant, 4],
    ...['wamp.error.authentication_failed', 'wamp.error.authentication_required', 'wamp.error.no_such_role', 'wamp.error.invalid_argument', 'com.example.no'].map((error) => [error, raise(error), 4] as const),
    ['that it cannot tell', raise('wamp.error.unavailable'), 8]
  ]
  for (const method of ['token', 'anonymous']) {
    for (const [name, authenticator, guesses] of failing) {
      let asked = 0
      const counting: Authenticator = (attempt) => {
        asked++
        return authenticator(attempt)
      }
      const { connect } = buildRouter({ realms: { realm1: { roles: { user: everything, anonymous: everything } } }, failedLogins: { authid: 4, address: 100, recovery: 100 } })
      for (let i = 0; i < 8; i++) {
        connect({ methods: { [method]: counting } }).say([1, 'realm1', { roles: { caller: {} }, authmethods: [method], authid: 'joe' }])
        await settled()
        mock.timers.tick(1000)
      }
      t.equal(asked, guesses, `${method}: ${name}`)
    }
  }
})

t.test('a client that guesses is slowed down, and then not even challenged; others are not affected', async (t) => {
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

const users = { joe: { ticket: 'right', role: 'user' }, ann: { ticket: 'right', role: 'user' } } as const
const hello = [1, 'realm1', { roles: { caller: {} }, authmethods: ['ticket'], authid: 'joe' }] as const

function buildGuarded (authenticator?: Authenticator): ReturnType<typeof buildRouter> {
  return buildRouter({
    realms: { realm1: { roles: { user: everything } } },
    auth: { ticket: authenticator === undefined ? { type: 'static', principals: users } : { type: 'function', authenticator } },
    failedLogins: { authid: 4, address: 1000, recovery: 100 }
  })
}

t.test('clients that are all challenged first and then answer together get no additional guesses', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const slowly: Authenticator = async ({ authid, challenge }) => {
    const { signature } = await challenge()
    await settled()
    if (signature !== 'right') throw new WampError('wamp.error.authentication_denied')
    return { authid: authid!, role: 'user' }
  }
  for (const authenticator of [undefined, slowly]) {
    const { connect } = buildGuarded(authenticator)
    const clients = Array.from({ length: 20 }, () => connect().say(hello))
    await settled()
    for (const client of clients) t.match(client.heard(), [[4]])
    clients.forEach((client, i) => { client.say([5, i < 10 ? 'wrong' : 'right', {}]) })
    for (let i = 0; i < 100; i++) await settled()
    mock.timers.tick(1000)
    const answers = clients.map((client) => client.heard()[0]!)
    t.equal(answers.filter(([type, , reason]) => type === 3 && reason === 'wamp.error.authentication_denied').length, 4)
    t.equal(answers.filter(([, , reason]) => reason === 'fastify_wamp.error.too_many_failed_logins').length, 16)
  }
})

t.test('a wrong answer counts even if the client then disconnects; unanswered challenges and right answers do not count', async (t) => {
  const { connect } = buildGuarded()
  const login = async (...answer: unknown[][]): Promise<unknown[] | undefined> => {
    const client = connect().say(hello)
    await settled()
    client.say(...answer)
    await settled()
    return client.heard()[1]
  }
  const open = Array.from({ length: 100 }, () => connect().say(hello))
  await settled()
  for (const client of open) t.match(client.heard(), [[4]])
  for (let i = 0; i < 10; i++) t.match(await login([5, 'right', {}]), [2], 'the owner is let in beside a hundred open challenges')
  for (let i = 0; i < 10; i++) await login([3, {}, 'wamp.close.normal'])
  for (const client of open) client.connection.closed()
  t.match(await login([5, 'right', {}]), [2])
  for (let i = 0; i < 4; i++) await login([5, 'wrong', {}], [3, {}, 'wamp.close.normal'])
  const last = connect().say(hello)
  await settled()
  t.match(last.heard(), [[3, {}, 'fastify_wamp.error.too_many_failed_logins']])
})

t.test('clients that disconnect right after their answers get no additional guesses; a check that never ends blocks others only for a time', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const checks: (() => void)[] = []
  const { connect } = buildGuarded(async ({ challenge }) => {
    await challenge()
    await new Promise<void>((resolve) => { checks.push(resolve) })
    throw new WampError('wamp.error.authentication_denied')
  })
  const guess = async (count: number, leave: (client: ReturnType<typeof connect>) => void): Promise<void> => {
    const clients = Array.from({ length: count }, () => connect().say(hello))
    await settled()
    for (const client of clients) client.say([5, 'wrong', {}])
    await settled()
    clients.forEach(leave)
    for (let i = 0; i < 10; i++) await settled()
  }
  await guess(10, (client) => { client.connection.closed() })
  await guess(10, (client) => { client.say([3, {}, 'wamp.close.normal']) })
  t.equal(checks.length, 4)
  mock.timers.tick(10_000)
  for (let i = 0; i < 10; i++) await settled()
  t.equal(checks.length, 8, 'those that waited')
  for (const end of checks) end()
  for (let i = 0; i < 10; i++) await settled()
  await guess(10, () => {})
  t.equal(checks.length, 8, 'all of them have failed')
})

t.test('a correct login is not refused because many others log in at once, or because an authenticator never decides', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  let state = 'hanging'
  const { connect } = buildGuarded(async () => {
    if (state === 'hanging') await new Promise(() => {})
    await settled()
    return { authid: 'joe', role: 'user' }
  })
  Array.from({ length: 10 }, () => connect().say(hello))
  await settled()
  state = 'deciding'
  const late = Array.from({ length: 20 }, () => connect())
  mock.timers.tick(5000)
  for (const client of late) client.say(hello)
  mock.timers.tick(5000)
  for (let i = 0; i < 50; i++) await settled()
  for (const client of late) t.match(client.heard(), [[2]])
})

t.test('a client that leaves while its rejection is delayed leaves nothing behind', async (t) => {
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
