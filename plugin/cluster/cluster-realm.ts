import type { Id } from '../protocol/id.ts'
import type { Register } from '../protocol/message.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { FederatedRealm, FederatedRouting, FederatedSessions } from '../routing/federated-routing.ts'
import type { Answer, Claim, DecisionFilter, KillFilter, KillOrder, Offered, Offering, Question } from '../routing/federation.ts'
import type { Publication } from '../routing/publication.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Subscription } from '../routing/subscription.ts'
import { begin } from '../work.ts'
import { Callees } from './callees.ts'
import type { CalleeDetails, Change, ChangeOf } from './change.ts'
import { Holds } from './holds.ts'
import type { NodeId } from './node-id.ts'
import { Offers, loggedOptions, toRegister } from './offers.ts'
import { RemoteCallee, calleeDetailsOf } from './remote-callee.ts'
import type { InvocationSender } from './remote-callee.ts'
import type { CalledRealm } from './remote-calls.ts'
import { Roster } from './roster.ts'
import type { SessionMessage } from './session-message.ts'

/** The part of the cluster that a realm uses. */
export interface ClusterOfRealm {
  readonly node: NodeId
  readonly isReachable: boolean
  isFenced (): boolean
  /** Sends invocations to the callees of other nodes. */
  readonly calls: InvocationSender
  /** The id of the next subscription or registration. */
  nextId (): Id
  /** Proposes a change. Resolves when all members have applied it. */
  agree (change: Change): Promise<void>
  /** Proposes a change whose effect nobody waits for. */
  propose (change: Change): void
  publish (realm: Uri, publication: Publication, to: Iterable<NodeId>): void
  /** Tells a node, or all others for null. */
  tell (to: NodeId | null, kind: SessionMessage['kind'], fields: readonly unknown[]): void
  ask (node: NodeId, realm: Uri, question: Question): Promise<Answer>
  /** There is something new about sessions, which is told before anything else, or at the end of this turn. */
  news (): void
  flush (): Promise<void>
}

/** The nodes other than this one, for one realm. */
export class ClusterRealm implements FederatedRealm, CalledRealm {
  readonly #cluster: ClusterOfRealm
  readonly #name: Uri
  readonly #holds: Holds
  readonly #offers: Offers
  readonly #callees = new Callees()
  readonly roster: Roster
  #routing!: FederatedRouting

  constructor (cluster: ClusterOfRealm, name: Uri) {
    this.#cluster = cluster
    this.#name = name
    this.#holds = new Holds({
      find: (uri, match) => this.#routing.subscriptions.find(uri, match),
      raise: async (uri, match, session) => { await cluster.agree(['hold', name, uri, match, session, Date.now()]) },
      drop: (subscription, session) => { cluster.propose(['drop', name, subscription, session]) }
    })
    this.roster = new Roster({
      realm: name,
      sessions: () => this.#routing.sessions,
      tell: (to, { scope, joined, left }) => { cluster.tell(to, 'sessions', [name, scope, joined, left]) }
    })
    this.#offers = new Offers({
      propose: async (session, { request, procedure, options }) => {
        await cluster.agree(['offer', name, procedure, loggedOptions(options), request, session.id, calleeDetailsOf(session), Date.now()])
      },
      withdraw: (registration, session) => { cluster.propose(this.#withdrawal(registration, session)) },
      discard: (offer) => { this.#routing.dealer.settle(offer, 'withdrawn') }
    })
  }

  get sessions (): FederatedSessions {
    return this.#routing.sessions
  }

  get node (): NodeId {
    return this.#cluster.node
  }

  get isReachable (): boolean {
    return this.#cluster.isReachable
  }

  isFenced (): boolean {
    return this.#cluster.isFenced()
  }

  get registrations (): FederatedRouting['registrations'] {
    return this.#routing.registrations
  }

  get dealer (): FederatedRouting['dealer'] {
    return this.#routing.dealer
  }

  nextId (): Id {
    return this.#cluster.nextId()
  }

  attach (routing: FederatedRouting): void {
    this.#routing = routing
  }

  claim (uri: Uri, match: MatchPolicy, session: Id): Claim | null {
    return this.#holds.claim(uri, match, session)
  }

  unused (subscription: Subscription, session: Id): void {
    this.#holds.unused(subscription, session)
  }

  offer (session: RoutedSession, message: Register): Offering {
    return this.#offers.offer(session, message)
  }

  withdraw (registration: Id, session: Id): Promise<void> {
    const known = this.#cluster.agree(this.#withdrawal(registration, session))
    known.catch(() => {})
    return known
  }

  revoke (registration: Id, session: RoutedSession, reason: Uri | undefined): void {
    const node = session instanceof RemoteCallee ? session.node : this.node
    this.#cluster.propose(['withdraw', this.#name, registration, node, session.id, false, reason ?? null])
  }

  calleeOf (session: RoutedSession): RoutedSession {
    return (session.node === undefined ? undefined : this.#callees.get(session.node, session.id)) ?? session
  }

  joined (session: RoutedSession): void {
    this.roster.joined(session)
    this.#cluster.news()
  }

  left (session: RoutedSession): void {
    this.roster.left(session)
    this.#cluster.news()
  }

  kill (filter: KillFilter, { reason, message, manner }: KillOrder): void {
    this.#cluster.tell(null, 'kill', [this.#name, filter, reason, message ?? null, manner])
  }

  forgetDecisions (about: DecisionFilter): void {
    this.#cluster.tell(null, 'forget decisions', [this.#name, about])
  }

  async ask (node: NodeId, question: Question): Promise<Answer> {
    return await this.#cluster.ask(node, this.#name, question)
  }

  publish (publication: Publication, to: Iterable<NodeId>): void {
    this.#cluster.publish(this.#name, publication, to)
  }

  async flush (): Promise<void> {
    await this.#cluster.flush()
  }

  callee (session: Id): RoutedSession | undefined {
    return this.#callees.get(this.node, session)
  }

  /** Applies a change of the log by a node. */
  apply (change: Change, by: NodeId): void {
    switch (change[0]) {
      case 'hold': return this.#routing.subscriptions.hold(change[2], change[3], { node: by, session: change[4], at: change[5] })
      case 'drop': return this.#routing.subscriptions.drop(change[2], by, change[3])
      case 'offer': return this.#applyOffer(change, by)
      case 'withdraw': return this.#applyWithdraw(change)
    }
  }

  /** A node has published. */
  route (publication: Publication): void {
    this.#routing.broker.route(publication)
  }

  /** A node is no longer a member. */
  forgetNode (node: NodeId): void {
    const { sessions, subscriptions, registrations } = this.#routing
    const callees = this.#callees.take(node)
    for (const callee of callees) registrations.retire(callee, 'gone')
    const steps = [subscriptions.forgetNode(node), ...callees.map((callee) => registrations.forget(callee)), sessions.vanished(this.roster.forget(node))]
    begin({
      work: () => {
        if (steps[0]?.next().done === true) steps.shift()
        return steps.length > 0
      }
    })
  }

  /** The other nodes cannot be reached. */
  cutOff (): void {
    const error = new Error('the other nodes cannot be reached')
    this.#holds.abort(error)
    this.#offers.abort(error)
  }

  /** A callee of another node has no open invocation any more, or no registration. */
  dismiss (callee: RemoteCallee): void {
    if (this.#routing.registrations.dismiss(callee)) this.#callees.delete(callee.node, callee.id)
  }

  /** A session of this node leaves a registration. */
  #withdrawal (registration: Id, session: Id): ChangeOf<'withdraw'> {
    return ['withdraw', this.#name, registration, this.node, session, true, null]
  }

  #applyOffer ([, , procedure, options, request, id, details, created]: ChangeOf<'offer'>, by: NodeId): void {
    const message = toRegister(procedure, options, request)
    const session = by === this.node ? this.#offers.session(id, request) : this.#remoteCallee(by, id, details)
    if (message === null || session === undefined) return
    const { registrations } = this.#routing
    const origin = { created, isHeld: by === this.node, nextId: () => this.#cluster.nextId() }
    let outcome: Offered | null = null
    const refused = registrations.offer(session, message, origin, (registration, offer, isNew) => { outcome = { registration, offer, isNew } })
    if (refused === null) this.#callees.add(by, session)
    if (by === this.node && !this.#offers.decided(id, request, refused ?? outcome!)) registrations.retire(session, 'leaving')
  }

  #applyWithdraw ([, , registration, node, id, asked, reason]: ChangeOf<'withdraw'>): void {
    const session = this.#callees.get(node, id)
    if (session === undefined) return
    const { registrations } = this.#routing
    registrations.withdraw(registration, session, asked ? null : { reason: reason ?? undefined })
    if (session instanceof RemoteCallee) this.dismiss(session)
    else if ((registrations.callee(session)?.registrations.size ?? 0) === 0) this.#callees.delete(node, id)
  }

  #remoteCallee (node: NodeId, session: Id, details: CalleeDetails): RoutedSession {
    const known = this.#callees.get(node, session)
    if (known !== undefined) return known
    const callee = new RemoteCallee({ realm: this.#name, node, session, details, sender: this.#cluster.calls })
    callee.place = this.#routing.sessions.nextPlace()
    return callee
  }
}
