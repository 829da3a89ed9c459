import type { Test } from 'tap'
import type { CookieStore } from '../../plugin/cookie/cookie-store.ts'
import { key, record } from './store-contract.ts'

/** What a store was asked to keep, and what it acknowledged: each key has the values that it may have. */
export class ToldRecords {
  readonly #allowed = new Map<string, Set<string | undefined>>()
  readonly #errors: unknown[] = []
  #values = 0

  /** What the store rejected with since this was last asked. */
  takeErrors (): unknown[] {
    return this.#errors.splice(0)
  }

  /** Stores something. Resolves to whether the store acknowledged it. */
  async set (store: CookieStore, n: number): Promise<boolean> {
    const authid = `value${++this.#values}`
    return await this.#change(n, authid, async () => { await store.set(key(n), record({ authid })) })
  }

  async delete (store: CookieStore, n: number): Promise<boolean> {
    return await this.#change(n, undefined, async () => { await store.delete(key(n)) })
  }

  /** Compares what a store holds with what it acknowledged. */
  async check (t: Test, store: CookieStore, when: string): Promise<void> {
    for (const [id, allowed] of this.#allowed) {
      const found = await store.get(id)
      const value = found !== undefined && 'authid' in found ? found.authid : undefined
      if (!allowed.has(value)) t.fail(`${when}: ${id.slice(-3)} is ${value ?? 'gone'}, acknowledged is ${[...allowed].join(' or ')}`)
    }
  }

  async #change (n: number, value: string | undefined, act: () => Promise<void>): Promise<boolean> {
    const before = this.#allowed.get(key(n)) ?? new Set([undefined])
    // Until it is acknowledged, it may be either.
    this.#allowed.set(key(n), new Set([...before, value]))
    try {
      await act()
      this.#allowed.set(key(n), new Set([value]))
      return true
    } catch (error) {
      this.#errors.push(error)
      return false
    }
  }
}
