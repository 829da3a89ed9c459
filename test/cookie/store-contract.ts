import type { Test } from 'tap'
import type { CookieRecord, CookieStore } from '../../plugin/cookie/cookie-store.ts'

/** A record as a login makes it. */
export function record (given: Partial<CookieRecord> = {}): CookieRecord {
  return { created: Date.now(), maxAge: 604_800, authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1', ...given }
}

/** A key as the tracker makes it. */
export function key (n: number): string {
  return n.toString(16).padStart(64, '0')
}

async function all (store: CookieStore): Promise<[string, CookieRecord][]> {
  const entries = []
  for await (const entry of store.entries()) entries.push(entry)
  return entries
}

/** What every cookie store must do. `open` opens an empty one. */
export async function testStore (t: Test, open: (t: Test) => Promise<CookieStore>): Promise<void> {
  t.test('a record that was set is found, and no other', async (t) => {
    const store = await open(t)
    const given = record({ authextra: { a: [1, { b: null }] }, siblings: [key(2)] })
    await store.set(key(1), given)
    t.same(await store.get(key(1)), given)
    t.equal(await store.get(key(2)), undefined)
    t.equal(await store.get('__proto__'), undefined)
    await store.close()
  })

  t.test('a later record replaces an earlier one', async (t) => {
    const store = await open(t)
    await store.set(key(1), record())
    await store.set(key(1), record({ authid: 'ann' }))
    t.match(await store.get(key(1)), { authid: 'ann' })
    t.equal((await all(store)).length, 1)
    await store.close()
  })

  t.test('a deleted record is gone, and an unknown one is no error', async (t) => {
    const store = await open(t)
    await store.set(key(1), record())
    await store.delete(key(1))
    await store.delete(key(1))
    await store.delete(key(2))
    t.equal(await store.get(key(1)), undefined)
    t.same(await all(store), [])
    await store.close()
  })

  t.test('a record that is deleted while it is set is gone', async (t) => {
    const store = await open(t)
    await Promise.all([store.set(key(1), record()), store.delete(key(1))])
    t.equal(await store.get(key(1)), undefined)
    await Promise.all([store.set(key(1), record()), store.delete(key(1)), store.set(key(1), record({ authid: 'ann' }))])
    t.match(await store.get(key(1)), { authid: 'ann' })
    await store.close()
  })

  t.test('entries are all that are stored', async (t) => {
    const store = await open(t)
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(key(n), record({ authid: `user${n}` }))))
    await store.delete(key(50))
    const entries = await all(store)
    t.equal(entries.length, 99)
    t.same(new Set(entries.map(([one]) => one)).size, 99)
    t.equal(new Map(entries).get(key(7))?.authid, 'user7')
    await store.close()
  })
}
