import t from 'tap'
import type { Test } from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { buildParties, head, violation } from '../helper/build-parties.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'
import { forEachCodec, HELLO, WireClient } from '../helper/wire-client.ts'
import type { WireCodec } from '../helper/wire-client.ts'

/** Messages of the least and the greatest number of elements. */
const shapes: readonly (readonly [least: unknown[], greatest: number])[] = [
  [[3, {}, 'a'], 5], [[6, {}, 'a'], 3], [[8, 68, 1, {}, 'a'], 7], [[16, 1, {}, 'a'], 6], [[32, 1, {}, 'a'], 4], [[34, 1, 1], 4], [[48, 1, {}, 'a'], 6],
  [[49, 1, {}], 3], [[64, 1, {}, 'a'], 4], [[66, 1, 1], 4], [[70, 1, {}], 5], [[1, 'realm1', HELLO[2]], 3], [[5, 'x', {}], 3]
]
/** What may stand after the last element that a message must have. */
const rest = (type: unknown): unknown[] => [3, 8, 16, 48, 70].includes(type as number) ? [[], {}, 1] : [{}, 1]

const ppt = { ppt_scheme: 5, ppt_serializer: 5, ppt_cipher: 5, ppt_keyid: 5 }
/** Messages without their options, and for each option what it must not be. */
const options: readonly (readonly [name: string, message: (options: object) => unknown[], wrong: Readonly<Record<string, unknown>>])[] = [
  ['HELLO.details', (details) => [1, 'realm1', { ...HELLO[2], ...details }], { roles: 5, authmethods: 'ticket', authid: 5, authrole: 5, authextra: 'x', agent: 5 }],
  ['SUBSCRIBE.options', (options) => [32, 1, options, 'a'], { match: 'regex', get_retained: 'yes', nkey: 1 }],
  ['PUBLISH.options', (options) => [16, 1, options, 'a'], {
    acknowledge: 1, exclude_me: 'no', disclose_me: 0, exclude: 'x', exclude_authid: 'bob', exclude_authrole: [1], eligible: ['x'], eligible_authid: [1], eligible_authrole: 'user', retain: 'x', rkey: 1, ...ppt
  }],
  ['REGISTER.options', (options) => [64, 1, options, 'a'], { match: 5, invoke: 'load', disclose_caller: 1, forward_timeout: 'x', concurrency: 0, force_reregister: 1 }],
  ['CALL.options', (options) => [48, 1, options, 'a'], { timeout: -1, receive_progress: 1, progress: 'x', disclose_me: null, rkey: 1, runmode: 1, ...ppt }],
  ['CANCEL.options', (options) => [49, 1, options], { mode: 'x' }],
  ['YIELD.options', (options) => [70, 1, options], { progress: 1, ...ppt }]
]

/** Says each of these on a connection of its own, in a session or before HELLO, and expects ABORT with this message, and the end. */
async function violate (t: Test, codec: WireCodec, wrongs: readonly (readonly [wrong: unknown, message: RegExp])[]): Promise<void> {
  const { connect, join } = await buildHost(t, codec)
  for (const [wrong, message] of wrongs) {
    const isOpening = Array.isArray(wrong) && [1, 5].includes(wrong[0] as number)
    const client = isOpening ? await connect() : await join()
    t.match(await client.ask(wrong), [3, { message }, 'wamp.error.protocol_violation'], JSON.stringify(wrong))
    t.equal(await client.closed, 1002)
  }
}

forEachCodec(t, 'a message that is not a list, or has no code that a client may use, is a violation [MSG-01, MSG-04, MSG-05, PVI-01, PVI-11, PVI-14, WSK-09]', async (t, codec) => {
  for (const wrongs of [
    [[], {}, 'x', null, 5, ['x'], [1.5], [null]].map((wrong) => [wrong, /list|array|code/] as const),
    [999, 337, 256, 7, 0, -1].map((code) => [[code], /no message with code/] as const),
    [2, 4, 17, 33, 35, 36, 50, 65, 67, 68, 69].map((code) => [[code, 1, 1, {}], /clients must not send/] as const)
  ]) await violate(t, codec, wrongs)
})

forEachCodec(t, 'a message with an element too few or too many is a violation [MSG-02, PVI-11]', async (t, codec) => {
  await violate(t, codec, shapes.flatMap(([least, greatest]) => [
    [least.slice(0, -1), / lacks its /] as const, [[...least, ...rest(least[0])].slice(0, greatest + 1), / has too many elements$/] as const
  ]))
})

forEachCodec(t, 'an element of the wrong type is a violation [URI-01, URI-14, IDS-01, IDS-16, MSG-13, MSG-17, PVI-11]', async (t, codec) => {
  const noUris = [5, '', 'a..b', 'a b', null]
  await violate(t, codec, [
    ...[0, -1, 1.5, '5', true, null, 2 ** 53 + 2].map((id) => [[32, id, {}, 'a'], /^SUBSCRIBE\.request/] as const),
    ...[16, 48, 64].map((type) => [[type, 0, {}, 'a'], /\.request/] as const),
    ...[[34, 0, 1], [66, 0, 1], [49, 0, {}], [70, 0, {}], [8, 68, 0, {}, 'a']].map((wrong) => [wrong, /\.request/] as const),
    [[34, 1, 'x'], /^UNSUBSCRIBE\.subscription/], [[66, 1, 0], /^UNREGISTER\.registration/],
    [[32, 1, {}, 5], /^SUBSCRIBE\.topic/], [[16, 1, {}, null], /^PUBLISH\.topic/], [[64, 1, {}, []], /^REGISTER\.procedure/], [[48, 1, {}, 5], /^CALL\.procedure/],
    [[1, 5, HELLO[2]], /^HELLO\.realm/], [[5, 5, {}], /^AUTHENTICATE\.signature/],
    ...noUris.flatMap((uri) => [[[3, {}, uri], /^ABORT\.reason/], [[6, {}, uri], /^GOODBYE\.reason/], [[8, 68, 1, {}, uri], /^ERROR\.error/]] as const),
    ...[[], null, 5].flatMap((dict) => [
      [[32, 1, dict, 'a'], /^SUBSCRIBE\.options/], [[16, 1, dict, 'a'], /^PUBLISH\.options/], [[64, 1, dict, 'a'], /^REGISTER\.options/], [[48, 1, dict, 'a'], /^CALL\.options/],
      [[49, 1, dict], /^CANCEL\.options/], [[70, 1, dict], /^YIELD\.options/], [[6, dict, 'a'], /^GOODBYE\.details/], [[8, 68, 1, dict, 'a'], /^ERROR\.details/]
    ] as const),
    ...[[16, 1, {}, 'a'], [48, 1, {}, 'a'], [70, 1, {}], [8, 68, 1, {}, 'a'], [3, {}, 'a']].flatMap((least) => [
      [[...least, 'x'], /\.Arguments is/], [[...least, {}], /\.Arguments is/], [[...least, [], []], /\.ArgumentsKw is/], [[...least, [], 'x'], /\.ArgumentsKw is/]
    ] as const)
  ])
})

forEachCodec(t, 'a known option of the wrong type or value is a violation [MSG-07, MSG-09, OPT-01, OPT-02, OPT-03, OPT-04, OPT-05, OPT-06, SHR-07, BWL-08, TRP-38]', async (t, codec) => {
  await violate(t, codec, options.flatMap(([name, message, wrong]) => Object.entries(wrong).map(([key, value]) => [message({ [key]: value }), new RegExp(`^${name}.${key} `)] as const)))
  await violate(t, codec, ['true', 1, 0, null].map((value) => [[16, 1, { acknowledge: value }, 'a'], /^PUBLISH\.options\.acknowledge /] as const))
})

forEachTransport(t, 'unknown keys are ignored, and so is a fourth element as sent by Autobahn [MSG-03, MSG-08, MSG-10, MSG-11]', async (t, transport) => {
  const { join } = await buildHost(t, transport)
  const unknown = { _mine: [1], x_cb: null, unknown: {} }
  const client = await join({ x_mine: 1, _own: {} })
  const [type, , id] = await client.ask([32, 1, unknown, 'a'])
  t.equal(type, 33)
  t.same(await client.ask([34, 2, id, { forward_for: [] }]), [35, 2])
  t.match(await client.ask([16, 3, { ...unknown, acknowledge: true }, 'a']), [17, 3])
  const [, , registration] = await client.ask([64, 4, unknown, 'p'])
  t.same(await client.ask([48, 5, unknown, 'p']), [68, 1, registration, {}])
  client.send([49, 5, { ...unknown, mode: 'kill' }], [70, 1, unknown])
  t.same((await client.fence()).map(head), [[8, 48, 5, {}, 'wamp.error.canceled']])
  t.same(await client.ask([66, 6, registration, {}]), [67, 6])
  t.same(await client.ask([6, unknown, 'wamp.close.close_realm']), [6, {}, 'wamp.close.goodbye_and_out'])
})

forEachCodec(t, 'a key that is not a string is a violation in every serializer that supports such keys [MSG-06]', async (t, codec) => {
  const { url } = await buildApp(t)
  for (const wrong of [[32, 1, new Map([[1, true]]), 'a'], [32, 1, { _mine: [new Map([[1, true]])] }, 'a'], [48, 1, {}, 'a', [], new Map([[1, true]])]]) {
    const client = await WireClient.join(t, url, codec)
    const answer = await client.ask(wrong)
    // JSON writes a Map as an empty object.
    if (codec.binary) t.match(answer, violation)
    else t.not(answer[0], 3)
  }
})

forEachTransport(t, 'unknown options are not forwarded, and details cannot be forged [MSG-12, OPT-07, OPT-08, CAL-09]', async (t, transport) => {
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

forEachCodec(t, 'null in place of args is the same as no args [MSG-14]', async (t, codec) => {
  const { alice, bob } = await buildParties(t, codec)
  const [, , registration] = await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, {}, 'p', null], [48, 2, {}, 'p', null, { k: 1 }])
  t.same(await bob.next(), [68, 1, registration, {}])
  t.same(await bob.next(), [68, 2, registration, {}, [], { k: 1 }])
})

forEachCodec(t, 'trailing empty args and kwargs are omitted in every message [MSG-15, MSG-17]', async (t, codec) => {
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

forEachTransport(t, 'a payload arrives as it was sent, with the same values and order [MSG-16, SER-16]', async (t, transport) => {
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
