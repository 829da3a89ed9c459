import type { PublishOptions } from '../protocol/message.ts'
import type { RoutedSession } from './routed-session.ts'

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
}

function setOf<E> (list: readonly E[] | undefined): ReadonlySet<E> | undefined {
  return list === undefined ? undefined : new Set(list)
}
