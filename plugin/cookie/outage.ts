import type { StoreLog } from './store-log.ts'

/** Tells the log when a store begins to fail at something, and when that works again; not each time in between. */
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

  /** It did not work. */
  failed (error: unknown): void {
    if (this.#failures++ === 0) this.#log[this.#level]({ err: error }, this.#text)
  }

  /** It worked. */
  worked (): void {
    if (this.#failures === 0) return
    this.#log.warn({ failures: this.#failures, was: this.#text }, 'the cookie store works again')
    this.#failures = 0
  }
}
