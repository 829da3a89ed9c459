import type { Principal } from '../auth/authenticator.ts'
import type { Authorization } from '../authorization/authorizer.ts'
import type { Action } from '../protocol/action.ts'
import { eventsDropped, identityOf, sessionJoined, sessionLeft } from '../diagnostics.ts'
import { WampError } from '../errors.ts'
import type { HeldValues } from '../held-values.ts'
import { idsFromOne } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, Dict, Publish } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args, Kwargs } from '../protocol/payload.ts'
import { randomId } from '../protocol/random-id.ts'
import { reasons } from '../protocol/reasons.ts'
import { trusted } from '../protocol/trusted.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { ResolvedOptions, ResolvedRealm } from '../resolved-options.ts'
import type { Congestion } from '../transport/transport.ts'
import { begin } from '../work.ts'
import { Broker } from '../routing/broker.ts'
import { Dealer } from '../routing/dealer.ts'
import { Decisions } from '../authorization/decisions.ts'
import type { ProcedureAuthorizer, RealmLog } from '../authorization/decisions.ts'
import type { FederatedRealm } from '../routing/federated-routing.ts'
import { SessionsForNodes } from './federated-sessions.ts'
import { LastPublications } from './last-publications.ts'
import type { LoginsOfRealm } from '../meta/login-procedures.ts'
import { RegistrationEvents, SessionEvents, SubscriptionEvents } from '../meta/meta-events.ts'
import type { MetaReceivers, PublishMetaEvent } from '../meta/meta-events.ts'
import type { ParkedRequest } from './parked-request.ts'
import type { PendingVerdict } from '../authorization/pending-verdict.ts'
import { Registrations } from '../routing/registrations.ts'
import { metaApi } from './meta-api.ts'
import { RequestReports } from './request-reports.ts'
import { Requests } from './requests.ts'
import type { RoutedMessage } from './requests.ts'
import { Role } from '../authorization/role.ts'
import { granted } from '../authorization/verdict.ts'
import type { Verdict } from '../authorization/verdict.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Kicks } from '../session/kicks.ts'
import type { DecisionFilter, KillFilter, KillOrder } from '../routing/federation.ts'
import { RouterCalls } from './router-calls.ts'
import type { RouterCallOptions } from './router-calls.ts'
import { ServiceSession } from '../meta/service-session.ts'
import { Sessions } from '../routing/sessions.ts'
import { Subscriptions } from '../routing/subscriptions.ts'
import { Testaments } from '../routing/testaments.ts'

/** A routing namespace: its sessions, their permissions, and the routing between them [basic, Realms]. */
export class Realm {
  readonly name: Uri
  /** True if a request id out of sequence is a violation. */
  readonly strictRequestIds: boolean
  readonly #router: object
  readonly #kicks: Pick<Kicks, 'add'>
  readonly #log: RealmLog
  readonly #roles: Map<string, Role>
  readonly #sessions: Sessions
  readonly #subscriptions: Subscriptions
  readonly #broker: Broker
  readonly #registrations: Registrations
  readonly #dealer: Dealer
  readonly #requests: Requests
  readonly #testaments: Testaments
  readonly #lastPublications: LastPublications
  readonly #service: ServiceSession
  readonly #calls: RouterCalls
  readonly #sessionEvents: SessionEvents
  /** Sessions that have left and still have registrations or subscriptions. */
  #departures = 0
  readonly #departed: 'gone' | 'leaving'
  readonly #federation: FederatedRealm | null
  #whenDeparted: (() => void) | undefined

  constructor ({ name, router, kicks, options, limits, held, authorizerTimeout, logins, nextId, federation = null, log }: {
    name: Uri
    /** The router that is passed to observers. */
    router: object
    /** The kicks of all realms. */
    kicks: Pick<Kicks, 'add'>
    options: ResolvedRealm
    limits: ResolvedOptions['limits']
    /** The decoded values that pending calls of the meta API hold. */
    held: HeldValues
    /** The time for an authorizer to answer, in milliseconds. */
    authorizerTimeout: number
    /** The logins by cookie of this realm. */
    logins: LoginsOfRealm
    /** The ids of subscriptions and registrations. */
    nextId: () => Id
    /** The other nodes. @default null, which means that there are none */
    federation?: FederatedRealm | null
    log: RealmLog
  }) {
    this.name = name
    this.#router = router
    this.#kicks = kicks
    this.#log = log
    this.strictRequestIds = options.strictRequestIds
    this.#sessions = new Sessions(limits)
    this.#roles = Role.rolesOf(options, (authorizer) =>
      new Decisions({ authorizer: typeof authorizer === 'string' ? this.#procedureAsked(authorizer, authorizerTimeout) : authorizer, timeout: authorizerTimeout, most: limits.pendingCalls, held, log }))
    const publish: PublishMetaEvent = (topic, args, receivers) => { this.#publishMetaEvent(topic, args, receivers) }
    this.#sessionEvents = new SessionEvents(publish)
    this.#subscriptions = new Subscriptions({ nextId: federation === null ? nextId : () => federation.nextId(), observer: new SubscriptionEvents(publish), federation })
    this.#broker = new Broker({ subscriptions: this.#subscriptions, limits, sessions: this.#sessions, histories: options.eventHistory, slowSubscribers: options.slowSubscribers, federation })
    this.#registrations = new Registrations({ nextId: federation === null ? nextId : idsFromOne(), limit: limits.registrations, observer: new RegistrationEvents(publish), federation })
    this.#dealer = new Dealer({ registrations: this.#registrations, contract: options.contract, limits })
    this.#federation = federation
    this.#departed = federation === null ? 'gone' : 'leaving'
    this.#requests = new Requests({ observer: new RequestReports(router), federation, roles: this.#roles, contract: options.contract, broker: this.#broker, registrations: this.#registrations, dealer: this.#dealer })
    this.#testaments = new Testaments({ limit: limits.testaments, bytes: limits.messageSize })
    this.#lastPublications = new LastPublications({ publish: (session, testament) => this.#requests.receive(session, testament), limit: limits.storedBytes, log })
    this.#service = this.#joinService({ octets: limits.messageSize, parkedBytes: limits.parkedBytes, held, logins, publish })
    this.#calls = new RouterCalls({
      identity: this.#service,
      say: (caller, message) => { this.receive(caller, message) },
      // It has no calls left, so this is one step.
      released: (caller) => { this.#dealer.forget(caller).next() }
    })
  }

  /** The sessions that are joined, by id. */
  get sessions (): ReadonlyMap<Id, RoutedSession> {
    return this.#sessions.byId
  }

  /** The number of sessions of each role, and the number of open calls. */
  census (): { sessions: ReadonlyMap<string, number>, calls: number } {
    const sessions = new Map([...[...this.#roles.keys()].map((role) => [role, 0] as const), ...this.#sessions.countByRole()])
    return { sessions, calls: this.#dealer.pendingCalls }
  }

  /** True for a role that sessions can have, including `trusted`, the role of the app. */
  hasRole (role: string): boolean {
    return this.#roles.has(role)
  }

  /** True for a role that a login may grant, which excludes `trusted`, the role of the app. */
  grants (role: string): boolean {
    return role !== trusted && this.#roles.has(role)
  }

  /** True if no session may join now. */
  get isFull (): boolean {
    return this.#sessions.isFull
  }

  /** The limit that another session of a principal would exceed, or null. */
  limitReached (principal: Principal): ReturnType<Sessions['limitReached']> {
    return this.#sessions.limitReached(principal)
  }

  /** Adds a session that has received WELCOME. */
  join (session: RoutedSession): void {
    this.#sessions.add(session)
    if (sessionJoined.hasSubscribers) sessionJoined.publish({ router: this.#router, ...identityOf(session), transport: session.transport })
    if (session.isTrusted) return
    this.#federation?.joined(session)
    this.#sessionEvents.joined(session)
  }

  /** Reports that a session was too slow for a time. */
  congested (session: RoutedSession, congestion: Congestion): void {
    this.#sessionEvents.congested(session, congestion)
    if (eventsDropped.hasSubscribers) eventsDropped.publish({ router: this.#router, ...identityOf(session), ...congestion })
  }

  /** Removes a session, to which nothing more is sent. Its registrations, subscriptions and calls end, and the sessions that wait for it are informed. */
  leave (session: RoutedSession): void {
    if (this.#sessions.delete(session)) this.#depart(session, this.#federation?.isFenced() === true ? 'quietly' : 'told')
  }

  /** Resolves when everything of the sessions that have left has been removed. */
  async departed (): Promise<void> {
    if (this.#departures > 0) await new Promise<void>((resolve) => { this.#whenDeparted = resolve })
  }

  /** Ends sessions of this node. With `quietly`, there are no meta events and no testaments. */
  kill (sessions: readonly RoutedSession[], { reason, message, manner }: KillOrder): void {
    for (const session of sessions) {
      if (session.node !== undefined) continue
      const isHere = this.#sessions.delete(session)
      session.end(reason, message)
      if (isHere) this.#depart(session, manner)
    }
  }

  /** Ends logins in progress, as soon as they are complete, and sessions of other nodes, if they match a filter. */
  killOthers (filter: KillFilter, order: KillOrder): void {
    this.#federation?.kill(filter, order)
    this.#kicks.add({ realm: this.name, filter, reason: order.reason, message: order.message })
  }

  /** True for a CALL that continues a call: its id is not the next one. */
  isContinuation (session: RoutedSession, call: Call): boolean {
    return this.#requests.isContinuation(session, call)
  }

  /** Forgets the decisions of authorizers, for one role or all, and for one authid or all. */
  forgetDecisions (about: DecisionFilter): void {
    this.#federation?.forgetDecisions(about)
    this.#forgetDecisions(about)
  }

  #forgetDecisions ({ authrole, authid }: DecisionFilter): void {
    for (const [name, role] of this.#roles) if (authrole === undefined || authrole === name) role.forgetDecisions(authid)
  }

  /**
   * Calls a procedure with the permissions of a role, by default `trusted`. Rejects with the WampError of the response, with
   * `wamp.error.no_such_role`, or with `wamp.error.not_authorized`.
   */
  async call (procedure: Uri, args: Args, { role = trusted, ...options }: { role?: string } & RouterCallOptions): Promise<{ args: Args, kwargs: Kwargs }> {
    const caller = this.#roles.get(role)
    if (caller === undefined) throw new WampError(reasons.noSuchRole, { args: [`there is no role "${role}" in realm "${this.name}"`] })
    const { refusal } = caller.verdict('call', procedure)
    if (refusal !== null) throw new WampError(refusal, { args: [`the role "${role}" may not call ${procedure}`] })
    return await this.#calls.call(procedure, args, options)
  }

  /** Ends a CALL that has not been routed. */
  dropped (session: RoutedSession, call: Call, reason: Uri): void {
    this.#requests.dropped(session, call, reason)
  }

  /**
   * Routes a message of a session, which arrived at the time `arrived`, or now by default. Returns the request if it waits for an
   * authorizer. Throws a ProtocolViolation.
   */
  receive (session: RoutedSession, message: RoutedMessage, arrived?: number): ParkedRequest | undefined {
    if (this.#federation?.isFenced() === true) return undefined
    const parked = this.#requests.receive(session, message, arrived)
    this.#service.answer()
    return parked
  }

  /** The verdict on an action of a session, which is pending if an authorizer has to decide. */
  ask (session: RoutedSession, action: Action, uri: Uri, match?: MatchPolicy, options?: Dict): Verdict | PendingVerdict {
    return this.#requests.ask(session, action, uri, match, options)
  }

  /** Removes everything of a session, in several turns of the event loop. */
  #depart (session: RoutedSession, manner: 'told' | 'quietly'): void {
    if (!session.isTrusted) this.#federation?.left(session)
    this.#registrations.retire(session, this.#departed)
    const testaments = this.#testaments.take(session)
    const steps = this.#withdraw(session, manner === 'told' ? testaments : [], manner)
    this.#departures++
    begin({ work: () => steps.next().done !== true })
  }

  * #withdraw (session: RoutedSession, testaments: readonly Publish[], manner: 'told' | 'quietly'): Generator<void> {
    // First, because authorizers are also asked about its testaments.
    yield * this.#service.forget(session)
    yield * this.#lastPublications.publish(session, testaments)
    yield * this.#dealer.forget(session)
    yield * this.#subscriptions.forget(session)
    yield * this.#registrations.forget(session)
    if (manner === 'told' && !session.isTrusted) this.#sessionEvents.left(session)
    if (sessionLeft.hasSubscribers) sessionLeft.publish({ router: this.#router, ...identityOf(session), transport: session.transport })
    if (--this.#departures === 0) this.#whenDeparted?.()
  }

  #publishMetaEvent (topic: Uri, args: () => Args, { except, origin = 'here' }: MetaReceivers = {}): void {
    if (this.#subscriptions.matching(topic).length === 0) return
    if (origin === 'everywhere') return this.#broker.route({ id: randomId(), topic, details: noDetails, payload: Payload.of(args()), receivers: null, excluded: null })
    const options = except === undefined ? noDetails : { exclude: [except.id] }
    this.#broker.publish(this.#service, { type: MessageType.Publish, request: 1, options, topic, payload: Payload.of(args()) }, granted)
  }

  #joinService ({ octets, parkedBytes, held, logins, publish }: { octets: number, parkedBytes: number, held: HeldValues, logins: LoginsOfRealm, publish: PublishMetaEvent }): ServiceSession {
    const parts = { realm: this, sessions: this.#sessions, subscriptions: this.#subscriptions, registrations: this.#registrations, testaments: this.#testaments, federation: this.#federation }
    const { procedures, questions, findSession } = metaApi({ ...parts, octets, logins, publish })
    const say = (message: RoutedMessage): void => { this.receive(session, message) }
    const session = new ServiceSession({ realm: this.name, octets: parkedBytes, held, procedures: Object.values(procedures), findSession, say, log: this.#log })
    const options = { disclose_caller: true }
    Object.keys(procedures).forEach((procedure, i) => { this.#registrations.register(session, { type: MessageType.Register, request: i + 1, options, procedure }, false) })
    this.#federation?.attach({
      subscriptions: this.#subscriptions,
      broker: this.#broker,
      registrations: this.#registrations,
      dealer: this.#dealer,
      sessions: new SessionsForNodes({ sessions: this.#sessions, events: this.#sessionEvents, identity: session, questions, realm: this, kicks: this.#kicks, forgetDecisions: (about) => { this.#forgetDecisions(about) } })
    })
    return session
  }

  /** An authorizer that is a procedure of this realm. */
  #procedureAsked (procedure: Uri, timeout: number): ProcedureAuthorizer {
    return {
      call: async (session, uri, action, options, signal) => {
        const { args: [answer] } = await this.call(procedure, [session, uri, action, options], { client: session.session, options: { timeout }, signal })
        return answer as boolean | Authorization
      }
    }
  }
}
