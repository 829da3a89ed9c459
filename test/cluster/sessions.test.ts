import t from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import { TestCluster } from './build-cluster.ts'
import type { TestClient } from '../helper/build-router.ts'

const { Result, Goodbye } = MessageType

type Client = TestClient & { id: number }

/** A cluster with a client on each node. */
async function clientsOf (count: number): Promise<{ cluster: TestCluster, clients: [Client, Client, Client] }> {
  const cluster = await TestCluster.of(count)
  const clients = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
  await cluster.run()
  return { cluster, clients: clients as [Client, Client, Client] }
}

let request = 100

/** The args and kwargs of the result of a call, or its error. */
async function call (cluster: TestCluster, client: Client, procedure: string, args: unknown[] = [], kwargs: object = {}): Promise<unknown> {
  client.say([48, ++request, {}, procedure, args, kwargs])
  await cluster.run()
  const answer = client.heard().find(([type, id, third]) => (type === Result && id === request) || (type === 8 && third === request))!
  return answer[0] === Result ? answer.slice(3) : answer[4]
}

t.test('every node lists and counts the sessions of all, and describes each', async (t) => {
  const { cluster, clients } = await clientsOf(3)
  const ids = new Set(clients.map(({ id }) => id))
  for (const client of clients) {
    t.same(await call(cluster, client, 'wamp.session.count'), [[3]])
    t.same(new Set((await call(cluster, client, 'wamp.session.list') as [[number[]]])[0][0]), ids)
    for (const id of ids) t.match(await call(cluster, client, 'wamp.session.get', [id]), [[{ session: id, authrole: 'anonymous', authprovider: 'static' }]])
  }
})

t.test('a node that joins later knows the sessions of all', async (t) => {
  const { cluster, clients } = await clientsOf(2)
  const node = await cluster.add()
  const late = await node.join()
  t.same(await call(cluster, late, 'wamp.session.count'), [[3]])
  t.same(await call(cluster, clients[0], 'wamp.session.count'), [[3]])
})

t.test('on_join and on_leave reach observers on every node once, and the session can be looked up as soon as they come', async (t) => {
  const { cluster, clients: [a, b] } = await clientsOf(2)
  a.say([32, 1, { match: 'prefix' }, 'wamp.session.'])
  b.say([32, 1, { match: 'prefix' }, 'wamp.session.'])
  await cluster.run()
  a.heard()
  b.heard()
  const late = await cluster.nodes[1]!.join()
  while (a.sent.length === 0) await cluster.step()
  const [event] = a.heard() as any[]
  t.equal(event[3].topic, 'wamp.session.on_join')
  a.say([48, 1, {}, 'wamp.session.get', [late.id]])
  t.match(a.heard(), [[Result, 1, {}, [{ session: late.id }]]])
  late.connection.closed()
  await cluster.run()
  t.same(a.heard().map((event: any) => [event[3].topic, event[4][0]]), [['wamp.session.on_leave', late.id]])
  t.same(b.heard().map((event: any) => event[3].topic), ['wamp.session.on_join', 'wamp.session.on_leave'])
  t.same(await call(cluster, a, 'wamp.session.count'), [[2]])
})

t.test('sessions of other nodes are killed by id, authid, role and all at once', async (t) => {
  const { cluster, clients: [a, b, c] } = await clientsOf(3)
  t.same(await call(cluster, a, 'wamp.session.kill', [b.id], { reason: 'com.bye', message: 'go' }), [])
  t.same(b.heard(), [[Goodbye, { message: 'go' }, 'com.bye']])
  t.equal(await call(cluster, a, 'wamp.session.get', [b.id]), 'wamp.error.no_such_session')
  t.same(await call(cluster, a, 'wamp.session.kill_by_authrole', ['anonymous']), [[1]])
  t.match(c.heard(), [[Goodbye, {}, 'wamp.close.killed']])
  const d = await cluster.nodes[1]!.join()
  await cluster.run()
  t.same(await call(cluster, a, 'wamp.session.kill_all'), [[1]])
  t.match(d.heard(), [[Goodbye, {}, 'wamp.close.killed']])
  t.same(await call(cluster, a, 'wamp.session.count'), [[1]])
})

t.test('the subscribers of a subscription are those of all nodes, in pages by their ids', async (t) => {
  const { cluster, clients: [a, b, c] } = await clientsOf(3)
  for (const client of [a, b, c]) client.say([32, 1, {}, 'com.x'])
  await cluster.run()
  const id = a.heard()[0]![2]
  b.heard()
  c.heard()
  t.same(await call(cluster, a, 'wamp.subscription.count_subscribers', [id]), [[3]])
  t.same(await call(cluster, b, 'wamp.subscription.list_subscribers', [id]), [[[a, b, c].map(({ id }) => id).sort((x, y) => x - y)]])
  t.same(await call(cluster, a, 'wamp.subscription.list', [c.id]), [[{ exact: [id], prefix: [], wildcard: [] }]])
  t.same(await call(cluster, a, 'wamp.subscription.remove_subscriber', [id, c.id]), [])
  t.same(await call(cluster, b, 'wamp.subscription.count_subscribers', [id]), [[2]])
  t.equal(await call(cluster, a, 'wamp.subscription.remove_subscriber', [id, c.id]), 'wamp.error.no_such_subscription')
  t.equal(await call(cluster, a, 'wamp.subscription.count_subscribers', [77]), 'wamp.error.no_such_subscription')
  t.equal(await call(cluster, a, 'wamp.subscription.list_subscribers', [77]), 'wamp.error.no_such_subscription')
})

t.test('the callees of a registration are those of all nodes, and can be removed from any', async (t) => {
  const { cluster, clients: [a, b, c] } = await clientsOf(3)
  for (const client of [a, b]) {
    client.say([64, 1, { invoke: 'roundrobin' }, 'com.x'])
    await cluster.run()
  }
  const id = a.heard()[0]![2]
  b.heard()
  t.same(await call(cluster, c, 'wamp.registration.list_callees', [id]), [[[a.id, b.id]]])
  t.same(await call(cluster, c, 'wamp.registration.list', [b.id]), [[{ exact: [id], prefix: [], wildcard: [] }]])
  t.same(await call(cluster, c, 'wamp.registration.remove_callee', [id, b.id, 'com.why']), [])
  await cluster.run()
  t.same(b.heard(), [[67, 0, { registration: id, reason: 'com.why' }]])
  t.same(await call(cluster, a, 'wamp.registration.list_callees', [id]), [[[a.id]]])
})

t.test('the sessions of a node that is declared dead are gone, with on_leave for each, once', async (t) => {
  const { cluster, clients: [a, b, c] } = await clientsOf(3)
  b.say([32, 1, {}, 'wamp.session.on_leave'])
  c.say([32, 1, {}, 'wamp.session.on_leave'])
  await cluster.run()
  b.heard()
  c.heard()
  cluster.hub.pause(cluster.nodes[0]!.cluster.node)
  for (let i = 0; i < 8; i++) await cluster.second()
  for (const observer of [b, c]) t.same(observer.heard().map((event: any) => event[4][0]), [a.id])
  t.same(await call(cluster, b, 'wamp.session.count'), [[2]])
})

t.test('what a node missed about sessions is told again', async (t) => {
  const { cluster, clients: [a, b] } = await clientsOf(2)
  cluster.hub.faults.lost = 1
  const late = await cluster.nodes[1]!.join()
  await cluster.run()
  for (let i = 0; i < 3; i++) await cluster.second()
  t.match(await call(cluster, a, 'wamp.session.get', [late.id]), [[{ session: late.id }]])
  cluster.hub.faults.lost = 1
  late.connection.closed()
  await cluster.run()
  for (let i = 0; i < 3; i++) await cluster.second()
  t.same(await call(cluster, a, 'wamp.session.count'), [[2]])
  t.same(await call(cluster, b, 'wamp.session.count'), [[2]])
})

t.test('a question whose answer is lost fails, and the answer comes from nobody else', async (t) => {
  const { cluster, clients: [a, b] } = await clientsOf(2)
  b.say([32, 1, {}, 'com.x'])
  await cluster.run()
  const id = b.heard()[0]![2]
  cluster.hub.faults.lost = 1
  a.say([48, 1, {}, 'wamp.subscription.count_subscribers', [id]])
  await cluster.run()
  for (let i = 0; i < 3; i++) await cluster.second()
  t.same(a.heard().map((message) => message[4]), ['wamp.error.network_failure'])
})
