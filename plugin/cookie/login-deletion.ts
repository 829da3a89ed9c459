import { successorKeyOf, useKeyOf } from './cookie-id.ts'
import type { EndedLogin } from './ended-logins.ts'
import type { GuardedStore } from './guarded-store.ts'

/** Deletes logins from a store, with their cookies and with the logins that have replaced them. */
export class LoginDeletion {
  readonly #store: GuardedStore
  readonly #end: (login: EndedLogin) => Promise<void>

  /** `end` ends and deletes a login that has replaced another one. It rejects with the error of the store. */
  constructor (store: GuardedStore, end: (login: EndedLogin) => Promise<void>) {
    this.#store = store
    this.#end = end
  }

  /** Deletes a login. Rejects with the error of the store, also if it cannot tell which logins have replaced this one. */
  async delete (login: EndedLogin): Promise<void> {
    const { key, cookies, successor, endedWith = [] } = login
    await this.#store.delete(key)
    if (successor === 'remains') return await this.clear([useKeyOf(key)])
    const references = [successorKeyOf(key), ...cookies]
    // Another process may have replaced this login without noticing that it has ended. Its cookies may have been replaced since, too.
    const successors = new Set(await Promise.all(references.map((reference) => this.#loginOf(reference))))
    const path = [...endedWith, key]
    const ended = [...successors].flatMap((other) => other === undefined || path.includes(other) ? [] : [this.#end({ key: other, cookies: [], endedWith: path })])
    await Promise.all(ended)
    await this.clear([useKeyOf(key), ...references])
  }

  /** Deletes a cookie whose login has ended, unless it refers to another login in the meantime. */
  async clearUnlessLed (cookie: string, login: string): Promise<void> {
    if (await this.#loginOf(cookie).catch(() => undefined) === login) await this.clear([cookie])
  }

  /** Deletes records that refer to an ended login. A failure is harmless. */
  async clear (keys: readonly string[]): Promise<void> {
    await Promise.allSettled(keys.map((key) => this.#store.delete(key)))
  }

  async #loginOf (reference: string): Promise<string | undefined> {
    const record = await this.#store.get(reference)
    return record !== undefined && 'login' in record ? record.login : undefined
  }
}
