import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { forEachCodec, HELLO, WireClient } from '../helper/wire-client.ts'

const brokerFeatures = [
  'event_history', 'event_retention', 'pattern_based_subscription', 'payload_passthru_mode', 'publication_trustlevels', 'publisher_exclusion',
  'publisher_identification', 'session_meta_api', 'subscriber_blackwhite_listing', 'subscription_meta_api', 'subscription_revocation'
]
const dealerFeatures = [
  'call_canceling', 'call_reroute', 'call_timeout', 'call_trustlevels', 'caller_identification', 'pattern_based_registration', 'payload_passthru_mode',
  'progressive_call_invocations', 'progressive_call_results', 'registration_meta_api', 'registration_revocation', 'session_meta_api',
  'shared_registration', 'testament_meta_api'
]
const violation = [3, { message: String }, 'wamp.error.protocol_violation']

forEachCodec(t, 'a session opens, announces what works, and closes [SES-02, SES-04, SES-11, FEA-01, FEA-02, FEA-03, FEA-04, FEA-05, FEA-06, FEA-07, MSE-17, MRE-14, MSU-09, RET-09, TES-08, TMO-10, PPT-14, FEA-13, TRP-15, TRP-16, TRP-36, TRP-57]', async (t, codec) => {
  const { url } = await buildApp(t)
  const client = await WireClient.connect(t, url, codec)
  t.equal(client.socket.protocol, codec.subprotocol, 'the subprotocol is echoed [WSK-02]')
  const [type, id, details] = await client.ask(HELLO)
  t.equal(type, 2)
  t.ok(Number.isInteger(id))
  t.same(Object.keys(details as object).filter((key) => key.startsWith('x_')), [], 'nothing of Crossbar.io\'s own [SES-05]')
  t.match(details, { realm: 'realm1', authid: String, authrole: 'anonymous', authmethod: 'anonymous', authprovider: 'static' })
  const { broker, dealer } = (details as { roles: Record<string, { features: Record<string, boolean> }> }).roles
  t.same(Object.keys(broker!.features).sort(), brokerFeatures)
  t.same(Object.keys(dealer!.features).sort(), dealerFeatures)
  t.ok([...Object.values(broker!.features), ...Object.values(dealer!.features)].every((announced) => announced))
  t.same(await client.ask([6, {}, 'wamp.close.close_realm']), [6, {}, 'wamp.close.goodbye_and_out'])
  t.equal((await client.ask(HELLO))[0], 2, 'the transport is used again [SES-19, WSK-07]')
})

forEachCodec(t, 'a violation is answered by ABORT, and the connection closes with 1002 [PVI-01, PVI-11, PVI-14, WSK-09, MSG-01, MSG-02, MSG-04, MSG-05]', async (t, codec) => {
  const { url } = await buildApp(t)
  for (const wrong of [
    [], {}, 'x', null, 5, ['x'], [1.5], [999], [337], [7], [0],
    [2, 1, {}], [4, 'x', {}], [17, 1, 1], [33, 1, 1], [35, 1], [36, 1, 1, {}], [50, 1, {}], [65, 1, 1], [67, 1], [68, 1, 1, {}], [69, 1, {}],
    [32, 1, {}], [32, 1, {}, 'a', 1], [16, 1, {}, 'a', [], {}, 1], [48, 1, {}], [6, {}], [70, 1], [8, 68, 1, {}], [49, 1], [64, 1, {}]
  ]) {
    const client = await WireClient.join(t, url, codec)
    t.match(await client.ask(wrong), violation, JSON.stringify(wrong))
    t.equal(await client.closed, 1002)
  }
})

forEachCodec(t, 'elements and known options of the wrong type are violations [MSG-07, MSG-09, MSG-13, URI-01, IDS-01, IDS-16, OPT-01, OPT-02, OPT-03, OPT-04, OPT-05, OPT-06, URI-14, PVI-06, SHR-07, TRP-38, BWL-08]', async (t, codec) => {
  const { url } = await buildApp(t)
  for (const wrong of [
    [32, 0, {}, 'a'], [32, -1, {}, 'a'], [32, 1.5, {}, 'a'], [32, '5', {}, 'a'], [32, true, {}, 'a'], [32, null, {}, 'a'], [32, 2 ** 53 + 2, {}, 'a'],
    [32, 1, [], 'a'], [32, 1, null, 'a'], [32, 1, {}, 5], [34, 1, 'x'],
    [32, 1, { match: 'regex' }, 'a'], [32, 1, { match: 5 }, 'a'], [32, 1, { get_retained: 'yes' }, 'a'], [32, 1, { nkey: 1 }, 'a'],
    [16, 1, { acknowledge: 1 }, 'a'], [16, 1, { acknowledge: 'true' }, 'a'], [16, 1, { acknowledge: null }, 'a'], [16, 1, { exclude: 'x' }, 'a'], [16, 1, { exclude: ['x'] }, 'a'],
    [16, 1, { eligible_authid: [1] }, 'a'], [16, 1, { eligible_authrole: 'x' }, 'a'], [16, 1, { retain: 'x' }, 'a'], [16, 1, { ppt_scheme: 5 }, 'a'],
    [64, 1, { invoke: 'load' }, 'a'], [64, 1, { concurrency: 0 }, 'a'], [64, 1, { disclose_caller: 1 }, 'a'],
    [48, 1, { timeout: -1 }, 'a'], [48, 1, { timeout: 'x' }, 'a'], [48, 1, { receive_progress: 1 }, 'a'], [49, 1, { mode: 'x' }], [70, 1, { progress: 1 }],
    [48, 1, {}, 'a', 'x'], [48, 1, {}, 'a', {}], [48, 1, {}, 'a', [], []], [48, 1, {}, 'a', [], 'x'],
    [6, {}, 'not a uri'], [8, 68, 1, {}, 'not a uri'], [8, 48, 1, {}, 'a.b'], [3, {}, 5]
  ]) {
    const client = await WireClient.join(t, url, codec)
    t.match(await client.ask(wrong), violation, JSON.stringify(wrong))
  }
  const early = await WireClient.connect(t, url, codec)
  t.match(await early.ask([1, 'realm1', { roles: {}, authmethods: 'ticket' }]), violation)
})

forEachCodec(t, 'what is not known is ignored, and a fourth element as Autobahn sends it [MSG-03, MSG-08, MSG-10, MSG-11, FEA-09, FEA-11]', async (t, codec) => {
  const { url } = await buildApp(t)
  const client = await WireClient.join(t, url, codec, { x_mine: 1, _own: {} }, { subscriber: { features: { flying: true } }, pilot: {} })
  const [type, , id] = await client.ask([32, 1, { _mine: [1], x_cb: null, unknown: {} }, 'a'])
  t.equal(type, 33)
  t.same(await client.ask([34, 2, id, { forward_for: [] }]), [35, 2])
  t.match(await client.ask([66, 3, 999, {}]), [8, 66, 3])
  t.match(await client.ask([48, 4, {}, 'none']), [8, 48, 4, {}, 'wamp.error.no_such_procedure'], 'roles that were not announced may act')
})

forEachCodec(t, 'ids of the whole range are taken and given back [IDS-01, IDS-02, IDS-15, SER-10, SER-11, TRP-03, TRP-04]', async (t, codec) => {
  const { url } = await buildApp(t)
  const client = await WireClient.join(t, url, codec)
  for (const id of [1, 255, 65_536, 2 ** 32 - 1, 2 ** 32, 5_512_315_355, 2 ** 53 - 1, 2 ** 53]) {
    t.match(await client.ask([32, id, {}, 'a']), [33, id], String(id))
  }
})

t.test('a message of the wrong WebSocket kind is a violation [WSK-05, WSK-06]', async (t) => {
  const { url } = await buildApp(t)
  forEachCodec(t, 'the other kind', async (t, codec) => {
    const client = await WireClient.connect(t, url, codec)
    client.socket.send(codec.binary ? 'text' : Buffer.from(JSON.stringify(HELLO)))
    t.match(await client.next(), violation)
  })
})

t.test('the first usable subprotocol is taken, others are skipped, none is refused [WSK-02, WSK-03, WSK-04]', async (t) => {
  const { url } = await buildApp(t)
  const [json, msgpack] = (await import('../helper/wire-client.ts')).wireCodecs
  const client = await WireClient.connect(t, url, msgpack!, { protocols: ['wamp.3.json', 'wamp.2.ubjson', 'wamp.2.msgpack', 'wamp.2.json'] })
  t.equal(client.socket.protocol, 'wamp.2.msgpack')
  t.match(await client.ask(HELLO), [2])
  await t.rejects(WireClient.connect(t, url, json!, { protocols: ['wamp.2.ubjson'] }), { message: /400/ })
  const { url: onlyJson } = await buildApp(t, { serializers: ['json'] })
  await t.rejects(WireClient.connect(t, onlyJson, msgpack!), { message: /400/ })
})

t.test('malformed text is a violation, never a crash [SER-01, SER-17]', async (t) => {
  const { url } = await buildApp(t)
  const [json] = (await import('../helper/wire-client.ts')).wireCodecs
  for (const wrong of ['', '[', '{"a":1}', '[32,1,{},"a"', '[1e999]', '[32,1,{},"\u0000"]', `${'['.repeat(5000)}${']'.repeat(5000)}`]) {
    const client = await WireClient.join(t, url, json!)
    client.socket.send(wrong)
    t.match(await client.next(), violation, wrong.slice(0, 20))
    t.equal(await client.closed, 1002)
  }
  const broken = await WireClient.join(t, url, json!)
  broken.socket.send(Buffer.from([0x5b, 0x33, 0x2c, 0x22, 0xff, 0x22, 0x5d]), { binary: false })
  t.match(await broken.next(), violation, 'no UTF-8')
})

t.test('a message above the limit closes with 1009 [WSK-12]', async (t) => {
  const { url } = await buildApp(t, { limits: { messageSize: 10_000 } })
  forEachCodec(t, 'too large', async (t, codec) => {
    const client = await WireClient.join(t, url, codec)
    client.send([16, 1, {}, 'a', ['x'.repeat(10_000)]])
    t.equal(await client.closed, 1009)
  })
})

t.test('fragments make one message [WSK-01]', async (t) => {
  const { url } = await buildApp(t)
  forEachCodec(t, 'in three frames', async (t, codec) => {
    const client = await WireClient.connect(t, url, codec)
    const bytes = Buffer.from(codec.encode(HELLO))
    client.socket.send(bytes.subarray(0, 3), { fin: false, binary: codec.binary })
    client.socket.send(bytes.subarray(3, 10), { fin: false, binary: codec.binary })
    client.socket.send(bytes.subarray(10), { fin: true, binary: codec.binary })
    t.match(await client.next(), [2])
  })
})
