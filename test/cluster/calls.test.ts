import t from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import { settled } from '../helper/build-router.ts'
import { TestCluster } from './build-cluster.ts'

const { Registered, Unregistered, Invocation, Interrupt, Result } = MessageType

/** A cluster with a client on each node. */
async function clientsOf (count: number) {
  const cluster = await TestCluster.of(count)
  const clients = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
  return { cluster, clients: clients as [typeof clients[0] & {}, typeof clients[0] & {}, typeof clients[0] & {}] }
}

t.test('a procedure can be called from every node, with its result, its errors and its kwargs', async (t) => {
  const { cluster, clients: [a, b, c] } = await clientsOf(3)
  a.say([64, 1, {}, 'com.add'])
  await cluster.run()
  const [[type, , registration]] = a.heard() as [number[]]
  t.equal(type, Registered)
  b.say([48, 1, {}, 'com.add', [1, 2], { x: 'y' }])
  c.say([48, 1, {}, 'com.add', ['fail']])
  await cluster.run()
  const invocations = a.heard()
  t.same(new Set(invocations.map(([, , , ...rest]) => JSON.stringify(rest))), new Set(['[{},[1,2],{"x":"y"}]', '[{},["fail"]]']))
  for (const [kind, request, of, , args] of invocations as [number, number, number, object, unknown[]][]) {
    t.same([kind, of], [Invocation, registration])
    a.say(args[0] === 'fail' ? [8, 68, request, {}, 'com.error', ['why']] : [70, request, {}, [3], { z: 1 }])
  }
  await cluster.run()
  t.same(b.heard(), [[Result, 1, {}, [3], { z: 1 }]])
  t.same(c.heard(), [[8, 48, 1, {}, 'com.error', ['why']]])
})

t.test('REGISTERED waits until every node knows, and from then on every node can call', async (t) => {
  const { cluster, clients: [a, b] } = await clientsOf(3)
  b.say([64, 1, {}, 'com.x'])
  await settled()
  while (b.sent.length === 0 && cluster.hub.isBusy) await cluster.step()
  t.equal(b.heard()[0]?.[0], Registered)
  a.say([48, 1, {}, 'com.x'])
  await cluster.run()
  t.equal(b.heard()[0]?.[0], Invocation)
})

t.test('no invocation overtakes REGISTERED, although other nodes know the callee before', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const cluster = await TestCluster.of(3, seed)
    const [a, b, c] = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
    b!.say([64, 1, {}, 'com.x'])
    await settled()
    for (let request = 1; b!.sent.length === 0 && cluster.hub.isBusy; request++) {
      a!.say([48, request, {}, 'com.x'])
      c!.say([48, request, {}, 'com.x'])
      await cluster.step()
    }
    await cluster.run()
    const types = b!.heard().map(([type]) => type)
    t.equal(types[0], Registered, `seed ${seed}`)
    t.same(new Set(types.slice(1)), new Set([Invocation]), `seed ${seed}`)
  }
})

t.test('of two REGISTERs in the same instant, the first one in the log wins', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const cluster = await TestCluster.of(2, seed)
    const [a, b] = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
    a!.say([64, 1, {}, 'com.x'])
    b!.say([64, 1, {}, 'com.x'])
    await cluster.run()
    const answers = [a!.heard()[0]!, b!.heard()[0]!]
    t.same(new Set(answers.map(([type]) => type)), new Set([8, Registered]), `seed ${seed}`)
    t.equal(answers.find(([type]) => type === 8)?.[4], 'wamp.error.procedure_already_exists')
  }
})

t.test('after UNREGISTERED no call arrives, and another session can register at once', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const cluster = await TestCluster.of(3, seed)
    const [a, b, c] = await Promise.all(cluster.nodes.map(async (node) => await node.join()))
    a!.say([64, 1, {}, 'com.x'])
    await cluster.run()
    const registration = a!.heard()[0]![2]
    a!.say([66, 2, registration])
    await settled()
    for (let request = 1; !a!.sent.some(([type]) => type === Unregistered); request++) {
      b!.say([48, request, {}, 'com.x'])
      await cluster.step()
    }
    c!.say([64, 1, {}, 'com.x'])
    b!.heard()
    b!.say([48, 1000, {}, 'com.x'])
    await cluster.run()
    const types = a!.heard().map(([type]) => type)
    t.equal(types.at(-1), Unregistered, `seed ${seed}`)
    t.equal(c!.heard()[0]?.[0], Registered, `seed ${seed}`)
  }
})

t.test('a session that leaves is no callee on any node, and its open calls end', async (t) => {
  const { cluster, clients: [a, b] } = await clientsOf(2)
  a.say([64, 1, {}, 'com.x'])
  await cluster.run()
  b.say([48, 1, {}, 'com.x'])
  await cluster.run()
  a.connection.closed()
  b.say([48, 2, {}, 'com.x'])
  await cluster.run()
  b.say([48, 3, {}, 'com.x'])
  t.same(b.heard().map(([type, , request, , error]) => [type, request, error]), [
    [8, 1, 'wamp.error.canceled'], [8, 2, 'wamp.error.no_such_procedure'], [8, 3, 'wamp.error.no_such_procedure']
  ])
})

t.test('shared registrations use the callees of all nodes, in the order of registration', async (t) => {
  const { cluster, clients: [a, b, c] } = await clientsOf(3)
  for (const callee of [b, c, a]) {
    callee.say([64, 1, { invoke: 'roundrobin' }, 'com.x'])
    await cluster.run()
  }
  const [ids] = [[a, b, c].map((client) => client.heard()[0]![2])]
  t.equal(new Set(ids).size, 1)
  for (let request = 1; request <= 6; request++) a.say([48, request, {}, 'com.x', [request]])
  await cluster.run()
  const called = [b, c, a].map((callee) => callee.heard().filter(([type]) => type === Invocation).map((message) => (message[4] as unknown[])[0]))
  t.same(called, [[1, 4], [2, 5], [3, 6]])
  b.say([64, 2, { invoke: 'single' }, 'com.x'])
  await cluster.run()
  t.equal(b.heard()[0]?.[4], 'wamp.error.procedure_already_exists', 'a mismatched policy is refused everywhere')
})

t.test('concurrency is counted by the node of the callee, and a busy callee is skipped', async (t) => {
  const { cluster, clients: [a, b, c] } = await clientsOf(3)
  b.say([64, 1, { invoke: 'roundrobin', concurrency: 1 }, 'com.x'])
  await cluster.run()
  c.say([64, 1, { invoke: 'roundrobin', concurrency: 1 }, 'com.x'])
  await cluster.run()
  b.heard()
  c.heard()
  const [d] = [await cluster.nodes[1]!.join()]
  d!.say([48, 1, {}, 'com.x', ['d1']], [48, 2, {}, 'com.x', ['d2']])
  await cluster.run()
  a.say([48, 1, {}, 'com.x', ['a1']])
  await cluster.run()
  t.same([b, c].map((callee) => callee.heard().length), [1, 1])
  t.same(a.heard().map((message) => message[4]), ['wamp.error.no_available_callee'])
  t.same(d!.heard(), [])
})

t.test('progressive results and input, cancel and timeout work between nodes', async (t) => {
  const { cluster, clients: [a, b] } = await clientsOf(2)
  a.say([64, 1, {}, 'com.x'])
  await cluster.run()
  a.heard()
  b.say([48, 1, { receive_progress: true, progress: true }, 'com.x', ['in 1']], [48, 1, { progress: true }, 'com.x', ['in 2']], [48, 1, {}, 'com.x', ['in 3']])
  await cluster.run()
  const inputs = a.heard()
  t.same(inputs.map(([, , , details, args]) => [details, args]), [
    [{ progress: true, receive_progress: true }, ['in 1']], [{ progress: true, receive_progress: true }, ['in 2']], [{ receive_progress: true }, ['in 3']]
  ])
  const request = inputs[0]![1]
  a.say([70, request, { progress: true }, ['out 1']], [70, request, {}, ['out 2']])
  await cluster.run()
  t.same(b.heard(), [[Result, 1, { progress: true }, ['out 1']], [Result, 1, {}, ['out 2']]])

  for (const mode of ['kill', 'killnowait', 'skip']) {
    b.say([48, 10, {}, 'com.x', [mode]])
    await cluster.run()
    const [, id] = a.heard()[0]!
    b.say([49, 10, { mode }])
    await settled()
    t.equal(b.heard().length, mode === 'kill' ? 0 : 1, `${mode}: the caller is answered at once, except with kill`)
    await cluster.run()
    t.same(a.heard(), mode === 'skip' ? [] : [[Interrupt, id, { mode }]], mode)
    a.say([8, 68, id, {}, 'wamp.error.canceled'])
    await cluster.run()
    t.equal(b.heard().length, mode === 'kill' ? 1 : 0, mode)
  }
})

t.test('a caller that leaves interrupts the callee on another node, and nothing is left of the call', async (t) => {
  const { cluster, clients: [a, b] } = await clientsOf(2)
  a.say([64, 1, {}, 'com.x'])
  await cluster.run()
  a.heard()
  b.say([48, 1, {}, 'com.x'])
  await cluster.run()
  const [, request] = a.heard()[0]!
  b.connection.closed()
  await cluster.run()
  t.same(a.heard(), [[Interrupt, request, { mode: 'killnowait' }]])
  t.equal(cluster.openCalls(), 0)
})

t.test('a callee is replaced by force_reregister on another node, and informed', async (t) => {
  const { cluster, clients: [a, b, c] } = await clientsOf(3)
  a.say([64, 1, {}, 'com.x'])
  await cluster.run()
  const registration = a.heard()[0]![2]
  b.say([64, 1, { force_reregister: true }, 'com.x'])
  await settled()
  for (let request = 1; b.sent.length === 0; request++) {
    c.say([48, request, {}, 'com.x'])
    await cluster.step()
  }
  await cluster.run()
  const last = a.heard().at(-1)
  t.same(last, [Unregistered, 0, { registration, reason: 'wamp.error.unregistered' }])
  t.equal(b.heard()[0]?.[0], Registered)
  t.same(c.heard(), [], 'each call has a callee')
})

t.test('lost messages end the calls between the nodes on both sides', async (t) => {
  const { cluster, clients: [a, b] } = await clientsOf(2)
  a.say([64, 1, {}, 'com.x'])
  b.say([64, 1, {}, 'com.y'])
  await cluster.run()
  a.heard()
  b.heard()
  b.say([48, 1, {}, 'com.x'])
  a.say([48, 1, {}, 'com.y'])
  await cluster.run()
  cluster.hub.faults.lost = 1
  b.say([48, 2, {}, 'com.x'])
  await cluster.run()
  await cluster.second()
  t.same(b.heard().filter(([type]) => type === 8).map(([, , request, , error]) => [request, error]), [[1, 'wamp.error.network_failure'], [2, 'wamp.error.network_failure']])
  t.same(a.heard().filter(([type]) => type === 8).map(([, , request, , error]) => [request, error]), [[1, 'wamp.error.network_failure']])
  t.equal(cluster.openCalls(), 0)
})

t.test('a node that is declared dead: its callees are gone, callers get an error, and each meta event comes once on each node', async (t) => {
  const { cluster, clients: [a, b, observer] } = await clientsOf(3)
  a.say([64, 1, {}, 'com.x'])
  observer.say([32, 1, { match: 'prefix' }, 'wamp.registration.'])
  await cluster.run()
  observer.heard()
  b.say([48, 1, {}, 'com.x'])
  await cluster.run()
  cluster.hub.pause(cluster.nodes[0]!.cluster.node)
  for (let i = 0; i < 8; i++) await cluster.second()
  t.same(b.heard().map(([, , request, , error]) => [request, error]), [[1, 'wamp.error.network_failure']])
  b.say([48, 2, {}, 'com.x'], [64, 3, {}, 'com.x'])
  await cluster.run()
  const answers = b.heard()
  t.equal(answers[0]?.[4], 'wamp.error.no_such_procedure')
  t.equal(answers[1]?.[0], Registered)
  t.same(observer.heard().map((event: any) => event[3].topic.slice(18)), ['on_unregister', 'on_delete', 'on_create', 'on_register'])
})
