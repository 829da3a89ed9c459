import type { Clock } from '../../plugin/cluster/clock.ts'
import { Cluster } from '../../plugin/cluster/cluster.ts'
import type { NodeId } from '../../plugin/cluster/node-id.ts'
import { MemoryHub } from './memory-hub.ts'
import { codecs } from '../../plugin/codec/codecs.ts'
import { buildRouter, helloAs, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

export interface TestNode {
  readonly cluster: Cluster
  readonly logged: string[]
  /** `fenced`: it may not act any more. */
  readonly state: 'member' | 'fenced'
  /** A client that announces all features of callers and callees. */
  join (): Promise<TestClient & { id: number }>
  /** The calls that are open here, of clients and of other nodes. */
  openCalls (): number
}

const allow = { call: true, register: true, publish: true, subscribe: true, forceReregister: true }
const role = { permissions: [{ uri: '', match: 'prefix', allow }] } as const
const hello = helloAs({}, ['progressive_call_results', 'progressive_call_invocations', 'call_canceling', 'call_timeout', 'registration_revocation'])

/** Nodes in this process, between which messages travel only when they are told to. */
export class TestCluster {
  readonly hub: MemoryHub
  readonly nodes: TestNode[] = []
  /** The clocks of the nodes stand still until they are moved. */
  #time = 0
  readonly #intervals = new Map<() => void, NodeId>()
  /** The nodes whose process is stopped. */
  readonly #stopped = new Set<NodeId>()

  constructor (seed: number) {
    this.hub = new MemoryHub(seed)
  }

  /** Nodes that are members. */
  static async of (count: number, seed = 1): Promise<TestCluster> {
    const cluster = new TestCluster(seed)
    for (let i = 0; i < count; i++) await cluster.add()
    return cluster
  }

  /** Adds a node, which becomes a member. */
  async add (): Promise<TestNode> {
    const logged: string[] = []
    const line = (details: object, text: string): void => { logged.push(`${text} ${JSON.stringify(details)}`) }
    let state: TestNode['state'] = 'member'
    const clock: Clock = {
      now: () => this.#time,
      every: (_, callback) => {
        this.#intervals.set(callback, cluster.node)
        return () => { this.#intervals.delete(callback) }
      }
    }
    const cluster = new Cluster({
      link: this.hub.link(),
      codecs: codecs.values(),
      log: { error: line, warn: line },
      clock,
      fenced: () => {
        state = 'fenced'
        router.shutdown()
      }
    })
    const { join, router } = buildRouter({ realms: { realm1: { roles: { anonymous: role } } } }, cluster)
    const joined = cluster.join()
    await this.run()
    await joined
    const node: TestNode = { cluster, logged, join: () => join(hello), openCalls: () => router.realm('realm1')!.census().calls, get state () { return state } }
    this.nodes.push(node)
    return node
  }

  /** The calls that are open on all nodes. */
  openCalls (): number {
    return this.nodes.reduce((count, node) => count + node.openCalls(), 0)
  }

  /** Lets a second pass, in which all messages arrive. */
  async second (): Promise<void> {
    this.#time += 1000
    for (const [callback, node] of [...this.#intervals]) if (!this.#stopped.has(node)) callback()
    await this.run()
  }

  /** Stops the process of a node. */
  stop (node: NodeId): void {
    this.#stopped.add(node)
    this.hub.pause(node)
  }

  /** Lets it continue. */
  continue (node: NodeId): void {
    this.#stopped.delete(node)
    this.hub.resume(node)
  }

  /** Delivers one message, and lets the nodes do what follows. */
  async step (): Promise<void> {
    this.hub.step()
    await settled()
  }

  /** Delivers all messages, and those that they cause. */
  async run (): Promise<void> {
    await settled()
    while (this.hub.isBusy) await this.step()
  }
}
