import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Dict } from '../protocol/message-options.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { isDict } from '../protocol/wire-value.ts'
import type { Channel, Receiver } from './channel.ts'
import { messageOf } from './client-error.ts'
import { endedByClient, refusedSession } from './connection-end.ts'
import type { End } from './connection-end.ts'
import type { Incoming } from './incoming.ts'
import type { Login, LoginAttempt } from './login.ts'

const roles = rolesOf({
  publisher: 'publisher_exclusion',
  subscriber: 'pattern_based_subscription subscription_revocation',
  caller: 'progressive_call_results call_canceling call_timeout',
  callee: 'progressive_call_results call_canceling pattern_based_registration shared_registration registration_revocation'
})

function rolesOf (announced: Readonly<Record<string, string>>): Dict {
  return Object.fromEntries(Object.entries(announced).map(([role, features]) =>
    [role, { features: Object.fromEntries(features.split(' ').map((feature) => [feature, true])) }]))
}

/** Why a connection that nothing comes from is given up. */
export const LATE = 'no answer in time'

/** What WELCOME says. */
export interface Welcome {
  readonly session: Id
  readonly details: Dict
}

/** From HELLO to WELCOME or ABORT [basic, Sessions]. */
export class Handshake implements Receiver {
  readonly #channel: Channel
  readonly #attempt: LoginAttempt | null
  readonly #welcomed: (welcome: Welcome) => void
  readonly #watch: (late: string | null) => void
  readonly #ended: (end: End) => void
  #state: 'fresh' | 'challenged' | 'welcomed' = 'fresh'

  constructor ({ channel, attempt, watch, welcomed, ended }: {
    channel: Channel
    attempt: LoginAttempt | null
    /** Ends the connection with this text if the router says nothing for long; null lifts that. */
    watch: (late: string | null) => void
    /** Called once, before any message after WELCOME is taken. */
    welcomed: (welcome: Welcome) => void
    ended: (end: End) => void
  }) {
    this.#channel = channel
    this.#attempt = attempt
    this.#watch = watch
    this.#welcomed = welcomed
    this.#ended = ended
  }

  /** Says HELLO. The cookie comes before any other method. */
  hello (realm: Uri | null, methods: readonly string[], login: Login | null): void {
    this.#watch(LATE)
    const authid = login?.authid ?? null
    this.#channel.say(1, realm, {
      roles,
      agent: 'fastify-wamp/client',
      authmethods: methods,
      ...(authid !== null && { authid }),
      ...(this.#attempt?.authextra !== undefined && { authextra: this.#attempt.authextra })
    })
  }

  receive (message: Incoming): void {
    // The user may take long to answer; the router knows how long.
    this.#watch(null)
    switch (message.type) {
      case MessageType.Challenge:
        if (this.#attempt === null || this.#state === 'welcomed') throw new ProtocolViolation('an unexpected message')
        this.#state = 'challenged'
        return this.#settle(this.#answer(this.#attempt, message.authmethod, message.extra))
      case MessageType.Abort: return this.#channel.close(refusedSession(message, this.#state === 'challenged'))
      case MessageType.Goodbye: return this.#channel.close(refusedSession(message, false))
      case MessageType.Welcome: {
        if (this.#state === 'welcomed') throw new ProtocolViolation('an unexpected message')
        const { session, details } = message
        // By a cookie there was no challenge, and there is no proof.
        const attempt = this.#state === 'challenged' ? this.#attempt : null
        this.#state = 'welcomed'
        if (attempt?.verify === undefined) return this.#welcomed({ session, details })
        return this.#settle(this.#verify(attempt, { session, details }))
      }
      default: throw new ProtocolViolation('an unexpected message')
    }
  }

  ended (end: End): void {
    this.#ended(end)
  }

  async #answer (attempt: LoginAttempt, method: string, extra: Dict): Promise<void> {
    const { signature, extra: more = {} } = await attempt.answer({ method, extra })
    if (!this.#channel.isOpen) return
    this.#channel.say(5, signature, more)
    this.#watch(LATE)
  }

  async #verify (attempt: LoginAttempt, welcome: Welcome): Promise<void> {
    const { authextra } = welcome.details
    await attempt.verify?.(isDict(authextra) ? authextra : {})
    if (this.#channel.isOpen) this.#welcomed(welcome)
  }

  /** An app's login may fail in any way: the router is told, and it is not tried again. */
  #settle (work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#channel.isOpen) return
      this.#channel.say(3, {}, reasons.authenticationFailed)
      this.#channel.close(endedByClient(reasons.authenticationFailed, messageOf(error), error))
    })
  }
}
