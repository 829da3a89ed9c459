import type { Cancellation } from '../authorization/cancellation.ts'
import { WampError } from '../errors.ts'
import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, CallOptions, Cancel, ErrorMessage, Result, RouterMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args, Kwargs, Values } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Delivery } from '../transport/transport.ts'
import { spend } from '../work.ts'
import { OwnSession } from '../routing/own-session.ts'
import type { OwnIdentity } from '../routing/own-session.ts'
import type { ClientKey, RoutedSession } from '../routing/routed-session.ts'

/** The options of a call by the router itself. */
export interface RouterCallOptions {
  /** The client that causes the call. Its calls count together for `limits.pendingCalls` and for the shares of callees. */
  readonly client: ClientKey
  readonly options?: CallOptions
  /** Cancels the call. It then rejects with the signal's reason. */
  readonly signal?: Cancellation | undefined
}

interface PendingCall {
  resolve (result: { args: Args, kwargs: Kwargs }): void
  reject (error: unknown): void
}

/** Units of work to cancel a call, and to interrupt its callee. */
const UNITS_OF_CANCEL = 100

/** The router as the caller of a procedure, because of one client. */
class RouterCaller extends OwnSession {
  readonly features: ReadonlySet<string> = new Set(['caller'])
  readonly client: ClientKey
  readonly calls = new Map<Id, PendingCall>()

  constructor (identity: OwnIdentity, client: ClientKey) {
    super(identity)
    this.client = client
  }

  send (message: RouterMessage): Delivery {
    return message.type === MessageType.Result || message.type === MessageType.Error ? this.#answer(message) : 'sent'
  }

  /** Removes a pending call, and returns it. */
  take (request: Id): PendingCall | undefined {
    const call = this.calls.get(request)
    this.calls.delete(request)
    return call
  }

  #answer (message: Result | ErrorMessage): Delivery {
    let values: Values
    try {
      values = message.payload.values()
    } catch {
      return 'unencodable'
    }
    if (message.type === MessageType.Result) this.take(message.request)?.resolve(values)
    else this.take(message.request)?.reject(new WampError(message.error, values))
    return 'sent'
  }
}

/**
 * The calls of the router itself to dynamic authorizers and authenticators. For each client that causes calls there is one caller, so the
 * limits of a caller apply to each client, and no client uses up the limit of another one.
 */
export class RouterCalls {
  readonly #identity: OwnIdentity
  readonly #callers = new Map<ClientKey, RouterCaller>()
  readonly #say: (caller: RoutedSession, message: Call | Cancel) => void
  readonly #released: (caller: RoutedSession) => void
  #lastRequest: Id = 0

  constructor ({ identity, say, released }: {
    /** The identity of all callers. */
    identity: OwnIdentity
    /** Receives the messages of a caller. */
    say: (caller: RoutedSession, message: Call | Cancel) => void
    /** Called for a caller that has no calls left, and makes no more. */
    released: (caller: RoutedSession) => void
  }) {
    this.#identity = identity
    this.#say = say
    this.#released = released
  }

  /** Calls a procedure. Rejects with the WampError of the answer. */
  async call (procedure: Uri, args: Args, { client, options = noDetails, signal }: RouterCallOptions): Promise<{ args: Args, kwargs: Kwargs }> {
    signal?.throwIfAborted()
    const caller = this.#callerFor(client)
    const request = this.#lastRequest = nextId(this.#lastRequest)
    const abort = (): void => { this.#cancel(caller, request, signal?.reason) }
    try {
      return await new Promise((resolve, reject) => {
        caller.calls.set(request, { resolve, reject })
        this.#say(caller, { type: MessageType.Call, request, options, procedure, payload: Payload.of(args) })
        signal?.addEventListener('abort', abort)
      })
    } finally {
      signal?.removeEventListener('abort', abort)
      caller.take(request)
      if (caller.calls.size === 0 && this.#callers.get(client) === caller) {
        this.#callers.delete(client)
        this.#released(caller)
      }
    }
  }

  #callerFor (client: ClientKey): RouterCaller {
    let caller = this.#callers.get(client)
    if (caller === undefined) this.#callers.set(client, caller = new RouterCaller(this.#identity, client))
    return caller
  }

  /** Nobody needs the answer: the call ends at once, and its callee is interrupted. */
  #cancel (caller: RouterCaller, request: Id, reason: unknown): void {
    const call = caller.take(request)
    if (call === undefined) return
    spend(UNITS_OF_CANCEL)
    call.reject(reason)
    this.#say(caller, { type: MessageType.Cancel, request, options: { mode: 'killnowait' } })
  }
}
