import t from 'tap'
import { TestCluster } from './build-cluster.ts'

t.test('a node that is silent is declared dead, what it held is gone, and nobody waits for it any more', async (t) => {
  const cluster = await TestCluster.of(3)
  const [a, b, c] = cluster.nodes
  const [publisher, subscriber, lost] = [await a!.join(), await b!.join(), await c!.join()]
  lost.say([32, 1, {}, 'com.lost'])
  await cluster.run()
  cluster.hub.pause(c!.cluster.node)
  subscriber.say([32, 1, {}, 'com.x'])
  await cluster.second()
  t.same(subscriber.heard(), [], 'SUBSCRIBED waits for the silent node')
  for (let seconds = 0; seconds < 4; seconds++) await cluster.second()
  t.equal(subscriber.heard()[0]?.[0], 33)
  t.same(publisher.ask([48, 1, {}, 'wamp.subscription.lookup', ['com.lost']]), [50, 1, {}, [null]])
  t.ok(a!.logged.some((line) => line.includes('declared dead')))
  publisher.say([16, 2, {}, 'com.x', [1]])
  await cluster.run()
  t.same(subscriber.heard().map((event) => event[4]), [[1]])
})

t.test('a node that was paused for longer than its lease acts on nothing when it continues', async (t) => {
  const cluster = await TestCluster.of(3)
  const [a, , c] = cluster.nodes
  const [publisher, paused] = [await a!.join(), await c!.join()]
  paused.say([32, 1, {}, 'com.x'])
  await cluster.run()
  paused.heard()
  cluster.hub.pause(c!.cluster.node)
  publisher.say([16, 1, {}, 'com.x', ['while it is paused']])
  for (let seconds = 0; seconds < 10; seconds++) await cluster.second()
  cluster.hub.resume(c!.cluster.node)
  await cluster.run()
  t.same(paused.heard(), [])
  t.equal(c!.state, 'fenced')
  t.match(c!.logged, [/fenced/])
  t.equal(paused.closedBy, 'shutdown', 'its clients connect again, to another node')
  t.notOk(a!.logged.some((line) => line.includes('lost')))
})

t.test('a node whose process was stopped handles no input when it continues, and a replaced callee gets no call', async (t) => {
  const cluster = await TestCluster.of(3)
  const [a, , c] = cluster.nodes
  const { node } = c!.cluster
  const [replacing, callee, caller, subscriber] = [await a!.join(), await c!.join(), await c!.join(), await c!.join()]
  callee.say([64, 1, {}, 'com.x'])
  subscriber.say([32, 1, {}, 'com.topic'], [32, 2, { match: 'prefix' }, 'wamp.'])
  await cluster.run()
  callee.heard()
  subscriber.heard()
  cluster.stop(node)
  for (let seconds = 0; seconds < 10; seconds++) await cluster.second()
  replacing.say([64, 1, {}, 'com.x'])
  await cluster.run()
  t.equal(replacing.heard()[0]?.[0], 65)
  cluster.continue(node)
  // What clients have sent meanwhile is read before anything comes from other nodes.
  caller.say([48, 1, {}, 'com.x'], [16, 2, {}, 'com.topic'])
  await cluster.run()
  for (const client of [callee, caller, subscriber]) {
    t.same(client.heard(), [])
    t.equal(client.closedBy, 'shutdown')
  }
  t.equal(c!.state, 'fenced')
})

t.test('nodes that renew their leases stay members, whatever else happens', async (t) => {
  const cluster = await TestCluster.of(4)
  for (let seconds = 0; seconds < 20; seconds++) await cluster.second()
  t.same(cluster.nodes.map(({ state, logged }) => [state, logged]), cluster.nodes.map(() => ['member', []]))
})

t.test('a node that leaves is not waited for, and what it held is gone at once', async (t) => {
  const cluster = await TestCluster.of(2)
  const [a, b] = cluster.nodes
  const [client, other] = [await a!.join(), await b!.join()]
  other.say([32, 1, {}, 'com.x'])
  await cluster.run()
  const left = b!.cluster.leave()
  await cluster.run()
  await left
  t.same(client.ask([48, 1, {}, 'wamp.subscription.lookup', ['com.x']]), [50, 1, {}, [null]])
  client.say([32, 1, {}, 'com.y'])
  await cluster.run()
  t.equal(client.heard()[0]?.[0], 33)
  t.same([a!.logged, a!.state, b!.state], [[], 'member', 'member'])
})

t.test('a message that comes twice is handled once, and one that is lost is noticed, even the last one', async (t) => {
  const cluster = await TestCluster.of(2)
  const [a, b] = cluster.nodes
  const [publisher, subscriber] = [await a!.join(), await b!.join()]
  subscriber.say([32, 1, {}, 'com.x'])
  await cluster.run()
  subscriber.heard()
  cluster.hub.faults.doubled = 1
  publisher.say([16, 1, {}, 'com.x', ['doubled']])
  await cluster.run()
  t.same(subscriber.heard().map((event) => event[4]), [['doubled']])
  cluster.hub.faults.lost = 1
  publisher.say([16, 2, {}, 'com.x', ['lost']])
  await cluster.run()
  t.same(b!.logged, [])
  await cluster.second()
  t.match(b!.logged, [/messages of another node were lost/])
  publisher.say([16, 3, {}, 'com.x', ['next']])
  await cluster.run()
  t.same(subscriber.heard().map((event) => event[4]), [['next']])
  t.equal(b!.logged.length, 1)
})

t.test('a confirmation that is lost comes with the next heartbeat', async (t) => {
  const cluster = await TestCluster.of(2)
  const client = await cluster.nodes[0]!.join()
  await cluster.run()
  cluster.hub.faults.lost = 1
  client.say([32, 1, {}, 'com.x'])
  await cluster.run()
  t.same(client.heard(), [])
  await cluster.second()
  t.equal(client.heard()[0]?.[0], 33)
})
