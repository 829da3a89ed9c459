import type { Principal } from '../auth/authenticator.ts'
import type { Id } from '../protocol/id.ts'
import { trusted } from '../protocol/trusted.ts'
import { spend } from '../work.ts'
import { merged, Ordered } from './ordered.ts'
import type { RoutedSession } from './routed-session.ts'

/** The maximum number of sessions in a realm, 0 for no limit. */
export interface SessionLimits {
  readonly sessionsOfRealm: number
  readonly sessionsOfAuthid: number
}

const nobody: readonly never[] = Object.freeze([])

/** The sessions of a realm, by id, by role and by authid. */
export class Sessions {
  readonly #limits: SessionLimits
  readonly #byId = new Map<Id, RoutedSession>()
  /** In the order in which they joined. */
  readonly #byRole = new Map<string, Ordered<RoutedSession>>()
  readonly #shown = new SessionsByAuthid()
  /** The hidden sessions. */
  readonly #own = new SessionsByAuthid()
  #lastPlace = 0
  /** The number of sessions of other nodes, by role. */
  readonly #elsewhere = new Map<string, number>()

  constructor (limits: SessionLimits) {
    this.#limits = limits
  }

  get byId (): ReadonlyMap<Id, RoutedSession> {
    return this.#byId
  }

  /** True if no session may currently join. */
  get isFull (): boolean {
    const { sessionsOfRealm } = this.#limits
    return sessionsOfRealm > 0 && this.#byId.size >= sessionsOfRealm
  }

  /** The limit that prevents another session of this principal, or null. */
  limitReached ({ authid }: Principal): keyof SessionLimits | null {
    const { sessionsOfAuthid } = this.#limits
    if (this.isFull) return 'sessionsOfRealm'
    return sessionsOfAuthid > 0 && this.#shown.count(authid) + this.#own.count(authid) >= sessionsOfAuthid ? 'sessionsOfAuthid' : null
  }

  add (session: RoutedSession): void {
    const { authrole } = session.principal
    session.place = this.nextPlace()
    if (session.node !== undefined) this.#elsewhere.set(authrole, (this.#elsewhere.get(authrole) ?? 0) + 1)
    this.#byId.set(session.id, session)
    let ofRole = this.#byRole.get(authrole)
    if (ofRole === undefined) this.#byRole.set(authrole, ofRole = new Ordered(placeOf))
    ofRole.add(session)
    this.#sameKind(session).add(session)
  }

  /** Removes a session. False if it is not in the realm. */
  delete (session: RoutedSession): boolean {
    if (!this.#byId.delete(session.id)) return false
    const { authrole } = session.principal
    if (session.node !== undefined) this.#elsewhere.set(authrole, this.#elsewhere.get(authrole)! - 1)
    this.#byRole.get(authrole)?.delete(session)
    this.#sameKind(session).delete(session)
    return true
  }

  /** The place of the next session in the order in which they join. */
  nextPlace (): number {
    return ++this.#lastPlace
  }

  /** The number of sessions of this node of each role that has ever had one, including hidden sessions. */
  countByRole (): ReadonlyMap<string, number> {
    return new Map([...this.#byRole].map(([role, { size }]) => [role, size - (this.#elsewhere.get(role) ?? 0)]))
  }

  /** The number of visible sessions of these roles, or of all. */
  count (roles: Iterable<string> | undefined): number {
    return this.#ofRoles(roles).reduce((count, { size }) => count + size, 0)
  }

  /** The first visible sessions of these roles, or of all, that joined after a position, up to a maximum number. */
  after (roles: Iterable<string> | undefined, place: number, most: number): RoutedSession[] {
    const found = this.#ofRoles(roles).map((ofRole) => ofRole.after(place, most)).filter(({ length }) => length > 0)
    const all = merged(found, placeOf)
    spend(all.length)
    return all.length <= most ? all : all.slice(0, most)
  }

  /** True if a visible or hidden session has this authid. */
  hasAuthid (authid: string): boolean {
    return this.#shown.has(authid) || this.#own.has(authid)
  }

  /** The visible sessions of an authid. */
  ofAuthid (authid: string): readonly RoutedSession[] {
    return this.#shown.of(authid)
  }

  #ofRoles (roles: Iterable<string> | undefined): Ordered<RoutedSession>[] {
    const known = new Set<Ordered<RoutedSession>>()
    for (const role of roles ?? this.#byRole.keys()) {
      const ofRole = this.#byRole.get(role)
      if (ofRole !== undefined && role !== trusted) known.add(ofRole)
    }
    return [...known]
  }

  #sameKind (session: RoutedSession): SessionsByAuthid {
    return session.isTrusted ? this.#own : this.#shown
  }
}

/** Sessions by authid. A single session of an authid only uses its entry. */
class SessionsByAuthid {
  readonly #sessions = new Map<string, RoutedSession | Set<RoutedSession>>()

  of (authid: string): readonly RoutedSession[] {
    const known = this.#sessions.get(authid)
    if (known === undefined) return nobody
    return known instanceof Set ? [...known] : [known]
  }

  has (authid: string): boolean {
    return this.#sessions.has(authid)
  }

  count (authid: string): number {
    const known = this.#sessions.get(authid)
    return known instanceof Set ? known.size : known === undefined ? 0 : 1
  }

  add (session: RoutedSession): void {
    const { authid } = session.principal
    const known = this.#sessions.get(authid)
    if (known === undefined) this.#sessions.set(authid, session)
    else if (known instanceof Set) known.add(session)
    else this.#sessions.set(authid, new Set([known, session]))
  }

  delete (session: RoutedSession): void {
    const { authid } = session.principal
    const known = this.#sessions.get(authid)
    if (known instanceof Set) known.delete(session)
    if (known === session || (known instanceof Set && known.size === 0)) this.#sessions.delete(authid)
  }
}

function placeOf ({ place }: RoutedSession): number {
  return place
}
