import { Cluster } from '../../plugin/cluster/cluster.ts'
import { MemoryHub } from './memory-hub.ts'
import { codecs } from '../../plugin/codec/codecs.ts'
import { buildRouter, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

export interface TestNode {
  readonly cluster: Cluster
  readonly logged: string[]
  join (): Promise<TestClient & { id: number }>
}

/** Nodes in this process, between which messages travel only when they are told to. */
export class TestCluster {
  readonly hub: MemoryHub
  readonly nodes: TestNode[] = []

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
    const cluster = new Cluster({ link: this.hub.link(), codecs: codecs.values(), log: { error: line, warn: line } })
    const { join, logged: loggedByRouter } = buildRouter({}, cluster)
    const node: TestNode = { cluster, logged, join }
    const joined = cluster.join()
    await this.run()
    await joined
    this.nodes.push({ ...node, logged: Object.assign(logged, { router: loggedByRouter }) })
    return this.nodes.at(-1)!
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
