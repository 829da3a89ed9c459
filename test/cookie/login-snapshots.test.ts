import { mock } from 'node:test'
import t from 'tap'
import type { LoginRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { buildTracker } from './build-tracker.ts'

const start = Date.now() - 1_000_000

/** A store with so many logins, the older ones first, each with one cookie. Every other one is of the role `staff`. */
function storeOf (count: number): MemoryStore {
  const store = new MemoryStore()
  for (let i = 0; i < count; i++) add(store, i)
  return store
}

function add (store: MemoryStore, i: number): void {
  const key = i.toString(16).padStart(64, '0')
  const lifetime = { created: start + i, maxAge: 604_800 }
  store.set(key, { ...lifetime, authid: `user${i}`, authrole: i % 2 === 0 ? 'staff' : 'frontend', authmethod: 'wampcra', authrealm: 'realm1' })
  store.set(`c${key.slice(1)}`, { ...lifetime, login: key })
}

/** Counts how often a store is scanned. */
function scansOf (store: MemoryStore): () => number {
  let scans = 0
  const { entries } = store
  store.entries = function () {
    scans++
    return entries.call(this)
  }
  return () => scans
}

t.test('searches that wait for a scan share it, and one that arrives during a scan waits for the next one', async (t) => {
  const store = storeOf(3)
  const scans = scansOf(store)
  const { tracker } = buildTracker({ store })
  const first = Array.from({ length: 100 }, (_, i) => tracker.find({ authid: `user${i}` }))
  t.same((await Promise.all(first)).map((found) => found.length).slice(0, 4), [1, 1, 1, 0])
  t.equal(scans(), 1)

  const running = tracker.find()
  while (scans() < 2) await Promise.resolve()
  add(store, 3)
  const late = Array.from({ length: 100 }, () => tracker.find({ authid: 'user3' }))
  await running
  t.same(new Set((await Promise.all(late)).map((found) => found.length)), new Set([1]), 'a login that was made before the search is found')
  t.equal(scans(), 3)
})

t.test('a failing store fails only the current searches', async (t) => {
  const store = storeOf(1)
  const { tracker } = buildTracker({ store })
  const { entries } = store
  store.entries = () => { throw new Error('down') }
  await t.rejects(Promise.all([tracker.find(), tracker.find()]), { message: 'down' })
  store.entries = entries
  t.equal((await tracker.find()).length, 1)
})

t.test('a scan runs in turns, and omits logins that are deleted meanwhile', async (t) => {
  const store = storeOf(20_000)
  const { tracker } = buildTracker({ store })
  const done: string[] = []
  const finding = tracker.find().finally(() => { done.push('found') })
  let turns = 0
  for (; done.length === 0; turns++) await settled()
  t.ok(turns > 3, `${turns} turns`)
  t.equal((await finding).length, 20_000)

  const [cookie] = [...store.entries()].filter(([, record]) => 'authid' in record && record.authid === 'user7').map(([key]) => key)
  const running = tracker.find()
  await settled()
  await tracker.forget({ key: cookie!, record: store.get(cookie!) as LoginRecord, cookies: [] }, null)
  t.equal((await running).length, 19_999)
})

t.test('logins are selected by a filter, and returned oldest first, page by page', async (t) => {
  const store = new MemoryStore()
  const order = Array.from({ length: 3000 }, (_, i) => (i * 7919) % 3000)
  for (const i of order) add(store, i)
  const { tracker } = buildTracker({ store })
  const authids = async (filter: object): Promise<string[]> => (await tracker.find(filter)).map(({ record }) => record.authid)
  const all = Array.from({ length: 3000 }, (_, i) => `user${i}`)
  t.equal((await authids({})).join(), all.join())
  t.equal((await authids({ authrole: 'staff' })).join(), all.filter((_, i) => i % 2 === 0).join())
  t.same(await authids({ authrole: 'staff', authid: 'user1' }), [])
  t.same(await authids({ cookie: (5).toString(16).padStart(64, '0'), realm: 'realm1' }), ['user5'])
  t.same(await authids({ realm: 'realm2' }), [])

  const paged: string[] = []
  let after = ''
  for (let page = await tracker.page({}, { after, most: 700 }); page.length > 0; page = await tracker.page({}, { after, most: 700 })) {
    t.ok(page.length <= 700)
    paged.push(...page.map(({ login }) => login.record.authid))
    after = page.at(-1)!.place
  }
  t.equal(paged.join(), all.join())
})

t.test('logins are not searched for when no caller waits any more', async (t) => {
  const { tracker } = buildTracker({ store: storeOf(5000) })
  let state: 'here' | 'gone' = 'here'
  const pages = Array.from({ length: 200 }, async () => await tracker.page({}, { isWanted: () => state === 'here' }))
  const first = await pages[0]
  state = 'gone'
  const before = unitsSpent()
  const found = await Promise.all(pages.slice(1))
  t.equal(first?.length, 5000)
  t.ok(found.filter((page) => page.length > 0).length < 20, 'few were found before')
  t.ok(unitsSpent() - before < 200_000, `${unitsSpent() - before} units`)
})

t.test('searches that share a scan continue one after the other, because the work of their callers is counted in advance', async (t) => {
  const { tracker } = buildTracker({ store: storeOf(1000) })
  let found = 0
  const pages = Array.from({ length: 20 }, async () => {
    await tracker.page({}, { units: 50 })
    found++
  })
  const most: number[] = []
  while (found < pages.length) {
    const before = found
    await settled()
    most.push(found - before)
  }
  t.ok(Math.max(...most) <= 2, `${most.join()} in each turn`)
})

t.test('a thousand searches at once among many logins cost about as much as one', async (t) => {
  const { tracker } = buildTracker({ store: storeOf(20_000) })
  const spent = async (searches: number): Promise<number> => {
    const before = unitsSpent()
    await Promise.all(Array.from({ length: searches }, (_, i) => tracker.find({ realm: 'realm1', authid: `user${i}` })))
    return unitsSpent() - before
  }
  const one = await spent(1)
  t.ok(one > 20_000)
  t.ok(await spent(1000) < one + 10_000)
})

t.test('a store whose entries stop coming fails its searches in time, and later ones go on', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = storeOf(3)
  const { entries } = store
  const { tracker } = buildTracker({ store })
  store.entries = async function * () {
    yield * entries.call(store)
    await new Promise(() => {})
  } as unknown as typeof entries
  const stuck = tracker.find()
  const failed = t.rejects(stuck, { name: 'TimeoutError' })
  await settled()
  store.entries = entries
  const later = tracker.find()
  mock.timers.tick(5000)
  await failed
  t.equal((await later).length, 3)
})
