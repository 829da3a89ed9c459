import { deserialize, serialize } from 'node:v8'
import t from 'tap'
import type { Test } from 'tap'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { CustomCodec } from '../../plugin/codec/custom-codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import type { WampSerializer } from '../../plugin/codec/wamp-serializer.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { ProtocolViolation } from '../../plugin/protocol/violation.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { v8Serializer, textSerializer } from '../helper/custom-serializers.ts'
import { allCodecs, encode, hex, LIMITS, payloadOf } from './messages.ts'

const binary = new CustomCodec(v8Serializer, 'serializers[2]')
const text = new CustomCodec(textSerializer, 'serializers[3]')
/** A codec of a serializer with these functions. */
const custom = (members: Partial<WampSerializer> = {}): CustomCodec => new CustomCodec({ ...v8Serializer, ...members } as WampSerializer, 'serializers[2]')
/** A codec of a serializer that decodes every message to this value. */
const decoding = (make: () => unknown): CustomCodec => custom({ decode: make })
/** A codec of a serializer that encodes every message to this value. */
const encoding = (make: () => unknown): CustomCodec => custom({ encode: make as () => Uint8Array })
const eventOf = (payload: Payload) => ({ type: 36, subscription: 1, publication: 2, details: {}, payload }) as const
const values = ['Grüße 🌍', 0, -1, 2 ** 53, -(2 ** 40), 0.5, -0, NaN, Infinity, 2n ** 63n, -(2n ** 70n), true, false, null, '', [], {}, [[{ a: [1] }]], { __proto__: null, a: { ü: 1 } }]

/** Checks that a message is refused as malformed. */
function refuses (t: Test, codec: CustomCodec, message: string | RegExp, what: string): void {
  t.throws(() => codec.decode(Buffer.from('x'), { depth: 10, messageSize: 1000 }), { name: 'ProtocolViolation', message }, what)
}

t.test('a serializer of the app reads and writes the same values as those of the router', async (t) => {
  const sent = binary.decode(serialize([48, 7, { timeout: 5 }, 'com.p', values, { k: [1] }]), LIMITS)
  t.match(sent, { type: 48, request: 7, options: { timeout: 5 }, procedure: 'com.p' })
  t.strictSame(payloadOf(sent).values().kwargs, { k: [1] })
  for (const codec of [msgpackCodec, cborCodec, jsonCodec]) {
    const back = codec === msgpackCodec ? values.filter((value) => value !== -(2n ** 70n)) : codec === jsonCodec ? values.filter((value) => value !== Infinity && !Number.isNaN(value)) : values
    const { args } = codec.decodePayload(payloadOf(binary.decode(serialize([48, 7, {}, 'com.p', back]), LIMITS)).in(codec))
    t.strictSame(args, back.map((value) => value !== null && typeof value === 'object' && !Array.isArray(value) ? { ...value } : value), codec.name)
    const received = codec.decode(codec === jsonCodec ? Buffer.from('[48,1,{},"p",[1,"a"],{"k":2}]') : encodedCall(codec), LIMITS)
    t.strictSame(deserialize(encode(binary, eventOf(payloadOf(received)))), [36, 1, 2, {}, [1, 'a'], { k: 2 }])
    t.strictSame(JSON.parse(encode(text, eventOf(payloadOf(received))).toString()), [36, 1, 2, {}, [1, 'a'], { k: 2 }])
  }
})

/** A CALL in a binary serializer of the router. */
function encodedCall (codec: typeof cborCodec): Buffer {
  const data = encode(codec, { type: 68, request: 1, registration: 1, details: {}, payload: Payload.of([1, 'a'], { k: 2 }) })
  return codec === cborCodec ? hex('86 18 30 01 a0 61 70 82 01 61 61 a1 61 6b 02') : Buffer.concat([hex('96 30 01 80 a1 70'), data.subarray(data.indexOf(hex('92 01')))])
}

t.test('binary data arrive as octets, and dates as text, in both directions', async (t) => {
  const call = binary.decode(serialize([48, 1, {}, 'p', [new Uint8Array([1, 2]), new Date(0)]]), LIMITS)
  t.strictSame(payloadOf(call).values().args, [Buffer.from([1, 2]), '1970-01-01T00:00:00.000Z'])
  t.strictSame(deserialize(encode(binary, eventOf(payloadOf(call)))), [36, 1, 2, {}, [new Uint8Array([1, 2]), '1970-01-01T00:00:00.000Z']])
  const epoch = payloadOf(cborCodec.decode(hex('85 18 30 01 a0 61 70 81 c1 00'), LIMITS))
  t.strictSame(deserialize(encode(binary, eventOf(epoch))), [36, 1, 2, {}, [new Date(0)]])
  const octets = binary.decode(serialize([16, 1, { enc_algo: 'cryptobox' }, 'p', new Uint8Array([7])]), LIMITS)
  t.equal(octets.type, 16, 'octets in place of args')
  t.strictSame(deserialize(encode(binary, eventOf(payloadOf(octets)))), [36, 1, 2, {}, new Uint8Array([7])])
})

t.test('a message is sent without args and kwargs that are empty', async (t) => {
  t.strictSame(deserialize(encode(binary, eventOf(Payload.empty))), [36, 1, 2, {}])
  t.strictSame(deserialize(encode(binary, { type: 33, request: 1, subscription: 2 })), [33, 1, 2])
  t.equal(payloadOf(binary.decode(serialize([48, 1, {}, 'p', [], {}]), LIMITS)), Payload.empty)
  t.equal(payloadOf(binary.decode(serialize([48, 1, {}, 'p', null]), LIMITS)), Payload.empty)
})

t.test('what a serializer decodes is checked like any message, and copied', async (t) => {
  for (const [list, message] of [
    [[], 'a message must be a non-empty list'], [[99], 'there is no message with code 99'], [[36, 1, 1, {}], 'clients must not send EVENT'], [['x'], /.*/], [[48, 1, 5, 'p'], 'CALL.options must be a dict'],
    [[48, 1, {}, 'p', 5], 'CALL.Arguments is not a list'], [[48, 1, {}, 'p', [], []], 'CALL.ArgumentsKw is not a dict'], [[48, 2 ** 60, {}, 'p'], 'CALL.request is invalid']
  ] as const) refuses(t, decoding(() => list), message, JSON.stringify(list))
  const list = [48, 1, { x: [1] }, 'p', [new Uint8Array([1])]]
  const call = decoding(() => list).decode(Buffer.from('x'), LIMITS)
  ;(list[4] as Uint8Array[])[0]![0] = 9
  t.strictSame(payloadOf(call).values().args, [Buffer.from([1])])
})

t.test('a serializer that throws or returns no list is answered like malformed data, and never causes a crash', async (t) => {
  refuses(t, decoding(() => { throw new Error('no') }), 'the message is not v8', 'an error')
  for (const [value, what] of [
    [undefined, 'undefined'], [null, 'null'], [5, 'a number'], ['[1]', 'a text'], [{}, 'a dict'], [new Map(), 'a Map'], [Buffer.from([1]), 'octets'],
    [Promise.reject(new Error('later')), 'a promise that rejects'], [{ length: 1, 0: 1 }, 'a list-like object']
  ] as const) refuses(t, decoding(() => value), 'a message must be a non-empty list', what)
  await new Promise((resolve) => { setImmediate(resolve) })
  t.throws(() => text.decode(Buffer.from([0x5b, 0xff, 0x5d]), LIMITS), { name: 'ProtocolViolation', message: 'a text is not UTF-8' })
  t.throws(() => text.decode(Buffer.from('[1'), LIMITS), { message: 'the message is not text' })
})

t.test('values that are not data, and values that are too large or too deep, are malformed', async (t) => {
  const call = (value: unknown) => decoding(() => [48, 1, {}, 'p', [value]])
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  for (const [value, what] of [
    [() => {}, 'a function'], [Symbol('x'), 'a symbol'], [new Map(), 'a Map'], [/x/, 'a RegExp'], [new ArrayBuffer(1), 'an ArrayBuffer'], [{ get x () { throw new Error('no') } }, 'a getter that throws'],
    [new Proxy({}, { ownKeys () { throw new Error('no') } }), 'a Proxy that throws'], [cyclic, 'a list that contains itself']
  ] as const) refuses(t, call(value), /^the message cannot be used: /, what)
  let deep: unknown = 1
  for (let i = 0; i < 8; i++) deep = [deep]
  t.equal(call(deep).decode(Buffer.from('x'), { depth: 10, messageSize: 1000 }).type, 48)
  refuses(t, call([deep]), 'the message is nested too deeply', 'a list that is too deep')

  // A few octets of V8's form may stand for any number of values.
  let many: unknown[] = [1]
  for (let i = 0; i < 40; i++) many = [many, many]
  for (const [value, what] of [[many, 'a list that contains another one twice, 40 times over'], [new Array(2 ** 31), 'a list of holes'], ['x'.repeat(2001), 'a text'], [Buffer.alloc(2001), 'octets']] as const) {
    refuses(t, decoding(() => [48, 1, {}, 'p', [value]]), 'the message cannot be used: the values exceed the size limit in another serializer', what)
  }
  t.equal(call('x'.repeat(1900)).decode(Buffer.from('x'), { depth: 10, messageSize: 1000 }).type, 48)
})

t.test('a serializer that throws or returns no octets cannot represent the message, and the error names the option', async (t) => {
  const fails = (codec: CustomCodec, message: string, payload = Payload.of([1])): void => {
    t.throws(() => encode(codec, eventOf(payload)), { name: 'EncodingError', message }, message)
    t.equal(payload.hasForm(codec), false)
  }
  fails(encoding(() => { throw new TypeError('no') }), 'serializers[2].encode has thrown an error')
  for (const value of [undefined, null, 5, 'text', [1], {}, new Uint16Array(1), Buffer.alloc(0)]) fails(encoding(() => value), 'serializers[2].encode must return a Uint8Array that is not empty')
  fails(encoding(async () => { throw new Error('later') }), 'serializers[2].encode must return a Uint8Array that is not empty')
  for (const value of [Buffer.from('x'), '']) fails(new CustomCodec({ ...textSerializer, encode: () => value as string }, 'serializers[3]'), 'serializers[3].encode must return a string that is not empty')
  fails(binary, 'serializers[2]: a value of cbor (32) cannot be represented in another serializer', payloadOf(cborCodec.decode(hex('85 18 30 01 a0 61 70 81 82 01 d8 20 61 61'), LIMITS)))
  await new Promise((resolve) => { setImmediate(resolve) })
})

t.test('the size of a payload of a client is limited in a serializer of the app, that of the router is not', async (t) => {
  const limits = { depth: 10, messageSize: 100 }
  const payload = payloadOf(jsonCodec.decode(Buffer.from('[48,1,{},"p",["x"]]'), limits))
  const padding = (length: number): CustomCodec => encoding(() => Buffer.alloc(length, 1))
  t.equal(encode(padding(200), eventOf(payload)).length, 200)
  t.throws(() => encode(padding(201), eventOf(payload)), { name: 'EncodingError', message: 'serializers[2] exceeds the size limit' })
  t.equal(payload.hasForm(padding(200)), true)
  t.equal(payload.hasForm(padding(201)), false)
  t.equal(encode(padding(100_000), eventOf(Payload.of(['x']))).length, 100_000)
})

t.test('a serializer cannot change the messages of others', async (t) => {
  const payload = Payload.of([{ list: [1] }, Buffer.from('a')])
  const details = { topic: 'com.topic' }
  const vandal = custom({
    encode: (message) => {
      const [, , , details, args] = message as [number, number, number, { topic: string }, [{ list: number[] }, Buffer]]
      details.topic = 'x'
      args[0].list.push(2)
      args[1][0] = 0
      return serialize(message)
    }
  })
  const message = { type: 36, subscription: 1, publication: 2, details, payload } as const
  t.strictSame((deserialize(encode(vandal, message)) as unknown[])[3], { topic: 'x' })
  t.strictSame(deserialize(encode(binary, message)), [36, 1, 2, { topic: 'com.topic' }, [{ list: [1] }, new Uint8Array([97])]])
})

t.test('reading and writing count as work, even if nothing comes of it', async (t) => {
  const costOf = (act: () => unknown): number => {
    const before = unitsSpent()
    try {
      act()
    } catch (error) {
      t.ok(error instanceof ProtocolViolation)
    }
    return unitsSpent() - before
  }
  const ones = Array<number>(10_000).fill(1)
  const plain = payloadOf(binary.decode(serialize([48, 1, {}, 'p', ones]), LIMITS))
  t.ok(costOf(() => binary.decode(serialize([48, 1, {}, 'p', ones]), LIMITS)) >= 10_000)
  t.ok(costOf(() => encode(binary, eventOf(plain))) >= 5000)
  let many: unknown[] = [1]
  for (let i = 0; i < 40; i++) many = [many, many]
  t.ok(costOf(() => decoding(() => [48, 1, {}, 'p', many]).decode(Buffer.from('x'), { depth: 100, messageSize: 10_000 })) >= 10_000)
  t.ok(costOf(() => { try { binary.decode(Buffer.alloc(65_536), LIMITS) } catch (error) { throw new ProtocolViolation('as expected', { cause: error }) } }) >= 30)
})

t.test('the codecs of the router are not those of the app', async (t) => {
  t.same([...allCodecs, binary, text].map(({ subprotocol, binary, rawSocketNumber, typed }) => [subprotocol, binary, rawSocketNumber, typed !== null]), [
    ['wamp.2.json', false, 1, false], ['wamp.2.msgpack', true, 2, false], ['wamp.2.cbor', true, 3, true], ['wamp.2.v8', true, 14, false], ['wamp.2.text', false, 15, false]
  ])
})
