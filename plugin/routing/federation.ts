import type { NodeId } from '../cluster/node-id.ts'
import type { Id } from '../protocol/id.ts'
import type { ErrorMessage, Register } from '../protocol/message.ts'
import type { Args, Kwargs } from '../protocol/payload.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { Publication } from './publication.ts'
import type { Offer, Registration } from './registration.ts'
import type { RoutedSession } from './routed-session.ts'
import type { Subscription } from './subscription.ts'

/** A request that needs a subscription to be known to all nodes. */
export interface Claim {
  /** Resolves when all nodes know that this one has subscribers. Rejects if the other nodes cannot be reached. */
  readonly ready: Promise<void>
  /** The request has been executed or abandoned. */
  release (): void
}

/** A callee that the log has accepted. */
export interface Offered {
  readonly registration: Registration
  readonly offer: Offer
  /** False if the session was a callee already. */
  readonly isNew: boolean
}

/** A REGISTER that waits for all nodes. */
export interface Offering {
  /** Resolves when all nodes know the callee, or with the answer to a REGISTER that the log refused. Rejects if the other nodes cannot be reached. */
  readonly ready: Promise<Offered | ErrorMessage>
  /** The session does not become a callee, or no longer is one. */
  abandon (): void
}

/** Selects sessions: all fields that are set must match. */
export interface KillFilter { readonly session?: Id, readonly authid?: string, readonly authrole?: string }

/** Selects decisions of authorizers. */
export interface DecisionFilter { readonly authrole?: string, readonly authid?: string }

/** Why and how sessions are ended. With `quietly`, there are no meta events and no testaments. */
export interface KillOrder {
  readonly reason: Uri
  /** For people. */
  readonly message: string | undefined
  readonly manner: 'told' | 'quietly'
}

/** A question to another node, like a call of a meta procedure. */
export interface Question {
  readonly name: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  /** True if the app asks. */
  readonly isTrusted: boolean
}

/** The answer, like a RESULT. */
export interface Answer {
  readonly args: Args
  readonly kwargs: Kwargs
}

/** The other nodes of a realm, as far as routing needs them. */
export interface Federation {
  readonly node: NodeId
  /** True if this node may not act any more, because the others consider it dead, or will. After a pause of the process, this is found out here. */
  isFenced (): boolean
  /** False while messages to other nodes would be lost. */
  readonly isReachable: boolean
  /** The id of the next subscription or registration. The same on all nodes, if it is called once for each one that the log creates. */
  nextId (): Id
  /** Announces that this node will have subscribers of a URI or pattern. Null if all nodes know already. */
  claim (uri: Uri, match: MatchPolicy, session: Id): Claim | null
  /** The last subscriber of this node has left. */
  unused (subscription: Subscription, session: Id): void
  /** Announces that a session of this node will be a callee. */
  offer (session: RoutedSession, message: Register): Offering
  /** A callee of this node leaves a registration. Resolves when all nodes know. Rejects if they cannot be reached, but all will know later. */
  withdraw (registration: Id, session: Id): Promise<void>
  /** A callee of any node is removed from a registration, and its client is informed. */
  revoke (registration: Id, session: RoutedSession, reason: Uri | undefined): void
  /** The callee that a session of another node is, or the session if it is none. */
  calleeOf (session: RoutedSession): RoutedSession
  /** A session that others may see has joined this node. */
  joined (session: RoutedSession): void
  /** It has left. */
  left (session: RoutedSession): void
  /** Ends the sessions of other nodes that match a filter, including those whose login is in progress. */
  kill (filter: KillFilter, order: KillOrder): void
  /** Forgets cached decisions of authorizers at other nodes, for one role or all, and for one authid or all. */
  forgetDecisions (about: DecisionFilter): void
  /** Asks a node. Rejects with the WampError of its answer, or `wamp.error.network_failure`. */
  ask (node: NodeId, question: Question): Promise<Answer>
  /** Sends a publication to nodes. */
  publish (publication: Publication, to: Iterable<NodeId>): void
  /** Resolves when all that was sent before has left this process. Rejects if the link is down. */
  flush (): Promise<void>
}
