import t from 'tap'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import { OpaqueValue, SIMPLE_VALUE } from '../../plugin/protocol/opaque-value.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { decode, LIMITS, encode, hex, payloadOf, resultOf } from './messages.ts'

/** A CALL with these octets as its one argument. */
const callWith = (octets: string) => cborCodec.decode(hex(`85 18 30 01 a0 61 78 81 ${octets}`), LIMITS)
const argument = (octets: string): unknown => payloadOf(callWith(octets)).values().args[0]
/** Octets of a value. */
const written = (value: unknown): string => Payload.of([value]).in(cborCodec).bytes.subarray(1).toString('hex')

t.test('all encodings of a value are decoded [SER-03]', async (t) => {
  // Many of these are the examples of RFC 8949, appendix A.
  const forms: [octets: string, value: unknown][] = [
    ['00', 0], ['17', 23], ['18 18', 24], ['18 00', 0], ['19 03 e8', 1000], ['1a 00 0f 42 40', 1000000], ['1b 00 00 00 e8 d4 a5 10 00', 1000000000000],
    ['1b ff ff ff ff ff ff ff ff', 18446744073709551615n], ['1b 00 20 00 00 00 00 00 00', 2 ** 53], ['1b 00 20 00 00 00 00 00 01', 9007199254740993n],
    ['20', -1], ['38 63', -100], ['39 03 e7', -1000], ['3b 00 1f ff ff ff ff ff ff', -(2 ** 53)], ['3b 00 20 00 00 00 00 00 00', -9007199254740993n], ['3b ff ff ff ff ff ff ff ff', -18446744073709551616n],
    ['f9 00 00', 0], ['f9 80 00', -0], ['f9 3c 00', 1], ['f9 3e 00', 1.5], ['f9 7b ff', 65504], ['f9 00 01', 5.960464477539063e-8], ['f9 04 00', 0.00006103515625], ['f9 c4 00', -4],
    ['f9 7c 00', Infinity], ['f9 fc 00', -Infinity], ['f9 7e 00', NaN], ['fa 47 c3 50 00', 100000], ['fb 3f f1 99 99 99 99 99 9a', 1.1],
    ['f4', false], ['f5', true], ['f6', null], ['f7', undefined],
    ['60', ''], ['62 c3 bc', 'ü'], ['78 01 61', 'a'], ['79 00 01 61', 'a'], ['7f 65 73 74 72 65 61 64 6d 69 6e 67 ff', 'streaming'], ['7f ff', ''],
    ['40', Buffer.alloc(0)], ['44 01 02 03 04', hex('01020304')], ['5f 42 01 02 43 03 04 05 ff', hex('0102030405')],
    ['80', []], ['83 01 02 03', [1, 2, 3]], ['98 01 05', [5]], ['9f 01 82 02 03 9f 04 05 ff ff', [1, [2, 3], [4, 5]]], ['9f ff', []],
    ['a0', {}], ['a1 61 61 01', { a: 1 }], ['bf 61 61 01 61 62 9f 02 03 ff ff', { a: 1, b: [2, 3] }], ['b8 01 61 6b f6', { k: null }]
  ]
  for (const [octets, value] of forms) t.strictSame(argument(octets), value, octets)
})

t.test('binary data is written without a tag, and decoded with or without the tag of a typed array [SER-03, TRP-35]', async (t) => {
  t.equal(written(new Uint8Array([1, 2])), '420102')
  t.equal(written(Buffer.from([1, 2])), '420102')
  t.equal(written('ab'), '626162')
  t.strictSame(argument('d8 40 42 01 02'), Buffer.from([1, 2]))
})

/** A codec for peers that read typed arrays. */
const typed = cborCodec.typed!
const plainAndTyped = [cborCodec, typed] as const

t.test('the tag of a typed array is removed from binary data at any depth, except for peers that write it themselves [SER-03, TRP-35, MSG-16]', async (t) => {
  const sentOn = (...payload: string[]): string => {
    const data = hex(`${payload.length === 2 ? 86 : 85} 18 30 01 a0 61 78 ${payload.join(' ')}`)
    const [plain, kept] = plainAndTyped.map((codec) => payloadOf(codec.decode(data, LIMITS)))
    t.strictSame(kept!.in(cborCodec), plain!.in(cborCodec), 'the sender does not matter')
    t.strictSame(kept!.in(typed), plain!.in(typed))
    const { bytes } = plain!.in(typed)
    t.equal(bytes.toString('hex'), payload.join('').replaceAll(' ', '').replace(/^f6/, '80').replace(/(.)a0$/, '$1'), 'with the tag')
    t.ok(bytes.buffer === data.buffer || payload[0] === 'f6', 'a slice')
    return plain!.in(cborCodec).bytes.toString('hex')
  }
  for (const [payload, octets] of [
    [['81 d8 40 42 01 02'], '81420102'], [['81 d9 00 40 42 01 02'], '81420102'], [['81 db 00 00 00 00 00 00 00 40 42 01 02'], '81420102'],
    [['81 d8 40 5f 41 01 41 02 ff'], '815f41014102ff'], [['82 d8 40 40 d8 40 40'], '824040'], [['83 01 d8 40 42 01 02 03'], '830142010203'],
    [['9f a1 61 61 82 d8 40 41 01 d8 40 41 02 ff'], '9fa161618241014102ff'],
    [['80', 'a1 61 6b d8 40 41 01'], '80a1616b4101'], [['f6', 'a1 61 6b d8 40 41 01'], '80a1616b4101'],
    [['81 d8 40 41 01', 'a1 61 6b d8 40 41 02'], '814101a1616b4102'], [['81 d8 40 41 01', 'a0'], '814101']
  ] as const) t.equal(sentOn(...payload), octets, payload.join())
  for (const kept of ['81d84063616263', '81d84101', '81d8408101', '81d84142d840', '8142d840']) t.equal(sentOn(kept), kept)
  t.equal(sentOn('82 d8 28 82 82 01 02 d8 40 42 01 02 d8 40 41 03'), '82d82882820102d8404201024103', 'a tag that builds upon it keeps it')
  t.equal(sentOn('81 d8 40 d8 40 41 01'), '81d840d8404101')
  t.strictSame(payloadOf(cborCodec.decode(hex('9f 18 30 01 a0 61 78 81 d8 40 42 01 02 ff'), LIMITS)).in(cborCodec).bytes, hex('81420102'), 'in a message of indefinite length, too')
  t.strictSame(payloadOf(callWith('d8 40 42 01 02')).in(msgpackCodec).bytes, hex('91 c4 02 01 02'))
})

t.test('a sender is recognized as one that writes typed arrays by any element of a message, unless another tag encloses it', async (t) => {
  const tells = (data: string): boolean[] => plainAndTyped.map((codec) => {
    let told = 0
    codec.decode(hex(data), LIMITS, { writesTypedArrays: () => { told++ } })
    return told > 0
  })
  for (const data of ['85 18 30 01 a0 61 78 81 d8 40 42 01 02', '86 18 30 01 a0 61 78 80 a1 61 6b d8 40 40', '9f 18 30 01 a0 61 78 81 d8 40 40 ff', '84 18 30 01 a1 61 6b d8 40 40 61 78']) {
    t.same(tells(data), [true, true], data)
  }
  for (const data of ['85 18 30 01 a0 61 78 81 42 01 02', '85 18 30 01 a0 61 78 81 d8 41 42 01 02', '85 18 30 01 a0 61 78 81 d8 28 82 82 01 02 d8 40 42 01 02', '85 18 30 01 a0 61 78 81 d8 40 61 78', '84 18 30 01 a0 61 78']) {
    t.same(tells(data), [false, false], data)
  }
  t.equal(msgpackCodec.typed, null)
  t.equal(jsonCodec.typed, null)
})

t.test('the tag of self-described data does not hide a typed array, and any other tag does so in options too [TRP-35]', async (t) => {
  const tells = (data: string): boolean => {
    let told = false
    cborCodec.decode(hex(data), LIMITS, { writesTypedArrays: () => { told = true } })
    return told
  }
  t.ok(tells('85 18 30 01 a0 61 78 81 d9 d9 f7 d8 40 41 01'))
  t.ok(tells('84 18 30 01 a1 61 6b d9 d9 f7 d8 40 41 01 61 78'))
  t.notOk(tells('84 18 30 01 a1 61 6b d8 28 82 81 01 d8 40 41 01 61 78'))
  t.notOk(tells('84 18 30 01 a1 61 6b d8 40 d8 40 41 01 61 78'))
  t.equal(payloadOf(callWith('d9 d9 f7 d8 40 41 01')).in(cborCodec).bytes.toString('hex'), '81d9d9f74101')
})

t.test('an opaque value that this process passes on keeps all tags within it', async (t) => {
  for (const octets of ['d82882820102d8404201021', 'd863d84041011', 'd863c2491000000000000000001', 'd863c0613a1', 'd863c11a514b67b01', 'd863d9d9f7011', 'd863a1616bd84041011', 'd840d84041011'].map((text) => text.slice(0, -1))) {
    t.equal(written(argument(octets)), octets)
  }
  t.strictSame(argument('82 d8 63 01 d8 40 41 01'), [new OpaqueValue('cbor', 99, 1), Buffer.from([1])], 'a tag next to it is read')
})

t.test('a payload without typed arrays is forwarded as the same bytes to all CBOR peers, and others write octets without a tag for all of them', async (t) => {
  for (const from of plainAndTyped) {
    const payload = payloadOf(from.decode(hex('85 18 30 01 a0 61 78 81 42 01 02'), LIMITS))
    t.equal(payload.in(typed), payload.in(cborCodec))
    t.equal(payload.in(typed).bytes.toString('hex'), '81420102')
  }
  t.equal(Payload.of([new Uint8Array([1, 2])]).in(typed).bytes.toString('hex'), '81420102')
})

t.test('a stored payload keeps its typed arrays, and has a form for each peer and process that can read its values', async (t) => {
  const payload = payloadOf(callWith('d8 40 42 01 02')).detached()
  t.equal(payload.in(typed).bytes.toString('hex'), '81d840420102')
  t.equal(payload.in(cborCodec).bytes.toString('hex'), '81420102')
  t.strictSame(payload.values().args, [Buffer.from([1, 2])])
  const unreadable = payloadOf(callWith('82 d8 40 42 01 02 a1 f6 01'))
  t.same([...plainAndTyped, null].map((codec) => [payload.hasForm(codec), unreadable.hasForm(codec)]), [[true, false], [true, false], [true, false]])
  t.equal(unreadable.in(cborCodec).bytes.toString('hex'), '8182420102a1f601')
  t.same(plainAndTyped.map((codec) => payloadOf(callWith('a1 f6 01')).hasForm(codec)), [false, false])
})

t.test('the removal of tags is counted as work', async (t) => {
  const payload = payloadOf(callWith(`98 c8 ${'d8 40 41 01'.repeat(200)}`))
  const costOf = (act: () => void): number => {
    const before = unitsSpent()
    act()
    return unitsSpent() - before
  }
  t.ok(costOf(() => { payload.in(cborCodec) }) >= 100)
  t.ok(costOf(() => { payload.in(cborCodec) }) < 1, 'once')
})

t.test('integers are written as integers, in as few bytes as possible [SER-10, SER-13]', async (t) => {
  const forms: [value: unknown, octets: string][] = [
    [0, '00'], [23, '17'], [24, '1818'], [255, '18ff'], [256, '190100'], [65536, '1a00010000'], [2 ** 32, '1b0000000100000000'], [5512315355, '1b00000001488f41db'], [2 ** 53, '1b0020000000000000'],
    [-1, '20'], [-24, '37'], [-25, '3818'], [-(2 ** 32) - 1, '3b0000000100000000'], [-(2 ** 53), '3b001fffffffffffff'],
    [2n ** 64n - 1n, '1bffffffffffffffff'], [-(2n ** 64n), '3bffffffffffffffff'], [2n ** 64n, 'c249010000000000000000'], [-(2n ** 64n) - 1n, 'c349010000000000000000'], [2n ** 68n, 'c249100000000000000000'],
    [1.5, 'fb3ff8000000000000'], [-0, 'fb8000000000000000'], [2 ** 60, 'fb43b0000000000000'], [NaN, 'fb7ff8000000000000']
  ]
  for (const [value, octets] of forms) t.equal(written(value), octets, String(value))
})

t.test('ids above 2^32 are integers, never floats [SER-10, TRP-03]', async (t) => {
  t.equal(encode(cborCodec, { type: 17, request: 2 ** 53, publication: 5512315355 }).toString('hex'), '83111b00200000000000001b00000001488f41db')
})

t.test('ids that are sent as floats are accepted as integers [SER-11, TRP-03]', async (t) => {
  t.match(cborCodec.decode(hex('83 18 31 fb 41 f4 88 f4 1d b0 00 00 a0'), LIMITS), { type: 49, request: 5512315355 })
  t.match(cborCodec.decode(hex('83 f9 52 20 f9 3c 00 a0'), LIMITS), { type: 49, request: 1 })
  t.throws(() => cborCodec.decode(hex('83 18 31 f9 3e 00 a0'), LIMITS), { message: 'CANCEL.request is invalid' })
  t.throws(() => cborCodec.decode(hex('83 18 31 1b 00 20 00 00 00 00 00 01 a0'), LIMITS), { message: 'CANCEL.request is invalid' }, '2^53 + 1')
})

t.test('indefinite lengths are decoded everywhere, and forwarded unchanged', async (t) => {
  const data = hex('9f 18 30 01 bf ff 7f 61 78 61 79 ff 9f 01 ff bf 61 6b 02 ff ff')
  const call = cborCodec.decode(data, LIMITS)
  t.match(call, { type: 48, request: 1, procedure: 'xy' })
  t.strictSame(payloadOf(call).values(), { args: [1], kwargs: { k: 2 } })
  t.equal(encode(cborCodec, resultOf(call)).toString('hex'), '85183201a0' + '9f01ff' + 'bf616b02ff')
  t.match(cborCodec.decode(hex('9f 18 31 01 a0 ff'), LIMITS), { type: 49 })

  for (const octets of ['9f', '9f ff', '9f 18 31 01 a0', '9f 18 31 01 a0 ff 00', '9f 18 31 01 a0 ff ff']) {
    t.throws(() => cborCodec.decode(hex(octets), LIMITS), { name: 'ProtocolViolation' }, octets)
  }
})

t.test('empty args and kwargs are recognized in all their encodings [MSG-15]', async (t) => {
  for (const octets of ['85 18 30 01 a0 61 78 9f ff', '86 18 30 01 a0 61 78 98 00 bf ff', '86 18 30 01 a0 61 78 f6 b8 00', '85 18 30 01 a0 61 78 f7']) {
    t.equal(payloadOf(cborCodec.decode(hex(octets), LIMITS)), Payload.empty)
  }
})

t.test('keys of options and kwargs are strings, at every level of options [MSG-06, MSG-13]', async (t) => {
  const violation = { name: 'ProtocolViolation', message: 'a key of a dict is not a string' }
  for (const key of ['01', 'f6', '41 61', '80', 'd8 20 61 61', 'f9 3c 00']) {
    if (key !== 'd8 20 61 61') t.throws(() => cborCodec.decode(hex(`84 18 30 01 a1 ${key} 01 61 78`), LIMITS), violation)
    t.throws(() => cborCodec.decode(hex(`86 18 30 01 a0 61 78 80 a1 ${key} 01`), LIMITS), violation)
    t.throws(() => cborCodec.decode(hex(`86 18 30 01 a0 61 78 80 bf ${key} 01 ff`), LIMITS), violation)
  }
  t.throws(() => cborCodec.decode(hex('84 18 30 01 a1 63 78 5f 79 81 a1 01 01 61 78'), LIMITS), violation)
})

t.test('keys of any type are forwarded to peers with the same serializer; for other receivers, numeric keys become strings [MSG-16, SER-14]', async (t) => {
  const call = callWith('a2 01 61 61 20 02')
  t.equal(payloadOf(call).in(cborCodec).bytes.toString('hex'), '81a20161612002')
  t.strictSame(payloadOf(call).values().args, [{ 1: 'a', '-1': 2 }])
  t.throws(() => payloadOf(callWith('a1 f6 01')).in(jsonCodec), { name: 'EncodingError' })
})

t.test('bignums are converted to integers for other serializers, up to the limit of the receiver [SER-13]', async (t) => {
  t.equal(argument('c2 49 01 00 00 00 00 00 00 00 00'), 2n ** 64n)
  t.equal(argument('c3 49 01 00 00 00 00 00 00 00 00'), -(2n ** 64n) - 1n)
  t.equal(argument('c2 41 05'), 5)
  t.equal(argument('c2 40'), 0)
  t.equal(argument('c2 5f 41 01 41 00 ff'), 256)
  const payload = payloadOf(callWith('c2 49 01 00 00 00 00 00 00 00 00'))
  t.equal(payload.in(jsonCodec).bytes.toString(), '[18446744073709551616]')
  t.throws(() => payload.in(msgpackCodec), { name: 'EncodingError', message: 'an integer beyond 64 bits cannot be represented in msgpack' })
  t.equal(payloadOf(callWith('c2 48 ff ff ff ff ff ff ff ff')).in(msgpackCodec).bytes.toString('hex'), '91cfffffffffffffffff')
})

t.test('a bignum that exceeds the conversion limit is sent to CBOR peers only [SER-13]', async (t) => {
  const bignum = (octets: number) => payloadOf(callWith(`c2 59 ${octets.toString(16).padStart(4, '0')} ${'ff'.repeat(octets)}`))
  t.equal(bignum(512).values().args[0], 2n ** 4096n - 1n)
  t.throws(() => bignum(513).in(jsonCodec), { name: 'EncodingError', message: 'a value of cbor (2) cannot be represented in json' })
  t.equal(bignum(513).in(cborCodec).bytes.length, 1 + 1 + 3 + 513)
})

t.test('other tags and simple values are forwarded to CBOR peers, and cannot be represented elsewhere [SER-14]', async (t) => {
  for (const octets of ['d8 20 61 61', 'c4 82 21 19 6a b3', 'c2 01', 'c0 01', 'c1 61 61', 'd8 40 61 61', 'db ff ff ff ff ff ff ff ff 01', 'f0', 'e0', 'f8 ff', 'f8 20']) {
    const payload = payloadOf(callWith(octets))
    t.equal(payload.in(cborCodec).bytes.toString('hex'), `81${octets.replaceAll(' ', '')}`)
    t.throws(() => payload.in(jsonCodec), { name: 'EncodingError', message: /^a value of cbor \(-?\d+\) cannot be represented in json$/ }, octets)
    t.throws(() => payload.in(msgpackCodec), { name: 'EncodingError' })
  }
})

t.test('a tag or simple value that this process was given can be sent again', async (t) => {
  for (const octets of ['d8 20 61 61', 'f0', 'f8 ff', 'db ff ff ff ff ff ff ff ff 01']) t.equal(written(argument(octets)), octets.replaceAll(' ', ''))
  t.strictSame(argument('d8 20 61 61'), new OpaqueValue('cbor', 32, 'a'))
  t.strictSame(argument('f0'), new OpaqueValue('cbor', SIMPLE_VALUE, 16))
  t.throws(() => Payload.of([new OpaqueValue('msgpack', 5, Buffer.alloc(1))]).in(cborCodec), { name: 'EncodingError' })
})

t.test('tags without meaning are removed for other serializers; an epoch time becomes a date', async (t) => {
  t.equal(argument('c0 74 32 30 31 33 2d 30 33 2d 32 31 54 32 30 3a 30 34 3a 30 30 5a'), '2013-03-21T20:04:00Z')
  t.strictSame(argument('d9 d9 f7 81 01'), [1])
  t.strictSame(argument('c1 1a 51 4b 67 b0'), new Date('2013-03-21T20:04:00Z'))
  t.strictSame(argument('c1 fb 41 d4 52 d9 ec 20 00 00'), new Date('2013-03-21T20:04:00.500Z'))
  t.equal(payloadOf(callWith('c1 01')).in(jsonCodec).bytes.toString(), '["1970-01-01T00:00:01.000Z"]')
})

t.test('undefined becomes null in other serializers, and an option with this value counts as absent [SER-14]', async (t) => {
  t.equal(payloadOf(callWith('f7')).in(jsonCodec).bytes.toString(), '[null]')
  t.equal(payloadOf(callWith('f7')).in(msgpackCodec).bytes.toString('hex'), '91c0')
  t.match(cborCodec.decode(hex('84 18 20 01 a1 65 6d 61 74 63 68 f7 61 78'), LIMITS), { type: 32 })
})

t.test('options and details are dicts, not tags [OPT-05]', async (t) => {
  for (const options of ['d8 20 61 61', 'c1 01', '40', 'f6', 'f7', 'f0']) {
    t.throws(() => cborCodec.decode(hex(`84 18 30 01 ${options} 61 78`), LIMITS), { message: 'CALL.options must be a dict' })
  }
})

t.test('each tag counts as a level of nesting', async (t) => {
  t.equal(callWith(`${'d8 20'.repeat(98)} 01`).type, 48)
  t.throws(() => callWith(`${'d8 20'.repeat(99)} 01`), { message: 'the message is nested too deeply' })
  t.throws(() => callWith(`${'d8 20'.repeat(100_000)} 01`), { message: 'the message is nested too deeply' })
  t.throws(() => cborCodec.decode(hex(`84 18 30 01 a1 63 78 5f 79 ${'c6'.repeat(100_000)} 01 61 78`), LIMITS), { message: 'the message is nested too deeply' })
})

t.test('a length beyond the end of the data is a violation, and nothing is allocated for it', async (t) => {
  const early = { name: 'ProtocolViolation', message: 'the message ends too early' }
  for (const octets of ['7a ff ff ff ff', '5a ff ff ff ff', '9a ff ff ff ff', 'ba ff ff ff ff', '7b ff ff ff ff ff ff ff ff', '9b 00 20 00 00 00 00 00 01', 'bb ff ff ff ff ff ff ff ff', '65 61', '1b 00', 'fb 00', 'f9 00', '18', '82 01', 'a1 61 6b', '9f 01', 'bf 61 6b', '7f 61 61', '5f 41', 'd8', 'c1', 'f8']) {
    t.throws(() => callWith(octets), early, octets)
    t.throws(() => cborCodec.decode(hex(`84 18 30 01 a1 61 6b ${octets}`), LIMITS), early, octets)
  }
  t.throws(() => cborCodec.decode(hex('9a ff ff ff ff 18 30'), LIMITS), { name: 'ProtocolViolation' })
})

t.test('malformed data is a violation [SER-03, SER-17]', async (t) => {
  // Reserved forms, breaks that end nothing, chunks of another kind, simple values in a form that is not theirs.
  for (const octets of ['1c', '1f', '3d', '3f', '5c', '7d', '9e', 'bd', 'dc', 'df', 'fc', 'fd', 'fe', 'ff', '81 ff', 'a1 ff 01', 'bf 61 6b ff', '5f 61 61 ff', '7f 41 61 ff', '7f 7f 61 61 ff ff', '5f 01 ff', 'f8 00', 'f8 1f', 'f8 14']) {
    t.throws(() => callWith(octets), { name: 'ProtocolViolation' }, octets)
    t.throws(() => cborCodec.decode(hex(`84 18 30 01 a1 61 6b ${octets} 61 78`), LIMITS), { name: 'ProtocolViolation' }, octets)
  }
  for (const octets of ['61 ff', '7f 61 c3 61 a9 ff']) t.throws(() => callWith(octets), { message: 'a text is not UTF-8' })
  t.throws(() => cborCodec.decode(hex('84 18 30 01 a0 61 ff'), LIMITS), { message: 'a text is not UTF-8' })
  t.throws(() => callWith('01 01'), { message: 'there are extra bytes after the message' })
})

t.test('no private record format is written or expected [SER-15, TRP-35]', async (t) => {
  const list = Array.from({ length: 3 }, () => ({ a: 1, b: 2 }))
  t.equal(written(list), '83' + 'a2616101616202'.repeat(3))
  t.strictSame(payloadOf(decode(cborCodec, [48, 1, {}, 'x', list])).values().args, list)
})
