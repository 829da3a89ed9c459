import t from 'tap'
import type { Test } from 'tap'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import type { CookieRecord, LoginRecord, StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import type { TestTracker } from './build-tracker.ts'

type Step = 'read login' | 'write login' | 'read cookie' | 'lead cookie' | 'delete login'

/** One process's way to records that several share. It stops before a step, or after it, until it is let go on. */
class SharedStore extends MemoryStore {
  readonly #shared: Map<string, StoredRecord>
  #stop: { readonly step: Step, readonly when: 'before' | 'after', reached: () => void, readonly goOn: Promise<void> } | undefined

  constructor (shared: Map<string, StoredRecord>) {
    super()
    this.#shared = shared
  }

  /** Resolves when the step is reached, to how the store is let go on. */
  async stop (step: Step, when: 'before' | 'after'): Promise<() => void> {
    let goOn = (): void => {}
    const going = new Promise<void>((resolve) => { goOn = resolve })
    await new Promise<void>((resolve) => { this.#stop = { step, when, reached: resolve, goOn: going } })
    return goOn
  }

  override get (key: string): StoredRecord | undefined {
    const record = this.#shared.get(key)
    return this.#at(record !== undefined && isCookie(record) ? 'read cookie' : 'read login', () => this.#shared.get(key))
  }

  override set (key: string, record: StoredRecord): void {
    return this.#at(isCookie(record) ? 'lead cookie' : 'write login', () => { this.#shared.set(key, record) })
  }

  override delete (key: string): void {
    return this.#at('delete login', () => { this.#shared.delete(key) })
  }

  override entries (): Iterable<[key: string, record: StoredRecord]> {
    return this.#shared.entries()
  }

  override close (): void {}

  #at<T> (step: Step, act: () => T): T {
    const stop = this.#stop
    if (stop?.step !== step) return act()
    this.#stop = undefined
    const stopped = async (): Promise<T> => {
      if (stop.when === 'before') {
        stop.reached()
        await stop.goOn
        return act()
      }
      const result = act()
      stop.reached()
      await stop.goOn
      return result
    }
    return stopped() as unknown as T
  }
}

function isCookie (record: StoredRecord): record is CookieRecord {
  return 'login' in record
}

/** A user who is logged in, and two processes. */
async function build (t: Test) {
  const records = new Map<string, StoredRecord>()
  const stores = [new SharedStore(records), new SharedStore(records)] as const
  const [here, there] = stores.map((store) => buildTracker({ store, shared: true }).tracker) as [TestTracker, TestTracker]
  t.teardown(async () => { await Promise.all([here.close(), there.close()]) })
  const browser = new Browser(here)
  await (await browser.open()).bind(principal())
  const logins = (): LoginRecord[] => [...records.values()].filter((record) => 'authid' in record)
  const cookieHeader = browser.header
  return { stores, browser, logins, tab: await browser.open(), logOut: async (at: 'here' | 'there') => await (at === 'here' ? here : there).signOut({ cookieHeader, secure: false }) }
}

/** Opens the session of a login. Resolves to whether it was ended at once. */
async function open (tab: CookieConnection): Promise<'ended' | 'open'> {
  let state: 'ended' | 'open' = 'open'
  tab.setSession({ viaCookie: false, end: () => { state = 'ended' } })
  await settled()
  return state
}

for (const at of ['here', 'there'] as const) {
  for (const [step, when] of [['write login', 'before'], ['write login', 'after'], ['lead cookie', 'before']] as const) {
    t.test(`a logout ${at} while the same user logs in again, ${when} the store has to ${step}, ends both logins and the new session`, async (t) => {
      const { stores: [store], browser, logins, tab, logOut } = await build(t)
      const stopping = store.stop(step, when)
      const binding = tab.bind(principal({ authextra: { theme: 'dark' } }))
      const goOn = await stopping
      await logOut(at)
      goOn()
      await binding
      t.equal(await browser.identity(), undefined)
      t.same(logins(), [])
      t.equal(await open(tab), 'ended')
    })
  }
}

t.test('a logout in another process that looked the login up before the same user logged in again ends both logins', async (t) => {
  for (const when of ['before', 'after'] as const) {
    const { stores: [, store], browser, logins, tab, logOut } = await build(t)
    const stopping = store.stop('delete login', when)
    const out = logOut('there')
    const goOn = await stopping
    await tab.bind(principal({ authextra: { theme: 'dark' } }))
    goOn()
    await out
    t.equal(await browser.identity(), undefined)
    t.same(logins(), [])
  }
})

t.test('a fresh login of the same user without a logout stays', async (t) => {
  const { browser, logins, tab } = await build(t)
  await tab.bind(principal({ authextra: { theme: 'dark' } }))
  t.equal(await open(tab), 'open')
  t.equal(await browser.identity(), 'joe')
  t.match(logins(), [{ authextra: { theme: 'dark' } }])
})
