import { mock } from 'node:test'
import t from 'tap'
import type { Test } from 'tap'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import type { CookieOptions } from '../../plugin/cookie-options.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'

const NOON = 1_700_000_000_500
const HOUR = 3_600_000

/** A browser that logs in at noon, by the clock of the system. */
async function build (t: Test, options: Partial<CookieOptions>) {
  mock.timers.enable({ apis: ['Date', 'setInterval', 'setTimeout'], now: NOON })
  t.teardown(() => { mock.timers.reset() })
  const { tracker } = buildTracker({ store: new MemoryStore(), options })
  t.teardown(() => tracker.close())
  const browser = new Browser(tracker)
  const first = await browser.open()
  await first.bind(principal())
  first.leave()
  const as = async (value: string): Promise<string | undefined> => (await tracker.identify(`cbtid=${value}`))?.principal.authid
  /** True if the browser is sent a newer cookie when it reconnects. */
  const rotates = async (): Promise<boolean> => {
    const connection = await browser.open()
    connection.leave()
    return connection.setCookie !== undefined
  }
  return { tracker, browser, as, rotates }
}

t.test('a cookie is replaced once it is due, to the millisecond, and requests in the same second keep the login', async (t) => {
  const { browser, as, rotates } = await build(t, { rotateAfter: 60 })
  let oldest: string | undefined
  mock.timers.tick(1)
  for (let n = 0; n < 5; n++) {
    const older = browser.value!
    mock.timers.tick(59_998)
    t.notOk(await rotates(), 'it is not due yet')
    t.equal(await as(oldest ?? older), 'joe', 'a minute is not over since the older one was replaced')
    mock.timers.tick(1)
    if (oldest !== undefined) t.equal(await as(oldest), undefined)
    t.ok(await rotates())
    mock.timers.tick(1)
    t.equal(await as(older), 'joe', 'before the newer one is used')
    t.notOk(await rotates(), 'the newer one is used')
    t.equal(await as(older), 'joe', 'a request in flight')
    oldest = older
  }
})

t.test('a cookie that is replaced in the last second of its login does not extend the login', async (t) => {
  const { browser, rotates } = await build(t, { rotateAfter: 60, maxAge: 120 })
  mock.timers.tick(119_500)
  t.ok(await rotates())
  t.equal(await browser.identity(), 'joe')
  mock.timers.tick(499)
  t.equal(await browser.identity(), 'joe')
  mock.timers.tick(1)
  t.equal(await browser.identity(), undefined)
})

t.test('after the clock was set back, cookies are replaced later, and a replaced one is valid for as much longer', async (t) => {
  const { browser, as, rotates } = await build(t, { rotateAfter: 60 })
  const older = browser.value!
  mock.timers.tick(60_000)
  t.ok(await rotates())
  t.equal(await browser.identity(), 'joe', 'the newer one is used')
  mock.timers.setTime(Date.now() - HOUR)
  t.equal(await browser.identity(), 'joe')
  mock.timers.tick(HOUR + 58_999)
  t.equal(await as(older), 'joe')
  t.notOk(await rotates())
  mock.timers.tick(1001)
  t.equal(await as(older), undefined)
  t.ok(await rotates())
  t.equal(await browser.identity(), 'joe')
})

t.test('a cookie that is replaced after the clock was set back ends with its login, and the older one a minute after its use', async (t) => {
  const { browser, as, rotates } = await build(t, { rotateAfter: 60, maxAge: 600 })
  const first = browser.value!
  mock.timers.setTime(NOON - 30_000)
  mock.timers.tick(90_000)
  t.ok(await rotates())
  mock.timers.setTime(NOON - HOUR)
  t.equal(await browser.identity(), 'joe', 'the newer one is used')
  mock.timers.tick(59_000)
  t.equal(await as(first), 'joe')
  mock.timers.tick(1000)
  t.equal(await as(first), undefined)
  mock.timers.setTime(NOON + 599_999)
  t.equal(await browser.identity(), 'joe')
  mock.timers.tick(1)
  t.equal(await browser.identity(), undefined)
})

t.test('after the clock was set back, an unused login ends later, and one that is in use does not end', async (t) => {
  for (const use of ['unused', 'in use'] as const) {
    const { tracker, browser } = await build(t, { idleTimeout: 600 })
    mock.timers.tick(300_000)
    t.equal(await browser.identity(), 'joe')
    const tab = use === 'in use' ? await browser.open() : null
    mock.timers.setTime(NOON + 300_000 - HOUR)
    mock.timers.tick(HOUR + 599_999)
    t.equal((await tracker.find()).length, 1, 'the login lasts longer by the time that the clock was set back')
    mock.timers.tick(1)
    t.equal((await tracker.find()).length, use === 'in use' ? 1 : 0)
    tab?.leave()
    // Uses are noted with a precision of an eighth of the timeout.
    mock.timers.tick(600_000 * 7 / 8 - 1)
    t.equal(await browser.identity(), use === 'in use' ? 'joe' : undefined)
    mock.timers.reset()
  }
})
