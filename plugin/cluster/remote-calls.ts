import { MessageType, noDetails } from '../protocol/message.ts'
import type { ErrorMessage, Interrupt, Invocation, Result } from '../protocol/message.ts'
import type { Id } from '../protocol/id.ts'
import { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { isString } from '../protocol/wire-value.ts'
import type { FederatedRouting } from '../routing/federated-routing.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Delivery } from '../transport/transport.ts'
import type { CallMessage } from './call-message.ts'
import type { NodeId } from './node-id.ts'
import { packPayload } from './payload-fields.ts'
import type { InvocationSender, RemoteCallee } from './remote-callee.ts'
import { RemoteCaller } from './remote-caller.ts'

/** A realm as the calls of other nodes need it. */
export interface CalledRealm extends Pick<FederatedRouting, 'dealer' | 'registrations'> {
  /** A callee of this node. */
  callee (session: Id): RoutedSession | undefined
  /** A callee of another node has no open invocation any more. */
  dismiss (callee: RemoteCallee): void
}

/** A call of this node to a callee of another one. */
interface Sent { readonly callee: RemoteCallee, readonly invocation: Id, state: 'invoked' | 'continued' }

/** The calls between this node and one other. */
interface Peer { last: number, readonly sent: Map<number, Sent>, readonly served: Map<number, RemoteCaller> }

/**
 * The calls between nodes. One call is two: the caller's node has one to a `RemoteCallee`, and the callee's node one of a `RemoteCaller`. Both
 * sides forget it when it ends, or when messages between the nodes are lost.
 */
export class RemoteCalls implements InvocationSender {
  readonly #realm: (name: Uri) => CalledRealm | undefined
  readonly #send: (to: NodeId, kind: string, fields: readonly unknown[], octets?: Buffer) => boolean
  readonly #peers = new Map<NodeId, Peer>()
  /** Callers whose call has ended in this turn. */
  #ended: RemoteCaller[] = []

  constructor ({ realm, send }: {
    realm: (name: Uri) => CalledRealm | undefined
    /** Sends a message to a node. False if it cannot be reached. */
    send: (to: NodeId, kind: string, fields: readonly unknown[], octets?: Buffer) => boolean
  }) {
    this.#realm = realm
    this.#send = send
  }

  invoke (callee: RemoteCallee, { request, registration, details, payload, sharer }: Invocation): Delivery {
    const peer = this.#peer(callee.node)
    const known = callee.numbers.get(request)
    if (known !== undefined) {
      peer.sent.get(known)!.state = 'continued'
      return this.#sendPayload(callee.node, 'input', [known, details['progress'] !== true], payload)
    }
    const number = ++peer.last
    const delivery = this.#sendPayload(callee.node, 'invoke', [number, callee.principal.realm, registration, callee.id, sharer, details], payload)
    if (delivery !== 'sent') return delivery
    callee.numbers.set(request, number)
    peer.sent.set(number, { callee, invocation: request, state: 'invoked' })
    return 'sent'
  }

  interrupt (callee: RemoteCallee, { request, options: { mode } }: Interrupt): void {
    const number = callee.numbers.get(request)
    if (number !== undefined) this.#send(callee.node, 'interrupt', [number, mode])
  }

  /** Takes a message of another node. */
  take (from: NodeId, message: CallMessage): void {
    const { number } = message
    switch (message.kind) {
      case 'invoke': return this.#serve(from, message)
      case 'input': return this.#continue(from, number, message)
      case 'interrupt': return this.#cancel(from, number, message.mode)
      case 'miss': return this.#missed(from, number, message)
      default: return this.#answered(from, message)
    }
  }

  /** Messages from or to a node were lost, or it has ended: all calls between the two end. */
  lost (node: NodeId): void {
    const peer = this.#peers.get(node)
    if (peer === undefined) return
    for (const number of [...peer.sent.keys()]) {
      this.#answered(node, { kind: 'error', number, error: reasons.networkFailure, details: noDetails, payload: Payload.empty })
    }
    for (const caller of [...peer.served.values()]) this.#forget(caller)
  }

  /** A node is no longer a member. */
  forget (node: NodeId): void {
    this.lost(node)
    this.#peers.delete(node)
  }

  #serve (from: NodeId, { number, realm: name, registration: id, callee: session, client, details, payload }: CallMessage & { kind: 'invoke' }): void {
    const realm = this.#realm(name)
    const registration = realm?.registrations.all.get(id)
    const callee = realm?.callee(session)
    const miss = (why: string): void => { this.#sendPayload(from, 'miss', [number, why], payload) }
    if (realm === undefined || registration === undefined || callee === undefined) return miss('gone')
    const procedure = isString(details['procedure']) ? details['procedure'] : registration.uri
    const caller = new RemoteCaller({ realm: name, node: from, number, client, procedure, answer: (to, message) => this.#answer(to, message) })
    this.#peer(from).served.set(number, caller)
    const delivery = realm.dealer.serve(caller, { request: number, procedure, registration, callee, details, payload })
    if (delivery === 'sent') return
    this.#end(caller)
    miss(delivery)
  }

  #continue (from: NodeId, number: number, { isLast, payload }: CallMessage & { kind: 'input' }): void {
    const caller = this.#peers.get(from)?.served.get(number)
    if (caller === undefined) return
    const { principal: { realm }, procedure } = caller
    const options = isLast ? noDetails : { progress: true }
    this.#realm(realm)?.dealer.resume(caller, { type: MessageType.Call, request: number, options, procedure, payload })
  }

  #cancel (from: NodeId, number: number, mode: 'kill' | 'killnowait' | 'skip'): void {
    const caller = this.#peers.get(from)?.served.get(number)
    if (caller !== undefined) this.#realm(caller.principal.realm)?.dealer.cancel(caller, { type: MessageType.Cancel, request: number, options: { mode } })
  }

  #answered (from: NodeId, message: CallMessage & { kind: 'result' | 'error' }): void {
    const { number, kind, details, payload } = message
    const sent = this.#peers.get(from)?.sent.get(number)
    if (sent === undefined) return
    const { callee, invocation: request } = sent
    const realm = this.#realm(callee.principal.realm)
    if (kind === 'error' || details['progress'] !== true) this.#forgetSent(from, number, sent)
    if (kind === 'result') realm?.dealer.yield(callee, { type: MessageType.Yield, request, options: details, payload })
    else realm?.dealer.error(callee, { type: MessageType.Error, requestType: MessageType.Invocation, request, details, error: message.error, payload })
    if (callee.numbers.size === 0) realm?.dismiss(callee)
  }

  #missed (from: NodeId, number: number, { why, payload }: CallMessage & { kind: 'miss' }): void {
    const sent = this.#peers.get(from)?.sent.get(number)
    if (sent === undefined) return
    this.#forgetSent(from, number, sent)
    const { callee, invocation, state } = sent
    const realm = this.#realm(callee.principal.realm)
    realm?.dealer.missed(callee, invocation, state === 'continued' ? null : payload, why)
    if (callee.numbers.size === 0) realm?.dismiss(callee)
  }

  #forgetSent (node: NodeId, number: number, { callee, invocation }: Sent): void {
    this.#peers.get(node)?.sent.delete(number)
    callee.numbers.delete(invocation)
  }

  #answer (caller: RemoteCaller, message: Result | ErrorMessage): Delivery {
    const { node, number } = caller
    const { details, payload } = message
    const isProgress = message.type === MessageType.Result && details['progress'] === true
    if (!isProgress) this.#end(caller)
    return message.type === MessageType.Result
      ? this.#sendPayload(node, 'result', [number, details], payload)
      : this.#sendPayload(node, 'error', [number, message.error, details], payload)
  }

  /** The call has ended here, so the caller has no more. It is removed after this turn: a session is never called back while it is sent something. */
  #end (caller: RemoteCaller): void {
    if (this.#peers.get(caller.node)?.served.delete(caller.number) !== true) return
    if (this.#ended.push(caller) === 1) setImmediate(() => { this.#sweep() })
  }

  #sweep (): void {
    const ended = this.#ended
    this.#ended = []
    for (const caller of ended) this.#forget(caller)
  }

  /** Ends the call of a caller without an answer. */
  #forget (caller: RemoteCaller): void {
    this.#peers.get(caller.node)?.served.delete(caller.number)
    const steps = this.#realm(caller.principal.realm)?.dealer.forget(caller)
    while (steps?.next().done === false);
  }

  #sendPayload (to: NodeId, kind: string, fields: readonly unknown[], payload: Payload): Delivery {
    let packed: ReturnType<typeof packPayload>
    try {
      packed = packPayload(payload)
    } catch {
      return 'unencodable'
    }
    return this.#send(to, kind, [...fields, ...packed.fields], packed.octets) ? 'sent' : 'closed'
  }

  #peer (node: NodeId): Peer {
    let peer = this.#peers.get(node)
    if (peer === undefined) this.#peers.set(node, peer = { last: 0, sent: new Map(), served: new Map() })
    return peer
  }
}
