import { WampError } from '../errors.ts'
import type { Authenticate, Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'

/** What a client answered to a CHALLENGE. */
export interface Answer { readonly signature: string, readonly extra: Dict }

/** The rounds of a handshake: at most one CHALLENGE is open, and a deadline stands over each step. */
export class Round {
  readonly #timeout: number
  readonly #late: () => void
  #state: 'open' | 'stopped' = 'open'
  #timer: NodeJS.Timeout | undefined
  #waiting: { resolve (answer: Answer): void, reject (error: Error): void } | undefined

  /** `late` is called when a step takes longer than `timeout` milliseconds. */
  constructor (timeout: number, late: () => void) {
    this.#timeout = timeout
    this.#late = late
  }

  /** Begins a step: its time runs from now. */
  restart (): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#late, this.#timeout)
  }

  /** Asks by `send`, and waits for the answer. Rejects when the handshake is over first, or one is open already. */
  wait (send: () => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'stopped') return reject(new WampError(reasons.authenticationFailed, { args: ['the handshake is over'] }))
      if (this.#waiting !== undefined) return reject(new TypeError('a challenge is already pending'))
      this.#waiting = { resolve, reject }
      this.restart()
      send()
    })
  }

  /** Gives the answer to who waits for one. False if nobody does. */
  answer ({ signature, extra }: Authenticate): boolean {
    if (this.#waiting === undefined) return false
    this.restart()
    const { resolve } = this.#waiting
    this.#waiting = undefined
    resolve({ signature, extra: extra ?? {} })
    return true
  }

  /** Nothing is waited for any more. */
  stop (): void {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
    this.#waiting?.reject(new WampError(reasons.authenticationFailed, { args: ['the handshake is over'] }))
    this.#waiting = undefined
  }
}
