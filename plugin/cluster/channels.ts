import type { ClusterLink } from './cluster-link.ts'
import { isNaturalNumber } from '../protocol/wire-value.ts'
import { isNodeId } from './node-id.ts'
import type { NodeId } from './node-id.ts'
import { parsed } from './parsed.ts'

/** A message between nodes: its kind and fields as JSON values, and octets. */
export interface NodeMessage {
  readonly kind: string
  readonly fields: readonly unknown[]
  readonly octets: Buffer
}

/** A message that has arrived. */
interface Arrived extends NodeMessage {
  readonly from: NodeId
  readonly scope: 'one' | 'all'
  /** The number of the message among those to this node, or to all. */
  readonly number: number
  /** The position up to which the sender had applied the log. */
  readonly position: number
}

/** The kind of the messages that each node sends once a second. */
export const HEARTBEAT = 'heartbeat'
/** Octets of the length of the head. */
const LENGTH = 4

const none = Buffer.alloc(0)

/** The numbers of the last messages of another node. */
interface Received { direct: number, shared: number | null }

/**
 * The messages between this node and the others. Each is numbered, those to one node and those to all apart, so that the receiver drops what
 * comes twice and sees what was lost.
 */
export class Channels {
  readonly #link: ClusterLink
  readonly #node: NodeId
  readonly #log: { readonly position: number, readonly members: ReadonlyMap<NodeId, unknown> }
  readonly #receive: (from: NodeId, message: NodeMessage, position: number) => void
  readonly #first: () => void
  readonly #lost: (from: NodeId) => void
  readonly #sent = new Map<NodeId, number>()
  #shared = 0
  readonly #received = new Map<NodeId, Received>()
  /** The messages whose position this node has not reached, and those behind them, by sender. */
  readonly #early = new Map<NodeId, Arrived[]>()

  constructor ({ link, node, log, first, receive, lost }: {
    link: ClusterLink
    node: NodeId
    /** Messages of nodes that are no members are dropped. */
    log: { readonly position: number, readonly members: ReadonlyMap<NodeId, unknown> }
    /** Called before a message to one node is sent. */
    first: () => void
    /** Takes a message, of a sender that had applied the log up to a position. Never throws. */
    receive: (from: NodeId, message: NodeMessage, position: number) => void
    /** Called when messages of a node were lost. */
    lost: (from: NodeId) => void
  }) {
    this.#link = link
    this.#node = node
    this.#log = log
    this.#first = first
    this.#receive = receive
    this.#lost = lost
  }

  /** Sends a message to one node. */
  send (to: NodeId, kind: string, fields: readonly unknown[], octets: Buffer = none): void {
    this.#first()
    const number = (this.#sent.get(to) ?? 0) + 1
    this.#sent.set(to, number)
    this.#link.send(to, pack([this.#node, 'one', number, this.#log.position, kind, ...fields], octets))
  }

  /** Sends a message to all other nodes. */
  broadcast (kind: string, fields: readonly unknown[]): void {
    this.#link.broadcast(pack([this.#node, 'all', ++this.#shared, this.#log.position, kind, ...fields], none))
  }

  /** Tells all other nodes the numbers of the last messages, so that they see what was lost although nothing follows. */
  sayHeartbeat (): void {
    this.broadcast(HEARTBEAT, [[...this.#sent]])
  }

  /** Takes what the link received. Null if nothing is wrong with it, otherwise a text for the log. */
  take (octets: Uint8Array): string | null {
    const message = unpack(octets)
    if (message === null) return 'a message of another node is malformed: it is ignored'
    const { from, position } = message
    const early = this.#early.get(from)
    if (early !== undefined) early.push(message)
    else if (position > this.#log.position) this.#early.set(from, [message])
    else this.#deliver(message)
    return null
  }

  /** Delivers the messages that waited for the current position. */
  advance (): void {
    for (const [from, early] of this.#early) {
      const count = early.findIndex(({ position }) => position > this.#log.position)
      for (const message of early.splice(0, count < 0 ? early.length : count)) this.#deliver(message)
      if (early.length === 0) this.#early.delete(from)
    }
  }

  #deliver ({ from, scope, number, position, kind, fields, octets }: Arrived): void {
    if (from === this.#node || !this.#log.members.has(from)) return
    if (!this.#count(from, scope, number)) return
    if (kind === HEARTBEAT) this.#compare(from, fields[0])
    this.#receive(from, { kind, fields, octets }, position)
  }

  /** A heartbeat says which messages were sent before it to this node. */
  #compare (from: NodeId, sent: unknown): void {
    const pairs: unknown[] = Array.isArray(sent) ? sent : []
    const last = pairs.flatMap((pair) => Array.isArray(pair) && pair[0] === this.#node && isNaturalNumber(pair[1]) ? [pair[1]] : [])[0] ?? 0
    const received = this.#received.get(from)!
    if (last <= received.direct) return
    received.direct = last
    this.#lost(from)
  }

  /** Forgets a node that is no longer a member. */
  forget (node: NodeId): void {
    this.#sent.delete(node)
    this.#received.delete(node)
  }

  /** False for a message that came before. */
  #count (from: NodeId, scope: 'one' | 'all', number: number): boolean {
    let received = this.#received.get(from)
    if (received === undefined) this.#received.set(from, received = { direct: 0, shared: null })
    // A node that has just joined has missed earlier messages to all.
    const last = scope === 'one' ? received.direct : received.shared ?? number - 1
    if (number <= last) return false
    if (scope === 'one') received.direct = number
    else received.shared = number
    if (number > last + 1) this.#lost(from)
    return true
  }
}

function pack (head: readonly unknown[], octets: Buffer): Buffer {
  const text = JSON.stringify(head)
  const length = Buffer.byteLength(text)
  const packed = Buffer.allocUnsafe(LENGTH + length + octets.length)
  packed.writeUInt32BE(length)
  packed.write(text, LENGTH)
  packed.set(octets, LENGTH + length)
  return packed
}

function unpack (given: Uint8Array): Arrived | null {
  const packed = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  if (packed.length < LENGTH) return null
  const end = LENGTH + packed.readUInt32BE()
  const head = end > packed.length ? undefined : parsed(packed.subarray(LENGTH, end))
  if (!Array.isArray(head)) return null
  const [from, scope, number, position, kind, ...fields]: unknown[] = head
  if (!isNodeId(from) || (scope !== 'one' && scope !== 'all') || typeof kind !== 'string') return null
  if (!isNaturalNumber(number) || !isNaturalNumber(position)) return null
  return { from, scope, number, position, kind, fields, octets: packed.subarray(end) }
}
