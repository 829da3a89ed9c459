import type { SessionLog } from './session/session-log.ts'
import { Shares } from './shares.ts'
import { enqueue } from './work.ts'
import type { Worker } from './work.ts'

/** The memory that a handler holds until it has ended. */
export interface Held { readonly sharer: unknown, bytes: number }

/**
 * The memory of decoded values that running procedures and event handlers of the app hold. Payloads wait as octets, but a handler needs
 * values, which can take a hundred times as much memory. A sharer, such as a caller, may hold at most as much as is left.
 */
export class HeldValues {
  readonly #limit: number
  readonly #log: Pick<SessionLog, 'warn'>
  readonly #shares = new Shares<unknown>()
  /** The workers that wait for memory. */
  #waiting = new Set<Worker>()
  /** Handlers whose promises nothing can settle any more. */
  readonly #unreachable = new FinalizationRegistry<Held>((held) => { this.release(held) })

  /** `limit` is in bytes. `log` receives a line for what is refused. */
  constructor (limit: number, log: Pick<SessionLog, 'warn'>) {
    this.#limit = limit
    this.#log = log
  }

  /** The bytes that are held. */
  get bytes (): number {
    return this.#shares.total
  }

  /** True if a sharer may hold so many bytes more. */
  hasRoom (sharer: unknown, bytes: number): boolean {
    return this.#shares.isFair(sharer, this.#limit - this.#shares.total - bytes)
  }

  /** True if nobody can ever hold so many bytes. */
  isTooMuch (bytes: number): boolean {
    return bytes > this.#limit
  }

  /** Counts bytes until `release`. Check `hasRoom` before. */
  hold (sharer: unknown, bytes: number): Held {
    this.#shares.add(sharer, bytes)
    return { sharer, bytes }
  }

  /** Counts bytes until a promise is settled, or can never be settled. */
  until (promise: Promise<unknown>, held: Held): void {
    const done = (): void => {
      this.#unreachable.unregister(held)
      this.release(held)
    }
    this.#unreachable.register(promise, held, held)
    promise.then(done, done)
  }

  /** No longer counts what is held. No effect if it has been released. */
  release (held: Held): void {
    const { sharer, bytes } = held
    held.bytes = 0
    if (bytes > 0) this.#shares.remove(sharer, bytes)
    if (this.#waiting.size === 0) return
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const worker of waiting) enqueue(worker)
  }

  /** Lets a worker continue when memory has been released. */
  wait (worker: Worker): void {
    this.#waiting.add(worker)
  }

  /** Logs that something was refused. */
  tell (text: string): void {
    this.#log.warn({ held: this.bytes, limit: this.#limit }, `limits.heldBytes: ${text}`)
  }
}
