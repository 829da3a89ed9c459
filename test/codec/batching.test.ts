import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { batchingOf } from '../../plugin/codec/batching.ts'
import type { Batching } from '../../plugin/codec/batching.ts'
import { subprotocolsOf } from '../../plugin/codec/subprotocols.ts'
import type { RouterMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { allCodecs, encode, hex } from './messages.ts'

const RUNS = { seed: 20, numRuns: 400 }
const [separated, msgpack, cbor] = allCodecs.map(batchingOf) as [Batching, Batching, Batching]
const canceled = separated.answering(Buffer.from('[]\x18'))

const published = (request: number): RouterMessage => ({ type: 17, request, publication: 1 })
const message = fc.oneof(
  fc.nat().map(published),
  // Whatever text a payload has: no octet of it is taken for a separator.
  fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\x1e', '\x18', '\x1e\x18', 'ÿ'), fc.uint8Array())).map((args): RouterMessage =>
    ({ type: 50, request: 1, details: {}, payload: Payload.of(args) }))
)
/** Messages, batch by batch. */
const batches = fc.array(fc.array(message, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 })

function inBatch (batching: Batching, messages: readonly RouterMessage[]): Buffer {
  return Buffer.concat(messages.map((message) => batching.encode(message, Buffer.allocUnsafe)))
}

t.test('each serializer has a subprotocol with batches and one without [BAT-01]', async (t) => {
  const subprotocols = subprotocolsOf(allCodecs, true)
  t.strictSame([...subprotocols.keys()], ['wamp.2.json', 'wamp.2.msgpack', 'wamp.2.cbor', 'wamp.2.json.batched', 'wamp.2.msgpack.batched', 'wamp.2.cbor.batched'])
  for (const [name, { name: same, codec, batching }] of subprotocols) {
    t.equal(name, same)
    t.equal(name, `wamp.2.${codec.name}${batching === null ? '' : '.batched'}`)
    t.equal(batching?.codec ?? codec, codec)
    t.equal(batching?.binary ?? codec.binary, codec.binary)
  }
})

t.test('in JSON a byte follows each message: 0x1E, or the one that the client uses [BAT-02, BAT-03, BAT-06, TRP-31]', async (t) => {
  t.equal(separated.encode(published(1), Buffer.allocUnsafe).toString(), '[17,1,1]\x1e')
  t.equal(canceled.encode(published(1), Buffer.allocUnsafe).toString(), '[17,1,1]\x18')
  t.strictSame([...separated.split(Buffer.from('[1]\x1e[2]\x18[3]\x1e'))].map(String), ['[1]', '[2]', '[3]'])
  for (const batching of [separated, canceled]) {
    t.equal(batching.answering(Buffer.from('[1]\x1e[2]\x1e')), separated)
    t.equal(batching.answering(Buffer.from('[1]\x18[2]\x18')), canceled)
  }
})

t.test('in MessagePack and CBOR each message is preceded by its length, big-endian [BAT-04, BAT-05, BAT-06, TRP-32]', async (t) => {
  for (const [batching, first] of [[msgpack, '93 11 01 01'], [cbor, '83 11 01 01']] as const) {
    t.strictSame(batching.encode(published(1), Buffer.allocUnsafe), hex(`00 00 00 04 ${first}`))
    t.strictSame([...batching.split(hex('00000001 aa 00000000 00000002 bbcc'))], [hex('aa'), hex(''), hex('bbcc')])
    t.equal(batching.answering(hex('00000001 aa')), batching)
  }
  const long = Payload.of(['x'.repeat(70_000)])
  t.equal(msgpack.encode({ type: 50, request: 1, details: {}, payload: long }, Buffer.allocUnsafe).readUInt32BE(), 70_000 + 10)
})

for (const [name, batching] of [['JSON with 0x1E', separated], ['JSON with 0x18', canceled], ['MessagePack', msgpack], ['CBOR', cbor]] as const) {
  t.test(`${name}: the messages of a batch are decoded in order [BAT-09, BAT-10]`, async (t) => {
    fc.assert(fc.property(batches, (batches) => {
      for (const messages of batches) {
        const batch = inBatch(batching, messages)
        assert.equal(batching.faultOf(batch), null)
        assert.deepEqual([...batching.split(batch)], messages.map((message) => encode(batching.codec, message)))
      }
      // Batches one after the other are a batch: what a turn sends may be joined at will.
      const whole = Buffer.concat(batches.map((messages) => inBatch(batching, messages)))
      assert.equal(batching.faultOf(whole), null)
      assert.equal([...batching.split(whole)].length, batches.flat().length)
    }), RUNS)
    t.pass('in every case')
  })

  t.test(`${name}: a batch that is empty, or ends within a message, is malformed [BAT-07, BAT-08]`, async (t) => {
    t.equal(batching.faultOf(Buffer.alloc(0)), 'the batch is empty')
    fc.assert(fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), fc.nat(), (messages, cut) => {
      const whole = inBatch(batching, messages)
      const ends = messages.map((_, i) => inBatch(batching, messages.slice(0, i + 1)).length)
      const batch = whole.subarray(0, cut % whole.length)
      assert.equal(batching.faultOf(batch) === null, ends.includes(batch.length))
    }), RUNS)
    t.pass('at every other place')
  })

  t.test(`${name}: any bytes are either malformed or split into messages without a remainder [BAT-08, SER-17]`, async (t) => {
    const octets = fc.oneof(fc.uint8Array({ maxLength: 24 }), fc.array(fc.constantFrom(0, 0, 0, 1, 2, 0x18, 0x1e, 0xff), { maxLength: 24 }))
    fc.assert(fc.property(octets, (octets) => {
      const batch = Buffer.from(octets)
      if (batching.faultOf(batch) !== null) return
      const messages = [...batching.split(batch)]
      assert.ok(messages.length > 0)
      assert.equal(messages.reduce((sum, { length }) => sum + length + batching.overhead, 0), batch.length)
    }), RUNS)
    t.pass('in every case')
  })

  t.test(`${name}: a batch ends where its buffer ends, after the framing of the transport`, async (t) => {
    const framed = batching.encode(published(1), (length) => Buffer.alloc(length + 4, '#'))
    t.equal(framed.subarray(0, 4).toString(), '####')
    t.strictSame(framed.subarray(4), inBatch(batching, [published(1)]))
    t.throws(() => batching.encode({ type: 2, session: 1, details: { value: Symbol('x') } }, Buffer.allocUnsafe), { name: 'EncodingError' })
  })
}

t.test('a length beyond the end is a fault, however large', async (t) => {
  for (const batch of ['ffffffff', '00000002 aa', '00000001 aa 000000', '00000001 aa 00000001', '00 00 00']) {
    t.equal(msgpack.faultOf(hex(batch)), 'the batch ends within a message', batch)
  }
  for (const batch of ['[1]', '[1]\x1e[2]', '\x1e ']) t.equal(separated.faultOf(Buffer.from(batch)), 'the batch does not end with a separator', JSON.stringify(batch))
})
