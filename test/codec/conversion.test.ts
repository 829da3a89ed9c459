import assert from 'node:assert/strict'
import { Encoder } from 'cbor-x'
import fc from 'fast-check'
import t from 'tap'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import type { StandardCodec } from '../../plugin/codec/codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { Args, Kwargs } from '../../plugin/protocol/payload.ts'
import { libraries } from './libraries.ts'
import { allCodecs, decode, LIMITS, payloadOf, yieldOf } from './messages.ts'

const RUNS = { seed: 20, numRuns: 400 }

// Integers within ±2^53 are Numbers, others BigInt, as the codecs read them; BigInt to 64 bits is what all three have.
const bigInt = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).filter((value) => value < -(2n ** 53n) || value > 2n ** 53n)
const integer = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(2 ** 53, -(2 ** 53), 2 ** 32, 2 ** 31, -(2 ** 31), 255, 256, -32, -33, 23, 24))
// NaN and the infinities have no form in JSON.
const float = fc.double({ noNaN: true, noDefaultInfinity: true })
// A string that starts with U+0000 may stand for octets; a lone surrogate has no form in UTF-8.
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ unit: 'binary-ascii', maxLength: 40 })).filter((value) => !value.startsWith('\0'))
const octets = fc.uint8Array({ maxLength: 40 }).map((value) => Buffer.from(value))
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString', '', 'length', '0', '\0AQ=='))

/** Lists of anything that is made of these scalars and keys. */
function lists (key: fc.Arbitrary<string>, ...scalars: fc.Arbitrary<unknown>[]): fc.Arbitrary<Args> {
  const { list } = fc.letrec<{ value: unknown, list: Args, dict: Kwargs }>((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, fc.boolean(), fc.constant(null), integer, text, ...scalars, tie('list'), tie('dict')),
    list: fc.array(tie('value'), { maxLength: 5 }),
    dict: fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map((entries) => Object.fromEntries(entries))
  }))
  return list
}

const args = lists(key, bigInt, float, octets)
const kwargs = fc.tuple(args, fc.array(key)).map(([values, keys]) => Object.fromEntries(keys.map((key, i) => [key, values[i] ?? null])))

/**
 * What the other implementations have, too: they drop __proto__ and make 0 of -0. JSON has neither octets nor integers
 * beyond 2^53 there, and writes floats of that size as if they were.
 */
function common ({ name }: StandardCodec): fc.Arbitrary<Args> {
  const key = text.filter((key) => key !== '__proto__')
  const number = float.filter((value) => !Object.is(value, -0))
  return name === 'json' ? lists(key, number.filter((value) => !Number.isInteger(value) || Math.abs(value) <= 2 ** 53)) : lists(key, bigInt, number, octets)
}

/** Values around the sizes at which a serializer's forms change: text, also not ASCII, octets, lists, dicts. */
function sized (size: number): Args {
  const items = Array.from({ length: size }, (_, i) => i)
  return ['x'.repeat(size), 'é'.repeat(size), '🌍'.repeat(size >> 2), Buffer.alloc(size, 0xa5), items, Object.fromEntries(items.map((i) => [`ключ ${i}`, i]))]
}
const sizes = [0, 1, 15, 16, 23, 24, 31, 32, 255, 256, 65_535, 65_536]

/** Octets as Buffers. */
function plain (value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (Array.isArray(value)) return value.map(plain)
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) : value
}

for (const from of allCodecs) {
  /** A payload as it comes in from a peer. */
  const received = (args: Args, kwargs: Kwargs): Payload => payloadOf(from.decode(yieldOf(from, Payload.of(args, kwargs)), LIMITS))

  for (const to of allCodecs) {
    t.test(`values are preserved in the conversion from ${from.name} to ${to.name} [SER-04, SER-08, SER-12, SER-16, MSG-16]`, async (t) => {
      fc.assert(fc.property(args, kwargs, (args, kwargs) => {
        const values = to.decodePayload(received(args, kwargs).in(to))
        assert.deepStrictEqual(values, { args, kwargs })
      }), RUNS)
      t.pass('in every case')
    })
  }

  t.test(`values of any size are preserved in the conversion from ${from.name} to every serializer [SER-04, SER-08]`, async (t) => {
    for (const size of sizes) {
      const payload = received(sized(size), { size })
      for (const to of allCodecs) assert.deepStrictEqual(to.decodePayload(payload.in(to)), { args: sized(size), kwargs: { size } })
    }
    t.pass(String(sizes))
  })

  t.test(`values are preserved in the conversion from ${from.name} to JavaScript [SER-08, SER-12, SER-16]`, async (t) => {
    fc.assert(fc.property(args, kwargs, (args, kwargs) => {
      assert.deepStrictEqual(received(args, kwargs).values(), { args, kwargs })
    }), RUNS)
    t.pass('in every case')
  })

  t.test(`another implementation reads what ${from.name} writes, and writes what it reads`, async (t) => {
    fc.assert(fc.property(common(from), (args) => {
      assert.deepStrictEqual(plain(libraries[from.name].read(yieldOf(from, Payload.of(args)))), args.length === 0 ? [70, 1, {}] : [70, 1, {}, args])
      assert.deepStrictEqual(payloadOf(decode(from, [70, 1, {}, args])).values().args, args)
    }), RUNS)
    t.pass('in every case')
  })
}

t.test('values that JSON cannot represent are preserved between MessagePack and CBOR [SER-04, SER-14]', async (t) => {
  const values = [NaN, Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE, 1e21, 2 ** 53 + 2]
  for (const [from, to] of [[msgpackCodec, cborCodec], [cborCodec, msgpackCodec], [msgpackCodec, msgpackCodec], [cborCodec, cborCodec]] as const) {
    const payload = payloadOf(from.decode(yieldOf(from, Payload.of(values)), LIMITS))
    t.strictSame(to.decodePayload(payload.in(to)).args.map((value) => Object.is(value, -0) ? '-0' : value), values.map((value) => Object.is(value, -0) ? '-0' : value), `${from.name} to ${to.name}`)
    t.same(jsonCodec.decodePayload(payload.in(jsonCodec)).args.slice(0, 3), [null, null, null])
  }
})

t.test('CBOR peers receive the same data, whether or not a library tags binary data [SER-03, TRP-35]', async (t) => {
  const [tagging, plain] = [true, false].map((tagUint8Array) => new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array })) as [Encoder, Encoder]
  const octets = fc.uint8Array({ maxLength: 40 })
  let tags = 0
  fc.assert(fc.property(lists(text, bigInt, float, octets), (args) => {
    const [tagged, untagged] = [tagging, plain].map((encoder) => Buffer.from(encoder.encode([70, 1, {}, args, { args }]))) as [Buffer, Buffer]
    assert.deepEqual(payloadOf(cborCodec.decode(tagged, LIMITS)).in(cborCodec).bytes, payloadOf(cborCodec.decode(untagged, LIMITS)).in(cborCodec).bytes)
    tags += tagged.length - untagged.length
  }), RUNS)
  t.ok(tags > 200, `${tags} octets of tags`)
})
