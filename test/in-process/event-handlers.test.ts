import t from 'tap'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { EventHandlers } from '../../plugin/in-process/event-handlers.ts'
import type { EventHandler } from '../../plugin/in-process/event-handlers.ts'

t.test('a payload is read in a serializer only if all handlers of the subscription read it there', async (t) => {
  const handlers = new EventHandlers(() => {})
  const [json, sameJson, cbor, values] = [jsonCodec, jsonCodec, cborCodec, null].map((codec): EventHandler => ({ codec, handle () {} }))
  t.equal(handlers.codecOf(1), null, 'no handler')
  handlers.add(1, json!)
  handlers.add(1, sameJson!)
  handlers.add(2, values!)
  t.equal(handlers.codecOf(1), jsonCodec)
  t.equal(handlers.codecOf(2), null)
  for (const other of [cbor!, values!]) {
    handlers.add(1, other)
    t.equal(handlers.codecOf(1), null)
    t.notOk(handlers.delete(1, other))
    t.equal(handlers.codecOf(1), jsonCodec)
  }
})
