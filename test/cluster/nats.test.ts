import t from 'tap'
import type { Test } from 'tap'
import type { Clock } from '../../plugin/cluster/clock.ts'
import { Cluster } from '../../plugin/cluster/cluster.ts'
import { NatsLink } from '../../plugin/cluster/nats-link.ts'
import { codecs } from '../../plugin/codec/codecs.ts'
import { buildRouter, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'
import { needsNats } from '../interop/programs.ts'
import { NatsServer } from './nats-server.ts'

const options = needsNats()

/** Leases do not end, however slow the machine is. */
const stopped: Clock = { now: () => 0, every: () => () => {} }

/** A client whose messages can be awaited. */
interface Listener extends TestClient { readonly id: number, until (count: number): Promise<unknown[][]> }

interface Node { readonly cluster: Cluster, readonly logged: string[], join (): Promise<Listener> }

/** Nodes of one cluster at a NATS server. */
async function nodesAt (t: Test, { url }: NatsServer, count: number, name = 'test'): Promise<Node[]> {
  const nodes: Node[] = []
  for (let i = 0; i < count; i++) {
    const logged: string[] = []
    const line = (_: object, text: string): void => { logged.push(text) }
    const cluster = new Cluster({ link: new NatsLink({ servers: [url], name }), codecs: codecs.values(), log: { error: line, warn: line }, clock: stopped, fenced: () => { logged.push('fenced') } })
    const { join } = buildRouter({}, cluster)
    await cluster.join()
    t.teardown(async () => { await cluster.leave() })
    nodes.push({ cluster, logged, join: async () => listening(await join()) })
  }
  return nodes
}

function listening (client: TestClient & { id: number }): Listener {
  let waiting: { readonly count: number, resolve (): void } | null = null
  const send = client.send.bind(client)
  client.send = (message) => {
    const delivery = send(message)
    if (waiting !== null && client.sent.length >= waiting.count) waiting.resolve()
    return delivery
  }
  return Object.assign(client, {
    /** Resolves with what came, when it is that many messages. */
    until: async (count: number): Promise<unknown[][]> => {
      if (client.sent.length < count) await new Promise<void>((resolve) => { waiting = { count, resolve } })
      return client.heard()
    }
  })
}

t.test('events reach the subscribers at other nodes through a NATS server', options, async (t) => {
  const server = await NatsServer.start(t)
  const nodes = await nodesAt(t, server, 3)
  const [a, b, c] = await Promise.all(nodes.map(async (node) => await node.join()))
  b!.say([32, 1, {}, 'com.x'])
  c!.say([32, 1, { match: 'prefix' }, 'com'])
  const [[, , exact], [, , prefix]] = [(await b!.until(1))[0]!, (await c!.until(1))[0]!]
  a!.say([16, 1, { acknowledge: true }, 'com.x', [1, new Uint8Array([1, 2])], { key: 'ü' }])
  const [[, , publication]] = await a!.until(1) as [[number, number, number]]
  t.same(await b!.until(1), [[36, exact, publication, {}, [1, new Uint8Array([1, 2])], { key: 'ü' }]])
  t.same(await c!.until(1), [[36, prefix, publication, { topic: 'com.x' }, [1, new Uint8Array([1, 2])], { key: 'ü' }]])
  t.same(nodes.flatMap(({ logged }) => logged), [])
})

t.test('after SUBSCRIBED, none of 2000 events from two publishers is missed, doubled or out of order', options, async (t) => {
  const nodes = await nodesAt(t, await NatsServer.start(t), 3)
  const [a, b, c] = await Promise.all(nodes.map(async (node) => await node.join())) as [Listener, Listener, Listener]
  for (let i = 0; i < 20; i++) {
    const topic = `com.t${i}`
    c.say([32, i + 1, {}, topic])
    await c.until(1)
    for (let n = 0; n < 50; n++) for (const [j, client] of [a, b].entries()) client.say([16, i * 50 + n + 1, {}, topic, [j, i, n]])
    const events = await c.until(100)
    const of = (publisher: number): unknown[] => events.map((event) => event[4] as number[]).filter(([j]) => j === publisher).map(([, , n]) => n)
    const all = Array.from({ length: 50 }, (_, n) => n)
    t.same([of(0), of(1)], [all, all], topic)
  }
})

t.test('two clusters of different names at one server do not hear each other', options, async (t) => {
  const server = await NatsServer.start(t)
  const [[one], [other]] = [await nodesAt(t, server, 1, 'one'), await nodesAt(t, server, 1, 'other')]
  const [a, b] = [await one!.join(), await other!.join()]
  b.say([32, 1, {}, 'com.x'])
  await b.until(1)
  a.say([16, 1, { acknowledge: true }, 'com.x'])
  t.same((await a.until(1))[0]![0], 17)
  b.say([16, 2, { exclude_me: false }, 'com.x', ['own']])
  t.same((await b.until(1)).map((event) => event[4]), [['own']])
})

t.test('while the server is away, a publication for other nodes is refused, and everything works again after it', options, async (t) => {
  const folder = t.testdir({})
  const server = await NatsServer.start(t, { folder })
  const nodes = await nodesAt(t, server, 2)
  const [a, b] = await Promise.all(nodes.map(async (node) => await node.join())) as [Listener, Listener]
  b.say([32, 1, {}, 'com.x'])
  await b.until(1)
  await server.stop()
  const refused = async (): Promise<unknown[]> => {
    a.say([16, 1, { acknowledge: true }, 'com.x'])
    return (await a.until(1))[0]!
  }
  t.same((await refused()).slice(0, 5), [8, 16, 1, {}, 'wamp.error.network_failure'])
  t.same(await refused(), [8, 16, 1, {}, 'wamp.error.network_failure', ['other nodes of the router cannot be reached now']])
  b.say([16, 2, { exclude_me: false, acknowledge: true }, 'com.x', ['here']])
  t.same((await b.until(2)).map(([type]) => type).sort(), [17, 36], 'what no other node wants needs no server')
  await NatsServer.start(t, { folder, port: server.port })
  // The other node may connect again later than this one: what is published until then is lost.
  const answers = new Set<unknown>()
  while (b.sent.length === 0) {
    answers.add((await refused())[0])
    await settled()
  }
  t.same([...answers].filter((type) => type !== 8), [17])
  t.equal(b.heard()[0]?.[0], 36)
  a.say([32, 5, {}, 'com.y'])
  t.equal((await a.until(1))[0]?.[0], 33)
})

t.test('calls between nodes go through a NATS server, with payloads that are longer than one message', options, async (t) => {
  const nodes = await nodesAt(t, await NatsServer.start(t), 3)
  const [a, b, c] = await Promise.all(nodes.map(async (node) => await node.join())) as [Listener, Listener, Listener]
  b.say([64, 1, {}, 'com.echo'])
  t.equal((await b.until(1))[0]![0], 65)
  const calls = 200
  for (let request = 1; request <= calls; request++) for (const caller of [a, c]) caller.say([48, request, {}, 'com.echo', [request]])
  for (const [, id, , , args] of await b.until(2 * calls) as any[]) b.say([70, id, {}, args])
  for (const caller of [a, c]) {
    const results = (await caller.until(calls)).map(([type, request,, args]) => [type, request, args])
    t.same(results, Array.from({ length: calls }, (_, i) => [50, i + 1, [i + 1]]))
  }
  const long = 'x'.repeat(3 * 2 ** 20)
  a.say([48, calls + 1, {}, 'com.echo', [long]], [48, calls + 2, {}, 'com.echo', ['short']])
  const invocations = await b.until(2) as any[]
  t.same(invocations.map((message) => message[4][0].length), [long.length, 5])
  for (const [, id, , , args] of invocations) b.say([70, id, {}, args])
  t.same((await a.until(2)).map((message: any) => message[3][0].length), [long.length, 5])
  t.same(nodes.flatMap(({ logged }) => logged), [])
})
