import t from 'tap'
import { buildParties, head, login, told, violation } from '../helper/build-parties.ts'
import { advanced, rolesWith } from '../helper/roles.ts'
import { forEachTransport } from '../helper/transports.ts'
import { forEachCodec, wireCodecs } from '../helper/wire-client.ts'

const passthru = { ppt_scheme: 'x_custom', ppt_serializer: 'flatbuffers', ppt_cipher: 'xsalsa20poly1305', ppt_keyid: 'key 1' }

forEachTransport(t, 'the attributes of a packed payload are forwarded in every message, whatever their values [PPT-01, PPT-02, PPT-03, PPT-10, TRP-10, MSG-12]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  await bob.ask([32, 2, {}, 'a'])
  for (const [i, options] of [passthru, { ppt_scheme: 'wamp' }, { ppt_scheme: 'mqtt', ppt_serializer: 'native' }].entries()) {
    const payload = [['any', 5], { k: 1 }]
    alice.send([16, 1, { ...options, _own: 1 }, 'a', ...payload])
    t.same(told(await bob.next()), [options, ...payload])
    alice.send([48, i + 1, options, 'p', ...payload])
    const invocation = await bob.next()
    t.same(invocation.slice(3), [options, ...payload])
    bob.send(i === 2 ? [8, 68, invocation[1], { ...options, secret: 1 }, 'a.b', ...payload] : [70, invocation[1], options, ...payload])
    t.same(await alice.next(), i === 2 ? [8, 48, i + 1, options, 'a.b', ...payload] : [50, i + 1, options, ...payload])
  }
  alice.send([16, 9, { ppt_scheme: '', ppt_cipher: 'x' }, 'a'], [48, 9, { ppt_cipher: 'x' }, 'p'])
  t.same([(await bob.next())[3], (await bob.next())[3]], [{}, {}], 'without a scheme nothing is packed')
  const long = 'x'.repeat(1025)
  bob.send([8, 68, 4, { ppt_scheme: 'x_custom', ppt_keyid: long }, 'a.b'])
  t.same(await alice.next(), [8, 48, 9, { ppt_scheme: 'x_custom' }, 'a.b'], 'nor is anything long sent on')
})

forEachTransport(t, 'using passthru without having announced it is a violation [PPT-04, PPT-05, PVI-12]', async (t, transport) => {
  for (const message of [[48, 1, passthru, 'p'], [16, 1, passthru, 'a']]) {
    const { alice } = await buildParties(t, transport)
    t.match(await alice.ask(message), violation)
  }
  const { login, alice, bob } = await buildParties(t, transport)
  const caller = await login('carol', advanced)
  await bob.ask([64, 1, {}, 'p'])
  caller.send([48, 1, {}, 'p'])
  await bob.next()
  t.match(await bob.ask([70, 1, passthru]), violation)
  t.same(head(await caller.next()), [8, 48, 1, {}, 'wamp.error.canceled'], 'who waits for it is told')
  t.same(await alice.fence(), [])
})

forEachTransport(t, 'callees and callers that did not announce passthru receive no packed payload; such subscribers do [PPT-06, PPT-08, TRP-09]', async (t, transport) => {
  const { login, alice, bob } = await buildParties(t, transport, { announced: advanced })
  const plain = await login('carol', rolesWith('callee.call_canceling', 'callee.progressive_call_results'))
  await plain.ask([64, 1, {}, 'p'])
  t.same(head(await alice.ask([48, 1, passthru, 'p'])), [8, 48, 1, {}, 'wamp.error.feature_not_supported'])
  t.same(await plain.fence(), [])
  await plain.ask([32, 2, {}, 'a'])
  await alice.ask([16, 2, { ...passthru, acknowledge: true }, 'a', [1]])
  t.same(told(await plain.next()), [passthru, [1]])
  await bob.ask([64, 1, {}, 'q'])
  for (const [i, options] of [{}, { progress: true }].entries()) {
    plain.send([48, 10 + i, { receive_progress: true }, 'q'])
    await bob.next()
    bob.send([70, i + 1, { ...passthru, ...options }, [1]])
    t.same(head(await plain.next()), [8, 48, 10 + i, {}, 'wamp.error.feature_not_supported'], 'who waits for it is told')
    t.same(await bob.fence(), i === 0 ? [] : [[69, 2, { mode: 'killnowait' }]])
  }
})

forEachCodec(t, 'a packed payload is one binary item, in every serializer [PPT-09, PPT-11]', async (t, codec) => {
  const { url, alice } = await buildParties(t, codec, { announced: advanced })
  const packed = Buffer.from([0, 1, 254, 255])
  const asJson = `\0${packed.toString('base64')}`
  for (const [i, other] of wireCodecs.entries()) {
    const callee = await login(t, url, other, 'bob', advanced)
    await callee.ask([64, 1, {}, `p${i}`])
    alice.send([48, i + 1, passthru, `p${i}`, [codec.binary ? packed : asJson]])
    const [, request, , , [received]] = await callee.next() as [68, number, number, object, [Buffer]]
    t.same(other.binary ? Buffer.from(received) : received, other.binary ? packed : asJson)
    callee.send([70, request, passthru, [received]])
    const [, , , [back]] = await alice.next() as [50, number, object, [Buffer]]
    t.same(codec.binary ? Buffer.from(back) : back, codec.binary ? packed : asJson)
  }
})

forEachTransport(t, 'passthru works with progress: the options of the first input apply to the call, and each result has its own options [PPT-12]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, { ...passthru, progress: true, receive_progress: true }, 'p', [1]], [48, 1, { ppt_scheme: 'x_other' }, 'p', [2]])
  t.same((await bob.next())[3], { ...passthru, progress: true, receive_progress: true })
  t.same((await bob.next())[3], { ...passthru, receive_progress: true })
  bob.send([70, 1, { progress: true, ppt_scheme: 'x_one' }, [1]], [70, 1, { ppt_scheme: 'x_two' }, [2]])
  t.same([await alice.next(), await alice.next()], [[50, 1, { progress: true, ppt_scheme: 'x_one' }, [1]], [50, 1, { ppt_scheme: 'x_two' }, [2]]])
})

forEachTransport(t, 'retained and stored events keep their passthru attributes [PPT-13]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced, realm: { eventHistory: [{ uri: 'a' }] } })
  await alice.ask([16, 1, { ...passthru, acknowledge: true, retain: true }, 'a', [1]])
  const [, , id] = await bob.ask([32, 1, { get_retained: true }, 'a'])
  t.same(told(await bob.next()), [{ ...passthru, retained: true }, [1]])
  const [, , , [[stored]]] = await bob.ask([48, 2, {}, 'wamp.subscription.get_events', [id]]) as [50, number, object, [[{ details: object }]]]
  t.same(stored.details, passthru)
})

const transparency = { enc_algo: 'cryptobox', enc_key: 'key 1', enc_serializer: 'json' }

forEachCodec(t, 'bytes in place of Arguments are forwarded unchanged in all directions, without an announcement [PPT-15]', async (t, codec) => {
  const { url, alice } = await buildParties(t, codec, { announced: rolesWith('caller.progressive_call_results', 'caller.progressive_call_invocations') })
  const packed = Buffer.from([0, 1, 254, 255])
  const inForm = ({ binary }: { binary: boolean }): unknown => binary ? packed : `\0${packed.toString('base64')}`
  const plain = (value: unknown): unknown => value instanceof Uint8Array ? Buffer.from(value) : value
  for (const [i, other] of wireCodecs.entries()) {
    const bob = await login(t, url, other, 'bob', rolesWith('callee.progressive_call_results'))
    await bob.ask([64, 1, {}, `p${i}`])
    await bob.ask([32, 2, {}, `a${i}`])
    alice.send([16, 1, { ...transparency, _own: 1 }, `a${i}`, inForm(codec)])
    const event = await bob.next()
    t.same([event.length, event[3], plain(event[4])], [5, transparency, inForm(other)])
    for (const [j, answer] of [[70, {}], [70, { progress: true }], [8, {}]].entries()) {
      const request = 3 * i + j + 1
      alice.send([48, request, { ...transparency, receive_progress: true }, `p${i}`, inForm(codec)])
      const invocation = await bob.next()
      t.same([invocation.length, invocation[3], plain(invocation[4])], [5, { ...transparency, receive_progress: true }, inForm(other)])
      const [code, options] = answer as [number, object]
      const details = { ...transparency, ...options }
      bob.send(code === 8 ? [8, 68, invocation[1], details, 'a.b', inForm(other)] : [70, invocation[1], details, inForm(other)])
      const answered = await alice.next()
      t.same([...answered.slice(0, -1), plain(answered.at(-1))], code === 8 ? [8, 48, request, details, 'a.b', inForm(codec)] : [50, request, details, inForm(codec)])
    }
  }
})

forEachCodec(t, 'bytes in place of Arguments require enc_algo, and must be the only argument [PPT-15]', async (t, codec) => {
  const octets = codec.binary ? Buffer.from([1]) : '\0AQ=='
  const wrong: unknown[][] = [
    [16, 1, {}, 'a', octets], [16, 1, { enc_algo: '' }, 'a', octets], [16, 1, { ppt_scheme: 'wamp' }, 'a', octets], [16, 1, { enc_algo: 1 }, 'a', octets],
    [48, 1, transparency, 'p', octets, {}], [48, 1, transparency, 'p', 'text'], [48, 1, transparency, 'p', '\0%%%%']
  ]
  for (const message of wrong) {
    const { alice } = await buildParties(t, codec, { announced: advanced })
    t.match(await alice.ask(message), violation)
  }
})

forEachCodec(t, 'retained and stored events keep their bytes, and the app receives them as the only argument [PPT-15]', async (t, codec) => {
  const { app, alice, bob } = await buildParties(t, codec, { announced: advanced, realm: { eventHistory: [{ uri: 'a' }] } })
  const own = await app.wamp.join('realm1')
  const heard: unknown[] = []
  await own.subscribe('a', (event) => { heard.push(event) })
  await own.register('p', ({ args: [octets], details }) => [octets, details])
  const octets = codec.binary ? Buffer.from([1, 2]) : '\0AQI='
  const plain = (value: unknown): unknown => value instanceof Uint8Array ? Buffer.from(value) : value
  await alice.ask([16, 1, { ...transparency, acknowledge: true, retain: true }, 'a', octets])
  const [, , id] = await bob.ask([32, 1, { get_retained: true }, 'a'])
  const event = await bob.next()
  t.same([event[3], plain(event[4])], [{ ...transparency, retained: true }, octets])
  const [, , , [[stored]]] = await bob.ask([48, 2, {}, 'wamp.subscription.get_events', [id]]) as [50, number, object, [[{ details: object, args: unknown[] }]]]
  t.same([stored.details, plain(stored.args[0])], [transparency, octets])
  const [, , , [[back, details]]] = await alice.ask([48, 2, transparency, 'p', octets]) as [50, number, object, [[unknown, object]]]
  t.same([plain(back), details], [octets, transparency])
  t.match(heard, [{ args: [Buffer.from([1, 2])], details: transparency }])
})
