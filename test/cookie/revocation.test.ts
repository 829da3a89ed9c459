import { mock } from 'node:test'
import t from 'tap'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'

/** A store that can be unable to list its records, or to store cookies. */
class Store extends MemoryStore {
  listing: 'works' | 'fails' | 'hangs' = 'works'
  writing: 'works' | 'fails' | 'hangs' = 'works'
  goOn = (): void => {}

  override set (key: string, record: StoredRecord): void {
    if (this.writing === 'fails') throw new Error('disk full')
    if (this.writing === 'works' || !('login' in record)) return super.set(key, record)
    return new Promise<void>((resolve) => { this.goOn = resolve }).then(() => { super.set(key, record) }) as unknown as undefined
  }

  override entries (): Iterable<[key: string, record: StoredRecord]> {
    if (this.listing === 'fails') throw new Error('cannot list')
    if (this.listing === 'hangs') return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) } as unknown as ReturnType<MemoryStore['entries']>
    return super.entries()
  }
}

/** Opens a session, and returns the reasons with which it is ended. */
function setSession (connection: CookieConnection, viaCookie: boolean): string[] {
  const ended: string[] = []
  connection.setSession({ viaCookie, end: (reason) => { ended.push(reason) } })
  return ended
}

/** Logs a user in, and closes the connection. */
async function logIn (browser: Browser, authid = 'joe'): Promise<void> {
  const connection = await browser.open()
  await connection.bind(principal({ authid }))
  connection.leave()
}

t.test('a revocation takes effect at once while the store cannot list its records, and is completed when it can', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  for (const listing of ['fails', 'hangs'] as const) {
    const store = new Store()
    const { tracker } = buildTracker({ store })
    const [online, offline] = [new Browser(tracker), new Browser(tracker)]
    await logIn(offline)
    const connection = await online.open()
    await connection.bind(principal())
    const ended = [setSession(connection, false), setSession(await online.open(), true)]
    const request = await tracker.identify(online.header)
    request!.follow(() => { ended[0]!.push('request') })

    store.listing = listing
    const revoking = t.rejects(tracker.revoke({ authid: 'joe' }), listing === 'fails' ? { message: 'cannot list' } : { name: 'TimeoutError' })
    t.same(ended, [['request', 'wamp.close.logout'], ['wamp.close.logout']], 'before the store has answered')
    t.equal(await online.identity(), undefined)
    t.equal(await offline.identity(), undefined, 'of which this process knows nothing')
    await settled()
    mock.timers.tick(5000)
    await revoking
    const later = new Browser(tracker)
    store.listing = 'works'
    await logIn(later)
    mock.timers.tick(5000)
    await settled()
    mock.timers.tick(5000)
    await settled()
    t.equal([...store.entries()].length, 2, 'only the later login is left')
    t.same([await online.identity(), await offline.identity(), await later.identity()], [undefined, undefined, 'joe'])
    await tracker.close()
  }
})

t.test('a login that is made while a revocation waits for the store is not revoked', async (t) => {
  const now = 1_000_000
  const store = new Store()
  const { tracker } = buildTracker({ store, now: () => now })
  const [before, after, other] = [new Browser(tracker), new Browser(tracker), new Browser(tracker)]
  await logIn(before)
  await logIn(other, 'ann')
  store.listing = 'fails'
  await t.rejects(tracker.revoke({ authid: 'joe' }), { message: 'cannot list' })
  await logIn(after)
  t.same([await before.identity(), await after.identity(), await other.identity()], [undefined, 'joe', 'ann'])
  await tracker.close()
})

t.test('a revocation reaches logins that were made before the clock was set back, while the store cannot list', async (t) => {
  const store = new Store()
  let now = 1_000_000_000
  const build = () => buildTracker({ store, now: () => now }).tracker
  const [tracker, other] = [build(), build()]
  const [browser, ofOther, later] = [new Browser(tracker), new Browser(other), new Browser(tracker)]
  await logIn(browser)
  now += 1000
  await logIn(ofOther)
  const atOther = new Browser(tracker)
  atOther.value = ofOther.value
  now -= 3_601_000
  store.listing = 'fails'
  await t.rejects(tracker.revoke({ authid: 'joe' }), { message: 'cannot list' })
  await logIn(later)
  t.same([await browser.identity(), await atOther.identity(), await later.identity()], [undefined, undefined, 'joe'])
  await settled()
  store.listing = 'works'
  t.equal([...store.entries()].length, 2, 'only the later login is left')

  store.listing = 'fails'
  now += 3_601_000
  await logIn(browser)
  now -= 500
  await t.rejects(tracker.revoke({ authid: 'joe' }), { message: 'cannot list' })
  now += 1000
  t.equal(await browser.identity(), undefined, 'although its time seems to be later than that of the revocation')
  await Promise.all([tracker.close(), other.close()])
})

t.test('a revocation that is retried deletes logins that were made before the clock was set back', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new Store()
  let now = 1_000_000_000
  const { tracker } = buildTracker({ store, now: () => now })
  await logIn(new Browser(tracker))
  now -= 3_600_000
  store.listing = 'fails'
  await t.rejects(tracker.revoke({ authid: 'joe' }), { message: 'cannot list' })
  store.listing = 'works'
  mock.timers.tick(1000)
  await settled()
  t.same([...store.entries()], [])
  await tracker.close()
})

t.test('a revoked login that is used while the store cannot list is deleted', async (t) => {
  const store = new Store()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await logIn(browser)
  const other = new Browser(buildTracker({ store }).tracker)
  other.value = browser.value
  store.listing = 'fails'
  await t.rejects(tracker.revoke({ realm: 'realm1' }), { message: 'cannot list' })
  t.equal(await other.identity(), 'joe', 'in another process')
  t.equal(await browser.identity(), undefined)
  await settled()
  store.listing = 'works'
  t.same([...store.entries()], [])
  t.equal(await other.identity(), undefined)
  await tracker.close()
})

t.test('a revocation by key needs no list', async (t) => {
  const store = new Store()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const ended = setSession(await browser.open(), true)
  const { cookie } = (await tracker.find())[0]!
  store.listing = 'fails'
  t.equal(await tracker.revoke({ cookie, authid: 'ann' }), 0)
  t.equal(await browser.identity(), 'joe')
  t.equal(await tracker.revoke({ cookie, authid: 'joe' }), 1)
  t.same(ended, ['wamp.close.logout'])
  t.equal(await tracker.revoke({ cookie }), 0)
  t.equal(await browser.identity(), undefined)
  await tracker.close()
})

t.test('a login that is being stored ends with a revocation', async (t) => {
  for (const filter of [{ authid: 'joe' }, { authrole: 'frontend' }, { realm: 'realm1' }]) {
    const store = new Store()
    const { tracker } = buildTracker({ store })
    const browser = new Browser(tracker)
    const connection = await browser.open()
    store.writing = 'hangs'
    const binding = connection.bind(principal())
    await settled()
    t.equal(await tracker.revoke(filter), 1)
    store.writing = 'works'
    store.goOn()
    await binding
    const ended = setSession(connection, false)
    await settled()
    t.same(ended, ['wamp.close.logout'])
    t.equal(await browser.identity(), undefined)
    t.same([...store.entries()], [])
    await tracker.close()
  }
})

t.test('a REST login that is being stored ends with a revocation', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  for (const listing of ['works', 'fails', 'hangs'] as const) {
    const store = new Store()
    const { tracker } = buildTracker({ store })
    store.writing = 'hangs'
    const signingIn = t.rejects(tracker.signIn({ cookieHeader: undefined, secure: false }, principal()), { code: 'WAMP_ERR_SIGN_IN', message: /was revoked/ })
    await settled()
    store.listing = listing
    const revoking = tracker.revoke({ authid: 'joe' }).then((count) => count, () => 'failed')
    if (listing !== 'hangs') t.equal(await revoking, listing === 'works' ? 1 : 'failed')
    store.writing = 'works'
    store.goOn()
    await signingIn
    await settled()
    mock.timers.tick(5000)
    t.equal(await revoking, listing === 'works' ? 1 : 'failed')
    store.listing = 'works'
    t.same([...store.entries()], [])
    await tracker.close()
  }
})

t.test('a login that waits for something else before it is stored ends with a revocation', async (t) => {
  const store = new Store()
  const { tracker } = buildTracker({ store })
  const [browser, other] = [new Browser(tracker), new Browser(tracker)]
  await (await other.open()).bind(principal({ authid: 'ann' }))
  store.get = () => { throw new Error('down') }
  const { value } = other
  const connection = await tracker.arrive({ cookieHeader: `cbtid=${value!}`, secure: false })
  let goOn = (): void => {}
  store.get = () => new Promise<void>((resolve) => { goOn = resolve }) as unknown as undefined
  const binding = connection.bind(principal())
  t.equal(await tracker.revoke({ authid: 'joe' }), 0)
  goOn()
  await binding
  const ended = setSession(connection, false)
  await settled()
  t.same(ended, ['wamp.close.logout'])
  t.equal(await browser.identity(), undefined)
  await tracker.close()
})

t.test('a revocation ends a session whose login could not be stored', async (t) => {
  const store = new Store()
  const { tracker } = buildTracker({ store })
  store.writing = 'fails'
  const [joe, ann] = [await new Browser(tracker).open(), await new Browser(tracker).open()]
  await joe.bind(principal())
  await ann.bind(principal({ authid: 'ann' }))
  const ended = [setSession(joe, false), setSession(ann, false)]
  store.writing = 'works'
  t.equal(await tracker.revoke({ authid: 'joe' }), 1)
  t.same(ended, [['wamp.close.logout'], []])
  await tracker.close()
})

t.test('a revocation ends a session that was opened while the store could not look up its cookie', async (t) => {
  const store = new Store()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const { get } = store
  store.get = () => { throw new Error('down') }
  const connection = await browser.open()
  await connection.bind(principal())
  store.get = get
  const ended = setSession(connection, false)
  await tracker.revoke({ authid: 'ann' })
  t.same(ended, [])
  await tracker.revoke({ authid: 'joe' })
  t.same(ended, ['wamp.close.logout'])
  await tracker.close()
})

t.test('a revocation deletes a login whose cookies another process has not stored yet', async (t) => {
  const store = new Store()
  store.close = () => {}
  const [here, there] = [buildTracker({ store }).tracker, buildTracker({ store }).tracker]
  const browser = new Browser(there)
  const connection = await browser.open()
  store.writing = 'hangs'
  const binding = connection.bind(principal())
  await settled()
  t.same(await here.find(), [], 'it is not listed yet')
  t.equal(await here.revoke({ authid: 'joe' }), 1)
  store.writing = 'works'
  store.goOn()
  await binding
  t.equal(await browser.identity(), undefined)
  await here.close()
  await there.close()
})

t.test('a browser that arrives while its login is looked up is not let in after a revocation that could not list', async (t) => {
  const store = new Store()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await logIn(browser)
  const { get } = store
  let goOn = (): void => {}
  const waiting = new Promise<void>((resolve) => { goOn = resolve })
  store.get = (key) => waiting.then(() => get.call(store, key)) as unknown as undefined
  const identifying = browser.identity()
  store.listing = 'fails'
  await t.rejects(tracker.revoke({ authid: 'joe' }), { message: 'cannot list' })
  goOn()
  t.equal(await identifying, undefined)
  await tracker.close()
})
