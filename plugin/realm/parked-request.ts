import type { Verdict } from './role.ts'

/** A request whose authorizer thinks. Until it has decided, what its session asks for after it must wait. */
export class ParkedRequest {
  /** Resolves when the request has been acted upon, or abandoned. Never rejects. */
  readonly settled: Promise<void>
  #state: 'parked' | 'abandoned' = 'parked'

  constructor (verdict: Promise<Verdict>, act: (verdict: Verdict) => void) {
    this.settled = verdict.then((decided) => { if (this.#state === 'parked') act(decided) })
  }

  /** Whatever is decided, nothing happens: the session has left, or thought better of it. */
  abandon (): void {
    this.#state = 'abandoned'
  }
}
