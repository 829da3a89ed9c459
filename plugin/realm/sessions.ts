import type { Principal } from '../auth/authenticator.ts'
import type { Id } from '../protocol/id.ts'
import type { RoutedSession } from './routed-session.ts'

/** How many sessions a realm may have, 0 for any number. */
export interface SessionLimits {
  readonly sessionsOfRealm: number
  readonly sessionsOfAuthid: number
}

/** The sessions that are joined to a realm. */
export class Sessions {
  readonly #limits: SessionLimits
  readonly #byId = new Map<Id, RoutedSession>()
  /** How many each authid has, where that is bounded. */
  readonly #ofAuthid = new Map<string, number>()

  constructor (limits: SessionLimits) {
    this.#limits = limits
  }

  get byId (): ReadonlyMap<Id, RoutedSession> {
    return this.#byId
  }

  /** The limit that keeps one more session of this principal out, or null. */
  limitReached ({ authid }: Principal): keyof SessionLimits | null {
    const { sessionsOfRealm, sessionsOfAuthid } = this.#limits
    if (sessionsOfRealm > 0 && this.#byId.size >= sessionsOfRealm) return 'sessionsOfRealm'
    return sessionsOfAuthid > 0 && (this.#ofAuthid.get(authid) ?? 0) >= sessionsOfAuthid ? 'sessionsOfAuthid' : null
  }

  add (session: RoutedSession): void {
    this.#byId.set(session.id, session)
    this.#count(session, 1)
  }

  /** False if it is not here. */
  delete (session: RoutedSession): boolean {
    if (!this.#byId.delete(session.id)) return false
    this.#count(session, -1)
    return true
  }

  #count ({ principal: { authid } }: RoutedSession, change: 1 | -1): void {
    if (this.#limits.sessionsOfAuthid === 0) return
    const count = (this.#ofAuthid.get(authid) ?? 0) + change
    if (count === 0) this.#ofAuthid.delete(authid)
    else this.#ofAuthid.set(authid, count)
  }
}
