import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { buildParties, violation } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'
import { forEachCodec, HELLO, WireClient } from '../helper/wire-client.ts'

/** Messages of the least and the greatest number of elements. */
const shapes: readonly (readonly [least: unknown[], greatest: number])[] = [
  [[6, {}, 'a'], 3], [[8, 68, 1, {}, 'a'], 7], [[16, 1, {}, 'a'], 6], [[32, 1, {}, 'a'], 4], [[34, 1, 1], 4], [[48, 1, {}, 'a'], 6],
  [[49, 1, {}], 3], [[64, 1, {}, 'a'], 4], [[66, 1, 1], 4], [[70, 1, {}], 5]
]
/** What may stand after the last element that a message must have. */
const rest = (type: unknown): unknown[] => [8, 16, 48, 70].includes(type as number) ? [[], {}, 1] : [{}, 1]

forEachCodec(t, 'a message with an element too few or too many is a violation [MSG-02, PVI-11]', async (t, codec) => {
  const { url } = await buildApp(t)
  for (const [least, greatest] of shapes) {
    const few = least.slice(0, -1)
    const many = [...least, ...rest(least[0])].slice(0, greatest + 1)
    for (const wrong of [few, many]) {
      const client = await WireClient.join(t, url, codec)
      t.match(await client.ask(wrong), violation, JSON.stringify(wrong))
    }
  }
  for (const wrong of [[1], [1, 'realm1'], [1, 'realm1', HELLO[2], 1], [5, 'x'], [5, 'x', {}, 1]]) {
    const client = await WireClient.connect(t, url, codec)
    t.match(await client.ask(wrong), violation, JSON.stringify(wrong))
  }
})

forEachCodec(t, 'a key that is no string is a violation wherever keys can be something else [MSG-06]', async (t, codec) => {
  const { url } = await buildApp(t)
  for (const wrong of [[32, 1, new Map([[1, true]]), 'a'], [48, 1, {}, 'a', [], new Map([[1, true]])]]) {
    const client = await WireClient.join(t, url, codec)
    const answer = await client.ask(wrong)
    // JSON writes a Map as an empty object.
    if (codec.binary) t.match(answer, violation)
    else t.not(answer[0], 3)
  }
})

forEachTransport(t, 'options that the router does not know do not travel, nor can details be forged [MSG-12, OPT-07, OPT-08, CAL-09]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const forged = { caller: 1, caller_authid: 'root', caller_authrole: 'root', procedure: 'x', publisher: 1, publisher_authid: 'root', topic: 'x', trustlevel: 9, retained: true, _mine: 1, x_mine: 1 }
  const [, , subscription] = await bob.ask([32, 1, {}, 'a'])
  const [, , registration] = await bob.ask([64, 2, {}, 'p'])
  const [, , publication] = await alice.ask([16, 1, { ...forged, acknowledge: true }, 'a'])
  t.same(await bob.next(), [36, subscription, publication, {}])
  alice.send([48, 2, forged, 'p'], [48, 3, forged, 'p'])
  t.same(await bob.next(), [68, 1, registration, {}])
  t.same(await bob.next(), [68, 2, registration, {}])
  bob.send([70, 1, forged], [8, 68, 2, forged, 'com.e'])
  t.same(await alice.next(), [50, 2, {}])
  t.same(await alice.next(), [8, 48, 3, {}, 'com.e'])
})

forEachCodec(t, 'null in the place of args is none [MSG-14]', async (t, codec) => {
  const { alice, bob } = await buildParties(t, codec)
  const [, , registration] = await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, {}, 'p', null], [48, 2, {}, 'p', null, { k: 1 }])
  t.same(await bob.next(), [68, 1, registration, {}])
  t.same(await bob.next(), [68, 2, registration, {}, [], { k: 1 }])
})

forEachCodec(t, 'empty args and kwargs at the end are left out, whatever the message [MSG-15, MSG-17]', async (t, codec) => {
  const { alice, bob } = await buildParties(t, codec)
  const [, , subscription] = await bob.ask([32, 1, {}, 'a'])
  const [, , registration] = await bob.ask([64, 2, {}, 'p'])
  const forms = [[[], []], [[[]], []], [[[], {}], []], [[[1], {}], [[1]]], [[[], { k: 1 }], [[], { k: 1 }]], [[[1], { k: 1 }], [[1], { k: 1 }]]] as const
  for (const [i, [sent, seen]] of forms.entries()) {
    const [, , publication] = await alice.ask([16, 1, { acknowledge: true }, 'a', ...sent])
    t.same(await bob.next(), [36, subscription, publication, {}, ...seen])
    alice.send([48, 2, {}, 'p', ...sent], [48, 3, {}, 'p', ...sent])
    t.same(await bob.next(), [68, 2 * i + 1, registration, {}, ...seen])
    await bob.next()
    bob.send([70, 2 * i + 1, {}, ...sent], [8, 68, 2 * i + 2, {}, 'com.e', ...sent])
    t.same(await alice.next(), [50, 2, {}, ...seen])
    t.same(await alice.next(), [8, 48, 3, {}, 'com.e', ...seen])
  }
})

forEachTransport(t, 'a payload arrives as it was sent, values and order alike [MSG-16, SER-16]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const args = [0, -1, 1.5, 2 ** 32, -(2 ** 40), '', 'ä€😀\u0001"\\', true, false, null, [[], {}, [[1]]]]
  const kwargs = { z: 1, a: { y: [], b: {} }, constructor: 'c', hasOwnProperty: 1, toString: null }
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, {}, 'p', args, kwargs])
  const [, request, , , ...payload] = await bob.next()
  t.same(payload, [args, kwargs])
  t.same(Object.keys(payload[1] as object), Object.keys(kwargs))
  bob.send([70, request, {}, args, kwargs])
  t.same((await alice.next()).slice(3), [args, kwargs])
})
