import t from 'tap'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { EventHandlers } from '../../plugin/in-process/event-handlers.ts'
import type { EventHandler } from '../../plugin/in-process/event-handlers.ts'
import type { EventMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'

t.test('a payload is read in a serializer only if all handlers of the subscription read it there', async (t) => {
  const handlers = new EventHandlers({ owed: 1000, failed: () => {}, dropped: () => {} })
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

/** Handlers of one subscription, which run until they are ended, and a function that lets an event arrive. */
function build (owed: number) {
  const [dropped, started, ends] = [[] as number[], [] as unknown[], [] as (() => void)[]]
  const handlers = new EventHandlers({ owed, failed: () => {}, dropped: (count) => { dropped.push(count) } })
  const handler: EventHandler = {
    codec: null,
    handle: (_, { args: [n] }) => {
      started.push(n)
      return new Promise<void>((resolve, reject) => { ends.push(started.length % 2 === 0 ? resolve : reject) })
    }
  }
  handlers.add(1, handler)
  const arrive = (n: number, more: Partial<EventMessage> = {}): void => {
    const payload = Payload.of([n])
    handlers.handle({ type: 36, subscription: 1, publication: n, details: {}, payload, ...more }, payload.values())
  }
  const endAll = async (): Promise<void> => {
    for (const end of ends.splice(0)) end()
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  return { handlers, handler, dropped, started, arrive, endAll }
}

t.test('events wait in order while a thousand asynchronous handlers of their subscription run', async (t) => {
  const { handlers, dropped, started, arrive, endAll } = build(1_000_000)
  for (let n = 0; n < 2500; n++) arrive(n)
  t.equal(started.length, 1000)
  arrive(-1, { details: { retained: true } })
  t.equal(started.pop(), -1, 'retained events are bounded elsewhere')
  let others = 0
  handlers.add(2, { codec: null, handle: () => { others++ } })
  arrive(0, { subscription: 2 })
  t.equal(others, 1, 'other subscriptions do not wait')
  for (const most of [2000, 2500]) {
    do await endAll()
    while (started.length < most)
    t.equal(started.length, most)
  }
  await endAll()
  t.same(started, Array.from({ length: 2500 }, (_, n) => n))
  arrive(2500)
  t.equal(started.length, 2501)
  t.same(dropped, [])
})

t.test('the events that wait for handlers are bounded, by the policy of their topic', async (t) => {
  for (const [policy, kept] of [[null, [1000, 1001, 1002]], ['close', [1000, 1001, 1002]], ['drop-oldest', [1007, 1008, 1009]], ['keep-latest', [1009]]] as const) {
    const { dropped, started, arrive, endAll } = build(1300)
    for (let n = 0; n < 1010; n++) arrive(n, policy === null ? {} : { overflow: { policy, topic: 'a' } })
    t.same(dropped, [0], 'the first loss is told')
    await endAll()
    t.same(started.slice(1000), kept, String(policy))
    t.same(dropped, [0, 10 - kept.length])
  }
})

t.test('events that wait for a handler that is removed are dropped', async (t) => {
  const { handlers, handler, started, arrive, endAll } = build(1000)
  for (let n = 0; n < 1002; n++) arrive(n)
  handlers.delete(1, handler)
  handlers.add(1, handler)
  await endAll()
  t.equal(started.length, 1000)
})
