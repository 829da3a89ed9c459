import { mock } from 'node:test'
import t from 'tap'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { freshValue } from '../../plugin/cookie/cookie-id.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import type { TestTracker } from './build-tracker.ts'

/** A store that fails for a time. */
class FailingStore extends MemoryStore {
  state: 'works' | 'fails' = 'works'

  override get (key: string): StoredRecord | undefined {
    this.#check()
    return super.get(key)
  }

  override set (key: string, record: StoredRecord): void {
    this.#check()
    super.set(key, record)
  }

  override delete (key: string): void {
    this.#check()
    super.delete(key)
  }

  override entries (): ReturnType<MemoryStore['entries']> {
    this.#check()
    return super.entries()
  }

  #check (): void {
    if (this.state === 'fails') throw new Error('the store fails')
  }
}

t.test('a logout ends the login of a cookie that the store could not look up, as soon as it can', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new FailingStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  const tab = await browser.open()
  const ended: string[] = []
  tab.setSession({ viaCookie: true, end: (reason) => { ended.push(reason) } })

  store.state = 'fails'
  const connection = await browser.open()
  t.equal(await connection.recall(), null)
  await connection.bind(principal(), 'ticket')
  await connection.logout()
  t.same(ended, [], 'nobody knows whose cookie it is')
  store.state = 'works'
  t.equal(await browser.identity(), undefined, 'not even before the store is asked again')
  mock.timers.tick(1000)
  await settled()
  t.same(ended, ['wamp.close.logout'])
  t.same([...store.entries()], [])
  t.equal(await browser.identity(), undefined)
  await tracker.close()
})

t.test('a logout that comes when the store works again ends that login at once', async (t) => {
  const store = new FailingStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  store.state = 'fails'
  const connection = await browser.open()
  store.state = 'works'
  await connection.logout()
  t.same([...store.entries()], [])
  t.equal(await browser.identity(), undefined)
})

t.test('a login on a cookie that the store could not look up replaces its login, unless user and role are the same', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  for (const [who, stays] of [[{ authid: 'eve' }, false], [{ authrole: 'other' }, false], [{ expires: new Date(Date.now() + 60_000) }, false], [{ realm: 'realm2' }, false], [{}, true], [{ authmethod: 'anonymous', authid: 'x' }, true]] as const) {
    const store = new FailingStore()
    const { tracker } = buildTracker({ store })
    const browser = new Browser(tracker)
    await (await browser.open()).bind(principal(), 'wampcra')
    const tab = await browser.open()
    const ended: string[] = []
    tab.setSession({ viaCookie: true, end: (reason) => { ended.push(reason) } })

    store.state = 'fails'
    const connection = await browser.open()
    await connection.bind(principal(who), 'wampcra')
    t.equal(await browser.identity(), undefined, 'nobody can tell')
    store.state = 'works'
    t.equal(await browser.identity(), stays ? 'joe' : undefined, 'also before the store is asked again')
    mock.timers.tick(1000)
    await settled()
    t.same(ended, stays ? [] : ['wamp.close.logout'], JSON.stringify(who))
    t.equal((await tracker.find()).length, stays ? 1 : 0)
    t.equal(await browser.identity(), stays ? 'joe' : undefined)
    await connection.logout()
    t.same(ended, ['wamp.close.logout'], 'a logout spares nobody')
    t.same([...store.entries()], [])
    await tracker.close()
  }
})

t.test('a log message about an outage says what could not be done, and for how many cookies or revocations this remains so', async (t) => {
  const lookUp = 'the cookie store cannot look up a cookie'
  const [cookie, cookies] = ['after a login or logout, the cookie store could not look up the earlier login of the cookie', /^after logins or logouts, .+: those that ended are valid again/]
  const [revocation, revocations] = ['the cookie store could not find or delete the logins of a revocation', /^the cookie store could not find or delete the logins of revocations: they are valid again/]
  for (const [act, expected, left] of [
    [async (_, browser) => { await (await browser.open()).bind(principal(), 'wampcra') }, [lookUp, cookie], cookies],
    [async (_, browser) => { await (await browser.open()).logout() }, [lookUp, cookie], cookies],
    [async (tracker) => { await t.rejects(tracker.revoke({ authid: 'joe' })) }, [revocation], revocations]
  ] as [act: (tracker: TestTracker, browser: Browser) => Promise<void>, expected: string[], left: RegExp][]) {
    const store = new FailingStore()
    const { tracker, logged } = buildTracker({ store })
    const browser = new Browser(tracker)
    const connection = await browser.open()
    await connection.bind(principal(), 'wampcra')
    connection.leave()
    store.state = 'fails'
    await act(tracker, browser)
    t.same(logged, expected)
    await tracker.close()
    t.match(logged.slice(expected.length), [left])
  }
})

t.test('a logout during an outage also ends a login that a new login of the same user had kept', async (t) => {
  const store = new FailingStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal(), 'wampcra')
  store.state = 'fails'
  const connection = await browser.open()
  await connection.bind(principal(), 'wampcra')
  await connection.logout()
  store.state = 'works'
  t.equal(await browser.identity(), undefined)
  await tracker.close()
  t.same([...store.entries()], [])
})

t.test('every logout and every login of another user takes effect later on a cookie that the store could not look up', async (t) => {
  const logout = null
  for (const [first, second] of [[logout, {}], [{ authid: 'eve' }, {}], [{ authrole: 'other' }, {}], [{}, { authid: 'eve' }]] as const) {
    const store = new FailingStore()
    const { tracker } = buildTracker({ store })
    const browser = new Browser(tracker)
    await (await browser.open()).bind(principal(), 'wampcra')
    store.state = 'fails'
    const tabs = [await browser.open(), await browser.open()]
    for (const [i, who] of [first, second].entries()) {
      const tab = tabs[i]!
      if (who === logout) await tab.logout()
      else await tab.bind(principal(who), 'wampcra')
    }
    store.state = 'works'
    t.equal(await browser.identity(), undefined, `${JSON.stringify(first)}, then ${JSON.stringify(second)}`)
    await tracker.close()
    t.same([...store.entries()], [])
  }
})

t.test('logouts on made-up cookies during an outage neither fill the memory nor take the places of real ones', async (t) => {
  const store = new FailingStore()
  const { tracker, logged } = buildTracker({ store })
  const browser = new Browser(tracker)
  await (await browser.open()).bind(principal())
  store.state = 'fails'
  for (let i = 0; i < 10_010; i++) await (await tracker.arrive({ cookieHeader: `cbtid=${freshValue(24)}`, secure: false })).logout()
  t.equal(logged.filter((text) => text.startsWith('a logout is lost')).length, 1, 'said once')
  await (await browser.open()).logout()
  store.state = 'works'
  t.equal(await browser.identity(), undefined)
})

t.test('a login that could not be stored does not come back after a logout', async (t) => {
  const store = new FailingStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  const connection = await browser.open()
  store.state = 'fails'
  await connection.bind(principal())
  await connection.logout()
  store.state = 'works'
  t.equal(await browser.identity(), undefined)
  await tracker.close()
  t.same([...store.entries()], [])
})
