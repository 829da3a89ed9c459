import type { Id } from '../protocol/id.ts'
import type { PublishOptions } from '../protocol/message.ts'
import { spend } from '../work.ts'
import type { RoutedSession } from './routed-session.ts'

/** Bytes of a set entry in addition to its text. */
const BYTES_OF_ENTRY = 40

/** The sessions of a realm, as far as receiver lists need them. */
export interface Audience {
  readonly byId: ReadonlyMap<Id, RoutedSession>
  /** True if a session has this authid. */
  hasAuthid (authid: string): boolean
}

/** The sessions of one role. */
interface SessionsOfRole {
  size: number
  readonly byAuthid: Map<string, Set<RoutedSession>>
}

/** The sessions by role, and within it by authid. */
export type SessionsByPrincipal = Map<string, SessionsOfRole>

/** The lists of a publication; undefined for a missing list. */
interface Lists {
  readonly notIds: ReadonlySet<number> | undefined
  readonly notAuthids: ReadonlySet<string> | undefined
  readonly notAuthroles: ReadonlySet<string> | undefined
  readonly ids: ReadonlySet<number> | undefined
  readonly authids: ReadonlySet<string> | undefined
  readonly authroles: ReadonlySet<string> | undefined
}

/** The permitted receivers of a publication, as restricted by its publisher [advanced, Subscriber Black- and Whitelisting]. */
export class Receivers {
  readonly #notIds: ReadonlySet<number> | undefined
  readonly #notAuthids: ReadonlySet<string> | undefined
  readonly #notAuthroles: ReadonlySet<string> | undefined
  readonly #ids: ReadonlySet<number> | undefined
  readonly #authids: ReadonlySet<string> | undefined
  readonly #authroles: ReadonlySet<string> | undefined

  private constructor ({ notIds, notAuthids, notAuthroles, ids, authids, authroles }: Lists) {
    this.#notIds = notIds
    this.#notAuthids = notAuthids
    this.#notAuthroles = notAuthroles
    this.#ids = ids
    this.#authids = authids
    this.#authroles = authroles
  }

  /** The lists as options of PUBLISH. */
  get options (): PublishOptions {
    const lists = {
      exclude: this.#notIds, exclude_authid: this.#notAuthids, exclude_authrole: this.#notAuthroles, eligible: this.#ids, eligible_authid: this.#authids, eligible_authrole: this.#authroles
    }
    return Object.fromEntries(Object.entries(lists).flatMap(([name, list]) => list === undefined ? [] : [[name, [...list]]]))
  }

  /** Null if there is no restriction. */
  static of (options: PublishOptions): Receivers | null {
    const list = options.exclude ?? options.eligible ?? options.exclude_authid ?? options.exclude_authrole ?? options.eligible_authid ?? options.eligible_authrole
    if (list === undefined) return null
    return new Receivers({
      notIds: setOf(options.exclude),
      notAuthids: setOf(options.exclude_authid),
      notAuthroles: setOf(options.exclude_authrole),
      ids: setOf(options.eligible),
      authids: setOf(options.eligible_authid),
      authroles: setOf(options.eligible_authrole)
    })
  }

  /**
   * The same receivers without authids that no session currently has. Every subscription of a publication checks the authids, so made-up
   * ones are removed once, before the subscriptions are visited.
   */
  among (audience: Audience): Receivers {
    if (this.#authids === undefined && this.#notAuthids === undefined) return this
    return new Receivers({
      notIds: this.#notIds,
      notAuthids: presentIn(audience, this.#notAuthids),
      notAuthroles: this.#notAuthroles,
      ids: this.#ids,
      authids: presentIn(audience, this.#authids),
      authroles: this.#authroles
    })
  }

  /** True if sessions are listed by id; ids are never reused. */
  get nameSessions (): boolean {
    return this.#notIds !== undefined || this.#ids !== undefined
  }

  /** True if roles or authids are listed. */
  get namePrincipals (): boolean {
    return (this.#notAuthids ?? this.#notAuthroles ?? this.#authids ?? this.#authroles) !== undefined
  }

  /** The sessions that are listed as eligible and not excluded; null if there is no such list. */
  eligible ({ byId }: Audience): RoutedSession[] | null {
    if (this.#authids?.size === 0) return []
    if (this.#ids === undefined) return null
    spend(this.#ids.size)
    return [...this.#ids].flatMap((id) => byId.get(id) ?? []).filter((session) => this.include(session))
  }

  /** The number of combinations of role and authid that may receive. */
  countIn (sessions: SessionsByPrincipal): number {
    let count = 0
    let looks = 0
    const listed = this.#authids ?? this.#notAuthids
    for (const [authrole, { size, byAuthid }] of sessions) {
      if (!this.#takesRole(authrole)) continue
      let some = 0
      for (const authid of listed === undefined ? [] : fewerOf(listed, byAuthid)) {
        looks++
        if (listed!.has(authid)) some += byAuthid.get(authid)?.size ?? 0
      }
      count += this.#authids === undefined ? size - some : some
    }
    spend(sessions.size + looks)
    return count
  }

  /** The sessions of the roles and authids that may receive; others are not visited. */
  choose (sessions: SessionsByPrincipal): RoutedSession[] {
    const chosen: RoutedSession[] = []
    let looks = 0
    for (const [authrole, { byAuthid }] of sessions) {
      if (!this.#takesRole(authrole)) continue
      for (const authid of this.#authids === undefined ? byAuthid.keys() : fewerOf(this.#authids, byAuthid)) {
        looks++
        if (this.#notAuthids?.has(authid) === true || this.#authids?.has(authid) === false) continue
        for (const session of byAuthid.get(authid) ?? []) chosen.push(session)
      }
    }
    spend(looks)
    return chosen
  }

  /** The approximate number of bytes of the lists. */
  get size (): number {
    const ids = (this.#notIds?.size ?? 0) + (this.#ids?.size ?? 0)
    return [this.#notAuthids, this.#notAuthroles, this.#authids, this.#authroles].flatMap((names) => [...names ?? []])
      .reduce((sum, name) => sum + name.length + BYTES_OF_ENTRY, ids * BYTES_OF_ENTRY)
  }

  /** True if a session may receive: it is on every eligible list and on no exclude list. */
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

/** The listed authids, or those of the sessions if there are fewer. */
function fewerOf (listed: ReadonlySet<string>, byAuthid: ReadonlyMap<string, unknown>): Iterable<string> {
  return listed.size < byAuthid.size ? listed : byAuthid.keys()
}

function presentIn (audience: Audience, authids: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (authids === undefined) return undefined
  spend(authids.size)
  const present = new Set<string>()
  for (const authid of authids) if (audience.hasAuthid(authid)) present.add(authid)
  return present
}
