import type { FastifyInstance } from 'fastify'

/** The state of the app, for code that waits for something that is not needed once the app closes. */
export class Closing {
  readonly #waiting = new Set<() => void>()
  #state: 'open' | 'closing' = 'open'

  constructor (fastify: FastifyInstance) {
    fastify.addHook('preClose', async () => {
      this.#state = 'closing'
      for (const tell of this.#waiting) tell()
    })
  }

  get state (): 'open' | 'closing' { return this.#state }

  /** Waits for an answer until the app closes. Rejects with the answer's error. */
  async before<T> (answer: Promise<T>): Promise<T | 'closing'> {
    if (this.#state === 'closing') return 'closing'
    let tell = (): void => {}
    const closing = new Promise<'closing'>((resolve) => { tell = () => { resolve('closing') } })
    this.#waiting.add(tell)
    try {
      return await Promise.race([answer, closing])
    } finally {
      this.#waiting.delete(tell)
    }
  }
}
