import type { Id } from '../protocol/id.ts'
import type { PublishOptions } from '../protocol/message.ts'
import { spend } from '../work.ts'
import type { RoutedSession } from './routed-session.ts'
import type { SessionsByPrincipal } from './subscribers.ts'

/** What an entry of a set takes besides its text. */
const BYTES_OF_ENTRY = 40

/** Who may receive a publication, as far as its publisher restricts it [advanced, Subscriber Black- and Whitelisting]. */
export class Receivers {
  readonly #notIds: ReadonlySet<number> | undefined
  readonly #notAuthids: ReadonlySet<string> | undefined
  readonly #notAuthroles: ReadonlySet<string> | undefined
  readonly #ids: ReadonlySet<number> | undefined
  readonly #authids: ReadonlySet<string> | undefined
  readonly #authroles: ReadonlySet<string> | undefined

  private constructor (options: PublishOptions) {
    this.#notIds = setOf(options.exclude)
    this.#notAuthids = setOf(options.exclude_authid)
    this.#notAuthroles = setOf(options.exclude_authrole)
    this.#ids = setOf(options.eligible)
    this.#authids = setOf(options.eligible_authid)
    this.#authroles = setOf(options.eligible_authrole)
  }

  /** Null if the publisher restricts nobody. */
  static of (options: PublishOptions): Receivers | null {
    const list = options.exclude ?? options.eligible ?? options.exclude_authid ?? options.exclude_authrole ?? options.eligible_authid ?? options.eligible_authrole
    return list === undefined ? null : new Receivers(options)
  }

  /** True if sessions are listed by their ids, which nobody has again later. */
  get nameSessions (): boolean {
    return this.#notIds !== undefined || this.#ids !== undefined
  }

  /** True if roles or authids are listed. */
  get namePrincipals (): boolean {
    return (this.#notAuthids ?? this.#notAuthroles ?? this.#authids ?? this.#authroles) !== undefined
  }

  /** The sessions that are listed as the only ones and on no other list against them; null if there is no such list. */
  eligible (sessions: ReadonlyMap<Id, RoutedSession>): RoutedSession[] | null {
    if (this.#ids === undefined) return null
    spend(this.#ids.size)
    return [...this.#ids].flatMap((id) => sessions.get(id) ?? []).filter((session) => this.include(session))
  }

  /** How many sessions are of a role and an authid that may receive. */
  countIn (sessions: SessionsByPrincipal): number {
    let count = 0
    let looks = 0
    for (const [authrole, { size, byAuthid }] of sessions) {
      if (!this.#takesRole(authrole)) continue
      count += this.#authids === undefined ? size : 0
      for (const authid of this.#authids ?? this.#notAuthids ?? []) {
        const some = byAuthid.get(authid)?.size ?? 0
        count += this.#authids === undefined ? -some : some
      }
      looks += (this.#authids ?? this.#notAuthids)?.size ?? 0
    }
    spend(sessions.size + looks)
    return count
  }

  /** The sessions of roles and authids that may receive: no others are looked at. */
  choose (sessions: SessionsByPrincipal): RoutedSession[] {
    const chosen: RoutedSession[] = []
    let looks = 0
    for (const [authrole, { byAuthid }] of sessions) {
      if (!this.#takesRole(authrole)) continue
      const listed = this.#authids !== undefined && this.#authids.size < byAuthid.size ? this.#authids : byAuthid.keys()
      for (const authid of listed) {
        looks++
        if (this.#notAuthids?.has(authid) === true || this.#authids?.has(authid) === false) continue
        for (const session of byAuthid.get(authid) ?? []) chosen.push(session)
      }
    }
    spend(looks)
    return chosen
  }

  /** About how many bytes the lists take. */
  get size (): number {
    const ids = (this.#notIds?.size ?? 0) + (this.#ids?.size ?? 0)
    return [this.#notAuthids, this.#notAuthroles, this.#authids, this.#authroles].flatMap((names) => [...names ?? []])
      .reduce((sum, name) => sum + name.length + BYTES_OF_ENTRY, ids * BYTES_OF_ENTRY)
  }

  /** True for a session that may receive: it is on every eligible list and on no exclude list. */
  include ({ id, principal: { authid, authrole } }: RoutedSession): boolean {
    return this.#notIds?.has(id) !== true && this.#notAuthids?.has(authid) !== true && this.#notAuthroles?.has(authrole) !== true &&
      this.#ids?.has(id) !== false && this.#authids?.has(authid) !== false && this.#authroles?.has(authrole) !== false
  }

  #takesRole (authrole: string): boolean {
    return this.#notAuthroles?.has(authrole) !== true && this.#authroles?.has(authrole) !== false
  }
}

function setOf<E> (list: readonly E[] | undefined): ReadonlySet<E> | undefined {
  return list === undefined ? undefined : new Set(list)
}
