import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { CookieRecord, CookieStore } from './cookie/cookie-store.ts'

/** One thing that a cookie store must do. `check` rejects with an AssertionError if it does not. */
export interface CookieStoreCheck {
  /** A sentence, for the name of a test. */
  readonly name: string
  check (): Promise<void>
}

/**
 * What every cookie store must do, for the tests of who writes one: in any test runner,
 * `for (const { name, check } of cookieStoreContract(openMyStore)) test(name, check)`. `open` opens an empty store at each call.
 */
export function cookieStoreContract (open: () => CookieStore | Promise<CookieStore>): readonly CookieStoreCheck[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    check: async () => {
      const store = await open()
      await check(store)
      await store.close()
    }
  }))
}

const checks: Readonly<Record<string, (store: CookieStore) => Promise<void>>> = {
  'a record that was set is found as it was, and no other': async (store) => {
    const given = record('joe', { authextra: { a: [1, { b: null }] }, siblings: [key(2)] })
    await store.set(key(1), given)
    deepStrictEqual(await store.get(key(1)), given)
    strictEqual(await store.get(key(2)), undefined)
    strictEqual(await store.get('__proto__'), undefined)
  },
  'a later record replaces an earlier one': async (store) => {
    await store.set(key(1), record('joe'))
    await store.set(key(1), record('ann'))
    strictEqual((await store.get(key(1)))?.authid, 'ann')
    strictEqual((await all(store)).length, 1)
  },
  'a deleted record is gone, and an unknown one is no error': async (store) => {
    await store.set(key(1), record('joe'))
    await store.delete(key(1))
    await store.delete(key(1))
    await store.delete(key(2))
    strictEqual(await store.get(key(1)), undefined)
    deepStrictEqual(await all(store), [])
  },
  'changes of one key keep their order, even if nobody waits for them': async (store) => {
    await Promise.all([store.set(key(1), record('joe')), store.delete(key(1))])
    strictEqual(await store.get(key(1)), undefined)
    await Promise.all([store.set(key(1), record('joe')), store.delete(key(1)), store.set(key(1), record('ann'))])
    strictEqual((await store.get(key(1)))?.authid, 'ann')
  },
  'entries are all that are stored': async (store) => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(key(n), record(`user${n}`))))
    await store.delete(key(50))
    const entries = new Map(await all(store))
    strictEqual(entries.size, 99)
    strictEqual(entries.get(key(7))?.authid, 'user7')
  }
}

function record (authid: string, more: Partial<CookieRecord> = {}): CookieRecord {
  return { created: Date.now(), maxAge: 604_800, authid, authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1', ...more }
}

/** A key as the tracker makes it: 64 hex digits. */
function key (n: number): string {
  return n.toString(16).padStart(64, '0')
}

async function all (store: CookieStore): Promise<[string, CookieRecord][]> {
  const entries = []
  for await (const entry of store.entries()) entries.push(entry)
  return entries
}
