import { mock } from 'node:test'
import t from 'tap'
import type { Test } from 'tap'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import type { TestTracker } from './build-tracker.ts'

/** Records that processes share. This process may be unable to change or to read them. */
class SharedStore extends MemoryStore {
  readonly #records: MemoryStore
  state: 'works' | 'reads only' | 'fails' | 'hangs' = 'works'
  hanging = 0

  constructor (records: MemoryStore) {
    super()
    this.#records = records
  }

  override get (key: string): StoredRecord | undefined {
    if (this.state === 'fails') throw new Error('the store fails')
    return this.#records.get(key)
  }

  override set (key: string, record: StoredRecord): void {
    if (this.state !== 'works') throw new Error('the store is read-only')
    this.#records.set(key, record)
  }

  override delete (key: string): void {
    if (this.state === 'hangs') {
      this.hanging++
      return new Promise(() => {}) as unknown as undefined
    }
    if (this.state !== 'works') throw new Error('the store is read-only')
    this.#records.delete(key)
  }

  override entries (): ReturnType<MemoryStore['entries']> {
    if (this.state === 'fails') throw new Error('the store fails')
    return this.#records.entries()
  }
}

/** A user who is logged in, and a second process that uses the same records. */
async function build (t: Test) {
  const records = new MemoryStore()
  const store = new SharedStore(records)
  const { tracker } = buildTracker({ store })
  const elsewhere = buildTracker({ store: records }).tracker
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  t.teardown(async () => {
    store.state = 'works'
    await tracker.close()
  })
  const { header } = browser
  return { store, tracker, browser, tabs: [await browser.open(), await browser.open()], header, elsewhere: async () => (await elsewhere.identify(header))?.principal.authid }
}

type Built = Awaited<ReturnType<typeof build>>

const key = async (tracker: TestTracker): Promise<string> => (await tracker.find())[0]!.cookie

/** The ways to end the login. Each resolves to whether the login is said to be deleted. */
const ends: Readonly<Record<string, (built: Built, cookie: string) => Promise<boolean>>> = {
  'revocation of the user': async ({ tracker }) => await tracker.revoke({ authid: 'joe' }).then(() => true, () => false),
  'revocation of the role': async ({ tracker }) => await tracker.revoke({ realm: 'realm1', authrole: 'frontend' }).then(() => true, () => false),
  'revocation by key': async ({ tracker }, cookie) => await tracker.revoke({ cookie }).then(() => true, () => false),
  'logout by REST': async ({ tracker, header }) => await tracker.signOut({ cookieHeader: header, secure: false }).then(() => true, () => false),
  'logout in a tab': async ({ tabs }) => await tabs[0]!.logout() === 'is deleted',
  'logout in another tab': async ({ tabs }) => await tabs[1]!.logout() === 'is deleted',
  'logout on a new connection': async ({ tracker, header }) => await (await tracker.arrive({ cookieHeader: header, secure: false })).logout() === 'is deleted'
}

for (const [first, end] of Object.entries(ends)) {
  t.test(`after a ${first} that is not complete, no other one is complete until the store has deleted the login`, async (t) => {
    for (const [second, endAgain] of Object.entries(ends)) {
      for (const when of ['later', 'at the same time'] as const) {
        const built = await build(t)
        const cookie = await key(built.tracker)
        built.store.state = 'reads only'
        const ending = end(built, cookie)
        if (when === 'later') t.notOk(await ending)
        t.notOk(await endAgain(built, cookie), `${second} ${when}`)
        await ending
        t.equal(await built.elsewhere(), 'joe')
        t.equal(await built.browser.identity(), undefined, 'in this process, it has ended')
        built.store.state = 'works'
        t.ok(await endAgain(built, cookie))
        t.equal(await built.elsewhere(), undefined, `${second} ${when}`)
      }
    }
  })
}

t.test('after a logout that could not look up the cookie, no logout is complete until the store has deleted the login', async (t) => {
  for (const name of ['logout by REST', 'logout on a new connection']) {
    const built = await build(t)
    built.store.state = 'fails'
    t.equal(await (await built.browser.open()).logout(), 'is not deleted')
    built.store.state = 'reads only'
    t.notOk(await ends[name]!(built, ''), name)
    t.equal(await built.elsewhere(), 'joe')
    built.store.state = 'works'
    t.ok(await ends[name]!(built, ''))
    t.equal(await built.elsewhere(), undefined)
  }
})

t.test('a revocation rejects after five seconds if the store does not delete the logins', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { store, tracker } = await build(t)
  store.state = 'hangs'
  const states: string[] = []
  tracker.revoke({ authid: 'joe' }).catch(() => { states.push('rejected') })
  while (store.hanging === 0) await settled()
  mock.timers.tick(4999)
  await settled()
  t.same(states, [])
  mock.timers.tick(1)
  await settled()
  t.same(states, ['rejected'])
  store.state = 'works'
  mock.timers.tick(5000)
  await settled()
})
