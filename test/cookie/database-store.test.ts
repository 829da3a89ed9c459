import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { DatabaseStore } from '../../plugin/cookie/database-store.ts'
import { key, record, testStore } from './store-contract.ts'

async function directory (t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  t.teardown(() => rm(path, { recursive: true }))
  return join(path, 'cookies')
}

t.test('it is a cookie store [CKI-10]', async (t) => {
  await testStore(t, async (t) => await DatabaseStore.open({ path: await directory(t) }))
})

t.test('what is stored is there when it is opened again, and can be read only', async (t) => {
  const path = await directory(t)
  const first = await DatabaseStore.open({ path })
  await first.set(key(1), record({ authid: 'ann' }))
  await first.close()
  const second = await DatabaseStore.open({ path, readonly: true })
  t.match(second.get(key(1)), { authid: 'ann' })
  await t.rejects(async () => { await second.set(key(2), record()) })
  await second.close()
})

t.test('expired records can be dropped when it is opened', async (t) => {
  const path = await directory(t)
  const first = await DatabaseStore.open({ path, sync: false })
  await first.set(key(1), record({ created: Date.now() - 2000, maxAge: 1 }))
  await first.set(key(2), record())
  await first.close()
  const second = await DatabaseStore.open({ path, purgeOnStartup: true })
  t.same([...second.entries()].map(([one]) => one), [key(2)])
  await second.close()
})

t.test('a database that cannot be opened is an error with a code', async (t) => {
  await t.rejects(DatabaseStore.open({ path: '/dev/null/cookies' }), { code: 'WAMP_ERR_COOKIE_DATABASE', message: /"\/dev\/null\/cookies" cannot be opened/ })
})
