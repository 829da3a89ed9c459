import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Dict } from '../protocol/message-options.ts'
import type { Uri } from '../protocol/uri.ts'
import type { WampError } from '../protocol/wamp-error.ts'
import { ClientError } from './client-error.ts'
import type { Link } from './link.ts'

/** Milliseconds until a registration is tried again that the router still has from the connection before, and again after as many. */
const TAKEN = 1000

/** What a subscription or registration is made of. */
export interface StandingParts {
  readonly type: 32 | 64
  readonly uri: Uri
  readonly options: Dict
  /** Has its messages handled, from now on. */
  readonly hold: (link: Link, id: Id) => void
  /** It was lost, and does not come back. */
  readonly lost: (error: unknown) => void
}

/** A subscription or registration that outlasts connections. */
export class Standing {
  /** SUBSCRIBE or REGISTER. */
  declare readonly type: 32 | 64
  /** Which others stand for the same at the router. */
  declare readonly key: string
  /** The id that it has in this connection; 0 until the router has accepted it. */
  id: Id = 0
  /** `establishing` while the router is asked for it; `over` once nobody wants it. */
  state: 'idle' | 'establishing' | 'over' = 'idle'
  /** Settles when the last attempt to establish it has ended; never rejects. */
  declare established: Promise<void> | undefined
  readonly #parts: StandingParts
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Resolves and rejects `begin`, until that is done. */
  #settle: readonly [resolve: () => void, reject: (error: unknown) => void] | undefined

  constructor (parts: StandingParts) {
    this.#parts = parts
    this.type = parts.type
    this.key = `${parts.type} ${parts.options.match as string | undefined ?? 'exact'} ${parts.uri}`
  }

  /** Establishes it for the first time. Resolves when the router has accepted it, maybe in a later connection. */
  begin (link: Link): Promise<void> {
    return new Promise((...settle) => {
      this.#settle = settle
      this.establish(link)
    })
  }

  /** Asks the router for it: in a new connection, too. */
  establish (link: Link): void {
    if (this.state === 'over') return
    clearTimeout(this.#timer)
    const { type, uri, options, hold } = this.#parts
    this.state = 'establishing'
    this.id = 0
    this.established = link.request({
      type,
      fields: [options, uri],
      accept: (reply) => {
        const { subscription, registration } = reply as { readonly subscription?: Id, readonly registration: Id }
        const id = this.id = subscription ?? registration
        hold(link, id)
        if (this.state === 'establishing') this.state = 'idle'
        this.#settle?.[0]()
        this.#settle = undefined
      }
    }).catch((error: unknown) => { this.#failed(link, error) })
  }

  /** It is lost. */
  revoke (error: unknown): void {
    this.end(error)
    this.#parts.lost(error)
  }

  /** Nobody wants it any more. */
  end (error: unknown): void {
    this.state = 'over'
    clearTimeout(this.#timer)
    this.#settle?.[1](error)
    this.#settle = undefined
  }

  #failed (link: Link, error: unknown): void {
    if (this.state === 'over') return
    this.state = 'idle'
    // The next connection restores it.
    if (error instanceof ClientError && error.code !== 'WAMP_ERR_INVALID_MESSAGE') return
    if (this.#settle !== undefined) return this.end(error)
    if ((error as WampError).error === reasons.procedureAlreadyExists) this.#timer = setTimeout(() => { this.establish(link) }, TAKEN)
    else this.revoke(error)
  }
}
