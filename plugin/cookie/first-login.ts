import type { GuardedStore } from './guarded-store.ts'
import type { Login } from './login.ts'
import type { StoreLog } from './store-log.ts'

/** Seconds: memcached treats a longer time as a date. */
const LONGEST_OF_MEMCACHED = 2_592_000

/** Checks that a store returns the first login. Some storages accept records that they do not keep, such as memcached, which treats 40 days as a date in 1970. */
export class FirstLogin {
  readonly #store: GuardedStore
  readonly #log: StoreLog
  #state: 'not stored' | 'stored' = 'not stored'

  constructor (store: GuardedStore, log: StoreLog) {
    this.#store = store
    this.#log = log
  }

  /** Called after a login has been stored; `isOver` tells whether it has ended since. Never rejects. */
  async check ({ key, record: { maxAge } }: Login, isOver: () => boolean): Promise<void> {
    if (this.#state === 'stored') return
    this.#state = 'stored'
    const record = await this.#store.get(key).catch(() => 'cannot tell')
    if (record !== undefined || isOver()) return
    const { name } = this.#store.traits
    this.#log.error({ store: name, maxAge }, `${name} accepted a login but does not return it: the login cannot be restored by cookie. ${maxAge > LONGEST_OF_MEMCACHED
      ? `Storages such as memcached keep nothing for longer than 30 days: set cookie.maxAge to ${LONGEST_OF_MEMCACHED} or less, or use another cookie.store`
      : 'Use another cookie.store'}`)
  }
}
