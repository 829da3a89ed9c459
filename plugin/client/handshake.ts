import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Dict } from '../protocol/message-options.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { isDict } from '../protocol/wire-value.ts'
import type { Channel, Receiver } from './channel.ts'
import { messageOf } from './client-error.ts'
import { endedByClient, refusedSession } from './connection-end.ts'
import type { End } from './connection-end.ts'
import { unexpected } from './incoming.ts'
import type { Incoming } from './incoming.ts'
import type { Login, LoginAttempt } from './login.ts'

const roles = {
  publisher: { features: { publisher_exclusion: true } },
  subscriber: { features: { pattern_based_subscription: true, subscription_revocation: true } },
  caller: { features: { progressive_call_results: true, call_canceling: true, call_timeout: true } },
  callee: { features: { progressive_call_results: true, call_canceling: true, pattern_based_registration: true, shared_registration: true, registration_revocation: true } }
}

/** What WELCOME says. */
export interface Welcome {
  readonly session: Id
  readonly details: Dict
}

/** The parts of a handshake. */
export interface HandshakeParts {
  readonly channel: Channel
  readonly attempt: LoginAttempt | null
  /** Ends the connection if the router says nothing for long; false lifts that. */
  readonly watch: (isWaiting: boolean) => void
  /** Called once, before any message after WELCOME is taken. */
  readonly welcomed: (welcome: Welcome) => void
  readonly ended: (end: End) => void
}

/** From HELLO to WELCOME or ABORT [basic, Sessions]. */
export class Handshake implements Receiver {
  readonly #channel: Channel
  readonly #attempt: LoginAttempt | null
  readonly #parts: HandshakeParts
  #state: 'fresh' | 'challenged' | 'welcomed' = 'fresh'

  constructor (parts: HandshakeParts) {
    this.#channel = parts.channel
    this.#attempt = parts.attempt
    this.#parts = parts
  }

  /** Says HELLO. The cookie comes before any other method. */
  hello (realm: Uri | null, methods: readonly string[], login: Login | null): void {
    this.#parts.watch(true)
    // A serializer leaves out what is undefined.
    this.#channel.say([1, realm, {
      roles,
      agent: 'fastify-wamp',
      authmethods: methods,
      authid: login?.authid ?? undefined,
      authextra: this.#attempt?.authextra
    }])
  }

  receive (message: Incoming): void {
    // The user may take long to answer; the router knows how long.
    this.#parts.watch(false)
    switch (message.type) {
      case MessageType.Challenge:
        if (this.#attempt === null || this.#state === 'welcomed') unexpected()
        this.#state = 'challenged'
        return this.#settle(this.#answer(this.#attempt, message.authmethod, message.extra))
      case MessageType.Abort: return this.#channel.close(refusedSession(message, this.#state === 'challenged'))
      case MessageType.Goodbye: return this.#channel.close(refusedSession(message, false))
      case MessageType.Welcome: {
        if (this.#state === 'welcomed') unexpected()
        // By a cookie there was no challenge, and there is no proof.
        const attempt = this.#state === 'challenged' ? this.#attempt : null
        this.#state = 'welcomed'
        if (attempt?.verify === undefined) return this.#parts.welcomed(message)
        return this.#settle(this.#verify(attempt, message))
      }
      default: unexpected()
    }
  }

  ended (end: End): void {
    this.#parts.ended(end)
  }

  async #answer (attempt: LoginAttempt, method: string, extra: Dict): Promise<void> {
    const { signature, extra: more = {} } = await attempt.answer({ method, extra })
    if (!this.#channel.isOpen) return
    this.#channel.say([5, signature, more])
    this.#parts.watch(true)
  }

  async #verify (attempt: LoginAttempt, welcome: Welcome): Promise<void> {
    const { authextra } = welcome.details
    await attempt.verify?.(isDict(authextra) ? authextra : {})
    if (this.#channel.isOpen) this.#parts.welcomed(welcome)
  }

  /** An app's login may fail in any way: the router is told, and it is not tried again. */
  #settle (work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#channel.isOpen) return
      this.#channel.say([3, {}, reasons.authenticationFailed])
      this.#channel.close(endedByClient(reasons.authenticationFailed, messageOf(error), error))
    })
  }
}
