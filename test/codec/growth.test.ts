import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { StandardCodec } from '../../plugin/codec/codec.ts'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { allCodecs, DEPTH, hex, payloadOf, yieldOf } from './messages.ts'

const LIMITS = { depth: DEPTH, messageSize: 2 ** 20 }

const tooLarge = { name: 'EncodingError', message: 'the values exceed the size limit in another serializer' }

/** Values whose forms differ in length from serializer to serializer. */
const { list } = fc.letrec<{ value: unknown, list: unknown[] }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, -0, new Date(0), 2 ** 53, 2n ** 60n, 1e300, '', '\u0001', '"\\', 'é', '🌍'), fc.integer(), fc.double(),
    fc.string({ unit: 'binary', maxLength: 100 }), fc.uint8Array({ maxLength: 60 }), fc.constantFrom('\u0001', '🌍', 'x').map((text) => text.repeat(6000)),
    tie('list'), fc.dictionary(fc.string({ maxLength: 40 }), tie('value'), { maxKeys: 4 })),
  list: fc.array(tie('value'), { maxLength: 8 })
}))

/** A payload of a peer whose messages may have so many octets. */
function received (from: StandardCodec, data: Buffer, messageSize: number): Payload {
  return payloadOf(from.decode(data, { ...LIMITS, messageSize }))
}

for (const from of allCodecs) {
  for (const to of allCodecs.filter((codec) => codec !== from)) {
    t.test(`from ${from.name} to ${to.name}, a payload has at most twice the octets of a message, or no form`, async (t) => {
      let [fitting, refused] = [0, 0]
      fc.assert(fc.property(list, fc.boolean(), fc.nat({ max: 10 }), (args, named, slack) => {
        const data = yieldOf(from, named ? Payload.of([], { args }) : Payload.of(args))
        const { bytes } = received(from, data, Infinity).in(to)
        const messageSize = Math.max(1, Math.ceil(bytes.length / 2) + slack - 5)
        const payload = received(from, data, messageSize)
        if (bytes.length <= 2 * messageSize) {
          fitting++
          assert.deepEqual(payload.in(to).bytes, bytes)
        } else {
          refused++
          assert.throws(() => payload.in(to), tooLarge)
        }
        assert.doesNotThrow(() => payload.in(from), 'peers of the same serializer are sent what came')
      }), { seed: 20, numRuns: 200 })
      t.ok(fitting > 30 && refused > 30, `${fitting} payloads fit, ${refused} do not`)
    })
  }
}

t.test('the size of values of the app is not limited', async (t) => {
  const text = '\0'.repeat(2 ** 20)
  t.equal(Payload.of([text]).in(jsonCodec).bytes.length, 6 * 2 ** 20 + 4)
})

/** A message with a list of 1 MiB that holds the same item over and over. */
function filled (head: string, item: string): Buffer {
  const octets = hex(item)
  const count = Math.floor(2 ** 20 / octets.length)
  const size = Buffer.alloc(4)
  size.writeUInt32BE(count)
  return Buffer.concat([hex(head), size, Buffer.alloc(count * octets.length, octets)])
}
const cbor = (item: string): Buffer => filled('85 18 30 01 a0 61 78 9a', item)
const msgpack = (item: string): Buffer => filled('95 30 01 80 a1 78 dd', item)
const growing: [what: string, from: StandardCodec, data: Buffer, to: StandardCodec][] = [
  ['dates', cborCodec, cbor('c1 01'), jsonCodec],
  ['dates', cborCodec, cbor('c1 01'), msgpackCodec],
  ['nulls', cborCodec, cbor('f6'), jsonCodec],
  ['half floats', cborCodec, cbor('f9 3e01'), msgpackCodec],
  ['empty octets', cborCodec, cbor('40'), jsonCodec],
  ['empty lists', cborCodec, cbor('80'), jsonCodec],
  ['texts of a U+0000', cborCodec, cbor('61 00'), jsonCodec],
  ['long integers', cborCodec, cbor(`c2 59 0200 ${'ff'.repeat(512)}`), jsonCodec],
  ['timestamps', msgpackCodec, msgpack('d6ff 12345678'), cborCodec],
  ['booleans', msgpackCodec, msgpack('c3'), jsonCodec],
  ['octets', msgpackCodec, msgpack('c4 01 00'), jsonCodec]
]
for (const [what, from, data, to] of growing) {
  t.test(`a message full of ${what} has no form in ${to.name} if it comes in ${from.name}, and what is written of it counts`, async (t) => {
    const payload = payloadOf(from.decode(data, LIMITS))
    const before = unitsSpent()
    t.throws(() => payload.in(to), tooLarge)
    const spent = unitsSpent() - before
    t.ok(spent > 2 ** 20 / 64, `${spent} units`)
    t.ok(spent < 4 * 2 ** 20, `${spent} units`)
    t.throws(() => payload.in(to), tooLarge)
    t.equal(unitsSpent() - before, spent, 'and it is not tried again for the next receiver')
  })
}

t.test('writing stops at the limit, and the rest causes no work', async (t) => {
  const costOf = (data: Buffer, messageSize: number): number => {
    // As values first, so that only writing is left to count.
    const { args } = payloadOf(cborCodec.decode(data, LIMITS)).values()
    const before = unitsSpent()
    t.throws(() => jsonCodec.encodePayload(args, undefined, 2 * messageSize), tooLarge)
    return unitsSpent() - before
  }
  for (const item of ['c1 01', 'f6', '40', '60', 'a1 60 80', '61 00']) t.ok(costOf(cbor(item), 1000) < 2000, item)
  const long = Buffer.concat([hex('85 18 30 01 a0 61 78 81 7a 00 0f ff 00'), Buffer.alloc(0xfff00)])
  t.ok(costOf(long, 1000) < 2000, 'also within a text')
})

t.test('a payload that fits is converted completely, even if parts of it are escaped piece by piece', async (t) => {
  for (const text of ['🌍'.repeat(3000), `x${'🌍'.repeat(3000)}`, `${'\u0001'.repeat(100)}${'é'.repeat(5000)}`]) {
    const written = Buffer.from(JSON.stringify([text]))
    t.strictSame(jsonCodec.encodePayload([text], undefined, written.length).bytes, written)
    t.throws(() => jsonCodec.encodePayload([text], undefined, written.length - 1), tooLarge)
  }
})

t.test('reading values counts each of them, even if one cannot be represented', async (t) => {
  const unitsOf = (data: Buffer, codec: StandardCodec): number => {
    const payload = payloadOf(codec.decode(data, LIMITS))
    const before = unitsSpent()
    try {
      payload.values()
    } catch {}
    return unitsSpent() - before
  }
  t.ok(unitsOf(cbor('01'), cborCodec) >= 2 ** 19)
  t.ok(unitsOf(cbor('c1 01'), cborCodec) >= 2 ** 19)
  t.ok(unitsOf(cbor('40'), cborCodec) >= 2 ** 19)
  t.ok(unitsOf(msgpack('81 a0 90'), msgpackCodec) >= 2 ** 19)
  t.ok(unitsOf(Buffer.from(`[48,1,{},"x",[${'1,'.repeat(2 ** 19)}1]]`), jsonCodec) >= 2 ** 20 / 16)
  t.ok(unitsOf(Buffer.concat([cbor('01').subarray(0, -4), hex('00 00 00 a1 f6 00')]), cborCodec) >= 2 ** 19 - 10, 'a key has no form at the end')
})

t.test('chunks of a text or of binary data count as values, because there may be one for each byte', async (t) => {
  const chunks = 2 ** 19
  for (const [what, first, chunk] of [['texts', '7f', 0x60], ['octets', '5f', 0x40]] as const) {
    const data = Buffer.concat([hex(`85 10 01 a0 61 78 81 ${first}`), Buffer.alloc(chunks, chunk), hex('ff')])
    const costOf = (act: () => void): number => {
      const before = unitsSpent()
      act()
      return unitsSpent() - before
    }
    t.ok(costOf(() => { cborCodec.decode(data, LIMITS) }) >= chunks / 2, `${what}, moved over`)
    const payload = payloadOf(cborCodec.decode(data, LIMITS))
    t.ok(costOf(() => { payload.values() }) >= chunks / 2, `${what}, read`)
  }
})

t.test('an integer counts by the square of its digits when it is written in decimals', async (t) => {
  const costOf = (bits: bigint): number => {
    const before = unitsSpent()
    jsonCodec.encodePayload(Array(100).fill(2n ** bits), undefined)
    return unitsSpent() - before
  }
  t.ok(costOf(4095n) > 50 * costOf(400n), `${costOf(4095n)} and ${costOf(400n)} units`)
})
