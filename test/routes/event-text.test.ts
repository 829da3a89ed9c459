import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { octetsOf as octetsOrNull } from '../../routes/event-text.ts'
import type { PublishedEvent } from '../../routes/event-text.ts'

function octetsOf (topic: string, event: PublishedEvent): Buffer {
  return octetsOrNull(topic, event, (error) => { throw error })!
}

t.test('streams that receive the same event share its bytes', async (t) => {
  const details = { topic: 'com.example.news' }
  const event = { payload: Payload.of(['hello']), publication: 7, details }
  const octets = octetsOf('com.example', event)
  t.equal(String(octets), 'id: 7\ndata: {"topic":"com.example.news","args":["hello"],"kwargs":{},"details":{"topic":"com.example.news"}}\n\n')
  t.equal(octetsOf('com', { ...event }), octets, 'by whatever pattern')
  t.not(octetsOf('com', { ...event, details: { ...details, publisher: 1 } }), octets, 'if they are told the same of it')
  t.equal(String(octetsOf('com.example.news', { ...event, details: { retained: true } })), 'data: {"topic":"com.example.news","args":["hello"],"kwargs":{},"details":{"retained":true}}\n\n')
  const same = octetsOf('com', event)
  await setImmediate()
  t.not(octetsOf('com', event), same, 'nothing is kept for a later turn')
})

t.test('the payload is written as in wamp.2.json, on one line', async (t) => {
  let publication = 0
  const written = (payload: Payload): string => String(octetsOf('a', { payload, publication: ++publication, details: {} })).slice(`id: ${publication}\ndata: `.length, -2)
  const received = (elements: string, options = '{}'): Payload => (jsonCodec.decode(Buffer.from(`[16,1,${options},"a"${elements}]`), { depth: 10, messageSize: 1000 }) as { payload: Payload }).payload

  t.equal(written(Payload.empty), '{"topic":"a","args":[],"kwargs":{},"details":{}}')
  t.equal(written(Payload.of([], { k: 1n })), '{"topic":"a","args":[],"kwargs":{"k":1},"details":{}}')
  t.equal(written(Payload.of([2n ** 60n, Buffer.from('x')], { k: [] })), '{"topic":"a","args":[1152921504606846976,"\\u0000eA=="],"kwargs":{"k":[]},"details":{}}')
  t.equal(written(Payload.ofBytes(msgpackCodec, msgpackCodec.encodePayload(['x'], { k: 2 }))), '{"topic":"a","args":["x"],"kwargs":{"k":2},"details":{}}')
  t.equal(written(received('')), '{"topic":"a","args":[],"kwargs":{},"details":{}}')
  t.equal(written(received(',["],{",1],{}')), '{"topic":"a","args":["],{",1],"kwargs":{},"details":{}}')
  t.equal(written(received(',null,{"k":"\\n"}')), '{"topic":"a","args":[],"kwargs":{"k":"\\n"},"details":{}}')

  t.equal(written(received(',"\\u0000AQ=="', '{"enc_algo":"cryptobox"}')), '{"topic":"a","args":["\\u0000AQ=="],"kwargs":{},"details":{}}', 'octets in place of Arguments')

  const lines = written(received('\r\n,\n[\n"],",\r1]\r,\n{\n"k"\n:\r\n"\\r\\n"\n}\n'))
  t.notMatch(lines, /[\r\n]/, 'a line break would end the data')
  t.same(JSON.parse(lines), { topic: 'a', args: ['],', 1], kwargs: { k: '\r\n' }, details: {} })

  t.throws(() => written(Payload.of([new OpaqueValue('cbor', 1, 4711)])), { name: 'EncodingError' })
})

t.test('an event that JSON cannot represent is detected once for all streams', async (t) => {
  const event = { payload: Payload.of([new OpaqueValue('cbor', 1, 4711)]), publication: 8, details: {} }
  const failures: unknown[] = []
  for (const stream of ['a', 'b', 'c']) t.equal(octetsOrNull('com.example.news', event, (error) => { failures.push([stream, error]) }), null)
  t.match(failures, [['a', { name: 'EncodingError' }]])
  t.equal(failures.length, 1)
})
