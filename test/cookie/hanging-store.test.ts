import { mock } from 'node:test'
import t from 'tap'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import type { TestTracker } from './build-tracker.ts'

const operations = ['get', 'set', 'delete', 'entries'] as const
type Operation = (typeof operations)[number]

/** A store that does not answer some operations. */
class HangingStore extends MemoryStore {
  hangs: readonly Operation[] = []

  override get (key: string): StoredRecord | undefined { return this.#hang('get') ?? super.get(key) }
  override set (key: string, record: StoredRecord): void { return this.#hang('set') ?? super.set(key, record) }
  override delete (key: string): void { return this.#hang('delete') ?? super.delete(key) }
  override entries (): ReturnType<MemoryStore['entries']> {
    const next = this.#hang('entries')
    return next === undefined ? super.entries() : { [Symbol.asyncIterator]: () => ({ next: () => next as unknown }) } as unknown as ReturnType<MemoryStore['entries']>
  }

  #hang (operation: Operation): undefined {
    return this.hangs.includes(operation) ? new Promise(() => {}) as unknown as undefined : undefined
  }
}

/** What the app, its routes and a client do with two logins of joe: `header` has the cookies of both, and `client` has sent them. */
const requests: Record<string, (tracker: TestTracker, header: string, login: string, client: CookieConnection) => Promise<unknown>> = {
  'revoke a user': (tracker) => tracker.revoke({ authid: 'joe' }),
  'revoke a login by its key': (tracker, _, cookie) => tracker.revoke({ cookie }),
  'find logins': (tracker) => tracker.find(),
  'identify a user': (tracker, cookieHeader) => tracker.identify(cookieHeader),
  'sign in': (tracker, cookieHeader) => tracker.signIn({ cookieHeader, secure: false }, principal()),
  'sign out': (tracker, cookieHeader) => tracker.signOut({ cookieHeader, secure: false }),
  'log out over WAMP': (_tracker, _header, _login, client) => client.logout()
}

/** The number of milliseconds until a promise is settled. */
async function duration (promise: Promise<unknown>, limit: number): Promise<number> {
  let state: 'pending' | 'settled' = 'pending'
  promise.then(() => {}, () => {}).finally(() => { state = 'settled' })
  const isPending = (): boolean => state === 'pending'
  await settled()
  let passed = 0
  for (; isPending() && passed < limit; passed += 100) {
    mock.timers.tick(100)
    await settled()
  }
  return passed
}

t.test('nothing waits for a store that hangs longer than its five seconds, however many deletions it takes', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  for (const hangs of [...operations.map((operation) => [operation]), ['set', 'delete'] as const, operations]) {
    for (const [name, request] of Object.entries(requests)) {
      const store = new HangingStore()
      const { tracker } = buildTracker({ store })
      const browsers = [new Browser(tracker), new Browser(tracker)]
      for (const browser of browsers) await (await browser.open()).bind(principal())
      const { cookie } = (await tracker.find())[0]!
      const cookieHeader = browsers.map(({ header }) => header).join('; ')
      const client = await tracker.arrive({ cookieHeader, secure: false })
      store.hangs = hangs
      t.ok(await duration(request(tracker, cookieHeader, cookie, client), 20_000) <= 5000, `${name} while ${hangs.join(' and ')} hang`)
      await duration(tracker.close(), 60_000)
    }
  }
})
