import { mock } from 'node:test'
import t from 'tap'
import { GuardedStore } from '../../plugin/cookie/guarded-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { Sweep } from '../../plugin/cookie/sweep.ts'
import { settled } from '../helper/build-router.ts'
import { key, record } from './store-contract.ts'

const expired = { created: 0, maxAge: 1 }
const quiet = { warn () {}, error () {} }

t.test('expired records are deleted within ten minutes, and then every hour', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  for (let n = 0; n < 100; n++) store.set(key(n), record(n % 4 === 0 ? {} : expired))
  const lines: string[] = []
  const log = { warn: (_: object, text: string) => { lines.push(text) }, error: () => {} }
  const sweep = new Sweep({ store: new GuardedStore(store, { name: 'test', keepsExpired: true }, log), log, now: Date.now })
  const rests = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      await settled()
      mock.timers.tick(100)
    }
    await settled()
  }
  mock.timers.tick(600_000)
  await rests()
  t.equal([...store.entries()].length, 25)
  store.set(key(1), record(expired))
  store.entries = () => { throw new Error('down') }
  mock.timers.tick(3_600_000)
  await rests()
  t.same(lines, ['expired logins could not be deleted from the cookie store'])
  Reflect.deleteProperty(store, 'entries')
  mock.timers.tick(3_600_000)
  await rests()
  t.equal([...store.entries()].length, 25)
  t.same(lines.slice(1), ['the cookie store works again'])
  store.set(key(1), record(expired))
  sweep.close()
  mock.timers.tick(3_600_000)
  await rests()
  t.equal([...store.entries()].length, 26, 'none when it is closed')
})

t.test('a sweep that is closed deletes nothing more', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const store = new MemoryStore()
  for (let n = 0; n < 100; n++) store.set(key(n), record(expired))
  const sweep = new Sweep({ store: new GuardedStore(store, { name: 'test', keepsExpired: true }, quiet), log: quiet, now: Date.now })
  const sweeping = sweep.sweep()
  await settled()
  sweep.close()
  mock.timers.tick(100)
  await sweeping
  t.equal([...store.entries()].length, 100)
})
