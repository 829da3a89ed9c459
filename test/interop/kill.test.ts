import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FastifyBaseLogger } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { keyOf } from '../../plugin/cookie/cookie-id.ts'
import { GuardedStore } from '../../plugin/cookie/guarded-store.ts'
import { LoginStore } from '../../plugin/cookie/login-store.ts'
import { openStore } from './killed-stores.ts'
import { needsRedis } from './programs.ts'
import { Redis } from './redis-server.ts'

const child = fileURLToPath(new URL('login-child.ts', import.meta.url))
const quiet = { warn () {}, error () {} } as unknown as FastifyBaseLogger

/** How many logins and logouts are acknowledged at least before the kill. */
const moments = (): number => 2000 + Math.floor(Math.random() * 6000)

/** Logins of which somebody was told. */
class Told {
  readonly live = new Set<string>()
  readonly gone = new Set<string>()

  /** Follows a process that logs in and out, until it is dead: after so many lines `kill` is called. */
  async follow (kind: string, path: string, kill: (stop: () => void) => Promise<void> | void): Promise<number> {
    const running = spawn(process.execPath, [...process.execArgv, child, kind, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(running, 'exit')
    const killAfter = moments()
    let count = 0
    for await (const line of createInterface(running.stdout)) {
      const [what, value] = line.split(' ') as [string, string]
      if (what === 'in') this.live.add(value)
      if (what === 'leaving') this.live.delete(value)
      if (what === 'out') this.gone.add(value)
      if (++count === killAfter) await kill(() => { running.kill('SIGKILL') })
    }
    await exited
    return count
  }

  /** Compares a store with what was told. */
  async check (t: Test, kind: string, path: string): Promise<void> {
    const logins = new LoginStore({ store: new GuardedStore(await openStore(kind, path), { name: kind, keepsExpired: false }, quiet), log: quiet, now: Date.now, idleTimeout: 0, maxAge: Infinity })
    const found = async (values: Set<string>, is: (login: unknown) => boolean): Promise<string[]> => {
      const wrong = []
      for (const value of values) if (is(await logins.find(keyOf(value)))) wrong.push(value)
      return wrong
    }
    t.same(await found(this.live, (login) => login === null || login === 'cannot tell'), [], `none of ${this.live.size} logins is lost`)
    t.same(await found(this.gone, (login) => login !== null), [], `none of ${this.gone.size} that are over is back`)
    await logins.close()
  }
}

async function folder (t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  t.teardown(async () => { await rm(path, { recursive: true }) })
  return path
}

for (const [kind, name] of [['file', 'cookies.dat'], ['database', 'cookies']] as const) {
  t.test(`acknowledged changes survive if the process is killed repeatedly with kill -9, with thousands of logins: ${kind} [CKO-08]`, async (t) => {
    const path = join(await folder(t), name)
    const told = new Told()
    for (let round = 0; round < 4; round++) {
      await told.follow(kind, path, (stop) => { stop() })
      await told.check(t, kind, path)
    }
  })
}

t.test('acknowledged logins survive kill -9 of the app and of Redis, with thousands of logins', needsRedis(), async (t) => {
  const redis = await Redis.start(t)
  const told = new Told()
  for (const victim of ['app', 'redis', 'app', 'redis']) {
    await told.follow('redis', redis.path, async (stop) => {
      if (victim === 'redis') await redis.kill()
      stop()
    })
    if (victim === 'redis') await redis.start()
    await told.check(t, 'redis', redis.path)
  }
})
