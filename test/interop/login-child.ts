// Logs in and out without end, and says each time what is stored: to be killed. Usage: login-child.ts KIND PATH
import type { FastifyBaseLogger } from 'fastify'
import { freshLoginKey, freshValue, keyOf } from '../../plugin/cookie/cookie-id.ts'
import { GuardedStore } from '../../plugin/cookie/guarded-store.ts'
import { LoginStore } from '../../plugin/cookie/login-store.ts'
import { record } from '../cookie/store-contract.ts'
import { openStore } from './killed-stores.ts'

const [, , kind, path = ''] = process.argv
const log = { warn () {}, error () {} } as unknown as FastifyBaseLogger
const logins = new LoginStore({ store: new GuardedStore(await openStore(kind!, path), { name: kind!, keepsExpired: false }, log), log, now: Date.now, idleTimeout: 0, maxAge: Infinity })

/** Resolves when it is in the pipe: what is about to be done must be known before it is, and what is buffered here dies with this process. */
async function say (line: string): Promise<void> {
  await new Promise((resolve) => process.stdout.write(`${line}\n`, resolve))
}

async function user (): Promise<void> {
  for (let i = 0; ; i++) {
    const value = freshValue(24)
    const login = { key: freshLoginKey(), record: record(), cookies: [keyOf(value)] }
    if (!await logins.add(login)) continue
    await say(`in ${value}`)
    if (i % 2 === 0) continue
    await say(`leaving ${value}`)
    try {
      await logins.remove([login])
      await say(`out ${value}`)
    } catch {
      // The store is away: it may be either.
    }
  }
}

await Promise.all(Array.from({ length: 100 }, () => user()))
