import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { FastifyWampOptions } from 'fastify-wamp'
import { Cluster } from '../../plugin/cluster/cluster.ts'
import { codecs } from '../../plugin/codec/codecs.ts'
import { MemoryHub } from '../cluster/memory-hub.ts'
import { buildRouter, settled } from './build-router.ts'
import { InProcessClient } from './in-process-client.ts'

/** Delivers what is on its way by itself. */
class BusyHub extends MemoryHub {
  override put (path: string, delivery: () => void): void {
    super.put(path, delivery)
    setImmediate(() => { this.step() })
  }

  /** Resolves when nothing is on its way. */
  async idle (): Promise<void> {
    do await settled()
    while (this.isBusy)
  }
}

/** A client of one node, whose fences are also fences for what comes from the other one. */
class ClusterClient extends InProcessClient {
  readonly #hub: BusyHub

  constructor (app: FastifyInstance, hub: BusyHub) {
    super(app)
    this.#hub = hub
  }

  override async fence (): Promise<unknown[][]> {
    await this.#hub.idle()
    return await super.fence()
  }
}

/** Two nodes of one cluster. Each further client is connected to the other node than the one before. */
export async function buildClusterHost (t: Test, options: Partial<FastifyWampOptions>): Promise<{ app: FastifyInstance, connect: () => InProcessClient }> {
  const hub = new BusyHub(1)
  const nodes: FastifyInstance[] = []
  // Like a port that is listening.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => { clearInterval(alive) })
  for (let i = 0; i < 2; i++) {
    const cluster = new Cluster({ link: hub.link(), codecs: codecs.values(), log: { error () {}, warn () {} }, fenced: () => {} })
    const { router, authenticators, log } = buildRouter(options, cluster)
    await cluster.join()
    t.teardown(async () => {
      await router.shutdown()
      await cluster.leave()
      await router.leaveAll()
    })
    nodes.push({ wamp: router, wampAuthenticators: authenticators, log } as unknown as FastifyInstance)
  }
  let clients = 0
  return {
    app: nodes[0]!,
    connect: () => {
      const client = new ClusterClient(nodes[clients++ % 2]!, hub)
      t.teardown(() => { client.terminate() })
      return client
    }
  }
}
