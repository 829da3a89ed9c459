import type { Principal } from '../auth/authenticator.ts'
import { WampError } from '../errors.ts'
import { randomId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { ErrorMessage, Invocation, RouterMessage, Yield } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args, Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Delivery } from '../transport/transport.ts'
import type { RoutedSession } from './routed-session.ts'

/** A call of a meta procedure. */
export interface MetaCall {
  readonly caller: RoutedSession
  readonly args: Args
  readonly kwargs: Kwargs
}

/** Answers a call with the args of the RESULT. Throws a WampError to refuse. */
export type MetaProcedure = (call: MetaCall) => Args

/**
 * The session that offers the meta API of a realm. To broker and dealer it is one like all others; it is not among the
 * realm's sessions, and never ends.
 */
export class MetaSession implements RoutedSession {
  readonly id: Id = randomId()
  readonly principal: Principal
  readonly features: ReadonlySet<string> = new Set(['publisher', 'callee'])
  readonly #procedures: readonly MetaProcedure[]
  readonly #registered = new Map<Id, MetaProcedure>()
  readonly #findSession: (id: Id) => RoutedSession | undefined
  readonly #answer: (message: Yield | ErrorMessage) => void
  readonly #log: { error (details: object, text: string): void }

  constructor ({ realm, procedures, findSession, answer, log }: {
    realm: Uri
    /** In the order in which they are registered, as requests 1, 2, 3, … */
    procedures: readonly MetaProcedure[]
    /** A session of the realm. */
    findSession: (id: Id) => RoutedSession | undefined
    answer: (message: Yield | ErrorMessage) => void
    log: { error (details: object, text: string): void }
  }) {
    this.principal = Object.freeze({ realm, authid: 'fastify-wamp', authrole: 'trusted', authmethod: 'in-process', authprovider: 'in-process' })
    this.#procedures = procedures
    this.#findSession = findSession
    this.#answer = answer
    this.#log = log
  }

  send (message: RouterMessage): Delivery {
    if (message.type === MessageType.Registered) this.#registered.set(message.registration, this.#procedures[message.request - 1]!)
    // Nothing may re-enter the realm while it routes.
    if (message.type === MessageType.Invocation) queueMicrotask(() => { this.#answer(this.#handle(message)) })
    return 'sent'
  }

  end (): void {}

  #handle ({ request, registration, details, payload }: Invocation): Yield | ErrorMessage {
    const procedure = this.#registered.get(registration)!
    try {
      // Registered with disclose_caller: every invocation says who calls. Who has left meanwhile needs no answer.
      const caller = this.#findSession(details.caller as Id)
      const args = caller === undefined ? [] : procedure({ caller, ...payload.values() })
      return { type: MessageType.Yield, request, options: noDetails, payload: Payload.of(args) }
    } catch (error) {
      const refused = { type: MessageType.Error, requestType: MessageType.Invocation, request, details: noDetails } as const
      if (error instanceof WampError) return { ...refused, error: error.error, payload: Payload.of(error.args) }
      this.#log.error({ err: error }, 'a meta procedure failed')
      return { ...refused, error: reasons.runtimeError, payload: Payload.of(['the procedure failed']) }
    }
  }
}
