import { spend } from '../work.ts'
import type { Receivers, SessionsByPrincipal } from './receivers.ts'
import type { RoutedSession } from './routed-session.ts'

/** With fewer subscribers, all are visited, because an index would cost more. */
const MANY = 16

/** All subscribers of one URI or pattern. Possible receivers of a publication with receiver lists are found quickly. */
export class Subscribers {
  readonly #all = new Set<RoutedSession>()
  #only: RoutedSession | null = null
  /** Created by the first publication for selected roles or authids; null before. */
  #byPrincipal: SessionsByPrincipal | null = null

  get all (): ReadonlySet<RoutedSession> {
    return this.#all
  }

  get size (): number {
    return this.#all.size
  }

  /** The subscriber, if there is exactly one: this takes a fraction of the time of an iteration. */
  get only (): RoutedSession | null {
    return this.#only
  }

  has (session: RoutedSession): boolean {
    return this.#all.has(session)
  }

  add (session: RoutedSession): void {
    if (this.#all.has(session)) return
    this.#all.add(session)
    this.#noteOnly()
    if (this.#byPrincipal !== null) sortIn(this.#byPrincipal, session)
  }

  delete (session: RoutedSession): void {
    if (!this.#all.delete(session)) return
    this.#noteOnly()
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

  /** The possible receivers of a publication; each must still be checked with `receivers`. `eligible` are the sessions that it lists, or null. */
  within (receivers: Receivers, eligible: readonly RoutedSession[] | null): Iterable<RoutedSession> {
    if (eligible !== null && eligible.length < this.#all.size) {
      spend(eligible.length)
      return eligible.filter((session) => this.#all.has(session))
    }
    if (this.#all.size < MANY || !receivers.namePrincipals) return this.#all
    const sorted = this.#byPrincipal ??= this.#sort()
    return receivers.countIn(sorted) > this.#all.size / 2 ? this.#all : receivers.choose(sorted)
  }

  #noteOnly (): void {
    const [first = null] = this.#all.size === 1 ? this.#all : []
    this.#only = first
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
