import { inTime } from '../thenable.ts'

/** The checks of logins that wait for an answer of the app. */
export class LoginChecks {
  readonly #timeout: number
  readonly #waiting = new Set<() => void>()
  #state: 'open' | 'ended' = 'open'
  #timer: NodeJS.Timeout | undefined

  /** Each answer may take this number of milliseconds. */
  constructor (timeout: number) {
    this.#timeout = timeout
  }

  /** Waits for an answer. Rejects with its error, or if it takes too long. */
  async wait<T> (answer: PromiseLike<T>): Promise<T> {
    let end = (): void => {}
    const ended = new Promise<never>((_resolve, reject) => { end = () => { reject(new Error('auth.cookie.verify did not answer before the app closed')) } })
    if (this.#state === 'ended') end()
    this.#waiting.add(end)
    try {
      return await inTime(Promise.race([answer, ended]), this.#timeout, () => new Error('auth.cookie.verify did not answer in time'))
    } finally {
      this.#waiting.delete(end)
    }
  }

  /** Lets nothing wait any longer after this number of milliseconds. */
  endAfter (milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#state = 'ended'
      for (const end of this.#waiting) end()
    }, milliseconds).unref()
  }

  /** Clears the timer of `endAfter`. */
  close (): void {
    clearTimeout(this.#timer)
  }
}
