/** The maximum number of pending logins of one connection. */
const MOST_PENDING = 10

/**
 * The logins of a connection whose authenticators have not answered. A client that ends a login may begin another one at once, but a function of the
 * app goes on, and keeps what the client said in HELLO. If many go on, the connection is not read until one has ended.
 */
export class PendingLogins {
  readonly #flow: { pause (): void, resume (): void }
  #pending = 0

  constructor (flow: { pause (): void, resume (): void }) {
    this.#flow = flow
  }

  /** Called when a login begins. */
  begin (): void {
    if (++this.#pending === MOST_PENDING) this.#flow.pause()
  }

  /** Called when the authenticator of a login has answered. */
  end (): void {
    if (this.#pending-- === MOST_PENDING) this.#flow.resume()
  }
}
