import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Dict } from '../protocol/message-options.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { isDict } from '../protocol/wire-value.ts'
import type { Channel, Receiver } from './channel.ts'
import { refusedSession } from './connection-end.ts'
import type { End } from './connection-end.ts'
import { unexpected } from './incoming.ts'
import type { Incoming } from './incoming.ts'
import type { LoginAttempt } from './login.ts'

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

/** The CHALLENGEs that are answered in one handshake. */
const MOST_CHALLENGES = 100

/** The parts of a handshake. */
export interface HandshakeParts {
  readonly realm: Uri | null
  readonly methods: readonly string[]
  /** Undefined if the router chooses it. */
  readonly authid: string | null | undefined
  /** True if a cookie may log in, so that there is no CHALLENGE. */
  readonly cookie: boolean
  readonly attempt: LoginAttempt | null
  /** Ends the connection if the router says nothing for long; false lifts that. */
  readonly watch: (isWaiting: boolean) => void
  /** Called once, before any message after WELCOME is taken. */
  readonly welcomed: (welcome: Welcome) => void
  readonly ended: (end: End) => void
}

/** From HELLO to WELCOME or ABORT [basic, Sessions]. */
export class Handshake implements Receiver {
  readonly #parts: HandshakeParts
  #channel!: Channel
  /** The number of CHALLENGEs. */
  #challenges = 0
  /** True while the login answers a CHALLENGE, or checks the router's proof. */
  #isBusy = false

  constructor (parts: HandshakeParts) {
    this.#parts = parts
  }

  /** Says HELLO. The cookie comes before any other method. */
  opened (channel: Channel): void {
    const { realm, methods, authid, attempt } = this.#parts
    this.#channel = channel
    this.#settle(() => [1, realm, {
      // Not every serializer leaves out what is undefined.
      ...(authid && { authid }),
      authextra: attempt?.authextra ?? {},
      authmethods: methods,
      agent: 'fastify-wamp',
      roles
    }])
  }

  receive (message: Incoming): void {
    const { cookie, attempt, watch, welcomed } = this.#parts
    // The user may take long to answer; the router knows how long.
    watch(false)
    if (message.type === MessageType.Abort || message.type === MessageType.Goodbye) return this.#channel.close(refusedSession(message, this.#challenges > 0))
    if (this.#isBusy) unexpected()
    if (message.type === MessageType.Challenge && attempt && this.#challenges++ < MOST_CHALLENGES) {
      this.#settle(async () => {
        const { signature, extra = {} } = await attempt.answer({ method: message.authmethod, extra: message.extra })
        return [5, signature, extra]
      })
    } else if (message.type !== MessageType.Welcome) unexpected()
    // By a cookie there was no challenge, and there is no proof.
    else if (!attempt?.verify || (cookie && !this.#challenges)) welcomed(message)
    else {
      this.#settle(async () => {
        const { authextra } = message.details
        await attempt.verify!(isDict(authextra) ? authextra : {})
        return message
      })
    }
  }

  ended (end: End): void {
    this.#parts.ended(end)
  }

  /** Sends the message that work results in, or takes a WELCOME. If an app's login throws, the router receives ABORT, and the login is not tried again. */
  async #settle (work: () => unknown[] | Promise<unknown[] | Welcome>): Promise<void> {
    const channel = this.#channel
    this.#isBusy = true
    try {
      const message = await work()
      if (!channel.isOpen) return
      this.#isBusy = false
      if (!Array.isArray(message)) return this.#parts.welcomed(message as Welcome)
      channel.say(message)
      this.#parts.watch(true)
    } catch (error) {
      channel.abort(reasons.authenticationFailed, error, {})
    }
  }
}
