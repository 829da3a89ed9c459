import type { ClusterLink, LinkReceiver, LinkState } from '../../plugin/cluster/cluster-link.ts'
import type { NodeId } from '../../plugin/cluster/node-id.ts'

type Delivery = () => void

/** The engine between the nodes of one process, for tests. A seed determines in which order messages of different paths arrive. */
export class MemoryHub {
  readonly #random: () => number
  /** What is on its way, by path. Within a path, the order is kept. */
  readonly #paths = new Map<string, Delivery[]>()
  readonly #links = new Map<NodeId, MemoryLink>()
  readonly #log: Uint8Array[] = []
  /** What is sent to these nodes, and by them, stays where it is. */
  readonly #paused = new Set<string>()
  /** The next messages that are lost, and those that arrive twice. */
  readonly faults = { lost: 0, doubled: 0 }
  #lastLink = 0

  constructor (seed: number) {
    this.#random = randomOf(seed)
  }

  /** The connection of one node. */
  link (): ClusterLink {
    return new MemoryLink(this, `link ${++this.#lastLink}`)
  }

  /** True if something is on its way that can arrive. */
  get isBusy (): boolean {
    return this.#open().length > 0
  }

  /** Holds back what is sent to a node and by it. */
  pause (node: NodeId): void {
    this.#paused.add(this.#links.get(node)!.name)
  }

  resume (node: NodeId): void {
    this.#paused.delete(this.#links.get(node)!.name)
  }

  /** A random integer from 0 to below a limit, from the seed. */
  below (limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  /** Delivers the next message of a random path. */
  step (): void {
    const open = this.#open()
    const path = open[this.below(open.length)]
    if (path === undefined) return
    const deliveries = this.#paths.get(path)!
    const delivery = deliveries.shift()!
    if (deliveries.length === 0) this.#paths.delete(path)
    delivery()
  }

  /** Puts a delivery on its way. */
  put (path: string, delivery: Delivery): void {
    const deliveries = this.#paths.get(path)
    if (deliveries === undefined) this.#paths.set(path, [delivery])
    else deliveries.push(delivery)
  }

  /** Connects a node. All entries of the log are sent to it. */
  attach (node: NodeId, link: MemoryLink): void {
    this.#links.set(node, link)
    this.#log.forEach((octets, i) => { this.#tell(link, i + 1, octets) })
  }

  detach (node: NodeId): void {
    this.#links.delete(node)
  }

  /** Adds an entry to the log, and sends it to all nodes. */
  append (octets: Uint8Array): void {
    const position = this.#log.push(octets)
    for (const link of this.#links.values()) this.#tell(link, position, octets)
  }

  /** Sends to one node, or to all others. */
  send (from: MemoryLink, to: NodeId | null, octets: Uint8Array): void {
    for (const [node, link] of this.#links) {
      if (to === null ? link === from : node !== to) continue
      if (this.faults.lost > 0) this.faults.lost--
      else this.put(`${from.name} to ${link.name}`, () => { link.receive(octets) })
      if (this.faults.doubled === 0) continue
      this.faults.doubled--
      this.put(`${from.name} to ${link.name}`, () => { link.receive(octets) })
    }
  }

  #open (): string[] {
    return [...this.#paths.keys()].filter((path) => path.split(' to ').every((end) => !this.#paused.has(end)))
  }

  #tell (link: MemoryLink, position: number, octets: Uint8Array): void {
    this.put(`log to ${link.name}`, () => { link.follow(position, octets) })
  }
}

class MemoryLink implements ClusterLink {
  readonly name: string
  readonly #hub: MemoryHub
  #node: NodeId | undefined
  #receiver: LinkReceiver | undefined
  #state: LinkState = 'up'

  constructor (hub: MemoryHub, name: string) {
    this.#hub = hub
    this.name = name
  }

  get state (): LinkState {
    return this.#state
  }

  async open (node: NodeId, receiver: LinkReceiver): Promise<void> {
    this.#node = node
    this.#receiver = receiver
    this.#hub.attach(node, this)
  }

  async append (octets: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#hub.put(`${this.name} to log`, () => {
        this.#hub.append(octets)
        this.#hub.put(`log to ${this.name}`, resolve)
      })
    })
  }

  send (to: NodeId, octets: Uint8Array): void {
    this.#hub.send(this, to, octets)
  }

  broadcast (octets: Uint8Array): void {
    this.#hub.send(this, null, octets)
  }

  async flush (): Promise<void> {
    await new Promise<void>((resolve) => { this.#hub.put(`${this.name} to engine`, resolve) })
  }

  async close (): Promise<void> {
    this.#state = 'closed'
    if (this.#node !== undefined) this.#hub.detach(this.#node)
    this.#receiver?.changed('closed')
  }

  receive (octets: Uint8Array): void {
    if (this.#state === 'up') this.#receiver?.message(octets)
  }

  follow (position: number, octets: Uint8Array): void {
    if (this.#state === 'up') this.#receiver?.entry(position, octets)
  }
}

/** A sequence of numbers from 0 to below 1 (mulberry32). */
function randomOf (seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6D2B79F5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
