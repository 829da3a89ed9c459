import type { Verdict } from './role.ts'

/** A request whose authorizer thinks. Until it has decided, what its session asks for after it must wait. */
export class ParkedRequest {
  /** Resolves when the request has been acted upon, or abandoned. Rejects with what acting upon it throws. */
  readonly settled: Promise<void>
  readonly #abandoned: (why: 'canceled' | 'gone') => void
  #state: 'parked' | 'acted upon' | 'abandoned' = 'parked'

  /** One of both is called, once. `act` may throw a ProtocolViolation. */
  constructor (verdict: Promise<Verdict>, act: (verdict: Verdict) => void, abandoned: (why: 'canceled' | 'gone') => void = () => {}) {
    this.#abandoned = abandoned
    this.settled = verdict.then((decided) => {
      if (this.#state === 'abandoned') return
      this.#state = 'acted upon'
      act(decided)
    })
  }

  /** Whatever is decided, nothing happens: the session has thought better of it, or is gone. */
  abandon (why: 'canceled' | 'gone'): void {
    if (this.#state !== 'parked') return
    this.#state = 'abandoned'
    this.#abandoned(why)
  }
}
