import { WampError } from '../errors.ts'
import type { Authenticate, Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'

/** The answer of a client to a CHALLENGE. */
export interface Answer { readonly signature: string, readonly extra: Dict }

/** The rounds of a handshake. At most one CHALLENGE is open, and each step has a deadline. */
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

  /** Begins a step, and its time. */
  restart (): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#late, this.#timeout)
  }

  /** Sends a CHALLENGE by `send` and waits for the answer. Rejects if the handshake ends first, or if a CHALLENGE is already open. */
  wait (send: () => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'stopped') return reject(new WampError(reasons.authenticationFailed, { args: ['the handshake is over'] }))
      if (this.#waiting !== undefined) return reject(new TypeError('a challenge is already pending'))
      this.#waiting = { resolve, reject }
      this.restart()
      send()
    })
  }

  /** Delivers the answer. Returns false if no CHALLENGE is open. */
  answer ({ signature, extra }: Authenticate): boolean {
    if (this.#waiting === undefined) return false
    this.restart()
    const { resolve } = this.#waiting
    this.#waiting = undefined
    resolve({ signature, extra: extra ?? {} })
    return true
  }

  /** Ends the wait and the deadline. */
  stop (): void {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
    this.#waiting?.reject(new WampError(reasons.authenticationFailed, { args: ['the handshake is over'] }))
    this.#waiting = undefined
  }
}
