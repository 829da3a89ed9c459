import type { Test } from 'tap'
import type { CookieStore, LoginRecord } from '../../plugin/cookie/cookie-store.ts'
import { cookieStoreContract } from '../../plugin/testing.ts'

/** A record as a login makes it. */
export function record (given: Partial<LoginRecord> = {}): LoginRecord {
  return { created: Date.now(), maxAge: 604_800, authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1', ...given }
}

/** A key as the tracker makes it. */
export function key (n: number): string {
  return n.toString(16).padStart(64, '0')
}

/** What every cookie store must do. `open` opens an empty one. */
export async function testStore (t: Test, open: (t: Test) => CookieStore | Promise<CookieStore>): Promise<void> {
  for (const { name, check } of cookieStoreContract(() => open(t))) await t.test(name, async (t) => { await t.resolves(check()) })
}
