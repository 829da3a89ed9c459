import type { Action } from '../options.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, Cancel, ErrorMessage, PassthruOptions, Publish, Register, Subscribe, Unregister, Unsubscribe, Yield } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import type { ResolvedOptions, ResolvedRealm } from '../resolve-options.ts'
import { Broker } from './broker.ts'
import { Dealer } from './dealer.ts'
import { RegistrationEvents, SessionEvents, SubscriptionEvents } from './meta-events.ts'
import type { PublishMetaEvent } from './meta-events.ts'
import { MetaSession } from './meta-session.ts'
import { refusal } from './refusal.ts'
import { registrationProcedures } from './registration-procedures.ts'
import { Registrations } from './registrations.ts'
import { granted, refused, Role } from './role.ts'
import type { Verdict } from './role.ts'
import type { RoutedSession } from './routed-session.ts'
import { isShown, sessionProcedures, testamentProcedures } from './session-procedures.ts'
import { subscriptionProcedures } from './subscription-procedures.ts'
import { Testaments } from './testaments.ts'

/** The messages that are routed; all others are the session's own matter. */
export type RoutedMessage = Publish | Subscribe | Unsubscribe | Call | Cancel | Register | Unregister | Yield | ErrorMessage

const forgotten = refused(reasons.notAuthorized)
const discloseMeDisallowed = refused(reasons.discloseMeDisallowed)

/** As much of a logger as a realm needs. */
export interface RealmLog { error (details: object, text: string): void }

/** A routing namespace: its sessions, who may do what in it, and what is routed between them [basic, Realms]. */
export class Realm {
  readonly name: Uri
  /** True if a request id out of sequence is a violation. */
  readonly strictRequestIds: boolean
  readonly #roles: Map<string, Role>
  readonly #sessions = new Map<Id, RoutedSession>()
  readonly #broker: Broker
  readonly #registrations: Registrations
  readonly #dealer: Dealer
  readonly #testaments: Testaments
  readonly #meta: MetaSession
  readonly #sessionEvents: SessionEvents
  readonly #subscriptionEvents: SubscriptionEvents
  readonly #registrationEvents: RegistrationEvents

  constructor ({ name, options, limits, nextId, log }: {
    name: Uri
    options: ResolvedRealm
    limits: ResolvedOptions['limits']
    /** The ids of subscriptions and registrations. */
    nextId: () => Id
    log: RealmLog
  }) {
    this.name = name
    this.strictRequestIds = options.strictRequestIds
    this.#roles = Role.rolesOf(options)
    const publish: PublishMetaEvent = (topic, args, except) => { this.#publishMetaEvent(topic, args, except) }
    this.#sessionEvents = new SessionEvents(publish)
    this.#subscriptionEvents = new SubscriptionEvents(publish)
    this.#registrationEvents = new RegistrationEvents(publish)
    this.#broker = new Broker({ nextId, limits, histories: options.eventHistory, observer: this.#subscriptionEvents })
    this.#registrations = new Registrations({ nextId, limit: limits.registrations, observer: this.#registrationEvents })
    this.#dealer = new Dealer({ registrations: this.#registrations, limits })
    this.#testaments = new Testaments(limits.testaments)
    this.#meta = this.#joinMetaSession(limits.messageSize, log)
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
    if (isShown(session)) this.#sessionEvents.joined(session)
  }

  /** Lets a session go: all that it held ends, and those who wait for it are told. */
  leave (session: RoutedSession): void {
    this.#leave(session, 'told')
  }

  /** Ends sessions; `quietly` without a meta event about them, and without their testaments. */
  kill (sessions: readonly RoutedSession[], reason: Uri, message: string | undefined, manner: 'told' | 'quietly'): void {
    for (const session of sessions) {
      this.#leave(session, manner)
      session.end(reason, message)
    }
  }

  /** True for a CALL whose id is not the next one, but that of a call which it goes on with. */
  isContinuation (session: RoutedSession, call: Call): boolean {
    return this.#dealer.isContinuation(session, call)
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
      case MessageType.Unregister: return this.#registrations.unregister(session, message)
      default: return unreachable(message)
    }
  }

  /** What a session's role may do. */
  verdict ({ principal }: RoutedSession, action: Action, uri: Uri, match?: MatchPolicy): Verdict {
    return this.#roles.get(principal.authrole)?.verdict(action, uri, match) ?? forgotten
  }

  #publish (session: RoutedSession, message: Publish): void {
    const { topic, options } = message
    const { acknowledge, disclose_me: discloseMe = false } = options
    announced(session, 'publisher', options)
    const verdict = this.#disclosing(session, this.verdict(session, 'publish', topic), discloseMe)
    if (verdict.refusal === null) return this.#broker.publish(session, message, verdict)
    if (acknowledge === true) session.send(refusal(MessageType.Publish, message.request, verdict.refusal))
  }

  #call (session: RoutedSession, message: Call): void {
    const { procedure, options } = message
    announced(session, 'caller', options)
    if (this.#dealer.resume(session, message)) return
    const verdict = this.#disclosing(session, this.verdict(session, 'call', procedure), options.disclose_me === true)
    if (verdict.refusal === null) return this.#dealer.call(session, message, verdict)
    session.send(refusal(MessageType.Call, message.request, verdict.refusal))
  }

  #subscribe (session: RoutedSession, message: Subscribe): void {
    const verdict = this.verdict(session, 'subscribe', message.topic, message.options.match)
    if (verdict.refusal === null) return this.#broker.subscribe(session, message)
    session.send(refusal(MessageType.Subscribe, message.request, verdict.refusal))
  }

  #register (session: RoutedSession, message: Register): void {
    const { procedure, options: { match, disclose_caller: discloseCaller = false } } = message
    const verdict = this.#disclosing(session, this.verdict(session, 'register', procedure, match), discloseCaller)
    if (verdict.refusal === null) return this.#registrations.register(session, message, verdict.forceReregister)
    session.send(refusal(MessageType.Register, message.request, verdict.refusal))
  }

  /** The verdict where disclosure is asked for, too: a role may not be allowed to ask. */
  #disclosing ({ principal }: RoutedSession, verdict: Verdict, asked: boolean): Verdict {
    if (!asked || verdict.disclose || verdict.refusal !== null) return verdict
    if (this.#roles.get(principal.authrole)?.allowDiscloseMe !== true) return discloseMeDisallowed
    return { ...verdict, disclose: true }
  }

  /** Nothing is said to the session any more; its testaments are published as its own while its calls are still open. */
  #leave (session: RoutedSession, manner: 'told' | 'quietly'): void {
    if (!this.#sessions.delete(session.id)) return
    const subscriptions = this.#broker.forget(session)
    const registrations = this.#registrations.withdraw(session)
    const testaments = this.#testaments.take(session)
    if (manner === 'told') for (const testament of testaments) this.#publish(session, testament)
    this.#dealer.forget(session)
    for (const subscription of subscriptions) this.#subscriptionEvents.unsubscribed(session, subscription)
    for (const registration of registrations) this.#registrationEvents.unregistered(session, registration)
    if (manner === 'told' && isShown(session)) this.#sessionEvents.left(session)
  }

  #publishMetaEvent (topic: Uri, args: () => Args, except: RoutedSession | undefined): void {
    if (this.#broker.matching(topic).length === 0) return
    const options = except === undefined ? noDetails : { exclude: [except.id] }
    this.#broker.publish(this.#meta, { type: MessageType.Publish, request: 1, options, topic, payload: Payload.of(args()) }, granted)
  }

  #joinMetaSession (bytes: number, log: RealmLog): MetaSession {
    const findSession = (id: Id): RoutedSession | undefined => this.#sessions.get(id)
    const procedures = Object.entries({
      ...sessionProcedures(this),
      ...testamentProcedures(this, this.#testaments),
      ...registrationProcedures(this.#registrations, findSession),
      ...subscriptionProcedures(this.#broker, this, bytes)
    })
    const answer = (message: Yield | ErrorMessage): void => { this.receive(session, message) }
    const session = new MetaSession({ realm: this.name, procedures: procedures.map(([, procedure]) => procedure), findSession, answer, log })
    procedures.forEach(([procedure], i) => {
      this.receive(session, { type: MessageType.Register, request: i + 1, options: { disclose_caller: true }, procedure })
    })
    return session
  }
}

/** Payload passthru is only for who announced it [advanced, Payload Passthru Mode]. */
function announced ({ features }: RoutedSession, role: 'publisher' | 'caller', { ppt_scheme: scheme }: PassthruOptions): void {
  if (scheme === undefined || scheme === '' || features.has(`${role}.payload_passthru_mode`)) return
  throw new ProtocolViolation(`options.ppt_scheme by a ${role} that did not announce payload_passthru_mode`)
}

function unreachable (message: never): never {
  throw new TypeError(`Unreachable: ${JSON.stringify(message)}`)
}
