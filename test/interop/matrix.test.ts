import t from 'tap'
import type { Test } from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { AutobahnPeer, openAutobahn } from './autobahn-client.ts'
import { serializers } from './peer.ts'
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
    async (serializer) => new AutobahnPeer((await openAutobahn(t, url, { serializer })).session, serializer),
    async (serializer) => new WampyPeer((await openWampy(t, url, { serializer })).wampy, serializer),
    async (serializer) => await PythonPeer.join(t, url, { serializer })
  ]
  return await Promise.all(serializers.flatMap((serializer) => joiners.map((join) => join(serializer))))
}

/** What the caller got is what it sent, and so is what the callee saw. */
function isEcho (t: Test, { error, args, kwargs: { seen, ...kwargs } }: Outcome, expected: string | null): void {
  t.equal(error, expected)
  t.strictSame({ args, kwargs }, sample, 'what the caller got')
  t.strictSame(JSON.parse(String(seen)), sample, 'what the callee saw')
}

t.test('AutobahnJS, wampy and Autobahn for Python', needsAutobahnForPython(), async (t) => {
  const { url } = await buildApp(t)
  const peers = await join(t, url)
  for (const [index, peer] of peers.entries()) {
    await peer.register(`com.echo${index}`)
    await peer.register(`com.fail${index}`, 'com.error.sample')
    await peer.subscribe('com.news')
  }

  for (const caller of peers) {
    await t.test(`${caller.name} calls all, and gets their results and errors [CAL-01, CAL-03, SER-04, SER-08]`, async (t) => {
      for (const [index, callee] of peers.entries()) {
        await t.test(`calls ${callee.name}`, async (t) => {
          isEcho(t, await caller.call(`com.echo${index}`, sample), null)
          isEcho(t, await caller.call(`com.fail${index}`, sample), 'com.error.sample')
        })
      }
    })
  }

  for (const publisher of peers) {
    await t.test(`${publisher.name} publishes to all, and they receive what it sent [PUB-04, SER-04, SER-08]`, async (t) => {
      await publisher.publish('com.news', sample)
      for (const subscriber of peers) {
        if (subscriber !== publisher) t.strictSame(await subscriber.nextEvent(), sample, subscriber.name)
      }
    })
  }
})
