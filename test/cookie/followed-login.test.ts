import t from 'tap'
import type { Identity } from '../../plugin/cookie/cookie-entrance.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import type { TestTracker } from './build-tracker.ts'

/** More turns of promises than any of the cases takes. */
const MOST_TURNS = 100

type Case = (given: { tracker: TestTracker, cookieHeader: string | undefined }) => Promise<Identity | null>

const identify: Case = async ({ tracker, cookieHeader }) => await tracker.identify(cookieHeader)
/** What is read before something is awaited, and used afterwards. */
const cases: Readonly<Record<string, readonly [verify: () => boolean | Promise<boolean>, run: Case]>> = {
  'a request is identified': [() => true, identify],
  'a request waits for auth.cookie.verify': [async () => true, identify],
  'a user logs in by REST': [() => true, async ({ tracker, cookieHeader }) => await tracker.signIn({ cookieHeader, secure: false }, principal()).then(({ identity }) => identity, () => null)],
  'a user logs in by REST where the cookie is not valid': [() => false, async ({ tracker, cookieHeader }) => await tracker.signIn({ cookieHeader, secure: false }, principal()).then(({ identity }) => identity, () => null)]
}
const ends: Readonly<Record<string, (tracker: TestTracker, cookieHeader: string | undefined) => Promise<unknown>>> = {
  revocation: (tracker) => tracker.revoke({ authid: 'joe' }),
  logout: (tracker, cookieHeader) => tracker.signOut({ cookieHeader, secure: false })
}

for (const [name, [verify, run]] of Object.entries(cases)) {
  for (const [end, act] of Object.entries(ends)) {
    // A logout by the cookie of a login that is only being made is not possible.
    if (end === 'logout' && name.includes('REST')) continue
    t.test(`a ${end} while ${name} ends the login of the request, however far it has come`, async (t) => {
      let found = 0
      for (let turns = 0; turns < MOST_TURNS; turns++) {
        let now = 1_000_000
        const { tracker } = buildTracker({ options: { rotateAfter: 60, maxAge: 86_400 }, now: () => now, verify })
        const browser = new Browser(tracker)
        const first = await browser.open()
        await first.bind(principal())
        now += 61_000
        const second = await browser.open()
        for (const connection of [first, second]) connection.leave()
        const running = run({ tracker, cookieHeader: browser.header })
        for (let i = 0; i < turns; i++) await null
        // The request may have its answer, but has not used it.
        const ending = act(tracker, browser.header)
        const identity = await running
        await ending
        let told = false
        identity?.follow(() => { told = true })
        t.ok(identity === null || told, `after ${turns} turns`)
        if (identity !== null) found++
        identity?.release()
        await tracker.close()
      }
      t.ok(found > 0, 'also when the request had its answer')
    })
  }
}
