import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Dict, ErrorMessage, Register } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import { layoutOf, toMessage } from '../protocol/wire-format.ts'
import type { Offered, Offering } from '../routing/federation.ts'
import type { Offer } from '../routing/registration.ts'
import type { RoutedSession } from '../routing/routed-session.ts'

/** A REGISTER of this node. `gone`: its session has left. `failed`: the other nodes could not be reached. */
interface Pending {
  readonly session: RoutedSession
  state: 'waiting' | 'gone' | 'failed'
  /** What the log decided, once this node has read it. */
  outcome: Offered | ErrorMessage | null
  reject (error: unknown): void
}

/** The REGISTERs of one realm that wait until all nodes know the callee. */
export class Offers {
  readonly #propose: (session: RoutedSession, message: Register) => Promise<void>
  readonly #withdraw: (registration: Id, session: Id) => void
  readonly #discard: (offer: Offer) => void
  readonly #pending = new Map<string, Pending>()

  constructor ({ propose, withdraw, discard }: {
    /** Proposes the callee to the log. Resolves when all nodes have applied that. */
    propose: (session: RoutedSession, message: Register) => Promise<void>
    /** Proposes that a session is no longer a callee. */
    withdraw: (registration: Id, session: Id) => void
    /** The callee will not receive REGISTERED. */
    discard: (offer: Offer) => void
  }) {
    this.#propose = propose
    this.#withdraw = withdraw
    this.#discard = discard
  }

  /** Announces that a session will be a callee. */
  offer (session: RoutedSession, message: Register): Offering {
    const key = keyOf(session.id, message.request)
    const pending: Pending = { session, state: 'waiting', outcome: null, reject: () => {} }
    this.#pending.set(key, pending)
    const ready = new Promise<Offered | ErrorMessage>((resolve, reject) => {
      pending.reject = reject
      this.#propose(session, message).then(() => {
        this.#pending.delete(key)
        if (pending.outcome !== null) resolve(pending.outcome)
      }, (error: unknown) => {
        this.#pending.delete(key)
        reject(error)
      })
    })
    ready.catch(() => {})
    return {
      ready,
      abandon: () => { if (pending.state === 'waiting') pending.state = 'gone' }
    }
  }

  /** The session of an own entry of the log; undefined if it is not known. */
  session (id: Id, request: Id): RoutedSession | undefined {
    return this.#pending.get(keyOf(id, request))?.session
  }

  /** The log has decided. False if the session has left. */
  decided (session: Id, request: Id, outcome: Offered | ErrorMessage): boolean {
    const pending = this.#pending.get(keyOf(session, request))
    if (pending === undefined) return true
    pending.outcome = outcome
    if ('type' in outcome || !outcome.isNew) return true
    if (pending.state === 'failed') this.#undo(session, outcome)
    else if (pending.state === 'gone') this.#withdraw(outcome.registration.id, session)
    return pending.state !== 'gone'
  }

  /** The other nodes cannot be reached: what waits fails. */
  abort (error: unknown): void {
    for (const pending of this.#pending.values()) {
      if (pending.state !== 'waiting') continue
      pending.state = 'failed'
      const { outcome, session } = pending
      if (outcome !== null && !('type' in outcome) && outcome.isNew) this.#undo(session.id, outcome)
      pending.reject(error)
    }
  }

  #undo (session: Id, { registration, offer }: Offered): void {
    this.#discard(offer)
    this.#withdraw(registration.id, session)
  }
}

function keyOf (session: Id, request: Id): string {
  return `${session} ${request}`
}

/** The REGISTER of an entry of the log. Null if it is malformed. */
export function toRegister (procedure: Uri, options: Dict, request: Id): Register | null {
  try {
    return toMessage(layoutOf(MessageType.Register), [MessageType.Register, request, options, procedure], Payload.empty) as Register
  } catch {
    return null
  }
}

const LOGGED = ['match', 'invoke', 'concurrency', 'disclose_caller', 'forward_timeout', 'force_reregister']

/** The options of REGISTER that have an effect: others may be of any length. */
export function loggedOptions (options: Register['options']): Dict {
  return Object.fromEntries(Object.entries(options).filter(([name]) => LOGGED.includes(name)))
}
