import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import { matchesFilter } from './session-filter.ts'
import type { SessionFilter, SessionInfo } from './session-filter.ts'

/** A GOODBYE of the router. */
export interface Farewell {
  readonly reason: Uri
  /** For people. */
  readonly message?: string | undefined
}

/** An order to end the sessions of a realm that match a filter. */
export interface Kick extends Farewell {
  readonly realm: Uri
  readonly filter: SessionFilter
}

/** The maximum number of characters of the kicks that are remembered, and what each of them counts in addition to its texts. */
const [MOST_CHARACTERS, CHARACTERS_OF_KICK] = [2 ** 20, 1024]
/** The GOODBYE of a login whose kicks are not all remembered: it is not known whether one of them selects it. */
const uncertain = { reason: reasons.killed }

/**
 * The latest kicks, while there are logins in progress. A login whose credentials were read before a kick must not outlive it, although there
 * was no session yet that could be kicked.
 */
export class Kicks {
  /** The kicks since the first login in progress has begun, numbered from `#first`. */
  #kicks: Kick[] = []
  #first = 0
  #characters = 0
  #watching = 0

  /** Called when sessions are kicked. */
  add (kick: Kick): void {
    if (this.#watching === 0) return
    this.#kicks.push(kick)
    this.#characters += lengthOf(kick)
    while (this.#characters > MOST_CHARACTERS) {
      this.#characters -= lengthOf(this.#kicks.shift()!)
      this.#first++
    }
  }

  /** Follows the kicks during one login. */
  watch (): KickWatch {
    return new KickWatch(this)
  }

  /** @internal Begins to follow. Returns the number of the next kick. */
  begin (): number {
    this.#watching++
    return this.#first + this.#kicks.length
  }

  /** @internal Ends what `begin` has begun. */
  end (): void {
    if (--this.#watching > 0) return
    this.#first += this.#kicks.length
    this.#kicks = []
    this.#characters = 0
  }

  /** @internal The first kick from this number on that selects a session, or null. */
  find (from: number, session: SessionInfo): Farewell | null {
    if (from < this.#first) return uncertain
    if (this.#kicks.length === 0) return null
    const later = this.#kicks.slice(from - this.#first)
    spend(later.length)
    return later.find(({ realm, filter }) => realm === session.realm && matchesFilter(filter, session)) ?? null
  }
}

/** The kicks since the credentials of one login were read. */
export class KickWatch {
  readonly #kicks: Kicks
  #state: 'idle' | 'watching' | 'ended' = 'idle'
  #from = 0

  constructor (kicks: Kicks) {
    this.#kicks = kicks
  }

  /** Called when the credentials have been read. Only the first call has an effect. */
  begin (): void {
    if (this.#state !== 'idle') return
    this.#state = 'watching'
    this.#from = this.#kicks.begin()
  }

  /** The first kick since then that selects the session of the login, or null. */
  find (session: SessionInfo): Farewell | null {
    return this.#state === 'watching' ? this.#kicks.find(this.#from, session) : null
  }

  /** Called if the credentials let nobody in, before others are read. */
  restart (): void {
    if (this.#state !== 'watching') return
    this.#kicks.end()
    this.#state = 'idle'
  }

  /** Called when the login is over. */
  end (): void {
    if (this.#state === 'watching') this.#kicks.end()
    this.#state = 'ended'
  }
}

function lengthOf ({ filter: { authid = '', authrole = '' }, reason, message = '' }: Kick): number {
  return CHARACTERS_OF_KICK + authid.length + authrole.length + reason.length + message.length
}
