import { isExpired } from './cookie-store.ts'
import type { GuardedStore } from './guarded-store.ts'
import { pause, RUN } from './login-snapshot.ts'
import { Outage } from './outage.ts'
import type { StoreLog } from './store-log.ts'

/** The minimum and maximum milliseconds until the first sweep, so that processes started together do not sweep together. */
const FIRST = [60_000, 600_000] as const
/** Milliseconds between two sweeps. */
const EVERY = 3_600_000
/** Milliseconds of pause after each group of records. */
const REST = 100
/** The number of concurrent deletions. */
const AT_A_TIME = 10
/** The maximum number of records that a sweep deletes, because their keys are kept in memory. */
const MOST = 100_000

/** Deletes expired records from a store that keeps them, slowly, once an hour. */
export class Sweep {
  readonly #store: GuardedStore
  readonly #now: () => number
  readonly #outage: Outage
  #timer: NodeJS.Timeout | undefined
  #state: 'open' | 'closed' = 'open'

  constructor ({ store, log, now }: { store: GuardedStore, log: StoreLog, now: () => number }) {
    this.#store = store
    this.#now = now
    this.#outage = new Outage(log, 'warn', 'expired logins could not be deleted from the cookie store')
    this.#schedule(FIRST[0] + Math.random() * (FIRST[1] - FIRST[0]))
  }

  /** Runs one sweep. Never rejects. */
  async sweep (): Promise<void> {
    try {
      // They are deleted after the iteration, because some storages skip records if others are deleted during it.
      const expired = await this.#find()
      while (this.#state === 'open' && expired.length > 0) {
        await Promise.all(expired.splice(0, AT_A_TIME).map((key) => this.#store.delete(key)))
        await rest()
      }
      this.#outage.worked()
    } catch (error) {
      if (this.#state === 'open') this.#outage.failed(error)
    }
  }

  /** Stops the sweeps. */
  close (): void {
    this.#state = 'closed'
    clearTimeout(this.#timer)
  }

  async #find (): Promise<string[]> {
    const expired: string[] = []
    for await (const run of this.#store.runs(RUN, 'sweep')) {
      for (const [key, record] of run) if (isExpired(record, this.#now())) expired.push(key)
      await pause()
      await rest()
      if (this.#state === 'closed' || expired.length >= MOST) break
    }
    return expired
  }

  #schedule (delay: number): void {
    this.#timer = setTimeout(() => {
      this.sweep().finally(() => { if (this.#state === 'open') this.#schedule(EVERY) })
    }, delay).unref()
  }
}

async function rest (): Promise<void> {
  await new Promise<void>((resolve) => { setTimeout(resolve, REST).unref() })
}
