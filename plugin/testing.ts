import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { FastifyInstance } from 'fastify'
import type { CookieRecord, CookieStore, LoginRecord, StoredRecord, UseRecord } from './cookie/cookie-store.ts'
import { errors } from './errors.ts'
import type { InjectOptions } from './index.ts'
import type { InjectedClient } from './in-process/injected-client.ts'

/**
 * Creates a test client for an app's router, without a port. Unlike `app.injectWamp`, it also works before the app has loaded its plugins. Use
 * the client's `fence` to prove that a message was not sent.
 */
export async function injectWamp (app: FastifyInstance, options: InjectOptions): Promise<InjectedClient> {
  if (typeof app?.ready !== 'function') throw new errors.WAMP_ERR_INVALID_OPTION('app', 'must be a Fastify instance')
  await app.ready()
  return await app.injectWamp(options)
}

/** A requirement for cookie stores. `check` rejects with an AssertionError if the store does not meet it. */
export interface CookieStoreCheck {
  /** A sentence to use as the name of a test. */
  readonly name: string
  /** Opens a store, checks it, and closes it. */
  check (): Promise<void>
}

/**
 * The requirements for cookie stores, to test your own store in any test runner: `for (const { name, check } of
 * cookieStoreContract(openMyStore)) test(name, check)`. `open` must open an empty store each time it is called.
 */
export function cookieStoreContract (open: () => CookieStore | Promise<CookieStore>): readonly CookieStoreCheck[] {
  if (typeof open !== 'function') throw new errors.WAMP_ERR_INVALID_OPTION('open', 'must be a function that opens a store')
  return Object.entries(checks).map(([name, check]) => ({
    name,
    check: async () => {
      const store = await open()
      try {
        await check(store)
      } finally {
        await store.close()
      }
    }
  }))
}

const checks: Readonly<Record<string, (store: CookieStore) => Promise<void>>> = {
  'a stored record is returned unchanged, and an unknown key returns undefined': async (store) => {
    const { created, maxAge } = login('joe')
    const cookie: CookieRecord = { created, maxAge, login: key(1), replaces: key(4), replacement: key(5), replaced: created }
    const use: UseRecord = { created, maxAge, used: key(1), lastSeen: created + 1 }
    const given = [login('joe', { authextra: { a: [1, { b: null }] }, userAgent: 'Gecko', address: '::1' }), cookie, use]
    for (const [i, record] of given.entries()) await store.set(key(i), record)
    for (const [i, record] of given.entries()) deepStrictEqual(await store.get(key(i)), record)
    strictEqual(await store.get(key(3)), undefined)
    strictEqual(await store.get('__proto__'), undefined)
  },
  'a later record replaces an earlier one': async (store) => {
    await store.set(key(1), login('joe'))
    await store.set(key(1), login('ann'))
    strictEqual(authidOf(await store.get(key(1))), 'ann')
    strictEqual((await all(store)).length, 1)
  },
  'a deleted record is gone, and deleting an unknown key is not an error': async (store) => {
    await store.set(key(1), login('joe'))
    await store.delete(key(1))
    await store.delete(key(1))
    await store.delete(key(2))
    strictEqual(await store.get(key(1)), undefined)
    deepStrictEqual(await all(store), [])
  },
  'changes to one key are applied in order, even if they are not awaited': async (store) => {
    await Promise.all([store.set(key(1), login('joe')), store.delete(key(1))])
    strictEqual(await store.get(key(1)), undefined)
    await Promise.all([store.set(key(1), login('joe')), store.delete(key(1)), store.set(key(1), login('ann'))])
    strictEqual(authidOf(await store.get(key(1))), 'ann')
  },
  'entries() returns all stored records': async (store) => {
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(key(n), login(`user${n}`))))
    await store.delete(key(50))
    const entries = new Map(await all(store))
    strictEqual(entries.size, 99)
    strictEqual(authidOf(entries.get(key(7))), 'user7')
  }
}

function login (authid: string, more: Partial<LoginRecord> = {}): LoginRecord {
  return { created: Date.now(), maxAge: 604_800, authid, authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1', ...more }
}

function authidOf (record: StoredRecord | undefined): string | undefined {
  return record !== undefined && 'authid' in record ? record.authid : undefined
}

/** A key in the format of the tracker: 64 hex digits. */
function key (n: number): string {
  return n.toString(16).padStart(64, '0')
}

async function all (store: CookieStore): Promise<[string, StoredRecord][]> {
  const entries = []
  for await (const entry of store.entries()) entries.push(entry)
  return entries
}
