import type { Action } from '../options.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Call, Cancel, ErrorMessage, Publish, Register, Subscribe, Unregister, Unsubscribe, Yield } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { ResolvedOptions, ResolvedRealm } from '../resolve-options.ts'
import { Broker } from './broker.ts'
import { Dealer } from './dealer.ts'
import { refusal } from './refusal.ts'
import { Role } from './role.ts'
import type { Verdict } from './role.ts'
import type { RoutedSession } from './routed-session.ts'

/** The messages that are routed; all others are the session's own matter. */
export type RoutedMessage = Publish | Subscribe | Unsubscribe | Call | Cancel | Register | Unregister | Yield | ErrorMessage

const forgotten: Verdict = { refusal: reasons.notAuthorized, disclose: false }

/** A routing namespace: its sessions, who may do what in it, and what is routed between them [basic, Realms]. */
export class Realm {
  readonly name: Uri
  /** True if a request id out of sequence is a violation. */
  readonly strictRequestIds: boolean
  readonly #roles: Map<string, Role>
  readonly #broker: Broker
  readonly #dealer: Dealer
  readonly #sessions = new Map<Id, RoutedSession>()

  constructor ({ name, options, limits, nextId }: {
    name: Uri
    options: ResolvedRealm
    limits: ResolvedOptions['limits']
    /** The ids of subscriptions and registrations. */
    nextId: () => Id
  }) {
    this.name = name
    this.strictRequestIds = options.strictRequestIds
    this.#roles = Role.rolesOf(options)
    this.#broker = new Broker({ nextId, limit: limits.subscriptions })
    this.#dealer = new Dealer({ nextId, limits })
  }

  /** The sessions that are joined, by id. */
  get sessions (): ReadonlyMap<Id, RoutedSession> {
    return this.#sessions
  }

  /** True for a role that sessions can have; `trusted`, the app itself, is one. */
  hasRole (role: string): boolean {
    return this.#roles.has(role)
  }

  /** Takes in a session that has been told WELCOME. */
  join (session: RoutedSession): void {
    this.#sessions.set(session.id, session)
  }

  /** Lets a session go: all that it held ends, and those who wait for it are told. */
  leave (session: RoutedSession): void {
    if (!this.#sessions.delete(session.id)) return
    this.#broker.forget(session)
    this.#dealer.forget(session)
  }

  /** Routes a message of a session. Throws a ProtocolViolation. */
  receive (session: RoutedSession, message: RoutedMessage): void {
    switch (message.type) {
      case MessageType.Publish: return this.#publish(session, message)
      case MessageType.Call: return this.#call(session, message)
      case MessageType.Yield: return this.#dealer.yield(session, message)
      case MessageType.Error: return this.#dealer.error(session, message)
      case MessageType.Cancel: return this.#dealer.cancel(session, message)
      case MessageType.Subscribe: return this.#subscribe(session, message)
      case MessageType.Unsubscribe: return this.#broker.unsubscribe(session, message)
      case MessageType.Register: return this.#register(session, message)
      case MessageType.Unregister: return this.#dealer.unregister(session, message)
      default: return unreachable(message)
    }
  }

  #publish (session: RoutedSession, message: Publish): void {
    const { topic, options: { acknowledge, disclose_me: discloseMe = false } } = message
    const verdict = this.#disclosing(session, this.#verdict(session, 'publish', topic), discloseMe)
    if (verdict.refusal === null) return this.#broker.publish(session, message, verdict.disclose || discloseMe)
    if (acknowledge === true) session.send(refusal(MessageType.Publish, message.request, verdict.refusal))
  }

  #call (session: RoutedSession, message: Call): void {
    const { procedure, options: { disclose_me: discloseMe = false } } = message
    const verdict = this.#disclosing(session, this.#verdict(session, 'call', procedure), discloseMe)
    if (verdict.refusal === null) return this.#dealer.call(session, message, verdict.disclose || discloseMe)
    session.send(refusal(MessageType.Call, message.request, verdict.refusal))
  }

  #subscribe (session: RoutedSession, message: Subscribe): void {
    const verdict = this.#verdict(session, 'subscribe', message.topic, message.options.match)
    if (verdict.refusal === null) return this.#broker.subscribe(session, message)
    session.send(refusal(MessageType.Subscribe, message.request, verdict.refusal))
  }

  #register (session: RoutedSession, message: Register): void {
    const { procedure, options: { match, disclose_caller: discloseCaller = false } } = message
    const verdict = this.#disclosing(session, this.#verdict(session, 'register', procedure, match), discloseCaller)
    if (verdict.refusal === null) return this.#dealer.register(session, message)
    session.send(refusal(MessageType.Register, message.request, verdict.refusal))
  }

  #verdict ({ principal }: RoutedSession, action: Action, uri: Uri, match?: MatchPolicy): Verdict {
    return this.#roles.get(principal.authrole)?.verdict(action, uri, match) ?? forgotten
  }

  /** The verdict where disclosure is asked for, too: a role may not be allowed to ask. */
  #disclosing ({ principal }: RoutedSession, verdict: Verdict, asked: boolean): Verdict {
    if (!asked || verdict.disclose || verdict.refusal !== null || this.#roles.get(principal.authrole)?.allowDiscloseMe === true) return verdict
    return { refusal: reasons.discloseMeDisallowed, disclose: false }
  }
}

function unreachable (message: never): never {
  throw new TypeError(`Unreachable: ${JSON.stringify(message)}`)
}
