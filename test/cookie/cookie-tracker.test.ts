import { mock } from 'node:test'
import t from 'tap'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { keyOf, visitorOf } from '../../plugin/cookie/cookie-id.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, handedValue, principal } from './build-tracker.ts'
import type { TestTracker } from './build-tracker.ts'

const entries = (store: unknown): [string, StoredRecord][] => [...(store as MemoryStore).entries()]

t.test('a visitor receives a cookie, and no record is created [CKH-03]', async (t) => {
  const { tracker, store } = buildTracker()
  const browser = new Browser(tracker)
  for (let i = 0; i < 100; i++) (await new Browser(tracker).open()).leave()
  const connection = await browser.open()
  t.match(connection.setCookie, /^cbtid=.{40}; \{"maxAge":604800,"path":"\/","httpOnly":true,"secure":false,"sameSite":"lax"\}$/)
  t.equal(await connection.recall(), null)
  t.same(entries(store), [])
})

t.test('an unknown or forged value is replaced, but its visitor id is kept [CKH-04]', async (t) => {
  const { tracker } = buildTracker()
  const browser = new Browser(tracker)
  for (const forged of ['x'.repeat(40), 'n/nBpOkCJ4k7Kk8dk4Iq4DCC', '', '"', '%00', 'a'.repeat(5000)]) {
    browser.value = forged
    await browser.open()
    t.not(browser.value, forged)
    if (visitorOf(forged) !== undefined) t.equal(visitorOf(browser.value!), visitorOf(forged))
  }
})

t.test('a cookie restores a login with its identity and its method [CKH-09, CKL-01, CKL-10]', async (t) => {
  const { tracker, store } = buildTracker()
  const browser = new Browser(tracker)
  const first = await browser.open()
  await first.bind(principal({ authextra: { team: 'a' } }))
  t.ok(entries(store).some(([key]) => key === keyOf(browser.value!)), 'the cookie is stored by its hash [CKO-16]')
  t.notOk(JSON.stringify(entries(store)).includes(browser.value!))

  const second = await browser.open()
  t.equal(second.setCookie, undefined, 'a known cookie is not sent again [CKH-03]')
  t.same(await second.recall(), { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'cookie', authextra: { team: 'a' } })
})

t.test('if there are several cookies of the name, the first known one is used', async (t) => {
  const { tracker } = buildTracker()
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const connection = await tracker.arrive({ cookieHeader: `cbtid=unknown-unknown; cbtid=${browser.value}`, secure: false })
  t.match(await connection.recall(), { authid: 'joe' })
})

t.test('a malformed cookie does not hide a valid one', async (t) => {
  for (const options of [{}, { secret: 's'.repeat(32) }]) {
    const { tracker } = buildTracker({ options })
    const browser = new Browser(tracker)
    await (await browser.open()).bind(principal())
    const junk = ['x', '', '"x"', '%00', 'x'.repeat(81), 'not~a~value', 'x.y', '.'].map((value) => `cbtid=${value}`).join('; ')
    t.equal((await tracker.identify(`${junk}; ${browser.header}`))?.principal.authid, 'joe')
  }
})

t.test('an anonymous join is never bound to the cookie [CKL-11]', async (t) => {
  const { tracker, store } = buildTracker()
  await (await new Browser(tracker).open()).bind(principal({ authmethod: 'anonymous' }))
  t.same(entries(store), [])
})

t.test('a browser keeps its pseudonym when it reconnects, and other browsers have others [CKL-09]', async (t) => {
  for (const verify of [null, () => true]) {
    const { tracker } = buildTracker({ verify })
    const browser = new Browser(tracker)
    const { pseudonym } = await browser.open()
    t.equal((await browser.open()).pseudonym, pseudonym)
    t.not((await new Browser(tracker).open()).pseudonym, pseudonym)
    t.notMatch(browser.value, pseudonym)
  }
})

t.test('without cookie logins, a cookie is only used for tracking: it is kept, and no login is bound [CKI-11]', async (t) => {
  const { tracker, store } = buildTracker({ verify: null })
  const browser = new Browser(tracker)
  const first = await browser.open()
  await first.bind(principal())
  t.same(entries(store), [])
  t.equal((await browser.open()).setCookie, undefined)
  t.equal(await tracker.identify(browser.header), null)
})

t.test('if the same user logs in again with the same grant, the login stays unchanged [CKL-06, CKL-12]', async (t) => {
  const { tracker, store } = buildTracker()
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const before = entries(store)
  await (await browser.open()).bind(principal())
  t.same(entries(store), before)
})

t.test('the grant of a new login of the same user replaces the stored one', async (t) => {
  const { tracker, store } = buildTracker()
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal({ authrole: 'admin' }))
  const [tab, other] = [await browser.open(), await browser.open()]
  const ended: string[] = []
  other.setSession({ viaCookie: true, end: (reason) => { ended.push(reason) } })
  await tab.bind(principal({ authrole: 'admin', authextra: { verifier: 'new' } }))
  t.same(ended, [], 'who has the same role stays')
  t.match(await other.recall(), { authrole: 'admin', authextra: { verifier: 'new' } })
  await tab.bind(principal({ authrole: 'user', authmethod: 'ticket' }), 'token')
  t.same(ended, ['wamp.close.logout'])
  t.match(await (await browser.open()).recall(), { authid: 'joe', authrole: 'user', authmethod: 'ticket', authextra: undefined })
  t.equal(entries(store).filter(([, record]) => 'authid' in record).length, 1, 'one login')
  t.match(await tab.recall(), { authrole: 'user' })
  await tab.logout()
  t.same(entries(store), [])
})

t.test('a login with an expiry replaces a stored login, and is not stored', async (t) => {
  for (const authid of ['joe', 'ann']) {
    const { tracker, store } = buildTracker()
    const browser = new Browser(tracker)
    await (await browser.open()).bind(principal())
    await (await browser.open()).bind(principal({ authid, expires: new Date(Date.now() + 60_000) }))
    t.same(entries(store), [], authid)
  }
})

t.test('a login that ended elsewhere, or that a logout ends meanwhile, is not restored by a new login of the same user', async (t) => {
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const tab = await browser.open()
  store.delete(entries(store).find(([, record]) => 'authid' in record)![0])
  await tab.bind(principal({ authrole: 'admin' }))
  t.equal(await browser.identity(), undefined)

  const second = new Browser(tracker)
  await (await second.open()).bind(principal())
  const [one, two] = [await second.open(), await second.open()]
  await Promise.all([one.bind(principal({ authrole: 'admin' })), two.logout()])
  t.equal(await second.identity(), undefined)
  t.same(await tracker.find(), [])
})

t.test('the login of another user ends the old login, whose cookie is never bound again [CKL-06, CKL-15]', async (t) => {
  const { tracker, store } = buildTracker()
  const browser = new Browser(tracker)
  const [first, other] = [await browser.open(), undefined]
  await first.bind(principal())
  const ended: string[] = []
  first.setSession({ viaCookie: false, end: (reason) => { ended.push(reason) } })
  const second = await browser.open()
  await second.bind(principal({ authid: 'ann' }))
  t.same(ended, ['wamp.close.logout'], 'its other session ends')
  t.same(entries(store), [])
  t.equal(await browser.identity(), other)
  await (await browser.open()).bind(principal({ authid: 'ann' }))
  t.equal(await browser.identity(), 'ann', 'a fresh id takes it')
})

t.test('logout deletes the record, ends the other sessions, and removes the login from this connection [CKO-01, CKO-02, CKO-03, CKO-04, CKO-06, CKL-14, TRP-54]', async (t) => {
  const { tracker, store } = buildTracker()
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const [tab, sibling, gone] = [await browser.open(), await browser.open(), await browser.open()]
  const ended: string[] = []
  for (const [name, connection] of Object.entries({ tab, sibling, gone })) {
    connection.setSession({ viaCookie: true, end: (reason) => { ended.push(`${name} ${reason}`) } })
  }
  gone.leave()
  await tab.logout()
  t.same(ended, ['sibling wamp.close.logout'])
  t.same(entries(store), [])
  t.equal(await tab.recall(), null)
  t.equal(await sibling.recall(), null)
  await tab.logout()
  const dead = browser.value
  t.ok((await browser.open()).setCookie, 'the dead cookie is replaced at the next handshake')
  t.not(browser.value, dead)
})

t.test('a session opened by the cookie of a completed logout ends at once', async (t) => {
  const { tracker } = buildTracker()
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const [tab, other] = [await browser.open(), await browser.open()]
  t.match(await tab.recall(), { authid: 'joe' })
  await other.logout()
  const ended: string[] = []
  tab.setSession({ viaCookie: true, end: (reason) => { ended.push(reason) } })
  await settled()
  t.same(ended, ['wamp.close.logout'])
  tab.setSession({ viaCookie: false, end: (reason) => { ended.push(reason) } })
  await settled()
  t.equal(ended.length, 1, 'another method lets in all the same')
})

t.test('expiry is enforced by the server: an expired login is unknown and deleted, and the sessions that it opened end [CKO-14, CKO-15, TRP-55]', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
  t.teardown(() => { mock.timers.reset() })
  const { tracker, store } = buildTracker({ options: { maxAge: 100 }, now: Date.now })
  const browser = new Browser(tracker)
  const first = await browser.open()
  await first.bind(principal())
  const ended: string[] = []
  first.setSession({ viaCookie: false, end: () => { ended.push('logged in') } })
  const [second, third] = [await browser.open(), await browser.open()]
  second.setSession({ viaCookie: true, end: (reason) => { ended.push(`by cookie ${reason}`) } })
  third.setSession({ viaCookie: true, end: () => { ended.push('left') } })
  third.leave()
  mock.timers.tick(99_999)
  t.same(ended, [])
  t.equal(await browser.identity(), 'joe')
  mock.timers.tick(1)
  t.same(ended, ['by cookie wamp.close.logout'])
  t.equal(await browser.identity(), undefined)
  t.same(entries(store), [])
  t.ok(handedValue(await browser.open()), 'a fresh cookie')
  await tracker.close()
})

t.test('a removed user is rejected, a demoted user gets the new role, and a check that throws rejects the login', async (t) => {
  let verdict: () => boolean | { authrole: string } = () => true
  const { tracker, logged } = buildTracker({ verify: () => verdict() })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const connection = await browser.open()
  verdict = () => ({ authrole: 'guest' })
  t.match(await connection.recall(), { authid: 'joe', authrole: 'guest' })
  verdict = () => false
  t.equal(await connection.recall(), null)
  verdict = () => { throw new Error('mine') }
  t.equal(await connection.recall(), null)
  t.same(logged, ['auth.cookie.verify failed'])
})

t.test('logins are found and revoked by cookie, authid and authrole, and their sessions end at once [CKH-08]', async (t) => {
  const { tracker } = buildTracker()
  const browsers = ['joe', 'joe', 'ann'].map((authid) => ({ authid, browser: new Browser(tracker) }))
  const ended: string[] = []
  for (const { authid, browser } of browsers) {
    const connection = await browser.open()
    await connection.bind(principal({ authid }))
    connection.setSession({ viaCookie: false, end: () => { ended.push(authid) } })
  }
  const keys = (await tracker.find({ authid: 'joe' })).map(({ cookie }) => cookie)
  t.equal(keys.length, 2)
  t.equal((await tracker.find()).length, 3)
  t.equal(tracker.connected(keys[0]!), 1)
  t.equal(await tracker.revoke({ cookie: keys[0]! }), 1)
  t.same(ended, ['joe'])
  t.equal(await tracker.revoke({ authid: 'joe' }), 1)
  t.equal(await tracker.revoke({ authrole: 'frontend' }), 1)
  t.same(ended, ['joe', 'joe', 'ann'])
  t.equal(await tracker.revoke({ authid: 'nobody' }), 0)
})

t.test('neither the value nor the key of a cookie is logged or disclosed [CKH-10]', async (t) => {
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store })
  const browser = new Browser(tracker)
  store.delete = () => { throw new Error('down') }
  const connection = await browser.open()
  await connection.bind(principal())
  await connection.logout()
  const told = JSON.stringify([logged, (await tracker.identify(browser.header))?.principal, connection.pseudonym])
  t.equal(logged.length, 1)
  t.notMatch(told, browser.value!)
  t.notMatch(told, keyOf(browser.value!))
})

t.test('a request is unauthenticated if its login ends while it is checked', async (t) => {
  let answer = (_: boolean): void => {}
  let asked = (): void => {}
  const { tracker } = buildTracker({ verify: () => new Promise((resolve) => { answer = resolve; asked() }) })
  const browser = new Browser(tracker)
  const connection = await browser.open()
  await connection.bind(principal())
  for (const ends of [false, true]) {
    const begun = new Promise<void>((resolve) => { asked = resolve })
    const identity = browser.identity()
    await begun
    if (ends) await connection.logout()
    answer(true)
    t.equal(await identity, ends ? undefined : 'joe')
  }
})

t.test('a login is rejected if its check does not answer in time', async (t) => {
  const { tracker, logged } = buildTracker({ verify: () => new Promise(() => {}) })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const identity = browser.identity()
  await settled()
  mock.timers.tick(10_000)
  t.equal(await identity, undefined)
  t.same(logged, ['auth.cookie.verify failed'])
})

t.test('a logout, or a login as another user, ends the logins of all cookies that the browser sends', async (t) => {
  const arrivals = {
    'GOODBYE logout': async (tracker, cookieHeader) => { await (await tracker.arrive({ cookieHeader, secure: false })).logout() },
    'login over WebSocket': async (tracker, cookieHeader) => { await (await tracker.arrive({ cookieHeader, secure: false })).bind(principal({ authid: 'bob' }), 'wampcra') },
    wampSignOut: async (tracker, cookieHeader) => { await tracker.signOut({ cookieHeader, secure: false }) },
    wampSignIn: async (tracker, cookieHeader) => { await tracker.signIn({ cookieHeader, secure: false }, principal({ authid: 'bob' })) }
  } satisfies Record<string, (tracker: TestTracker, cookieHeader: string) => Promise<void>>
  for (const [name, arrive] of Object.entries(arrivals)) {
    const { tracker } = buildTracker()
    const cookies: string[] = []
    const ended: string[] = []
    for (const authid of ['eve', 'joe', 'ann']) {
      const browser = new Browser(tracker)
      await (await browser.open()).bind(principal({ authid }))
      cookies.push(browser.header!)
      const tab = await browser.open()
      tab.setSession({ viaCookie: true, end: () => { ended.push(authid) } })
    }
    const header = ['cbtid=junk', ...cookies].join('; ')
    await arrive(tracker, header)
    t.equal(await tracker.identify(header), null, name)
    t.same(ended.sort(), ['ann', 'eve', 'joe'])
  }
})

t.test('a login of the same user keeps the logins of the other cookies of the user', async (t) => {
  const { tracker } = buildTracker()
  const browsers = [new Browser(tracker), new Browser(tracker)]
  for (const browser of browsers) await (await browser.open()).bind(principal(), 'wampcra')
  const cookieHeader = browsers.map(({ header }) => header).join('; ')
  await (await tracker.arrive({ cookieHeader, secure: false })).bind(principal(), 'wampcra')
  for (const browser of browsers) t.equal(await browser.identity(), 'joe')
})

t.test('after the clock was set back, a browser with a cookie that a login has replaced gets a fresh one', async (t) => {
  let now = 1_000_000_000
  const { tracker } = buildTracker({ now: () => now })
  const browser = new Browser(tracker)
  ;(await browser.open()).leave()
  const arrival = { cookieHeader: browser.header, secure: false }
  await tracker.signIn(arrival, principal())
  t.equal((await tracker.arrive(arrival)).setCookie, undefined, 'a request that was on its way')
  now -= 3_600_000
  t.ok((await tracker.arrive(arrival)).setCookie)
  await tracker.close()
})
