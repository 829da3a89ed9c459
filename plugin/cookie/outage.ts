import type { StoreLog } from './store-log.ts'

/** Logs the first failure of a store operation and its recovery, but not the failures in between. */
export class Outage {
  readonly #log: StoreLog
  readonly #level: keyof StoreLog
  readonly #text: string
  #failures = 0

  constructor (log: StoreLog, level: keyof StoreLog, text: string) {
    this.#log = log
    this.#level = level
    this.#text = text
  }

  /** Called after a failure. */
  failed (error: unknown): void {
    if (this.#failures++ === 0) this.#log[this.#level]({ err: error }, this.#text)
  }

  /** Called after a success. */
  worked (): void {
    if (this.#failures === 0) return
    this.#log.warn({ failures: this.#failures, was: this.#text }, 'the cookie store works again')
    this.#failures = 0
  }
}
