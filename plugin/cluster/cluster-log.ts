import { decodeEntry, encodeEntry, WIRE_VERSION } from './change.ts'
import type { Change } from './change.ts'
import type { ClusterLink } from './cluster-link.ts'
import type { NodeId } from './node-id.ts'

/** Applies the changes of the log. Its methods never throw. */
export interface ChangeReceiver {
  /** A member has made a change. */
  apply (change: Change, by: NodeId): void
  /** A node has become a member. */
  joined (node: NodeId): void
  /** A member has renewed its lease. */
  renewed (node: NodeId): void
  /** A node is no longer a member. Everything that it held is to be removed. */
  left (node: NodeId): void
  /** Something of this member was applied, up to the current position, and the member waits for that. */
  applied (by: NodeId): void
}

/** The characters of the changes in one entry: servers of NATS accept 1 MiB by default, and characters may be four octets. */
const MOST_CHARACTERS = 200_000

/** Milliseconds until an entry whose append has failed is appended again. */
const RETRY = 250

interface Proposal { readonly number: number, readonly octets: Uint8Array, resolve (position: number): void }

/**
 * The order of all changes that must be the same on all nodes. A node proposes changes, and they take effect when the node receives
 * them in the log itself.
 */
export class ClusterLog {
  readonly #link: ClusterLink
  readonly #node: NodeId
  readonly #receiver: ChangeReceiver
  readonly #log: { error (details: object, text: string): void }
  /** The members, with the number of the last entry of each. */
  readonly #members = new Map<NodeId, number>()
  #position = 0
  #lastNumber = 0
  /** What will be the next entry, and who waits for it. */
  #next: { readonly changes: string[], characters: number, readonly waiting: Array<(position: number) => void> } | null = null
  /** The entries that were not applied so far. */
  readonly #proposed: Proposal[] = []
  /** Set while an append has failed. */
  #retry: NodeJS.Timeout | undefined

  constructor ({ link, node, receiver, log }: {
    link: ClusterLink
    node: NodeId
    receiver: ChangeReceiver
    log: { error (details: object, text: string): void }
  }) {
    this.#link = link
    this.#node = node
    this.#receiver = receiver
    this.#log = log
  }

  /** The position of the last applied entry. */
  get position (): number {
    return this.#position
  }

  /** All members, including this node once it has joined. */
  get members (): ReadonlyMap<NodeId, unknown> {
    return this.#members
  }

  /** Becomes a member. Resolves when all earlier entries are applied. */
  async join (): Promise<void> {
    await this.propose(['join', WIRE_VERSION])
  }

  /**
   * Proposes a change. Resolves with its position when this node has applied it. Changes of one turn are one entry, unless it becomes too
   * long. If the node is declared dead before, this never resolves: `left` is called instead.
   */
  propose (change: Change): Promise<number> {
    return new Promise((resolve) => {
      const text = JSON.stringify(change)
      if (this.#next !== null && this.#next.characters + text.length > MOST_CHARACTERS) this.#append()
      if (this.#next === null) {
        this.#next = { changes: [], characters: 0, waiting: [] }
        queueMicrotask(() => { this.#append() })
      }
      this.#next.changes.push(text)
      this.#next.characters += text.length
      this.#next.waiting.push(resolve)
    })
  }

  /** Applies an entry. Entries without effect are those of nodes that are no members, and those that come twice. */
  take (position: number, octets: Uint8Array): void {
    this.#position = position
    const entry = decodeEntry(octets)
    if (entry === null) return this.#log.error({ position }, 'an entry of the cluster\'s log is malformed: it is ignored')
    const { node, number, changes } = entry
    const isFirst = number === 1 && changes[0]?.[0] === 'join' && !this.#members.has(node)
    if (!isFirst && this.#members.get(node) !== number - 1) return
    this.#members.set(node, number)
    for (const change of changes) this.#apply(change, node)
    if (node === this.#node) this.#resolve(number)
    else if (changes.some(([kind]) => kind !== 'renew')) this.#receiver.applied(node)
  }

  #apply (change: Change, by: NodeId): void {
    switch (change[0]) {
      case 'join': return this.#receiver.joined(by)
      case 'renew': return this.#receiver.renewed(by)
      case 'leave': return this.#remove(by)
      case 'dead': return this.#remove(change[1])
      default: this.#receiver.apply(change, by)
    }
  }

  #remove (node: NodeId): void {
    if (this.#members.delete(node)) this.#receiver.left(node)
  }

  #append (): void {
    if (this.#next === null) return
    const { changes, waiting } = this.#next
    this.#next = null
    const number = ++this.#lastNumber
    const octets = encodeEntry({ node: this.#node, number, changes })
    const proposal = { number, octets, resolve: (position: number) => { for (const resolve of waiting) resolve(position) } }
    this.#proposed.push(proposal)
    this.#send(octets)
  }

  #send (octets: Uint8Array): void {
    this.#link.append(octets).catch(() => { this.#retry ??= setTimeout(() => { this.#sendAgain() }, RETRY).unref() })
  }

  /** Each of them may be stored or not, and those behind one that is not stored are without effect. */
  #sendAgain (): void {
    this.#retry = undefined
    if (this.#link.state === 'closed') return
    for (const { octets } of this.#proposed) this.#send(octets)
  }

  #resolve (number: number): void {
    while (this.#proposed.length > 0 && this.#proposed[0]!.number <= number) this.#proposed.shift()!.resolve(this.#position)
  }
}
