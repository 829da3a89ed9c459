import type { Verdict } from './verdict.ts'
import type { Cancellation } from './cancellation.ts'

/** A question that an authorizer has not answered yet. Equal requests of a session share it. */
export class Question {
  readonly #verdict: Promise<Verdict>
  readonly #unwanted: () => void
  #waiting = 0

  /** `verdict` never rejects. `unwanted` is called when no request waits for it any more. */
  constructor (verdict: Promise<Verdict>, unwanted: () => void) {
    this.#verdict = verdict
    this.#unwanted = unwanted
  }

  /** Lets a request wait for the verdict. */
  wait (): PendingVerdict {
    this.#waiting++
    return new PendingVerdict(this.#verdict, () => { if (--this.#waiting === 0) this.#unwanted() })
  }
}

/** Cancels the call of an authorizer, at most once, for which no request waits. */
export class Abandonment implements Cancellation {
  #aborted = false
  #callback: (() => void) | null = null

  get aborted (): boolean {
    return this.#aborted
  }

  throwIfAborted (): void {
    if (this.#aborted) throw new Error('no request waits for the decision')
  }

  addEventListener (_: 'abort', callback: () => void): void {
    this.#callback = callback
  }

  removeEventListener (): void {
    this.#callback = null
  }

  abort (): void {
    this.#aborted = true
    this.#callback?.()
  }
}

/** The verdict for which one request waits. */
export class PendingVerdict {
  /** Never rejects. */
  readonly verdict: Promise<Verdict>
  #leave: (() => void) | null

  constructor (verdict: Promise<Verdict>, leave: () => void) {
    this.verdict = verdict
    this.#leave = leave
  }

  /** The request no longer waits. If no other one does, the authorizer's call is canceled. No effect if called again. */
  abandon (): void {
    const leave = this.#leave
    this.#leave = null
    leave?.()
  }
}
