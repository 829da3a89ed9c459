import { mock } from 'node:test'
import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { keyOf } from '../../plugin/cookie/cookie-id.ts'
import { CookieRotation } from '../../plugin/cookie/cookie-rotation.ts'
import { GuardedStore } from '../../plugin/cookie/guarded-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, handedValue, principal } from './build-tracker.ts'

/** Somebody who logged in an hour ago, where cookies are replaced after an hour. */
async function build (t: Test, { store = new MemoryStore() } = {}) {
  const clock = { now: 1_000_000 }
  const { tracker, logged } = buildTracker({ store, options: { rotateAfter: 3600, maxAge: 86_400 }, now: () => clock.now })
  t.teardown(() => tracker.close())
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const older = browser.value!
  clock.now += 3_600_000
  const stored = (value: string) => store.get(keyOf(value))
  const as = async (value: string): Promise<string | undefined> => (await tracker.identify(`cbtid=${value}`))?.principal.authid
  return { tracker, store, logged, browser, older, clock, stored, as }
}

t.test('a browser that returns with an old cookie receives a newer one, for the rest of its login', async (t) => {
  const { browser, older, as } = await build(t)
  const connection = await browser.open()
  t.match(connection.setCookie, /"maxAge":82800/)
  t.not(browser.value, older)
  t.match(await connection.recall(), { authid: 'joe' }, 'it is let in at once')
  t.equal(await as(browser.value!), 'joe')
  t.equal((await browser.open()).setCookie, undefined, 'the newer one is kept')
})

t.test('the older cookie is valid until the browser has used the newer one, and for one more minute', async (t) => {
  const { browser, older, clock, as } = await build(t)
  await browser.open()
  clock.now += 3_000_000
  t.equal(await as(older), 'joe', 'the answer may have been lost')
  t.equal(await browser.identity(), 'joe')
  clock.now += 59_000
  t.equal(await as(older), 'joe', 'a request may have been on its way')
  clock.now += 1_000
  t.equal(await as(older), undefined)
  t.equal(await browser.identity(), 'joe')
})

t.test('tabs that connect at the same moment all stay logged in, and one of them receives the newer cookie', async (t) => {
  const { tracker, browser, older, as } = await build(t)
  const tabs = await Promise.all(Array.from({ length: 5 }, async () => await tracker.arrive({ cookieHeader: `cbtid=${older}`, secure: false })))
  const handed = tabs.map(handedValue).filter((value) => value !== undefined)
  t.equal(handed.length, 1)
  for (const tab of tabs) t.match(await tab.recall(), { authid: 'joe' })
  browser.value = handed[0]!
  t.equal(await browser.identity(), 'joe')
  t.equal(await as(older), 'joe')
})

t.test('a client that ignores newer cookies stays logged in, and the store does not grow', async (t) => {
  const { tracker, store, older, clock } = await build(t)
  const handed = new Set<string | undefined>()
  for (let hour = 0; hour < 20; hour++) {
    const connection = await tracker.arrive({ cookieHeader: `cbtid=${older}`, secure: false })
    handed.add(handedValue(connection))
    connection.leave()
    clock.now += 3_600_000
  }
  t.equal(handed.size, 20)
  const cookies = [...store.entries()].filter(([, record]) => 'login' in record)
  t.equal(cookies.length, 2, 'the older one, and the newest')
})

t.test('a logout by one cookie of a login ends all cookies of the login', async (t) => {
  for (const by of ['older', 'newer'] as const) {
    const { tracker, browser, older, as } = await build(t)
    await browser.open()
    const newer = browser.value!
    const values = { older, newer }
    const [out, other] = [by, by === 'older' ? 'newer' : 'older'] as const
    const ended: string[] = []
    const connection = await tracker.arrive({ cookieHeader: `cbtid=${values[other]}`, secure: false })
    connection.setSession({ viaCookie: true, end: (reason) => { ended.push(reason) } })
    await (await tracker.arrive({ cookieHeader: `cbtid=${values[out]}`, secure: false })).logout()
    t.same(ended, ['wamp.close.logout'])
    t.same([await as(older), await as(newer)], [undefined, undefined], `by the ${by} one`)
  }
})

t.test('rotation does not change when a login ends', async (t) => {
  const { browser, clock, as } = await build(t)
  for (let hour = 1; hour < 24; hour++) {
    t.equal(await browser.identity(), 'joe')
    const connection = await browser.open()
    connection.leave()
    clock.now += 3_600_000
  }
  t.equal(await as(browser.value!), undefined)
})

t.test('a failing store does not cause the loss of a login', async (t) => {
  const store = new MemoryStore()
  const { browser, older, logged } = await build(t, { store })
  const { set } = store
  store.set = () => { throw new Error('down') }
  const connection = await browser.open()
  t.equal(connection.setCookie, undefined)
  t.equal(browser.value, older)
  t.match(await connection.recall(), { authid: 'joe' })
  t.ok(logged.includes('the record of a cookie could not be changed'))
  store.set = set
  t.ok((await browser.open()).setCookie, 'the next time it is')
})

t.test('an older signature is replaced by a newer one, and an unsigned value belongs to no login', async (t) => {
  const store = new MemoryStore()
  const [former, latter] = ['f'.repeat(32), 'l'.repeat(32)]
  const browser = new Browser(buildTracker({ store, options: { secret: former } }).tracker)
  await (await browser.open()).bind(principal())
  const signed = browser.value!
  const { tracker } = buildTracker({ store, options: { secret: [latter, former] } })
  const connection = await tracker.arrive({ cookieHeader: `cbtid=${signed}`, secure: false })
  t.match(await connection.recall(), { authid: 'joe' })
  const renewed = handedValue(connection)!
  t.equal(renewed.split('.')[0], signed.split('.')[0], 'the same id')
  t.not(renewed, signed)
  const last = buildTracker({ store, options: { secret: latter } }).tracker
  t.equal((await last.identify(`cbtid=${renewed}`))?.principal.authid, 'joe')
  t.equal(await last.identify(`cbtid=${signed}`), null, 'a secret that is gone')
  t.equal(await last.identify(`cbtid=${signed.split('.')[0]}`), null, 'no signature')
})

t.test('a cookie with an older signature does not take the place of the newer cookie that replaces it', async (t) => {
  const store = new MemoryStore()
  const [former, latter] = ['f'.repeat(32), 'l'.repeat(32)]
  let now = 1_000_000
  const build = (secret: string | string[]) => buildTracker({ store, options: { secret, rotateAfter: 3600 }, now: () => now }).tracker
  const browser = new Browser(build(former))
  await (await browser.open()).bind(principal())
  const cookieHeader = browser.header
  now += 3_600_000
  const tracker = build([latter, former])
  const tabs = await Promise.all(Array.from({ length: 3 }, async () => await tracker.arrive({ cookieHeader, secure: false })))
  const handed = tabs.map(handedValue).filter((value) => value !== undefined)
  t.equal(handed.length, 1, 'tabs that come at the same moment')
  t.equal((await tracker.identify(`cbtid=${handed[0]!}`))?.principal.authid, 'joe')
  now += 59_000
  t.equal((await tracker.arrive({ cookieHeader, secure: false })).setCookie, undefined, 'a request that was on its way')
  now += 1000
  t.equal(await tracker.identify(cookieHeader), null)
  t.equal((await tracker.identify(`cbtid=${handed[0]!}`))?.principal.authid, 'joe')
})

t.test('browsers that come by one cookie wait for a store that hangs no longer than one of them', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  store.set('cookie', { created: 0, maxAge: 1000, login: 'login' })
  store.set = () => new Promise(() => {}) as unknown as undefined
  const lines: string[] = []
  const log = { warn: (_: object, text: string) => { lines.push(text) } } as unknown as FastifyBaseLogger
  const rotation = new CookieRotation({ store: new GuardedStore(store, { name: 'memory', keepsExpired: false }, log), log, now: () => 100_000, rotateAfter: 60_000 })
  const replacing = Promise.all(['a', 'b', 'c'].map((by) => rotation.replace('cookie', by)))
  await settled()
  mock.timers.tick(5000)
  t.same(await replacing, [null, null, null])
  t.equal(lines.length, 3)
  await rotation.settle()
})
