import t from 'tap'
import type { Test } from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import { settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'
import { TestCluster } from './build-cluster.ts'
import type { TestNode } from './build-cluster.ts'

/** How many random schedules are run, and the seed of the first one, to repeat it. */
const schedules = Number(process.env.SCHEDULES ?? 60)
const first = Number(process.env.SEED ?? 1)
const steps = 250

/** Each topic that is published matches some of these. */
const patterns = [['com.a', 'exact'], ['com.b', 'exact'], ['com', 'prefix'], ['com.a.x', 'exact'], ['com..x', 'wildcard'], ['.a', 'wildcard']] as const
const topics = ['com.a', 'com.b', 'com.a.x']

function matches (pattern: string, match: string, topic: string): boolean {
  if (match === 'exact') return pattern === topic
  if (match === 'prefix') return topic.startsWith(pattern)
  const [parts, given] = [pattern.split('.'), topic.split('.')]
  return parts.length === given.length && parts.every((part, i) => part === '' || part === given[i])
}

interface Published { readonly publisher: Peer, readonly number: number, readonly topic: string }

/** A client that checks what it is sent, as far as it can alone. */
class Peer {
  readonly node: TestNode
  readonly #t: Test
  readonly client: TestClient & { id: number }
  #request = 0
  #number = 0
  readonly #asked = new Map<number, readonly [pattern: string, match: string] | number>()
  /** The pattern of each subscription, from SUBSCRIBED to UNSUBSCRIBED. */
  readonly subscriptions = new Map<number, readonly [pattern: string, match: string]>()
  readonly #ending = new Set<number>()
  readonly #received = new Set<string>()
  readonly #last = new Map<string, number>()
  /** The events that must arrive, as subscription, publisher and number. */
  readonly due = new Set<string>()

  constructor (t: Test, node: TestNode, client: TestClient & { id: number }) {
    this.#t = t
    this.node = node
    this.client = client
  }

  /** True if it waits for an answer: what it has published meanwhile is lost if it leaves. */
  get isWaiting (): boolean {
    return this.#asked.size > 0
  }

  subscribe ([pattern, match]: readonly [string, string]): void {
    if ([...this.subscriptions.values(), ...this.#asked.values()].some((known) => typeof known !== 'number' && known[0] === pattern && known[1] === match)) return
    this.#asked.set(++this.#request, [pattern, match])
    this.client.say([32, this.#request, { match }, pattern])
    this.listen()
  }

  unsubscribe (id: number): void {
    if (this.#ending.has(id)) return
    this.#ending.add(id)
    for (const key of this.due) if (key.startsWith(`${id} `)) this.due.delete(key)
    this.#asked.set(++this.#request, id)
    this.client.say([34, this.#request, id])
    this.listen()
  }

  publish (topic: string): Published {
    const published = { publisher: this, number: ++this.#number, topic }
    this.client.say([16, ++this.#request, { exclude_me: false }, topic, [this.client.id, published.number]])
    return published
  }

  /** The subscriptions that exist now must receive it. */
  expect ({ publisher, number, topic }: Published): void {
    for (const [id, [pattern, match]] of this.subscriptions) {
      const key = `${id} ${publisher.client.id} ${number}`
      if (matches(pattern, match, topic) && !this.#ending.has(id) && !this.#received.has(key)) this.due.add(key)
    }
  }

  listen (): void {
    for (const message of this.client.heard()) this.#hear(message)
  }

  #hear (message: unknown[]): void {
    const [type, first, second] = message as [number, number, number]
    if (type === MessageType.Subscribed) {
      this.subscriptions.set(second, this.#asked.get(first) as [string, string])
      this.#asked.delete(first)
    } else if (type === MessageType.Unsubscribed) {
      const id = this.#asked.get(first) as number
      this.subscriptions.delete(id)
      this.#ending.delete(id)
      this.#asked.delete(first)
    } else if (type === MessageType.Event) {
      const [publisher, number] = message[4] as [number, number]
      const key = `${first} ${publisher} ${number}`
      if (!this.subscriptions.has(first)) this.#t.fail(`an event of subscription ${first}, which does not exist`)
      if (this.#received.has(key)) this.#t.fail(`an event twice: ${key}`)
      if (number < (this.#last.get(`${publisher}`) ?? 0)) this.#t.fail(`an event out of order: ${key}`)
      this.#received.add(key)
      this.#last.set(`${publisher}`, number)
      this.due.delete(key)
    } else this.#t.fail(`an unexpected message: ${JSON.stringify(message)}`)
  }
}

async function run (t: Test, seed: number): Promise<void> {
  const cluster = await TestCluster.of(1 + seed % 4, seed)
  const { hub } = cluster
  const peers: Peer[] = []
  const one = <T>(list: readonly T[]): T => list[hub.below(list.length)]!
  const arrive = async (): Promise<void> => {
    const node = one(cluster.nodes)
    peers.push(new Peer(t, node, await node.join()))
  }
  for (let i = 0; i < 4; i++) await arrive()
  for (let i = 0; i < steps; i++) {
    const peer = one(peers)
    const choice = hub.below(20)
    if (choice < 4) peer.subscribe(one(patterns))
    else if (choice < 6 && peer.subscriptions.size > 0) peer.unsubscribe(one([...peer.subscriptions.keys()]))
    else if (choice < 10) {
      const published = peer.publish(one(topics))
      for (const other of peers) {
        other.expect(published)
        other.listen()
      }
    } else if (choice < 11 && peers.length > 2 && !peer.isWaiting) {
      peers.splice(peers.indexOf(peer), 1)
      peer.client.connection.closed()
    } else if (choice < 12 && peers.length < 8) await arrive()
    else await cluster.step()
    await settled()
    for (const other of peers) other.listen()
  }
  await cluster.run()
  for (const peer of peers) {
    peer.listen()
    if (peer.due.size > 0) t.fail(`events that did not arrive: ${[...peer.due].join(', ')}`)
    peer.client.connection.closed()
  }
  await cluster.run()
  for (const node of cluster.nodes) {
    const client = await node.join()
    t.same(client.ask([48, 1, {}, 'wamp.subscription.list']), [50, 1, {}, [{ exact: [], prefix: [], wildcard: [] }]], 'no subscription is left')
    t.same(node.logged, [])
  }
}

for (let seed = first; seed < first + schedules; seed++) {
  t.test(`schedule ${seed}: every subscriber receives each event once, in order, wherever it was published`, async (t) => { await run(t, seed) })
}
