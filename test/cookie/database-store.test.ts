import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
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

t.test('what was acknowledged outlives kill -9, again and again', async (t) => {
  const path = await directory(t)
  const child = fileURLToPath(new URL('store-child.ts', import.meta.url))
  const live = new Set<string>()
  const gone = new Set<string>()
  for (let round = 0; round < 3; round++) {
    const running = spawn(process.execPath, [...process.execArgv, child, 'database', path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const killAfter = 200 + Math.floor(Math.random() * 1000)
    let acknowledged = 0
    for await (const line of createInterface(running.stdout)) {
      const [what, one] = line.split(' ') as [string, string]
      if (what === 'set') live.add(one)
      if (what === 'deleting') live.delete(one)
      if (what === 'deleted') gone.add(one)
      if (++acknowledged === killAfter) running.kill('SIGKILL')
    }
    if (running.exitCode === null && running.signalCode === null) await once(running, 'exit')
    const store = await DatabaseStore.open({ path })
    t.ok(acknowledged >= killAfter, `${acknowledged} acknowledged in round ${round}`)
    t.same([...live].filter((one) => store.get(one) === undefined), [], 'no login is lost')
    t.same([...gone].filter((one) => store.get(one) !== undefined), [], 'no logged out cookie is back')
    await store.close()
  }
})
