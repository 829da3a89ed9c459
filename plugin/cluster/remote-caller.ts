import type { Features } from '../protocol/features.ts'
import { MessageType } from '../protocol/message.ts'
import type { ErrorMessage, Result, RouterMessage } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import { OwnSession } from '../routing/own-session.ts'
import type { ClientKey } from '../routing/routed-session.ts'
import type { Delivery } from '../transport/transport.ts'
import type { NodeId } from './node-id.ts'

/** Its id is known at its own node. */
const NOBODY = 0
/** The caller's node checks what its caller has announced. */
const features: Features = new Set([
  'caller', 'caller.progressive_call_results', 'caller.progressive_call_invocations', 'caller.call_canceling', 'caller.payload_passthru_mode'
])

/** The caller of one call that another node routes to a callee of this one: that node receives the answers. */
export class RemoteCaller extends OwnSession {
  readonly features = features
  override readonly isTrusted = false
  readonly client: ClientKey
  readonly node: NodeId
  readonly procedure: Uri
  /** The number of the call among those of its node to this one. It is CALL.Request here. */
  readonly number: number
  readonly #answer: (caller: RemoteCaller, message: Result | ErrorMessage) => Delivery

  constructor ({ realm, node, number, client, procedure, answer }: {
    realm: Uri
    node: NodeId
    number: number
    /** In whose share the call counts. */
    client: ClientKey
    procedure: Uri
    answer: (caller: RemoteCaller, message: Result | ErrorMessage) => Delivery
  }) {
    super({ id: NOBODY, principal: { realm, authid: '', authrole: '', authmethod: 'cluster', authprovider: 'cluster' } })
    this.client = client
    this.node = node
    this.procedure = procedure
    this.number = number
    this.#answer = answer
  }

  send (message: RouterMessage): Delivery {
    return message.type === MessageType.Result || message.type === MessageType.Error ? this.#answer(this, message) : 'sent'
  }
}
