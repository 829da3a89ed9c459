import { mock } from 'node:test'
import t from 'tap'
import type { Test } from 'tap'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import { successorKeyOf } from '../../plugin/cookie/cookie-id.ts'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import type { TestTracker } from './build-tracker.ts'

const entries = (store: unknown): [string, StoredRecord][] => [...(store as MemoryStore).entries()]

t.test('a store that throws does not mean an unknown cookie: no cookie is set, no login succeeds, one line is logged', async (t) => {
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store })
  const browser = new Browser(tracker)
  const first = await browser.open()
  await first.bind(principal())
  first.leave()
  const { get } = store
  store.get = () => { throw new Error('down') }
  const connection = await browser.open()
  t.equal(connection.setCookie, undefined)
  t.equal(await connection.recall(), null)
  t.equal(await tracker.identify(browser.header), null)
  t.same(new Set(logged), new Set(['the cookie store cannot look up a cookie']))
  store.get = get
  t.equal(await browser.identity(), 'joe', 'the good cookie is still there')
})

t.test('a browser that connects while its user logs in again with another grant keeps its cookie and its login', async (t) => {
  for (const times of [1, 3]) {
    const store = new MemoryStore()
    const { tracker } = buildTracker({ store })
    const browser = new Browser(tracker)
    const first = await browser.open()
    await first.bind(principal())
    first.leave()
    let left = 0
    const { get } = store
    // After the cookie has been read, another login takes the place of the one that it refers to.
    store.get = (key) => {
      const record = get.call(store, key)
      if (left === 0 || record === undefined || !('authid' in record)) return record
      const login = `${left--}`.padStart(64, '0')
      store.set(login, record)
      store.set(successorKeyOf(key), { created: record.created, maxAge: record.maxAge, login })
      store.delete(key)
      return undefined
    }
    left = times
    const connection = await browser.open()
    t.equal(connection.setCookie, undefined, 'the cookie is not replaced by that of a visitor')
    t.equal((await connection.recall())?.authid, 'joe')
    t.equal(await browser.identity(), 'joe')
  }
})

t.test('a REST logout or login rejects and changes nothing if the store cannot look up its cookie', async (t) => {
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store })
  const cookieHeader = (await tracker.signIn({ cookieHeader: undefined, secure: false }, principal())).cookie.split(';')[0]
  const { get } = store
  store.get = () => { throw new Error('down') }
  await t.rejects(tracker.signOut({ cookieHeader, secure: false }), { code: 'WAMP_ERR_SIGN_OUT', statusCode: 503 })
  await t.rejects(tracker.signIn({ cookieHeader, secure: false }, principal({ authid: 'ann' })), { code: 'WAMP_ERR_SIGN_IN' })
  store.get = get
  t.same((await tracker.find()).map(({ record: { authid } }) => authid), ['joe'])
  t.equal((await tracker.identify(cookieHeader))?.principal.authid, 'joe')
  await tracker.signOut({ cookieHeader, secure: false })
  t.equal(await tracker.identify(cookieHeader), null)
})

t.test('a store that is too slow is treated as unavailable', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store })
  store.get = () => new Promise(() => {}) as unknown as undefined
  const arriving = tracker.arrive({ cookieHeader: 'cbtid=aaaaaaaaaaaa', secure: false })
  mock.timers.tick(5000)
  t.equal((await arriving).setCookie, undefined)
  t.same(logged, ['the cookie store cannot look up a cookie'])
})

t.test('a login that cannot be stored succeeds all the same, and the failure is logged', async (t) => {
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store })
  const browser = new Browser(tracker)
  store.set = () => { throw new Error('disk full') }
  await (await browser.open()).bind(principal())
  t.same(logged, ['a login could not be stored: it cannot be restored by cookie'])
  t.equal(await browser.identity(), undefined)
})

t.test('a logout during a lookup invalidates the result of the lookup', async (t) => {
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  const first = await browser.open()
  await first.bind(principal())

  let answer = (): void => {}
  const { get } = store
  store.get = function (key) {
    const record = get.call(this, key)
    if (record === undefined || !('authid' in record)) return record
    return new Promise((resolve) => { answer = () => { resolve(record) } }) as unknown as StoredRecord
  }
  const arriving = browser.open()
  await settled()
  store.get = get
  await first.logout()
  answer()
  const late = await arriving
  t.ok(late.setCookie, 'the cookie is as good as unknown')
  t.equal(await late.recall(), null)
})

t.test('an unused login ends after idleTimeout; open connections and requests count as use', async (t) => {
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000_000 })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store, options: { idleTimeout: 600 }, now: Date.now })
  const browser = new Browser(tracker)
  const tab = await browser.open()
  await tab.bind(principal())
  mock.timers.tick(3_600_000)
  t.equal(await browser.identity(), 'joe', 'a connection was open all the time')
  tab.leave()
  for (let i = 0; i < 5; i++) {
    mock.timers.tick(599_000)
    t.equal(await browser.identity(), 'joe', 'a request is a use')
  }
  mock.timers.tick(600_000)
  t.equal(await browser.identity(), undefined)
  t.same(entries(store), [], 'nothing is left of it')
  await tracker.close()
})

t.test('the idle time of a login is known to a process that opens the store later', async (t) => {
  for (const { idle, authid } of [{ idle: 599_000, authid: 'joe' }, { idle: 600_000, authid: undefined }]) {
    let now = 1_000_000
    const store = new MemoryStore()
    store.close = () => {}
    const options = { idleTimeout: 600 }
    const first = buildTracker({ store, options, now: () => now })
    const browser = new Browser(first.tracker)
    await (await browser.open()).bind(principal())
    now += 500_000
    t.equal(await browser.identity(), 'joe')
    await first.tracker.close()
    now += idle
    const { tracker } = buildTracker({ store, options, now: () => now })
    t.equal((await tracker.find()).length, authid === undefined ? 0 : 1)
    const connection = await tracker.arrive({ cookieHeader: browser.header, secure: false })
    t.equal((await connection.recall())?.authid, authid)
    t.equal(connection.setCookie === undefined, authid !== undefined, 'who was idle is handed a fresh cookie')
    await tracker.close()
  }
})

t.test('a logout that the store cannot write takes effect at once, and is retried until it is written', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store })
  const browsers = [new Browser(tracker), new Browser(tracker)]
  const connections = []
  for (const browser of browsers) connections.push(await browser.open())
  for (const connection of connections) await connection.bind(principal())
  const { delete: original } = store
  let asked = 0
  store.delete = () => { asked++; throw new Error('down') }
  for (const connection of connections) await connection.logout()
  t.same(logged, ['a login could not be deleted from the cookie store'], 'it is said once')
  for (const browser of browsers) t.equal(await browser.identity(), undefined, 'it is over')
  t.same(await tracker.find(), [])

  asked = 0
  for (const delay of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
    mock.timers.tick(delay - 1)
    t.equal(asked, 0)
    mock.timers.tick(1)
    await settled()
    t.equal(asked, 1, `after ${delay} ms the store is asked about one of them`)
    asked = 0
  }
  store.delete = original
  mock.timers.tick(60_000)
  await settled()
  t.notOk(entries(store).some(([, record]) => 'authid' in record), 'both are gone')
  t.same(logged.slice(1), ['the cookie store works again'])
  await tracker.close()
})

t.test('a logout that the store cannot write is tried once more when the app closes', async (t) => {
  for (const works of [true, false]) {
    const store = new MemoryStore()
    let closed = 0
    store.close = () => { closed++ }
    const { tracker, logged } = buildTracker({ store })
    const connection = await new Browser(tracker).open()
    await connection.bind(principal())
    const { delete: original } = store
    store.delete = () => { throw new Error('down') }
    await connection.logout()
    if (works) store.delete = original
    await tracker.close()
    t.equal(entries(store).some(([, record]) => 'authid' in record), !works)
    t.equal(closed, 1, 'the store is closed in any case')
    t.equal(logged.at(-1), works ? 'the cookie store works again' : 'ended logins could not be deleted from the cookie store: they are valid again when it is next opened')
  }
})

t.test('a store that hangs, or fails to close, does not hold up the end of the app', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  for (const close of [async () => { await new Promise(() => {}) }, () => { throw new Error('down') }]) {
    const store = new MemoryStore()
    const { tracker, logged } = buildTracker({ store })
    const connection = await new Browser(tracker).open()
    await connection.bind(principal())
    store.delete = async () => { await new Promise(() => {}) }
    store.close = close
    const out = connection.logout()
    mock.timers.tick(5000)
    await out
    const closing = tracker.close()
    await settled()
    mock.timers.tick(5000)
    await settled()
    mock.timers.tick(30_000)
    await closing
    t.equal(logged.at(-1), 'the cookie store could not be closed')
  }
})

t.test('a store that fails at each login is logged once, and once when it works again', async (t) => {
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store })
  const { set } = store
  store.set = () => { throw new Error('disk full') }
  for (let i = 0; i < 20; i++) await (await new Browser(tracker).open()).bind(principal())
  t.same(logged, ['a login could not be stored: it cannot be restored by cookie'])
  store.set = set
  for (let i = 0; i < 20; i++) await (await new Browser(tracker).open()).bind(principal())
  t.same(logged.slice(1), ['the cookie store works again'])
  await tracker.close()
})

t.test('a client that connects while a logout is being written is not logged in', async (t) => {
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  const connection = await browser.open()
  await connection.bind(principal())
  let written = (): void => {}
  const writing = new Promise<void>((resolve) => { written = resolve })
  store.delete = async () => { await writing }
  const out = connection.logout()
  t.equal(await browser.identity(), undefined)
  t.equal(await (await browser.open()).recall(), null)
  written()
  await out
})

t.test('an invalid record means that the store cannot tell, and null means that there is none', async (t) => {
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store })
  const browser = new Browser(tracker)
  const first = await browser.open()
  await first.bind(principal())
  first.leave()
  const { get } = store
  for (const answer of ['a string', 5, true]) {
    store.get = () => answer as unknown as undefined
    t.equal((await browser.open()).setCookie, undefined, 'the cookie is not replaced')
  }
  t.same(logged, ['the cookie store cannot look up a cookie'], 'once for an outage')
  store.get = get
  t.equal(await browser.identity(), 'joe')
  store.get = () => null as unknown as undefined
  t.type((await browser.open()).setCookie, 'string', 'an unknown cookie is')
})

t.test('a lookup while a login is being stored does not lose the login', async (t) => {
  const store = new MemoryStore()
  const { set } = store
  let stored = (): void => {}
  store.set = function (key, record) {
    if (!('authid' in record)) return set.call(this, key, record)
    return new Promise<void>((resolve) => { stored = () => { set.call(this, key, record); resolve() } }) as unknown as undefined
  }
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  const binding = (await browser.open()).bind(principal())
  t.equal(await browser.identity(), undefined)
  await settled()
  stored()
  await binding
  t.equal(await browser.identity(), 'joe')
})

t.test('a lookup while a login is being replaced does not lose the new login', async (t) => {
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const tab = await browser.open()
  const { get } = store
  let answer = (): void => {}
  store.get = function (key) {
    const record = get.call(this, key)
    if (record === undefined || !('login' in record)) return record
    store.get = get
    return new Promise((resolve) => { answer = () => { resolve(record) } }) as unknown as undefined
  }
  const looking = browser.identity()
  await tab.bind(principal({ authextra: { theme: 'dark' } }))
  answer()
  await looking
  await settled()
  t.equal(await browser.identity(), 'joe')
})

t.test('a store that does not keep the first login is named in the log once, with what to do', async (t) => {
  for (const [maxAge, advice] of [[3_456_000, 'set cookie.maxAge to 2592000 or less'], [604_800, 'Use another cookie.store']] as const) {
    const store = new MemoryStore()
    store.set = () => {}
    const { tracker, logged } = buildTracker({ store, options: { maxAge } })
    for (let i = 0; i < 2; i++) await (await new Browser(tracker).open()).bind(principal())
    t.equal(logged.length, 1)
    t.match(logged[0], 'MemoryStore accepted a login but does not return it: the login cannot be restored by cookie.')
    t.match(logged[0], advice)
  }
})

t.test('only the first stored login is read back, if the store keeps it', async (t) => {
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store })
  const connections = [await new Browser(tracker).open(), await new Browser(tracker).open()]
  const read = t.capture(store, 'get', store.get)
  for (const connection of connections) await connection.bind(principal())
  t.equal(read().length, 1)
  t.same(logged, [])
})

/** A browser that has logged in, with an idle timeout of a minute, and the clock of its tracker. */
async function logInWithIdleTimeout (t: Test): Promise<{ tracker: TestTracker, browser: Browser, connection: CookieConnection, clock: { now: number } }> {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const clock = { now: 1_000_000 }
  const { tracker } = buildTracker({ options: { idleTimeout: 60 }, now: () => clock.now })
  const browser = new Browser(tracker)
  const connection = await browser.open()
  await connection.bind(principal())
  return { tracker, browser, connection, clock }
}

t.test('a request in flight counts as use', async (t) => {
  const { tracker, browser, connection, clock } = await logInWithIdleTimeout(t)
  connection.leave()
  const ended: string[] = []
  const request = (await tracker.identify(browser.header))!
  request.follow(() => { ended.push('request') })
  for (let i = 0; i < 8; i++) {
    clock.now += 15_000
    mock.timers.tick(15_000)
    await settled()
  }
  clock.now += 50_000
  request.release()
  await settled()
  clock.now += 50_000
  t.equal(await browser.identity(), 'joe', 'nor does its end count less')
  clock.now += 60_000
  t.equal(await browser.identity(), undefined)
  t.same(ended, [])
  await tracker.close()
})

t.test('a login that has been idle ends together with its requests and sessions', async (t) => {
  const { tracker, browser, connection, clock } = await logInWithIdleTimeout(t)
  const ended: string[] = []
  connection.setSession({ viaCookie: false, end: (reason) => { ended.push(reason) } })
  ;(await tracker.identify(browser.header))!.follow(() => { ended.push('request') })
  clock.now += 60_000
  t.equal(await browser.identity(), undefined)
  t.same(ended, ['request', 'wamp.close.logout'])
  await tracker.close()
})

t.test('a shorter maxAge also applies to older logins', async (t) => {
  let now = 1_000_000
  const store = new MemoryStore()
  const before = buildTracker({ store, options: { maxAge: 1000 }, now: () => now }).tracker
  const browser = new Browser(before)
  await (await browser.open()).bind(principal())
  const { tracker } = buildTracker({ store, options: { maxAge: 100 }, now: () => now })
  const after = new Browser(tracker)
  after.value = browser.value
  t.equal((await tracker.identify(after.header))!.expires.getTime(), 1_100_000)
  t.equal((await tracker.find()).length, 1)
  now += 100_000
  t.equal((await tracker.find()).length, 0)
  t.equal(await after.identity(), undefined)
  t.same([...store.entries()], [])
})
