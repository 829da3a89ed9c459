import { mock } from 'node:test'
import { join } from 'node:path'
import t from 'tap'
import { openCookieStore } from '../../plugin/cookie/cookie-stores.ts'
import { GuardedStore } from '../../plugin/cookie/guarded-store.ts'
import { LoginStore } from '../../plugin/cookie/login-store.ts'
import type { CookieOptions } from '../../plugin/cookie-options.ts'
import { settled } from '../helper/build-router.ts'
import { key, record } from './store-contract.ts'

const log = { info () {}, warn () {}, error () {}, debug () {} } as unknown as Parameters<typeof openCookieStore>[1]

for (const type of ['file', 'database'] as const) {
  t.test(`expired logins do not remain in a store of the type ${type}`, async (t) => {
    const folder = t.testdir()
    const option: Required<CookieOptions>['store'] = type === 'file' ? { type, filename: join(folder, 'cookies.dat') } : { type, path: join(folder, 'cookies') }
    const { store, name, keepsExpired } = await openCookieStore(option, log)
    await store.set(key(0), record())
    for (let n = 1; n <= 20; n++) await store.set(key(n), { ...record(), created: 0, maxAge: 1 })
    mock.timers.enable({ apis: ['setTimeout'] })
    const logins = new LoginStore({ store: new GuardedStore(store, { name, keepsExpired }, log), log: log as never, now: Date.now, idleTimeout: 0, maxAge: 604_800 })
    mock.timers.tick(600_000)
    mock.timers.reset()
    const keys = async (): Promise<string[]> => {
      const found: string[] = []
      for await (const [known] of store.entries()) found.push(known)
      return found
    }
    // A test whose records remain does not end.
    while ((await keys()).length > 1) await settled()
    t.same(await keys(), [key(0)])
    await logins.close()
  })
}
