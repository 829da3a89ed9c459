import type { Login } from './login.ts'

/** The login of a request, which is followed from the moment at which it is read or made, so that its end is never missed. Call `release` when the request is over. */
export class FollowedLogin {
  readonly login: Login
  readonly #release: () => void
  #state: 'lasts' | 'has ended' = 'lasts'
  #end = (): void => {}

  /** `follow` calls back when the login ends. The function that it returns stops this. */
  constructor (login: Login, follow: (login: Login, end: () => void) => () => void) {
    this.login = login
    this.#release = follow(login, () => {
      this.#state = 'has ended'
      this.#end()
    })
  }

  get hasEnded (): boolean {
    return this.#state === 'has ended'
  }

  /** Calls back when the login ends: at once if it has ended already. */
  follow (end: () => void): void {
    this.#end = end
    if (this.hasEnded) end()
  }

  /** Stops following the login. */
  release (): void {
    this.#release()
  }
}
