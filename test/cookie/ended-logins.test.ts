import { mock } from 'node:test'
import t from 'tap'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'

/** A store whose deletions wait until they are let go on, and that cannot delete once it is closed. */
class SlowStore extends MemoryStore {
  state: 'open' | 'closed' = 'open'
  asked = 0
  #waiting: (() => void)[] = []

  override delete (key: string): void {
    const deletion = new Promise<void>((resolve) => { this.#waiting.push(resolve) }).then(() => {
      if (this.state === 'closed') throw new Error('closed')
      super.delete(key)
    })
    this.asked++
    return deletion as unknown as undefined
  }

  override close (): void {
    this.state = 'closed'
  }

  letGo (): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  get logins (): number {
    return [...this.entries()].filter(([, record]) => 'authid' in record).length
  }
}

const left = 'ended logins could not be deleted from the cookie store: they are valid again when it is next opened'

t.test('a store is not closed while a logout is being written', async (t) => {
  const store = new SlowStore()
  const { tracker, logged } = buildTracker({ store })
  const connection = await new Browser(tracker).open()
  await connection.bind(principal())
  const out = connection.logout()
  const closing = tracker.close()
  await settled()
  t.equal(store.state, 'open')
  store.letGo()
  await settled()
  store.letGo()
  await Promise.all([out, closing])
  t.equal(store.logins, 0)
  t.equal(store.state, 'closed')
  t.same(logged, [])
})

t.test('a logout that hangs while the app closes is tried once more, and logged if it still hangs', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new SlowStore()
  const { tracker, logged } = buildTracker({ store })
  const connection = await new Browser(tracker).open()
  await connection.bind(principal())
  const out = connection.logout()
  const closing = tracker.close()
  await settled()
  t.equal(store.asked, 1)
  mock.timers.tick(5000)
  await settled()
  t.equal(store.asked, 2)
  mock.timers.tick(5000)
  await Promise.all([out, closing])
  t.same(logged, ['a login could not be deleted from the cookie store', left])
  t.equal(store.state, 'closed')
})
