import t from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import { settled } from '../helper/build-router.ts'
import { TestCluster } from './build-cluster.ts'

t.test('an event reaches the subscribers of every node, once for each matching subscription', async (t) => {
  const cluster = await TestCluster.of(3)
  const [a, b, c] = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
  b!.say([32, 1, {}, 'com.x'], [32, 2, { match: 'prefix' }, 'com'])
  c!.say([32, 1, { match: 'wildcard' }, '.x'])
  await cluster.run()
  const [exact, prefix] = b!.heard().map(([, , id]) => id)
  const [wildcard] = c!.heard().map(([, , id]) => id)
  a!.say([16, 1, { acknowledge: true }, 'com.x', ['hello'], { n: 1 }])
  await cluster.run()
  const published = a!.heard()
  const publication = published[0]![2]
  t.same(published, [[MessageType.Published, 1, publication]])
  t.same(b!.heard(), [
    [36, exact, publication, {}, ['hello'], { n: 1 }],
    [36, prefix, publication, { topic: 'com.x' }, ['hello'], { n: 1 }]
  ])
  t.same(c!.heard(), [[36, wildcard, publication, { topic: 'com.x' }, ['hello'], { n: 1 }]])
  t.equal(new Set([exact, prefix, wildcard]).size, 3, 'ids are the same on all nodes, so none is used twice')
})

t.test('SUBSCRIBED waits until every node knows, and from then on no event is missed', async (t) => {
  const cluster = await TestCluster.of(3)
  const [a, b] = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
  b!.say([32, 1, {}, 'com.x'])
  await settled()
  for (let steps = 0; b!.sent.length === 0 && cluster.hub.isBusy; steps++) {
    a!.say([16, steps + 1, {}, 'com.x', ['before']])
    await cluster.step()
  }
  t.equal(b!.heard()[0]?.[0], 33)
  a!.say([16, 1000, {}, 'com.x', ['after']])
  await cluster.run()
  t.same(b!.heard().map((event) => event.at(-1)).at(-1), ['after'])
})

t.test('two subscriptions to one topic have one id on all nodes, and end with their last subscriber', async (t) => {
  const cluster = await TestCluster.of(2)
  const [a, b, observer] = [await cluster.nodes[0]!.join(), await cluster.nodes[1]!.join(), await cluster.nodes[0]!.join()]
  observer.say([32, 1, { match: 'prefix' }, 'wamp.subscription.'])
  await cluster.run()
  observer.heard()
  a.say([32, 1, {}, 'com.x'])
  b.say([32, 1, {}, 'com.x'])
  await cluster.run()
  const [[, , ofA], [, , ofB]] = [a.heard()[0]!, b.heard()[0]!]
  t.equal(ofA, ofB)
  const events = observer.heard().map(([, , , { topic }, args]: any) => [topic.slice(18), args[0]])
  t.equal(events.filter(([topic]) => topic === 'on_create').length, 1)
  t.same(events.filter(([topic]) => topic === 'on_subscribe').map(([, session]) => session).sort(), [a.id, b.id].sort())
  t.equal(events[0]?.[0], 'on_create')
  a.say([34, 2, ofA as number])
  await cluster.run()
  b.say([34, 2, ofB as number])
  await cluster.run()
  t.same(observer.heard().map(([, , , { topic }, args]: any) => [topic.slice(18), ...args]), [
    ['on_unsubscribe', a.id, ofA], ['on_unsubscribe', b.id, ofB], ['on_delete', b.id, ofB]
  ])
})

t.test('a session that leaves while its SUBSCRIBE waits leaves nothing behind', async (t) => {
  const cluster = await TestCluster.of(2)
  const [a, b] = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
  b!.say([32, 1, {}, 'com.x'])
  await settled()
  b!.connection.closed()
  await cluster.run()
  const counted = a!.ask([48, 1, {}, 'wamp.subscription.lookup', ['com.x']])
  t.same(counted, [50, 1, {}, [null]])
})

t.test('receiver lists, exclude_me and disclosure apply on every node', async (t) => {
  const cluster = await TestCluster.of(2)
  const [a, b] = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
  const c = await cluster.nodes[1]!.join()
  for (const client of [a!, b!, c]) client.say([32, 1, {}, 'com.x'])
  await cluster.run()
  for (const client of [a!, b!, c]) client.heard()
  a!.say([16, 1, { exclude: [b!.id] }, 'com.x', ['not b']])
  a!.say([16, 2, { eligible: [b!.id], disclose_me: true }, 'com.x', ['only b']])
  a!.say([16, 3, { exclude_me: false, eligible_authrole: ['nobody'] }, 'com.x', ['nobody']])
  a!.say([16, 4, { exclude_me: false }, 'com.x', ['all']])
  await cluster.run()
  const heard = (client: { heard (): unknown[][] }): unknown[] => client.heard().map((event) => (event.at(-1) as unknown[])[0])
  t.same(heard(a!), ['all'])
  t.same(heard(c), ['not b', 'all'])
  t.same(heard(b!), ['only b', 'all'])
})

t.test('a malformed message or entry is ignored and logged', async (t) => {
  const cluster = await TestCluster.of(2)
  const [a] = cluster.nodes
  const stranger = cluster.hub.link()
  await stranger.open('stranger0000', { entry () {}, message () {}, changed () {} })
  const head = Buffer.from('["nobody"]')
  for (const octets of [Buffer.alloc(0), Buffer.from([0, 0, 0, 9]), Buffer.from([0, 0, 0, 2, 123, 125]), Buffer.concat([Buffer.from([0, 0, 0, head.length]), head])]) stranger.send(a!.cluster.node, octets)
  for (const text of ['', '{}', '["stranger0000",1,[["burn"]]]', '["stranger0000",1,[["hold","realm1","x","exact",1,1]]]']) stranger.append(Buffer.from(text)).catch(t.error)
  await cluster.run()
  t.equal(a!.logged.filter((line) => line.includes('is ignored')).length, 7)
  const client = await a!.join()
  client.say([32, 1, {}, 'com.x'])
  await cluster.run()
  t.equal(client.heard()[0]?.[0], 33)
})

t.test('what one turn changes becomes several entries of the log if it is too long for one', async (t) => {
  const cluster = await TestCluster.of(2)
  const [a, b] = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
  const sizes: number[] = []
  const append = cluster.hub.append.bind(cluster.hub)
  cluster.hub.append = (octets) => {
    sizes.push(octets.length)
    append(octets)
  }
  const topics = Array.from({ length: 1000 }, (_, i) => `com.${'x'.repeat(1000)}.${i}`)
  const clients = await Promise.all(topics.map(async () => await cluster.nodes[0]!.join()))
  clients.forEach((client, i) => { client.say([32, 1, {}, topics[i]!]) })
  await cluster.run()
  t.same(clients.map((client) => client.heard()[0]?.[0]), topics.map(() => 33))
  t.ok(sizes.length >= 5, 'several entries')
  t.ok(Math.max(...sizes) < 2 ** 18)
  t.equal((b!.ask([48, 1, {}, 'wamp.subscription.lookup', [topics[999]!]]) as any[])[3][0] > 0, true)
  t.same(a!.heard(), [])
})
