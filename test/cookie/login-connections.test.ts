import { mock } from 'node:test'
import t from 'tap'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'

const entries = (store: unknown): [string, StoredRecord][] => [...(store as MemoryStore).entries()]

t.test('a login that another process deleted from a shared store ends here, too', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store, shared: true, options: { recheck: 60 } })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const connection = await browser.open()
  const ended = new Promise((resolve) => { connection.setSession({ viaCookie: true, end: resolve }) })
  const [login] = entries(store).find(([, record]) => 'authid' in record)!
  store.delete(login)
  mock.timers.tick(60_000)
  t.equal(await ended, 'wamp.close.logout')
  await tracker.close()
})

t.test('a session that cannot be ended is logged', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  const { tracker, logged } = buildTracker({ store, shared: true, options: { recheck: 60 } })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const connection = await browser.open()
  connection.setSession({ viaCookie: true, end: () => { throw new Error('broken') } })
  const [login] = entries(store).find(([, record]) => 'authid' in record)!
  store.delete(login)
  mock.timers.tick(60_000)
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(logged, ['the sessions of an ended login could not be ended'])
  await tracker.close()
})

t.test('the session that created a login ends when another process deletes the login', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  store.close = () => {}
  const [here, there] = [buildTracker({ store, shared: true, options: { recheck: 60 } }), buildTracker({ store, shared: true })]
  const browser = new Browser(here.tracker)
  const connection = await browser.open()
  await connection.bind(principal())
  const ended = new Promise((resolve) => { connection.setSession({ viaCookie: false, end: resolve }) })
  await there.tracker.signOut({ cookieHeader: browser.header, secure: false })
  mock.timers.tick(60_000)
  t.equal(await ended, 'wamp.close.logout')
  await here.tracker.close()
  await there.tracker.close()
})

t.test('a session whose login could not be stored, is being stored or has expired is not ended', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  let now = 1_000_000
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store, shared: true, options: { recheck: 60, maxAge: 1000 }, now: () => now })
  const { set } = store
  const ended: string[] = []
  const log = async (name: string): Promise<CookieConnection> => {
    const connection = await new Browser(tracker).open()
    connection.setSession({ viaCookie: false, end: () => { ended.push(name) } })
    return connection
  }
  await (await log('expired')).bind(principal())
  store.set = () => { throw new Error('disk full') }
  await (await log('not stored')).bind(principal())
  let stored = (): void => {}
  store.set = async () => { await new Promise<void>((resolve) => { stored = resolve }) }
  const binding = (await log('being stored')).bind(principal())
  store.set = set
  now += 2_000_000
  mock.timers.tick(60_000)
  await settled()
  t.same(ended, [])
  stored()
  await binding
  await tracker.close()
})

t.test('a request is notified when its login ends, by any process, unless the request is over', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  for (const ends of ['logout', 'elsewhere', 'other role', 'same role', 'over'] as const) {
    const store = new MemoryStore()
    const { tracker } = buildTracker({ store, shared: true, options: { recheck: 60 } })
    const browser = new Browser(tracker)
    await (await browser.open()).bind(principal(), 'wampcra')
    let told = 0
    const request = (await tracker.identify(browser.header))!
    request.follow(() => { told++ })
    const connection = await browser.open()
    if (ends === 'over') request.release()
    if (ends === 'elsewhere') store.delete(entries(store).find(([, record]) => 'authid' in record)![0])
    else if (ends === 'other role') await connection.bind(principal({ authrole: 'other' }), 'wampcra')
    else if (ends === 'same role') await connection.bind(principal({ authmethod: 'ticket' }), 'ticket')
    else await connection.logout()
    mock.timers.tick(60_000)
    await settled()
    t.equal(told, ends === 'same role' || ends === 'over' ? 0 : 1, ends)
    await connection.logout()
    t.equal(told, ends === 'over' ? 0 : 1, 'once')
    await tracker.close()
  }
})
