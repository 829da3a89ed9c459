import { mock } from 'node:test'
import t from 'tap'
import type { Test } from 'tap'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { GuardedStore } from '../../plugin/cookie/guarded-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import { key, record } from './store-contract.ts'

const late = { name: 'TimeoutError', message: 'the cookie store did not answer in 5000 ms' }

/** A store that can hang, and how often it was asked. */
class HangingStore extends MemoryStore {
  state: 'works' | 'hangs' | 'fails' = 'works'
  asked = 0

  override get (key: string): StoredRecord | undefined {
    this.asked++
    if (this.state === 'hangs') return new Promise(() => {}) as unknown as undefined
    if (this.state === 'fails') return Promise.reject(new Error('no connection')) as unknown as undefined
    return super.get(key)
  }
}

function guard (t: Test): { store: HangingStore, guarded: GuardedStore } {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new HangingStore()
  return { store, guarded: new GuardedStore(store, { name: 'test', keepsExpired: false }, { warn () {}, error () {} }) }
}

/** Lets a deadline pass. */
async function pass (milliseconds: number): Promise<void> {
  mock.timers.tick(milliseconds)
  await settled()
}

t.test('a store that hangs costs one deadline, then fails at once, until it works again', async (t) => {
  const { store, guarded } = guard(t)
  await guarded.set(key(1), record())
  store.state = 'hangs'
  const first = t.rejects(guarded.get(key(1)), late)
  await pass(5000)
  await first
  t.equal(store.asked, 2, 'it is looked at in the background')
  await t.rejects(guarded.get(key(1)), late, 'without waiting')
  await t.rejects(guarded.set(key(1), record()), late)
  await t.rejects(guarded.delete(key(1)), late)
  await t.rejects(guarded.runs(10, 'list').next(), late)
  t.equal(store.asked, 2, 'nobody else asks it')
  await pass(5000)
  store.state = 'works'
  await pass(1000)
  t.match(await guarded.get(key(1)), { authid: 'joe' })
})

t.test('a store stays unavailable while it fails, with its last error', async (t) => {
  const { store, guarded } = guard(t)
  store.state = 'hangs'
  const first = t.rejects(guarded.get(key(1)), late)
  await pass(5000)
  await first
  await pass(5000)
  store.state = 'fails'
  await pass(1000)
  await t.rejects(guarded.get(key(1)), { message: 'no connection' })
  t.equal(store.asked, 3)
  store.state = 'works'
  await pass(1000)
  await t.resolves(guarded.get(key(1)))
})

t.test('a store that fails quickly is queried for every request', async (t) => {
  const { store, guarded } = guard(t)
  store.state = 'fails'
  await t.rejects(guarded.get(key(1)), { message: 'no connection' })
  store.state = 'works'
  await t.resolves(guarded.get(key(1)))
})

t.test('a list whose next record takes too long counts as an outage', async (t) => {
  const { store, guarded } = guard(t)
  store.entries = () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) as unknown as ReturnType<MemoryStore['entries']>
  store.state = 'hangs'
  const listing = t.rejects(guarded.runs(10, 'list').next(), late)
  await settled()
  await pass(5000)
  await listing
  await t.rejects(guarded.get(key(1)), late)
})

t.test('a closed store is no longer checked for recovery, and has five seconds to close', async (t) => {
  const { store, guarded } = guard(t)
  store.state = 'hangs'
  const first = t.rejects(guarded.get(key(1)), late)
  await pass(5000)
  await first
  store.close = () => new Promise(() => {}) as unknown as undefined
  const closing = t.rejects(guarded.close(), late)
  await pass(5000)
  await closing
  await pass(60_000)
  t.equal(store.asked, 2)
})

t.test('values that are not records are ignored, with one warning that does not quote them', async (t) => {
  const ours = record()
  const values: unknown[] = [
    {}, [], { created: 1 }, { created: 1, maxAge: 1 }, { created: 1, maxAge: 1, authid: 'secret' }, { ...record(), created: 'x' }, { ...record(), authextra: 5 },
    { ...record(), created: 1e300 }, { ...record(), created: 1.5 }, { ...record(), created: -1 }, { ...record(), maxAge: 1e300 }, { ...record(), login: 'key' }, { ...record(), login: 5 },
    { created: 1, maxAge: 1, login: 'key', used: 'key', lastSeen: 1 }, { created: 1, maxAge: 1, used: 'key', lastSeen: 1e300 }
  ]
  const entries: unknown[] = [undefined, null, 5, [], ['key'], [5, record()], ...values.map((value) => ['key', value]), ['ours', ours]]
  const lines: unknown[] = []
  const store = new MemoryStore()
  const guarded = new GuardedStore(store, { name: 'test', keepsExpired: false }, { warn: (...line) => { lines.push(line) }, error () {} })
  for (const value of [undefined, null, ...values]) {
    store.get = () => value as undefined
    t.equal(await guarded.get(key(1)), undefined)
  }
  store.entries = () => entries as [string, StoredRecord][]
  const found = []
  for await (const run of guarded.runs(3, 'list')) found.push(...run)
  t.same(found, [['ours', ours]])
  t.match(lines, [[{ store: 'test' }, /^the cookie store contains a value that is not a record/]])
  t.equal(lines.length, 1)
  t.notMatch(JSON.stringify(lines), 'secret')
})

t.test('a store that returns null for an unknown key keeps logins, also with an idle timeout', async (t) => {
  const store = new MemoryStore()
  const { get } = store
  store.get = (key) => get.call(store, key) ?? null as unknown as undefined
  for (const options of [{ idleTimeout: 60 }, { rotateAfter: 60 }]) {
    const { tracker, logged } = buildTracker({ store, options })
    const browser = new Browser(tracker)
    await (await browser.open()).bind(principal())
    t.equal(await browser.identity(), 'joe')
    await (await browser.open()).logout()
    t.equal(await browser.identity(), undefined)
    t.same(logged, [])
  }
})
