import t from 'tap'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import type { RouterMessage } from '../../plugin/protocol/message.ts'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { PayloadCodec } from '../../plugin/protocol/payload.ts'
import { nextTurn, spend } from '../../plugin/work.ts'
import { InProcessTransport } from '../../plugin/transport/in-process-transport.ts'

const published = (request: number): RouterMessage => ({ type: 17, request, publication: 1 })

t.test('messages are handed over in order, after the code at work', async (t) => {
  const seen: string[] = []
  const transport = new InProcessTransport({
    receive: (message) => { seen.push(`${message.type}:${'request' in message ? message.request : ''}`) },
    closed: (kind) => { seen.push(kind) }
  })
  t.equal(transport.send(published(1)), 'sent')
  t.equal(transport.send(published(2)), 'sent')
  t.same(seen, [], 'nothing re-enters the router')
  await Promise.resolve()
  t.same(seen, ['17:1', '17:2'])

  transport.send(published(3))
  transport.close('normal')
  t.equal(transport.send(published(4)), 'closed')
  transport.close('failure')
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(seen, ['17:1', '17:2', '17:3', 'normal'], 'what was sent leaves before the end, which is told once')
})

t.test('a payload that cannot be read is told to who sent it, and one that can is handed over with its values', async (t) => {
  const long = Payload.ofBytes(jsonCodec, { elements: 1, bytes: Buffer.from(`[${'1'.repeat(1300)}]`) })
  const opaque = Payload.of([new OpaqueValue('msgpack', 5, Buffer.from([1]))])
  const plain = Payload.of(['x'], { k: 1 })
  const result = (payload: Payload): RouterMessage => ({ type: 50, request: 1, details: {}, payload })
  for (const [codec, forms] of [[null, [false, true, true]], [jsonCodec, [false, false, true]], [msgpackCodec, [false, true, true]]] as const) {
    const seen: unknown[] = []
    const transport = new InProcessTransport({ receive: (_, { args, kwargs }) => { seen.push([args.length, kwargs]) }, closed: () => {}, codec })
    for (const [i, payload] of [long, opaque, plain].entries()) {
      t.equal(transport.takes(payload), forms[i])
      t.equal(transport.send(result(payload)), forms[i] ? 'sent' : 'unencodable')
    }
    await Promise.resolve()
    t.equal(seen.length, forms.filter((form) => form).length)
    t.same(seen.at(-1), [1, { k: 1 }])
  }
})

t.test('retained events are read one by one as they are handed over, in turns, and stay in order with what follows', async (t) => {
  const events: string[] = []
  const codec: PayloadCodec = {
    name: 'counting',
    encodePayload: () => { throw new Error('nothing is written') },
    decodePayload: ({ bytes }) => {
      if (bytes.length === 0) throw new Error('no form')
      events.push(`read ${bytes.toString()}`)
      return { args: [bytes.toString()], kwargs: {} }
    }
  }
  const retained = (name: string): RouterMessage => ({
    type: 36, subscription: 1, publication: 1, details: { retained: true }, payload: Payload.ofBytes(codec, { elements: 1, bytes: Buffer.from(name) })
  })
  const transport = new InProcessTransport({ receive: (message, { args }) => { events.push(message.type === 17 ? 'published' : `event ${String(args[0])}`) }, closed: () => { events.push('closed') } })
  for (const name of ['a', '', 'b']) t.equal(transport.send(retained(name)), 'sent')
  transport.send(published(1))
  t.same(events, [], 'nothing is read before')
  await Promise.resolve()
  t.same(events.splice(0), ['read a', 'event a', 'read b', 'event b', 'published'])

  spend(10_000_000)
  transport.send(retained('c'))
  transport.send(published(2))
  await Promise.resolve()
  t.same(events, [], 'the turn is over')
  while (events.length < 3) await new Promise((resolve) => { setImmediate(resolve) })
  t.same(events.splice(0), ['read c', 'event c', 'published'])

  spend(10_000_000)
  transport.send(retained('d'))
  transport.send(published(3))
  transport.close('normal')
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(events, ['published', 'closed'], 'nobody waits for it any more')
})

t.test('the payload of an event is not decoded for a peer that takes it in a serializer', async (t) => {
  // The tests above have used up the units of this turn.
  await (nextTurn(t) ?? undefined)
  let decoded = 0
  const codec: PayloadCodec = {
    name: 'counting',
    encodePayload: () => { throw new Error('nothing is written') },
    decodePayload: ({ bytes }) => {
      decoded++
      if (bytes.length === 0) throw new Error('no form in JavaScript')
      return { args: bytes.toString() === 'opaque' ? [new OpaqueValue('msgpack', 5, bytes)] : ['x'], kwargs: {} }
    }
  }
  const event = (subscription: number, name: string, details = {}): RouterMessage => ({
    type: 36, subscription, publication: 1, details, payload: Payload.ofBytes(codec, { elements: 1, bytes: Buffer.from(name) })
  })
  const serializers = new Map<number, PayloadCodec>([[1, codec], [2, jsonCodec]])
  const seen: unknown[] = []
  const transport = new InProcessTransport({ receive: (_, values) => { seen.push(values.args[0]) }, closed: () => {}, codecOf: (subscription) => serializers.get(subscription) ?? null })
  const sent = async (...messages: RouterMessage[]): Promise<unknown[]> => {
    const deliveries = messages.map((message) => transport.send(message))
    await Promise.resolve()
    return [...deliveries, ...seen.splice(0), decoded]
  }
  t.same(await sent(event(1, 'a'), event(1, 'a', { retained: true })), ['sent', 'sent', undefined, undefined, 0])
  t.same(await sent(event(2, 'a')), ['sent', undefined, 1], 'once for another serializer')
  t.same(await sent(event(3, 'a')), ['sent', 'x', 2], 'another subscription brings values')

  t.same(await sent(event(2, 'opaque')), ['sent', undefined, 4], 'the peer hears of values without a form in its serializer')
  t.same(await sent(event(2, '')), ['unencodable', 5], 'but not of a payload without a form in JavaScript')
  t.same(await sent(event(2, '', { retained: true })), ['sent', 6])

  transport.send(event(1, 'a'))
  serializers.clear()
  await Promise.resolve()
  t.same(seen, ['x'], 'a handler that takes values was added in the meantime')
})
