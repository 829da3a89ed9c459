import t from 'tap'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import type { TestTracker } from './build-tracker.ts'

/** Milliseconds after which a browser with a cookie that has been logged in gets another one. */
const LATER = 6000

/** A store that does not store anything for a time, or waits with it. */
class Store extends MemoryStore {
  state: 'works' | 'fails' | 'waits' = 'works'
  go: () => void = () => {}
  readonly #waiting = new Promise<void>((resolve) => { this.go = resolve })

  override set (key: string, record: StoredRecord): void | Promise<void> {
    if (this.state === 'fails') throw new Error('the store fails')
    if (this.state === 'waits') return this.#waiting.then(() => { super.set(key, record) })
    super.set(key, record)
  }
}

/** The reasons with which the session of a connection ends. */
function sessionOn (connection: CookieConnection): string[] {
  const ended: string[] = []
  connection.setSession({ viaCookie: false, end: (reason) => { ended.push(reason) } })
  return ended
}

const amy = principal({ authid: 'amy' })
/** How a browser ends the login of its cookie. */
const ways: Readonly<Record<string, (tracker: TestTracker, browser: Browser) => Promise<unknown>>> = {
  'a logout by REST': (tracker, { header }) => tracker.signOut({ cookieHeader: header, secure: false }),
  'a login by REST': (tracker, { header }) => tracker.signIn({ cookieHeader: header, secure: false }, amy),
  'a login of another user in another tab': async (_, browser) => { await (await browser.open()).bind(amy) },
  'a login with another role in another tab': async (_, browser) => { await (await browser.open()).bind(principal({ authrole: 'backend' })) },
  'a logout in another tab': async (_, browser) => {
    const tab = await browser.open()
    await tab.bind(principal())
    await tab.logout()
  }
}

t.test('a login that could not be stored ends with the login of its cookie', async (t) => {
  for (const [name, end] of Object.entries(ways)) {
    for (const later of [0, LATER]) {
      const store = new Store()
      let now = 0
      const { tracker } = buildTracker({ store, now: () => now })
      const browser = new Browser(tracker)
      const connection = await browser.open()
      store.state = 'fails'
      await connection.bind(principal())
      const ended = sessionOn(connection)
      store.state = 'works'
      now = later
      await end(tracker, browser)
      t.same(ended, ['wamp.close.logout'], name)
      connection.leave()
      await tracker.close()
    }
  }
})

t.test('a login that is being stored while its browser logs out ends', async (t) => {
  for (const [name, end] of Object.entries(ways)) {
    const store = new Store()
    const { tracker } = buildTracker({ store })
    const browser = new Browser(tracker)
    const connection = await browser.open()
    const { header } = browser
    store.state = 'waits'
    const bound = connection.bind(principal())
    await settled()
    store.state = 'works'
    await end(tracker, browser)
    store.go()
    await bound
    const ended = sessionOn(connection)
    await settled()
    t.same(ended, ['wamp.close.logout'], name)
    t.equal(await tracker.identify(header), null, name)
    await tracker.close()
  }
})

t.test('a login that is being stored ends with its cookie even if its client has disconnected', async (t) => {
  const store = new Store()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  const connection = await browser.open()
  store.state = 'waits'
  const bound = connection.bind(principal())
  await settled()
  store.state = 'works'
  connection.leave()
  await tracker.signOut({ cookieHeader: browser.header, secure: false })
  store.go()
  await bound
  t.equal(await browser.identity(), undefined)
  await tracker.close()
})

t.test('a login that is being stored, or could not be stored, stays if the same user logs in again in another tab', async (t) => {
  for (const state of ['waits', 'fails'] as const) {
    const store = new Store()
    let now = 0
    const { tracker } = buildTracker({ store, now: () => now })
    const browser = new Browser(tracker)
    const connection = await browser.open()
    const { header } = browser
    store.state = state
    const bound = connection.bind(principal())
    await settled()
    store.state = 'works'
    now = LATER
    const tab = await browser.open()
    await tab.bind(principal())
    store.go()
    await bound
    const ended = sessionOn(connection)
    await settled()
    t.same(ended, [])
    t.equal((await tracker.identify(header))?.principal.authid, state === 'waits' ? 'joe' : undefined)
    t.equal(await browser.identity(), 'joe')
    await tracker.close()
  }
})
