import fc from 'fast-check'
import t from 'tap'
import type { CookieConnection } from '../../plugin/cookie/cookie-connection.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'

t.test('a planted id never becomes the login of the victim', async (t) => {
  const { tracker } = buildTracker()
  const [attacker, victim] = [new Browser(tracker), new Browser(tracker)]
  const planting = await attacker.open()
  const planted = attacker.value!
  victim.value = planted
  const tab = await victim.open()
  t.not(victim.value, planted, 'the victim is handed a fresh one')
  await tab.bind(principal())
  t.equal(await victim.identity(), 'joe')
  t.equal(await attacker.identity(), undefined)
  t.equal(await planting.recall(), null)
})

t.test('a login is bound to the cookies of its own upgrades, not to that of another upgrade with the same id', async (t) => {
  const { tracker } = buildTracker()
  const [attacker, victim] = [new Browser(tracker), new Browser(tracker)]
  await attacker.open()
  victim.value = attacker.value
  const sibling = attacker.open()
  const tab = await victim.open()
  await sibling
  await tab.bind(principal())
  t.equal(await attacker.identity(), undefined)
  t.equal(await victim.identity(), 'joe')
})

t.test('tabs that a visitor opens one after the other are both logged in when they reconnect', async (t) => {
  for (const loginIn of [0, 1, 2]) {
    const { tracker } = buildTracker()
    const browser = new Browser(tracker)
    const tabs = [await browser.open(), await browser.open(), await browser.open()]
    await tabs[loginIn]!.bind(principal())
    t.equal(await browser.identity(), 'joe', `login in tab ${loginIn + 1} of 3`)
    for (const tab of tabs) tab.leave()
    t.match(await (await browser.open()).recall(), { authid: 'joe' })
  }
})

t.test('logging out in one of these tabs logs out the browser', async (t) => {
  for (const logoutIn of [0, 1]) {
    const { tracker, store } = buildTracker()
    const browser = new Browser(tracker)
    const tabs = [await browser.open(), await browser.open()]
    await tabs[0]!.bind(principal())
    const ended: string[] = []
    tabs.forEach((tab, i) => { tab.setSession({ viaCookie: false, end: (reason) => { ended.push(`${i} ${reason}`) } }) })
    await tabs[logoutIn]!.logout()
    t.equal(await browser.identity(), undefined)
    t.same(ended, [`${1 - logoutIn} wamp.close.logout`], 'the other tab is ended')
    t.same([...store.entries() as Iterable<unknown>], [])
  }
})

/** What may happen, in any order: who does what, and a number that picks a connection or an id. */
const step = fc.record({
  act: fc.constantFrom('attackerOpens', 'attackerOpensWith', 'plant', 'victimOpens', 'victimOpensTwice', 'victimLogsIn', 'attackerLogsIn', 'victimLogsOut', 'victimCloses', 'attackerCloses'),
  pick: fc.nat(1000)
})

async function play (steps: readonly { act: string, pick: number }[]): Promise<string | null> {
  const { tracker } = buildTracker()
  const victim = new Browser(tracker)
  const known: string[] = []
  const tabs: CookieConnection[] = []
  const attacks: CookieConnection[] = []
  const attack = async (value: string | undefined): Promise<void> => {
    const browser = new Browser(tracker)
    browser.value = value
    attacks.push(await browser.open())
    if (browser.value !== undefined && !known.includes(browser.value)) known.push(browser.value)
  }
  for (const { act, pick } of steps) {
    const tab = tabs[pick % tabs.length]
    const own = attacks[pick % attacks.length]
    switch (act) {
      case 'attackerOpens': await attack(undefined); break
      case 'attackerOpensWith': await attack(known[pick % known.length]); break
      case 'plant': victim.value = known[pick % known.length] ?? victim.value; break
      case 'victimOpens': tabs.push(await victim.open()); break
      case 'victimOpensTwice': tabs.push(...await Promise.all([victim.open(), victim.open()])); break
      case 'victimLogsIn': await tab?.bind(principal({ authid: 'victim' })); break
      case 'attackerLogsIn': await own?.bind(principal({ authid: 'attacker' })); break
      case 'victimLogsOut': await tab?.logout(); break
      case 'victimCloses': tab?.leave(); tabs.splice(pick % tabs.length, 1); break
      case 'attackerCloses': own?.leave(); attacks.splice(pick % attacks.length, 1)
    }
    for (const value of known) {
      if ((await tracker.identify(`cbtid=${value}`))?.principal.authid === 'victim') return `after ${act}: an id that the attacker knows is the victim's`
    }
    for (const connection of attacks) {
      if ((await connection.recall())?.authid === 'victim') return `after ${act}: the attacker's connection is the victim's`
    }
  }
  for (const connection of [...tabs, ...attacks]) connection.leave()
  await tracker.close()
  return null
}

t.test('an id that an attacker knows never becomes the login of the victim, in any schedule', async (t) => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), async (steps) => {
    const fault = await play(steps)
    if (fault !== null) throw new Error(fault)
  }), { numRuns: 20_000, seed: 20261123 })
  t.pass('20 000 schedules')
})

t.test('an upgrade overtaken by a REST login of the same browser does not overwrite the cookie of the login', async (t) => {
  let now = 1_000_000
  const { tracker } = buildTracker({ now: () => now })
  const browser = new Browser(tracker)
  await browser.open()
  const before = browser.header!
  const { cookie: setCookie } = await tracker.signIn({ cookieHeader: before, secure: false }, principal())
  const late = await tracker.arrive({ cookieHeader: before, secure: false })
  t.equal(late.setCookie, undefined)
  await late.bind(principal({ authid: 'eve' }))
  t.equal(await late.recall(), null, 'no login is bound on it')
  t.equal((await tracker.identify(setCookie))?.principal.authid, 'joe')
  t.equal(await tracker.identify(before), null)
  now += 5000
  t.type((await tracker.arrive({ cookieHeader: before, secure: false })).setCookie, 'string', 'the response may have been lost')
})

t.test('an upgrade overtaken by a login on another connection does not overwrite the cookie of the login', async (t) => {
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store })
  const browser = new Browser(tracker)
  const connection = await browser.open()
  const { get } = store
  let goOn = (): void => {}
  const waiting = new Promise<void>((resolve) => { goOn = resolve })
  store.get = () => waiting as unknown as undefined
  const arriving = browser.open()
  store.get = get
  await connection.bind(principal())
  goOn()
  t.equal((await arriving).setCookie, undefined)
  t.equal(await browser.identity(), 'joe')
})
