import t from 'tap'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { cookieStoreContract } from '../../plugin/testing.ts'
import { key, record, testStore } from './store-contract.ts'

t.test('the memory store fulfills the contract of a cookie store [CKI-08]', async (t) => {
  await testStore(t, async () => new MemoryStore())
})

t.test('a store that violates the contract is closed as well, so its test can end', async (t) => {
  let open = 0
  class Store extends MemoryStore {
    override set (): void { throw new Error('not possible') }

    override close (): void { open-- }
  }
  for (const { check } of cookieStoreContract(() => { open++; return new Store() })) await t.rejects(check(), { message: 'not possible' })
  t.equal(open, 0)
})

t.test('records are lost when the store is closed [CKO-07]', async (t) => {
  const store = new MemoryStore()
  store.set(key(1), record())
  store.close()
  t.equal(store.get(key(1)), undefined)
})

t.test('expired records of browsers that never return do not accumulate', async (t) => {
  const store = new MemoryStore()
  for (let n = 0; n < 10_000; n++) store.set(key(n), record({ created: 0, maxAge: 1 }))
  t.ok([...store.entries()].length < 2000)
})
