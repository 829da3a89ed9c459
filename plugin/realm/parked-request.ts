import type { Verdict } from '../authorization/verdict.ts'

/** A request that waits for its authorizer. Later requests of its session wait as well. */
export class ParkedRequest {
  /** Resolves when the request has been executed or abandoned. Rejects with the error of its execution. */
  readonly settled: Promise<void>
  readonly #abandoned: (why: 'canceled' | 'gone') => void
  #state: 'parked' | 'acted upon' | 'abandoned' = 'parked'

  /** One of these is called, once. `act` may throw a ProtocolViolation. */
  constructor (verdict: Promise<Verdict>, act: (verdict: Verdict) => void, abandoned: (why: 'canceled' | 'gone') => void) {
    this.#abandoned = abandoned
    this.settled = verdict.then((decided) => {
      if (this.#state === 'abandoned') return
      this.#state = 'acted upon'
      act(decided)
    })
  }

  /** Abandons the request, regardless of the decision, because the session canceled it or has left. False if it is settled or abandoned already. */
  abandon (why: 'canceled' | 'gone'): boolean {
    if (this.#state !== 'parked') return false
    this.#state = 'abandoned'
    this.#abandoned(why)
    return true
  }
}
