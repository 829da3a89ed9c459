import { nextTurn, spend } from '../work.ts'
import type { LoginFilter, LoginRange } from './login-filter.ts'
import { firstAfter, scans } from './login-snapshot.ts'
import type { ListedLogin, LoginSnapshot } from './login-snapshot.ts'

/** Units of work to check a login and copy it to a page. */
const UNITS_OF_FOUND = 1 / 2

/** A snapshot that is complete or in progress, for its searches. */
interface Shared {
  readonly snapshot: Promise<LoginSnapshot>
  searches: number
  /** The keys of logins that were deleted since the first search started to wait for it. */
  readonly forgotten: Set<string>
}

/** Searches all logins. A snapshot requires a scan of the store, so all waiting searches share the next one. */
export class LoginSnapshots {
  readonly #take: () => Promise<LoginSnapshot>
  #current: Promise<unknown> = Promise.resolve()
  /** The snapshot that starts after the current one. */
  #next: Shared | null = null
  readonly #shared = new Set<Shared>()

  constructor (take: () => Promise<LoginSnapshot>) {
    this.#take = take
  }

  /** The valid logins of a range that match a filter, except those that are over. `isForgotten` is true for logins that were ended during the search. */
  async search (filter: LoginFilter, isOver: (login: ListedLogin, isForgotten: boolean) => boolean, { after = '', most = Infinity, units = 0, isWanted = () => true }: LoginRange): Promise<ListedLogin[]> {
    const shared = this.#fresh()
    shared.searches++
    try {
      const found = await (await shared.snapshot).find(filter)
      // Otherwise all searches that wait for the snapshot would create their answers at once.
      for (let turn = nextTurn(scans); turn !== null; turn = nextTurn(scans)) await turn
      if (!isWanted()) return []
      const page: ListedLogin[] = []
      for (let i = firstAfter(found, after); i < found.length && page.length < most; i++) {
        const login = found[i]!
        if (!isOver(login, shared.forgotten.has(login.key))) page.push(login)
      }
      spend(page.length * (UNITS_OF_FOUND + units))
      return page
    } finally {
      if (--shared.searches === 0) this.#shared.delete(shared)
    }
  }

  /** Marks a login that has ended in the searches in progress. */
  forget (key: string): void {
    for (const { forgotten } of this.#shared) forgotten.add(key)
  }

  /** A snapshot that starts after this call, because the current one may not contain the newest login. */
  #fresh (): Shared {
    if (this.#next !== null) return this.#next
    const snapshot = this.#current.then(async () => {
      this.#next = null
      return await this.#take()
    })
    this.#current = snapshot.catch(() => {})
    this.#next = { snapshot, searches: 0, forgotten: new Set() }
    this.#shared.add(this.#next)
    return this.#next
  }
}
