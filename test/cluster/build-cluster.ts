import type { Clock } from '../../plugin/cluster/clock.ts'
import { Cluster } from '../../plugin/cluster/cluster.ts'
import { MemoryHub } from './memory-hub.ts'
import { codecs } from '../../plugin/codec/codecs.ts'
import { buildRouter, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

export interface TestNode {
  readonly cluster: Cluster
  readonly logged: string[]
  /** `fenced`: it may not act any more. */
  readonly state: 'member' | 'fenced'
  join (): Promise<TestClient & { id: number }>
}

/** Nodes in this process, between which messages travel only when they are told to. */
export class TestCluster {
  readonly hub: MemoryHub
  readonly nodes: TestNode[] = []
  /** The clocks of the nodes stand still until they are moved. */
  #time = 0
  readonly #intervals = new Set<() => void>()

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
        this.#intervals.add(callback)
        return () => { this.#intervals.delete(callback) }
      }
    }
    const cluster = new Cluster({ link: this.hub.link(), codecs: codecs.values(), log: { error: line, warn: line }, clock, fenced: () => { state = 'fenced' } })
    const { join } = buildRouter({}, cluster)
    const joined = cluster.join()
    await this.run()
    await joined
    const node = { cluster, logged, join, get state () { return state } }
    this.nodes.push(node)
    return node
  }

  /** Lets a second pass, in which all messages arrive. */
  async second (): Promise<void> {
    this.#time += 1000
    for (const callback of [...this.#intervals]) callback()
    await this.run()
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
