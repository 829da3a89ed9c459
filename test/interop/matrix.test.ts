import t from 'tap'
import type { Test } from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { openAutobahnPeer } from './autobahn-client.ts'
import { ClientPeer } from './client-peer.ts'
import { serializers, steps } from './peer.ts'
import type { Outcome, Peer, Serializer, Values } from './peer.ts'
import { needsAutobahnForPython } from './programs.ts'
import { PythonPeer } from './python-peer.ts'
import { openWampy, WampyPeer } from './wampy-client.ts'

const sample: Values = {
  args: ['Grüße, 世界 🌍', 0, -1, 2 ** 32, 2 ** 32 + 5, -(2 ** 40), 2 ** 53 - 1, 0.5, true, false, null, '', { octets: '' }, { octets: '10e3ff9053075c526f5fc06d4fe37cdb' }],
  kwargs: { nested: { list: [1, [2, { größe: 'XL', bytes: [{ octets: '00ff' }] }]], empty: {}, none: [] }, big: { number: 2 ** 48 } }
}

async function join (t: Test, url: string): Promise<Peer[]> {
  const joiners: ((serializer: Serializer) => Promise<Peer>)[] = [
    async (serializer) => await openAutobahnPeer(t, url, serializer),
    async (serializer) => new WampyPeer((await openWampy(t, url, { serializer })).wampy, serializer),
    async (serializer) => await PythonPeer.join(t, url, { serializer }),
    async (serializer) => await ClientPeer.join(t, url, serializer)
  ]
  return await Promise.all(serializers.flatMap((serializer) => joiners.map((join) => join(serializer))))
}

/** What the caller got is what it sent, and so is what the callee saw. */
function isEcho (t: Test, { error, args, kwargs: { seen, ...kwargs } }: Outcome, expected: string | null): void {
  t.equal(error, expected)
  t.strictSame({ args, kwargs }, sample, 'what the caller got')
  t.strictSame(JSON.parse(String(seen)), sample, 'what the callee saw')
}

t.test('AutobahnJS, wampy, Autobahn for Python and fastify-wamp/client', needsAutobahnForPython(), async (t) => {
  const { url } = await buildApp(t)
  const peers = await join(t, url)
  for (const [index, peer] of peers.entries()) {
    await peer.register(`com.echo${index}`)
    await peer.register(`com.fail${index}`, 'com.error.sample')
    await peer.subscribe('com.news')
  }

  for (const caller of peers) {
    await t.test(`${caller.name} calls all clients, and gets their results and errors [CAL-01, CAL-03, SER-04, SER-08]`, async (t) => {
      for (const [index, callee] of peers.entries()) {
        await t.test(`calls ${callee.name}`, async (t) => {
          isEcho(t, await caller.call(`com.echo${index}`, sample), null)
          isEcho(t, await caller.call(`com.fail${index}`, sample), 'com.error.sample')
        })
      }
    })
  }

  for (const publisher of peers) {
    await t.test(`${publisher.name} publishes to all clients, and they receive what it sent [PUB-04, SER-04, SER-08]`, async (t) => {
      await publisher.publish('com.news', sample)
      for (const subscriber of peers) {
        if (subscriber === publisher) continue
        const { args, kwargs } = await subscriber.nextEvent()
        t.strictSame({ args, kwargs }, sample, subscriber.name)
      }
    })
  }

  await t.test('clients that support progressive results send them to clients that request them [PCR-02, PCR-03, TRP-28]', async (t) => {
    for (const [index, peer] of peers.entries()) await peer.registerSteps(`com.steps${index}`)
    for (const caller of peers) {
      for (const [index, callee] of peers.entries()) {
        t.strictSame(await caller.callSteps(`com.steps${index}`), { progress: callee.name.startsWith('wampy') ? [] : steps, result: 'done' }, `${caller.name} calls ${callee.name}`)
      }
    }
  })

  await t.test('all clients share one registration, and are called in turn [SHR-03]', async (t) => {
    for (const peer of peers) await peer.registerName('com.shared', { invoke: 'roundrobin' })
    const names: unknown[] = []
    for (let round = 0; round < 2; round++) for (const caller of peers) names.push((await caller.call('com.shared', { args: [], kwargs: {} })).args[0])
    t.strictSame(names, [...peers, ...peers].map(({ name }) => name))
  })

  await t.test('all clients register by pattern, and are called with a matching URI [PAR-01, PAR-06]', async (t) => {
    for (const [index, peer] of peers.entries()) await peer.registerName(`com.prefix${index}`, { match: 'prefix' })
    for (const [i, caller] of peers.entries()) {
      const callee = (i + 1) % peers.length
      t.strictSame((await caller.call(`com.prefix${callee}.any.thing`, { args: [], kwargs: {} })).args, [peers[callee]!.name])
    }
  })

  await t.test('all clients subscribe by pattern, and receive the topic [PAS-03, PAS-04]', async (t) => {
    for (const peer of peers) {
      await peer.subscribe('com.topic', 'prefix')
      await peer.subscribe('com..news', 'wildcard')
    }
    for (const [i, publisher] of peers.entries()) {
      await publisher.publish(`com.topic.from${i}`, { args: [i], kwargs: {} })
      await publisher.publish(`com.of${i}.news`, { args: [i], kwargs: {} })
      for (const subscriber of peers) {
        if (subscriber === publisher) continue
        t.strictSame([await subscriber.nextEvent(), await subscriber.nextEvent()].map(({ topic, args }) => [topic, args]), [[`com.topic.from${i}`, [i]], [`com.of${i}.news`, [i]]], subscriber.name)
      }
    }
  })

  await t.test('all clients call the meta API [MSE-07, MSE-09]', async (t) => {
    const ids = new Set<unknown>()
    for (const peer of peers) {
      const { args: [count] } = await peer.call('wamp.session.count', { args: [], kwargs: {} })
      const { args: [list] } = await peer.call('wamp.session.list', { args: [], kwargs: {} })
      t.strictSame([count, (list as unknown[]).length], [peers.length, peers.length], peer.name)
      for (const id of list as unknown[]) ids.add(typeof id === 'object' ? Number((id as { integer: string }).integer) : id)
      const { args: [details] } = await peer.call('wamp.session.get', { args: [(list as unknown[])[0]], kwargs: {} })
      t.match(details, { authrole: 'anonymous', authmethod: 'anonymous' })
    }
    t.equal(ids.size, peers.length)
  })
})
