import t from 'tap'
import { buildTarget } from './target.ts'

t.test('a cookie that was planted is not what its victim comes back by, with one tab or two [CKH-04]', async (t) => {
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

t.test('what another upgrade was handed for a planted cookie is not bound with the victim\'s', async (t) => {
  const { browser, login, enter, ws } = await buildTarget(t)
  const [planter, victim, other] = [browser(), browser(), browser()]
  await planter.open(t, ws)
  victim.cookie = other.cookie = planter.cookie
  await other.open(t, ws)
  await login(victim)
  t.equal(await enter(other.cookie), null)
  t.equal(await enter(victim.cookie), 'joe')
})

t.test('a REST login is given a fresh cookie, whatever the request brought', async (t) => {
  const { browser, enter, ws } = await buildTarget(t)
  const [attacker, victim] = [browser(), browser()]
  await attacker.open(t, ws)
  victim.cookie = attacker.cookie
  await victim.fetch('/login', { body: { authid: 'joe' } })
  t.equal(await enter(attacker.cookie), null)
  t.equal(await enter(victim.cookie), 'joe')
})

t.test('who logs in on the cookie of somebody else\'s login ends that, and leaves none of its own behind [CKL-06, CKL-15]', async (t) => {
  const { browser, login, enter } = await buildTarget(t)
  const attacker = browser()
  const theirs = await login(attacker, 'mallory')
  const victim = browser()
  victim.cookie = attacker.cookie
  await login(victim, 'joe')
  t.same(await theirs.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await enter(attacker.cookie), null)
})

t.test('cookies that were tossed in before the right one do not log its owner out', async (t) => {
  const { browser, login, enter } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  t.equal(await enter(`cbtid=tossed-tossed-tossed; cbtid=${'a'.repeat(40)}; cbtid="; ${joe.cookie}`), 'joe')
})

t.test('with a secret, forged cookies are not looked up, and no number of them keeps the right one out', async (t) => {
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

t.test('a login that came by cookie is who the record says, whatever HELLO asks for [CKL-01, CKL-02]', async (t) => {
  const { browser, login, connect } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  const { answer } = await connect(joe.cookie, { authid: 'mallory', authrole: 'trusted', authmethod: 'ticket', authextra: { authrole: 'trusted' } })
  t.match(answer, [2, Number, { authid: 'joe', authrole: 'user', realm: 'realm1' }])
})
