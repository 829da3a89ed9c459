import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { Claim, FederatedRouting, Federation } from '../routing/federation.ts'
import type { Publication } from '../routing/publication.ts'
import type { Subscription } from '../routing/subscription.ts'
import { begin } from '../work.ts'
import type { Change } from './change.ts'
import { Holds } from './holds.ts'
import type { NodeId } from './node-id.ts'

/** The part of the cluster that a realm uses. */
export interface ClusterOfRealm {
  readonly node: NodeId
  readonly isReachable: boolean
  /** The id of the next subscription. */
  nextId (): Id
  /** Proposes a change. Resolves when all members have applied it. */
  agree (change: Change): Promise<void>
  /** Proposes a change whose effect nobody waits for. */
  propose (change: Change): void
  publish (realm: Uri, publication: Publication, to: Iterable<NodeId>): void
  flush (): Promise<void>
}

/** The nodes other than this one, for one realm. */
export class ClusterRealm implements Federation {
  readonly #cluster: ClusterOfRealm
  readonly #name: Uri
  readonly #holds: Holds
  #routing!: FederatedRouting

  constructor (cluster: ClusterOfRealm, name: Uri) {
    this.#cluster = cluster
    this.#name = name
    this.#holds = new Holds({
      find: (uri, match) => this.#routing.subscriptions.find(uri, match),
      raise: async (uri, match, session) => { await cluster.agree(['hold', name, uri, match, session, Date.now()]) },
      drop: (subscription, session) => { cluster.propose(['drop', name, subscription, session]) }
    })
  }

  get node (): NodeId {
    return this.#cluster.node
  }

  get isReachable (): boolean {
    return this.#cluster.isReachable
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

  publish (publication: Publication, to: Iterable<NodeId>): void {
    this.#cluster.publish(this.#name, publication, to)
  }

  async flush (): Promise<void> {
    await this.#cluster.flush()
  }

  /** A node has subscribers from now on. */
  hold (uri: Uri, match: MatchPolicy, by: { node: NodeId, session: Id, at: number }): void {
    this.#routing.subscriptions.hold(uri, match, by)
  }

  /** A node has no subscribers any more. */
  drop (subscription: Id, node: NodeId, session: Id): void {
    this.#routing.subscriptions.drop(subscription, node, session)
  }

  /** A node has published. */
  route (publication: Publication): void {
    this.#routing.broker.route(publication)
  }

  /** A node is no longer a member. */
  forgetNode (node: NodeId): void {
    const steps = this.#routing.subscriptions.forgetNode(node)
    begin({ work: () => steps.next().done !== true })
  }

  /** The other nodes cannot be reached. */
  cutOff (): void {
    this.#holds.abort(new Error('the other nodes cannot be reached'))
  }
}
