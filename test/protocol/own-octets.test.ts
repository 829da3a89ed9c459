import t from 'tap'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { ownOctets } from '../../plugin/protocol/own-octets.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { EventChunk } from '../../routes/event-chunk.ts'
import { octetsOf } from '../../routes/event-text.ts'

t.test('a kept byte array keeps no other bytes in memory', async (t) => {
  const received = Payload.ofBytes(jsonCodec, { elements: 1, bytes: Buffer.from('[1]') })
  const written: Buffer[] = []
  const chunk = new EventChunk((octets) => { written.push(octets) })
  const event = octetsOf('com.example.news', { publication: 1, details: {}, payload: received }, () => {})!
  chunk.add(event)
  chunk.add(event)
  chunk.flush()
  const kept = { 'a payload': received.detached().in(jsonCodec).bytes, 'an event': event, 'a chunk': written[0]!, parts: ownOctets([Buffer.from('ab'), Buffer.from('c')]) }
  for (const [name, { buffer, length }] of Object.entries(kept)) t.equal(buffer.byteLength, length, name)
  t.equal(String(kept.parts), 'abc')
  t.equal(String(kept['a chunk']), String(event).repeat(2))
})
