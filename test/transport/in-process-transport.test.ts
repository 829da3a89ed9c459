import t from 'tap'
import { HeldValues } from '../../plugin/held-values.ts'
import type { Held } from '../../plugin/held-values.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import type { RouterMessage } from '../../plugin/protocol/message.ts'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { PayloadCodec } from '../../plugin/protocol/payload.ts'
import { nextTurn, spend } from '../../plugin/work.ts'
import { InProcessTransport } from '../../plugin/transport/in-process-transport.ts'

const published = (request: number): RouterMessage => ({ type: 17, request, publication: 1 })

t.test('messages are delivered in order, after the running code', async (t) => {
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

t.test('an undecodable payload is reported to its sender, and a decodable one is delivered with its values', async (t) => {
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

/** A transport that notes what its peer is given. Its peer decodes the events. */
function build (parts: Partial<ConstructorParameters<typeof InProcessTransport>[0]> = {}) {
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
  const transport = new InProcessTransport({
    receive: (message) => { events.push(message.type === 36 ? `event ${message.publication}` : String(message.type)) }, closed: () => { events.push('closed') }, ...parts
  })
  const payloadOf = (text: string): Payload => Payload.ofBytes(codec, { elements: 1, bytes: Buffer.from(text) })
  const event = (publication: number, details = {}, subscription = 1): RouterMessage => ({ type: 36, subscription, publication, details, payload: payloadOf('x') })
  return { transport, events, payloadOf, event }
}

t.test('events are delivered without being decoded, retained ones in turns and in order with later messages', async (t) => {
  const { transport, events, event, payloadOf } = build()
  for (const publication of [1, 2]) t.equal(transport.send(event(publication, { retained: true })), 'sent')
  transport.send(event(3))
  transport.send(published(1))
  await Promise.resolve()
  t.same(events.splice(0), ['event 1', 'event 2', 'event 3', '17'])
  t.same(transport.read(payloadOf('x')), { args: ['x'], kwargs: {} })
  t.equal(transport.read(payloadOf('')), undefined)
  t.same(events.splice(0), ['read x'])

  spend(10_000_000)
  transport.send(event(1, { retained: true }))
  transport.send(published(2))
  await Promise.resolve()
  t.same(events, [], 'the turn is over')
  while (events.length < 2) await new Promise((resolve) => { setImmediate(resolve) })
  t.same(events.splice(0), ['event 1', '17'])

  spend(10_000_000)
  transport.send(event(1, { retained: true }))
  transport.send(published(3))
  transport.close('normal')
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(events, ['17', 'closed'], 'nobody waits for it any more')
})

t.test('retained events of a subscription that has ended take no turn', async (t) => {
  const { transport, events, event } = build({ wants: (subscription) => subscription === 2 })
  spend(10_000_000)
  for (let i = 0; i < 100; i++) transport.send(event(i, { retained: true }))
  transport.send(published(1))
  await Promise.resolve()
  t.same(events, ['17'])
})

t.test('retained events that wait for a turn are dropped at once by GOODBYE', async (t) => {
  const { transport, events, event } = build()
  spend(10_000_000)
  for (let i = 0; i < 100; i++) transport.send(event(i, { retained: true }))
  transport.send(event(100))
  await Promise.resolve()
  t.same(events, [], 'the turn is over')
  transport.send({ type: 6, details: {}, reason: 'wamp.close.goodbye_and_out' })
  for (let i = 0; i < 5; i++) await Promise.resolve()
  t.same(events, ['event 100', '6'])
})

t.test('events that wait for earlier retained events are limited', async (t) => {
  const { transport, events, event } = build({ bufferedEventBytes: 1000 })
  spend(10_000_000)
  transport.send(event(1, { retained: true }))
  await Promise.resolve()
  const deliveries = [2, 3, 4, 5, 6].map((publication) => transport.send(event(publication)))
  t.same(deliveries, ['sent', 'sent', 'sent', 'congested', 'congested'])
  while (events.length < 4) await new Promise((resolve) => { setImmediate(resolve) })
  t.same(events.splice(0), ['event 1', 'event 2', 'event 3', 'event 4'])
  await (nextTurn(t) ?? undefined)
  for (const publication of [7, 8, 9, 10]) t.equal(transport.send(event(publication)), 'sent', 'nothing waits any more')
})

t.test('answers to calls do not wait for earlier retained events', async (t) => {
  const seen: unknown[] = []
  const transport = new InProcessTransport({ receive: (message) => { seen.push(message) }, closed: () => {} })
  const payload = Payload.empty
  const retained: RouterMessage = { type: 36, subscription: 1, publication: 1, details: { retained: true }, payload }
  const answers: RouterMessage[] = [
    ...[1, 2, 3].map((n): RouterMessage => ({ type: 50, request: 1, details: { progress: true, n }, payload })),
    { type: 8, requestType: 48, request: 1, details: {}, error: 'com.example.failed', payload }
  ]
  const refused: RouterMessage = { type: 8, requestType: 16, request: 2, details: {}, error: 'com.example.failed', payload }
  spend(10_000_000)
  for (const message of [retained, published(1), answers[0]!, refused]) transport.send(message)
  await Promise.resolve()
  t.same(seen, [answers[0]])
  for (const answer of answers.slice(1)) transport.send(answer)
  t.same(seen.length, 1, 'nothing re-enters the router')
  await Promise.resolve()
  t.same(seen, answers)
  while (seen.length < 7) await new Promise((resolve) => { setImmediate(resolve) })
  t.same(seen, [...answers, retained, published(1), refused])
})

t.test('the values of a call are counted, and those that would exceed the limit are refused, if possible before they are decoded', async (t) => {
  const logged: string[] = []
  const held = new HeldValues(5200, { warn: (_, text) => { logged.push(text) } })
  const given: (Held | null)[] = []
  const { transport, events, payloadOf } = build({ held, receive: (...[, , one]) => { given.push(one) } })
  const call = (text: string, sharer: unknown): string => transport.send({ type: 68, request: 1, registration: 1, details: {}, payload: payloadOf(text), sharer })
  t.equal(call('a', 1), 'sent')
  t.equal(call('b', 1), 'sent')
  const { bytes } = held
  t.ok(bytes > 1000)
  t.equal(call('c', 1), 'sent')
  t.same(events.splice(0), ['read a', 'read b', 'read c'])
  t.equal(call('d', 1), 'full', 'more than half')
  t.same(events.splice(0), ['read d'])
  t.equal(call('e'.repeat(3000), 2), 'full', 'its octets alone are too many')
  t.same(events.splice(0), [])
  t.equal(call('f', 2), 'sent', 'another caller')
  t.equal(logged.length, 2)
  t.match(logged[0], /limits\.heldBytes/)
  await Promise.resolve()
  t.equal(given.length, 4)
  for (const one of given) held.release(one!)
  t.equal(held.bytes, 0)
  const result: RouterMessage = { type: 50, request: 1, details: {}, payload: payloadOf('g') }
  t.equal(transport.send(result), 'sent')
  t.equal(held.bytes, 0, 'results are not held')
})

t.test('a result that the peer decodes is not decoded before', async (t) => {
  const { transport, events, payloadOf } = build({ decodes: ({ request }) => request === 2 })
  for (const request of [1, 2]) transport.send({ type: 50, request, details: {}, payload: payloadOf(String(request)) })
  await Promise.resolve()
  t.same(events, ['read 1', '50', '50'])
})
