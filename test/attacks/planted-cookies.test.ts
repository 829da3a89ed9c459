import t from 'tap'
import { buildTarget } from './target.ts'

t.test('the attacker who planted a cookie is not logged in as the victim, with one tab or two [CKH-04]', async (t) => {
  const { browser, login, enter, ws } = await buildTarget(t)
  for (const tabs of [1, 2]) {
    const [attacker, victim] = [browser(), browser()]
    const waiting = await attacker.open(t, ws)
    victim.cookie = attacker.cookie
    for (let other = 1; other < tabs; other++) await victim.open(t, ws)
    await login(victim)
    t.not(victim.cookie, attacker.cookie)
    t.equal(await enter(attacker.cookie), null)
    t.match(await waiting.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['cookie'] }]), [3], 'the connection that it was handed to is nobody\'s')
    t.equal(await enter(victim.cookie), 'joe')
  }
})

t.test('a cookie that another upgrade received for a planted one is not bound to the login of the victim', async (t) => {
  const { browser, login, enter, ws } = await buildTarget(t)
  const [planter, victim, other] = [browser(), browser(), browser()]
  await planter.open(t, ws)
  victim.cookie = other.cookie = planter.cookie
  await other.open(t, ws)
  await login(victim)
  t.equal(await enter(other.cookie), null)
  t.equal(await enter(victim.cookie), 'joe')
})

t.test('a REST login receives a fresh cookie, regardless of the cookie in the request', async (t) => {
  const { browser, enter, ws } = await buildTarget(t)
  const [attacker, victim] = [browser(), browser()]
  await attacker.open(t, ws)
  victim.cookie = attacker.cookie
  await victim.fetch('/login', { body: { authid: 'joe' } })
  t.equal(await enter(attacker.cookie), null)
  t.equal(await enter(victim.cookie), 'joe')
})

t.test('logging in with a cookie that has another login ends that login and leaves no data behind [CKL-06, CKL-15]', async (t) => {
  const { browser, login, enter } = await buildTarget(t)
  const attacker = browser()
  const theirs = await login(attacker, 'mallory')
  const victim = browser()
  victim.cookie = attacker.cookie
  await login(victim, 'joe')
  t.same(await theirs.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await enter(attacker.cookie), null)
})

t.test('planted cookies that precede the right one do not log its owner out', async (t) => {
  const { browser, login, enter } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  t.equal(await enter(`cbtid=tossed-tossed-tossed; cbtid=${'a'.repeat(40)}; cbtid="; ${joe.cookie}`), 'joe')
})

t.test('with a secret, forged cookies are not looked up, and any number of them does not hide the valid one', async (t) => {
  const asked: string[] = []
  const records = new Map<string, never>()
  const store = {
    get: (key: string) => { asked.push(key); return records.get(key) },
    set: (key: string, record: unknown) => { records.set(key, record as never) },
    delete: (key: string) => { records.delete(key) },
    entries: () => records,
    close () {}
  }
  const { browser, login, enter } = await buildTarget(t, { cookie: { store, secret: 'x'.repeat(32) } })
  const joe = browser()
  await login(joe)
  asked.length = 0
  const forged = Array.from({ length: 50 }, (_, n) => `cbtid=${String(n).padStart(40, 'a')}.${'A'.repeat(43)}`).join('; ')
  t.equal(await enter(forged), null)
  t.same(asked, [])
  t.equal(await enter(`${forged}; ${joe.cookie}`), 'joe')
})

t.test('a login by cookie has the identity of the record, whatever HELLO requests [CKL-01, CKL-02]', async (t) => {
  const { browser, login, connect } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  const { answer } = await connect(joe.cookie, { authid: 'mallory', authrole: 'trusted', authmethod: 'ticket', authextra: { authrole: 'trusted' } })
  t.match(answer, [2, Number, { authid: 'joe', authrole: 'user', realm: 'realm1' }])
})
