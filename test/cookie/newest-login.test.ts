import t from 'tap'
import type { Test } from 'tap'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import type { StoredRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'

/** Two processes with one store, with cookies that are replaced after an hour, and a guest who logged in an hour ago. Every operation of the store takes a turn. */
async function build (t: Test) {
  const clock = { now: 1_000_000 }
  const store = new MemoryStore()
  const { get, set } = store
  store.get = (key) => settled().then(() => get.call(store, key)) as unknown as StoredRecord
  store.set = (key, record) => settled().then(() => { set.call(store, key, record) }) as unknown as undefined
  const build = () => buildTracker({ store, shared: true, options: { rotateAfter: 3600, maxAge: 86_400 }, now: () => clock.now }).tracker
  const [here, there] = [build(), build()]
  t.teardown(async () => { await Promise.all([here.close(), there.close()]) })
  const browser = new Browser(here)
  await (await browser.open()).bind(principal({ authrole: 'guest' }))
  return { here, there, store, clock, browser, cookieHeader: browser.header, role: async (header = browser.header, at = here) => (await at.identify(header))?.principal.authrole }
}

/** Opens the session of a login. The result lists the reasons for which it was ended. */
async function open (tab: CookieConnection, viaCookie = false): Promise<string[]> {
  const ended: string[] = []
  tab.setSession({
    viaCookie,
    end: (reason) => {
      ended.push(reason)
      tab.setSession(null)
    }
  })
  await settled()
  return ended
}

async function logIn (tab: CookieConnection, authrole: string): Promise<string[]> {
  await tab.bind(principal({ authrole }))
  return await open(tab)
}

for (const when of ['one after the other', 'at the same moment'] as const) {
  t.test(`of the logins of a user in several tabs, ${when}, the newest one remains, and a logout in any tab ends it`, async (t) => {
    for (const by of [0, 1, 2]) {
      const { here, browser, role, cookieHeader } = await build(t)
      const tabs = await Promise.all(Array.from({ length: 3 }, async () => await here.arrive({ cookieHeader, secure: false })))
      const roles = ['admin', 'user', 'staff']
      const ended: string[][] = []
      if (when === 'at the same moment') ended.push(...await Promise.all(tabs.map(async (tab, i) => await logIn(tab, roles[i]!))))
      else for (const [i, tab] of tabs.entries()) ended.push(await logIn(tab, roles[i]!))
      t.same(ended, [['wamp.close.logout'], ['wamp.close.logout'], []])
      t.equal(await role(), 'staff')
      t.equal((await here.find()).length, 1)
      t.equal(await tabs[by]!.logout(), 'is deleted')
      t.equal(await role(), undefined, `by tab ${by}`)
      t.equal(ended[2]!.length, by === 2 ? 0 : 1)
      t.equal(await browser.identity(), undefined)
      t.same(await here.find(), [])
    }
  })
}

t.test('a session that the cookie is about to open ends if a login with another role replaces the login of the cookie', async (t) => {
  const { browser } = await build(t)
  const [tab, other] = [await browser.open(), await browser.open()]
  t.match(await other.recall(), { authrole: 'guest' })
  await logIn(tab, 'admin')
  t.same(await open(other, true), ['wamp.close.logout'])
  t.match(await other.recall(), { authrole: 'admin' })
  t.same(await open(other, true), [])
})

for (const at of ['here', 'there'] as const) {
  t.test(`a login ${at} also takes over cookies that have replaced those of its connection, and a logout ends them`, async (t) => {
    for (const wait of [0, 70_000]) {
      for (const end of ['login', 'logout', 'login and logout'] as const) {
        const { [at]: process, clock, browser, role, cookieHeader, here } = await build(t)
        const tab = await here.arrive({ cookieHeader, secure: false })
        clock.now += 3_600_000
        const other = await browser.open()
        t.not(browser.header, cookieHeader, 'a newer cookie')
        t.equal(await role(), 'guest')
        clock.now += wait
        const newer = await process.arrive({ cookieHeader: browser.header, secure: false })
        if (end !== 'login') await logIn(newer, 'admin')
        if (end !== 'logout') await logIn(tab, 'user')
        if (end === 'login') t.equal(await role(), 'user')
        if (end !== 'login') t.equal(await tab.logout(), 'is deleted')
        t.equal(await role(), end === 'login' ? 'user' : undefined, `${end} after ${wait} ms`)
        t.equal(await role(browser.header, process), end === 'login' ? 'user' : undefined)
        t.equal((await here.find()).length, end === 'login' ? 1 : 0)
        other.leave()
      }
    }
  })
}

t.test('a login on a connection whose login has been revoked elsewhere is not attached to that login, whatever its grant', async (t) => {
  for (const authrole of ['guest', 'admin']) {
    const { here, there, browser } = await build(t)
    const tab = await browser.open()
    t.equal(await there.revoke({ authid: 'joe' }), 1)
    t.same(await logIn(tab, authrole), [])
    t.equal(tab.login, undefined, authrole)
    t.same(await here.find(), [])
  }
})

t.test('a cookie that a process did not know refers to the newest login once it has been used', async (t) => {
  const { here, store, clock, browser, role, cookieHeader } = await build(t)
  const tab = await here.arrive({ cookieHeader, secure: false })
  clock.now += 3_600_000
  await browser.open()
  t.equal(await role(), 'guest')
  clock.now += 70_000
  await logIn(tab, 'user')
  t.equal(await role(), 'user')
  const [login] = await here.find()
  t.ok([...store.entries()].some(([, record]) => 'login' in record && record.login === login!.cookie && record.created > 1_000_000), 'without the record that leads to it')
})
