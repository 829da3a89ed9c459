import type { Principal } from '../auth/authenticator.ts'
import { answersAlways } from '../protocol/features.ts'
import type { Features } from '../protocol/features.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Interrupt, Invocation, RouterMessage } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import { OwnSession } from '../routing/own-session.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Delivery } from '../transport/transport.ts'
import type { CalleeDetails } from './change.ts'
import type { NodeId } from './node-id.ts'

/** Sends what a callee of another node is to receive. */
export interface InvocationSender {
  invoke (callee: RemoteCallee, message: Invocation): Delivery
  interrupt (callee: RemoteCallee, message: Interrupt): void
}

/** A callee of another node: its node receives what it is sent. */
export class RemoteCallee extends OwnSession {
  readonly node: NodeId
  readonly features: Features
  override readonly isTrusted: boolean
  /** The numbers of its open invocations among the calls to its node. */
  readonly numbers = new Map<Id, number>()
  readonly #sender: InvocationSender

  constructor ({ realm, node, session, details: { authid, authrole, isTrusted, features }, sender }: {
    realm: Uri
    node: NodeId
    session: Id
    details: CalleeDetails
    sender: InvocationSender
  }) {
    const principal: Principal = { realm, authid, authrole, authmethod: 'cluster', authprovider: 'cluster' }
    super({ id: session, principal })
    this.node = node
    this.isTrusted = isTrusted
    // Its node answers each invocation, and is told when the caller does not wait any longer.
    this.features = new Set([...features, 'callee.call_canceling', answersAlways])
    this.#sender = sender
  }

  send (message: RouterMessage): Delivery {
    if (message.type === MessageType.Invocation) return this.#sender.invoke(this, message)
    if (message.type === MessageType.Interrupt) this.#sender.interrupt(this, message)
    return 'sent'
  }
}

/** The details of a callee of this node that other nodes need. */
export function calleeDetailsOf ({ principal: { authid, authrole }, isTrusted, features }: RoutedSession): CalleeDetails {
  return { authid, authrole, isTrusted, features: [...features].filter((feature) => isTold(feature, features)) }
}

/** Progressive input needs a callee that can be interrupted, and other nodes assume that all can. */
function isTold (feature: string, features: Features): boolean {
  if (feature === answersAlways || !feature.startsWith('callee.')) return false
  return feature !== 'callee.progressive_call_invocations' || features.has('callee.call_canceling')
}
