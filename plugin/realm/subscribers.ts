import { spend } from '../work.ts'
import type { Receivers } from './receivers.ts'
import type { RoutedSession } from './routed-session.ts'

/** Sessions of one role. */
interface SessionsOfRole {
  size: number
  readonly byAuthid: Map<string, Set<RoutedSession>>
}

/** Sessions by role, and in it by authid. */
export type SessionsByPrincipal = Map<string, SessionsOfRole>

/** Fewer subscribers are all looked at: to sort them would cost more. */
const MANY = 16

/** All who are subscribed to one URI or pattern. Those are found quickly that a publication with lists of receivers can be for. */
export class Subscribers {
  readonly #all = new Set<RoutedSession>()
  /** Kept since there first was a publication for some roles or authids alone; null before. */
  #byPrincipal: SessionsByPrincipal | null = null

  get all (): ReadonlySet<RoutedSession> {
    return this.#all
  }

  get size (): number {
    return this.#all.size
  }

  has (session: RoutedSession): boolean {
    return this.#all.has(session)
  }

  add (session: RoutedSession): void {
    if (this.#all.has(session)) return
    this.#all.add(session)
    if (this.#byPrincipal !== null) sortIn(this.#byPrincipal, session)
  }

  delete (session: RoutedSession): void {
    if (!this.#all.delete(session)) return
    if (this.#all.size < MANY / 2) this.#byPrincipal = null
    if (this.#byPrincipal === null) return
    const { authrole, authid } = session.principal
    const ofRole = this.#byPrincipal.get(authrole)!
    const ofAuthid = ofRole.byAuthid.get(authid)!
    ofAuthid.delete(session)
    ofRole.size--
    if (ofAuthid.size === 0) ofRole.byAuthid.delete(authid)
    if (ofRole.size === 0) this.#byPrincipal.delete(authrole)
  }

  /**
   * The subscribers that a publication can be for; each must still be one that `receivers` include. `eligible` are the sessions
   * that it names, null if it names none.
   */
  within (receivers: Receivers, eligible: readonly RoutedSession[] | null): Iterable<RoutedSession> {
    if (eligible !== null && eligible.length < this.#all.size) {
      spend(eligible.length)
      return eligible.filter((session) => this.#all.has(session))
    }
    if (this.#all.size < MANY || !receivers.namePrincipals) return this.#all
    const sorted = this.#byPrincipal ??= this.#sort()
    return receivers.countIn(sorted) > this.#all.size / 2 ? this.#all : receivers.choose(sorted)
  }

  #sort (): SessionsByPrincipal {
    spend(this.#all.size)
    const sorted: SessionsByPrincipal = new Map()
    for (const session of this.#all) sortIn(sorted, session)
    return sorted
  }
}

function sortIn (sorted: SessionsByPrincipal, session: RoutedSession): void {
  const { authrole, authid } = session.principal
  let ofRole = sorted.get(authrole)
  if (ofRole === undefined) sorted.set(authrole, ofRole = { size: 0, byAuthid: new Map() })
  ofRole.size++
  const ofAuthid = ofRole.byAuthid.get(authid)
  if (ofAuthid === undefined) ofRole.byAuthid.set(authid, new Set([session]))
  else ofAuthid.add(session)
}
