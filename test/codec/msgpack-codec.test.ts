import t from 'tap'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { decode, LIMITS, encode, hex, payloadOf, resultOf } from './messages.ts'

/** A CALL with these octets as its one argument. */
const callWith = (octets: string) => msgpackCodec.decode(hex(`95 30 01 80 a1 78 91 ${octets}`), LIMITS)
const argument = (octets: string): unknown => payloadOf(callWith(octets)).values().args[0]
/** Octets of a value. */
const written = (value: unknown): string => Payload.of([value]).in(msgpackCodec).bytes.subarray(1).toString('hex')

t.test('all encodings of a value are decoded [SER-02]', async (t) => {
  const forms: [octets: string, value: unknown][] = [
    ['00', 0], ['7f', 127], ['cc ff', 255], ['cd 01 00', 256], ['ce ff ff ff ff', 2 ** 32 - 1],
    ['cf 00 00 00 01 00 00 00 00', 2 ** 32], ['cf 00 20 00 00 00 00 00 00', 2 ** 53], ['cf 00 20 00 00 00 00 00 01', 9007199254740993n], ['cf ff ff ff ff ff ff ff ff', 2n ** 64n - 1n],
    ['ff', -1], ['e0', -32], ['d0 80', -128], ['d1 80 00', -32768], ['d2 80 00 00 00', -(2 ** 31)],
    ['d3 ff df ff ff ff ff ff ff', -9007199254740993n], ['d3 80 00 00 00 00 00 00 00', -(2n ** 63n)], ['d3 00 00 00 00 00 00 00 05', 5],
    ['ca 3f c0 00 00', 1.5], ['cb 3f f8 00 00 00 00 00 00', 1.5], ['c0', null], ['c2', false], ['c3', true],
    ['a0', ''], ['a2 c3 a9', 'é'], ['d9 01 61', 'a'], ['da 00 01 61', 'a'], ['db 00 00 00 01 61', 'a'],
    ['c4 01 ff', Buffer.from([255])], ['c5 00 00', Buffer.alloc(0)], ['c6 00 00 00 01 00', Buffer.alloc(1)],
    ['90', []], ['dc 00 01 00', [0]], ['dd 00 00 00 01 00', [0]],
    ['80', {}], ['81 a1 6b 01', { k: 1 }], ['de 00 01 a1 6b 01', { k: 1 }], ['df 00 00 00 01 a1 6b 01', { k: 1 }]
  ]
  for (const [octets, value] of forms) t.strictSame(argument(octets), value, octets)
})

t.test('strings and binary data are distinguished in both directions [SER-02]', async (t) => {
  t.equal(written('abc'), 'a3616263')
  t.equal(written(Buffer.from('abc')), 'c403616263')
  t.equal(written(new Uint8Array(256)).slice(0, 6), 'c50100')
})

t.test('integers are written as integers, in as few bytes as possible [SER-10]', async (t) => {
  const forms: [value: unknown, octets: string][] = [
    [0, '00'], [127, '7f'], [128, 'cc80'], [255, 'ccff'], [256, 'cd0100'], [65536, 'ce00010000'], [2 ** 32 - 1, 'ceffffffff'],
    [2 ** 32, 'cf0000000100000000'], [5512315355, 'cf00000001488f41db'], [2 ** 53, 'cf0020000000000000'], [2n ** 64n - 1n, 'cfffffffffffffffff'],
    [-1, 'ff'], [-32, 'e0'], [-33, 'd0df'], [-128, 'd080'], [-129, 'd1ff7f'], [-32769, 'd2ffff7fff'], [-(2 ** 31), 'd280000000'],
    [-(2 ** 31) - 1, 'd3ffffffff7fffffff'], [-(2 ** 53), 'd3ffe0000000000000'], [-(2n ** 63n), 'd38000000000000000'],
    [1.5, 'cb3ff8000000000000'], [-0, 'cb8000000000000000'], [2 ** 60, 'cb43b0000000000000'], [NaN, 'cb7ff8000000000000']
  ]
  for (const [value, octets] of forms) t.equal(written(value), octets, String(value))
})

t.test('ids above 2^32 are uint64, never floats [SER-10, TRP-03]', async (t) => {
  t.equal(encode(msgpackCodec, { type: 17, request: 2 ** 53, publication: 5512315355 }).toString('hex'), '9311cf0020000000000000cf00000001488f41db')
})

t.test('ids that are sent as floats are accepted as integers [SER-11, TRP-03]', async (t) => {
  t.match(msgpackCodec.decode(hex('93 31 cb 41 f4 88 f4 1d b0 00 00 80'), LIMITS), { type: 49, request: 5512315355 })
  t.match(msgpackCodec.decode(hex('93 ca 42 44 00 00 ca 3f 80 00 00 80'), LIMITS), { type: 49, request: 1 })
  t.throws(() => msgpackCodec.decode(hex('93 31 cb 3f f8 00 00 00 00 00 00 80'), LIMITS), { message: 'CANCEL.request is invalid' })
  t.throws(() => msgpackCodec.decode(hex('93 31 cf 00 20 00 00 00 00 00 01 80'), LIMITS), { message: 'CANCEL.request is invalid' }, '2^53 + 1')
})

t.test('keys of options and kwargs are strings, at every level of options [MSG-06, MSG-13]', async (t) => {
  const violation = { name: 'ProtocolViolation', message: 'a key of a dict is not a string' }
  for (const key of ['01', 'c0', 'c4 01 61', '90', 'cb 3f f8 00 00 00 00 00 00']) {
    t.throws(() => msgpackCodec.decode(hex(`94 30 01 81 ${key} 01 a1 78`), LIMITS), violation)
    t.throws(() => msgpackCodec.decode(hex(`94 30 01 81 a3 78 5f 79 91 81 ${key} 01 a1 78`), LIMITS), violation)
    t.throws(() => msgpackCodec.decode(hex(`96 30 01 80 a1 78 90 81 ${key} 01`), LIMITS), violation)
  }
})

t.test('keys of any type are forwarded to peers with the same serializer; for other receivers, numeric keys become strings [MSG-16, SER-14]', async (t) => {
  const call = callWith('82 01 a1 61 cf ff ff ff ff ff ff ff ff 02')
  t.equal(payloadOf(call).in(msgpackCodec).bytes.toString('hex'), '918201a161cfffffffffffffffff02')
  t.strictSame(payloadOf(call).values().args, [{ 1: 'a', '18446744073709551615': 2 }])
  t.throws(() => payloadOf(callWith('81 c0 01')).in(jsonCodec), { name: 'EncodingError' })
})

t.test('an extension is forwarded to MessagePack peers, and cannot be represented elsewhere [SER-14]', async (t) => {
  for (const octets of ['d4 05 01', 'd5 05 01 02', 'd6 05 01 02 03 04', `d7 05 ${'01'.repeat(8)}`, `d8 05 ${'01'.repeat(16)}`, 'c7 03 05 01 02 03', `c8 01 00 05 ${'01'.repeat(256)}`, 'c9 00 00 00 01 05 01', 'd4 00 01']) {
    const payload = payloadOf(callWith(octets))
    t.equal(payload.in(msgpackCodec).bytes.toString('hex'), `91${octets.replaceAll(' ', '')}`)
    t.throws(() => payload.in(jsonCodec), { name: 'EncodingError', message: /^a value of msgpack \(\d\) cannot be represented in json$/ })
    t.throws(() => payload.in(cborCodec), { name: 'EncodingError' })
  }
  t.throws(() => callWith('d4 05'), { message: 'the message ends too early' })
})

t.test('an extension that this process was given can be sent again', async (t) => {
  const value = argument('d4 ff 01')
  t.strictSame(value, new OpaqueValue('msgpack', -1, Buffer.from([1])))
  t.equal(written(value), 'c701ff01')
  t.throws(() => Payload.of([new OpaqueValue('cbor', 5, 1)]).in(msgpackCodec), { name: 'EncodingError' })
})

t.test('the encodings that JavaScript libraries use for undefined become null in other serializers [SER-14]', async (t) => {
  t.equal(argument('d4 00 00'), undefined)
  t.equal(payloadOf(callWith('d4 00 00')).in(jsonCodec).bytes.toString(), '[null]')
  t.match(msgpackCodec.decode(hex('94 20 01 81 a5 6d 61 74 63 68 d4 00 00 a1 78'), LIMITS), { type: 32 }, 'an option of this value is not given')
})

t.test('a timestamp becomes a date in other serializers', async (t) => {
  t.strictSame(argument('d6 ff 00 00 00 01'), new Date(1000))
  t.strictSame(argument('d7 ff 77 35 94 00 00 00 00 01'), new Date(1500), '30 bits of nanoseconds')
  t.strictSame(argument('d7 ff 00 00 00 03 ff ff ff ff'), new Date((2 ** 34 - 1) * 1000), '34 bits of seconds')
  t.strictSame(argument('c7 0c ff 1d cd 65 00 ff ff ff ff ff ff ff ff'), new Date(-500), 'before 1970')
  t.equal(payloadOf(callWith('d6 ff 00 00 00 01')).in(jsonCodec).bytes.toString(), '["1970-01-01T00:00:01.000Z"]')
})

t.test('options and details are dicts, not extensions [MSG-01, OPT-05]', async (t) => {
  for (const options of ['d4 05 01', 'd6 ff 00 00 00 01', 'c4 00', 'c0']) {
    t.throws(() => msgpackCodec.decode(hex(`94 30 01 ${options} a1 78`), LIMITS), { message: 'CALL.options must be a dict' })
  }
})

t.test('empty args and kwargs are also recognized in their long encodings [MSG-15]', async (t) => {
  for (const octets of ['95 30 01 80 a1 78 dc 00 00', '96 30 01 80 a1 78 dd 00 00 00 00 de 00 00', '96 30 01 80 a1 78 c0 df 00 00 00 00']) {
    t.equal(payloadOf(msgpackCodec.decode(hex(octets), LIMITS)), Payload.empty)
  }
  const call = msgpackCodec.decode(hex('96 30 01 80 a1 78 91 01 de 00 00'), LIMITS)
  t.equal(encode(msgpackCodec, resultOf(call)).toString('hex'), '94320180' + '9101')
})

t.test('a length beyond the end of the data is a violation, and nothing is allocated for it', async (t) => {
  for (const octets of ['db ff ff ff ff', 'c6 ff ff ff ff', 'dd ff ff ff ff', 'df ff ff ff ff', 'c9 ff ff ff ff 05', 'a5 61', 'cf 00', 'cb 00', 'd9', 'dc 00', '92 01', '81 a1 6b']) {
    t.throws(() => callWith(octets), { name: 'ProtocolViolation', message: 'the message ends too early' }, octets)
    t.throws(() => msgpackCodec.decode(hex(`94 30 01 81 a1 6b ${octets}`), LIMITS), { name: 'ProtocolViolation', message: 'the message ends too early' }, octets)
  }
  t.throws(() => msgpackCodec.decode(hex('dd ff ff ff ff 30'), LIMITS), { name: 'ProtocolViolation' })
})

t.test('malformed data is a violation [SER-17]', async (t) => {
  t.throws(() => callWith('c1'), { message: '0xc1 is not valid MessagePack' })
  t.throws(() => msgpackCodec.decode(hex('93 31 c1 80'), LIMITS), { message: '0xc1 is not valid MessagePack' })
  t.throws(() => callWith('a1 ff'), { message: 'a text is not UTF-8' })
  t.throws(() => msgpackCodec.decode(hex('94 30 01 80 a1 ff'), LIMITS), { message: 'a text is not UTF-8' })
  t.throws(() => msgpackCodec.decode(hex('96 30 01 80 a1 78 90 81 a1 ff 01'), LIMITS), { message: 'a text is not UTF-8' })
  t.throws(() => callWith(`d9 80 ${'61'.repeat(127)} ff`), { message: 'a text is not UTF-8' })
  t.throws(() => callWith('01 01'), { message: 'there are extra bytes after the message' })
  t.equal(callWith(`d9 80 ${'61'.repeat(126)} c3 a9`).type, 48)
})

t.test('no private record format is written or expected [SER-15, TRP-35]', async (t) => {
  const list = Array.from({ length: 3 }, () => ({ a: 1, b: 2 }))
  t.equal(written(list), '93' + '82a16101a16202'.repeat(3))
  t.strictSame(payloadOf(decode(msgpackCodec, [48, 1, {}, 'x', list])).values().args, list)
})
