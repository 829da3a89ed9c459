import { nextTurn, spend } from '../work.ts'
import type { LoginFilter, LoginRange } from './login-filter.ts'
import { firstAfter, scans } from './login-snapshot.ts'
import type { ListedLogin, LoginSnapshot } from './login-snapshot.ts'

/** A snapshot that is made, or about to be, for those who search in it. */
interface Shared {
  readonly snapshot: Promise<LoginSnapshot>
  searches: number
  /** Keys of logins that were forgotten since somebody has waited for it. */
  readonly forgotten: Set<string>
}

/** Searches among all logins. A snapshot costs a scan of the store, so that all searches that wait for the next one share it. */
export class LoginSnapshots {
  readonly #take: () => Promise<LoginSnapshot>
  #current: Promise<unknown> = Promise.resolve()
  /** The snapshot that is begun when the current one is made. */
  #next: Shared | null = null
  readonly #shared = new Set<Shared>()

  constructor (take: () => Promise<LoginSnapshot>) {
    this.#take = take
  }

  /** The logins beyond a place to which a filter applies and that are not over, at most so many. */
  async search (filter: LoginFilter, isOver: (key: string) => boolean, { after = '', most = Infinity, isWanted = () => true }: LoginRange): Promise<ListedLogin[]> {
    const shared = this.#fresh()
    shared.searches++
    try {
      const found = await (await shared.snapshot).find(filter)
      // All who wait for the snapshot would have their answers made at once.
      for (let turn = nextTurn(scans); turn !== null; turn = nextTurn(scans)) await turn
      if (!isWanted()) return []
      const page: ListedLogin[] = []
      for (let i = firstAfter(found, after); i < found.length && page.length < most; i++) {
        const { key } = found[i]!
        if (!isOver(key) && !shared.forgotten.has(key)) page.push(found[i]!)
      }
      spend(page.length / 2)
      return page
    } finally {
      if (--shared.searches === 0) this.#shared.delete(shared)
    }
  }

  /** Leaves a login out of the searches that are under way. */
  forget (key: string): void {
    for (const { forgotten } of this.#shared) forgotten.add(key)
  }

  /** A snapshot that is begun after this call: the current one may miss a login that was made just before. */
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
