import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { HeldValues } from '../../plugin/held-values.ts'
import { EventHandlers } from '../../plugin/in-process/event-handlers.ts'
import type { EventHandler } from '../../plugin/in-process/busy-handlers.ts'
import { memoryOf } from '../../plugin/memory-of.ts'
import type { EventMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { Values } from '../../plugin/protocol/payload.ts'
import { unitsSpent } from '../../plugin/work.ts'

/** Handlers of one subscription, which run until they are ended, and a function that lets an event arrive. */
function build (bufferedBytes: number, limit = 2 ** 30) {
  const [dropped, started, ends, logged] = [[] as number[], [] as unknown[], [] as (() => void)[], [] as string[]]
  let decoded = 0
  const held = new HeldValues(limit, { warn: (_, text) => { logged.push(text) } })
  const read = (payload: Payload): Values => {
    decoded++
    return payload.values()
  }
  const handlers = new EventHandlers({ bufferedBytes, held, read, failed: () => {}, dropped: (count) => { dropped.push(count) } })
  const handler: EventHandler = {
    takes: 'values',
    handle: (_, { args: [n] }) => {
      started.push(n)
      return new Promise<void>((resolve, reject) => { ends.push(started.length % 2 === 0 ? resolve : reject) })
    }
  }
  handlers.add(1, handler)
  const arrive = (n: number, more: Partial<EventMessage> = {}): void => {
    const payload = Payload.of([n])
    handlers.handle({ type: 36, subscription: 1, publication: n, details: {}, payload, ...more })
  }
  const endAll = async (): Promise<void> => {
    for (const end of ends.splice(0)) end()
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  return { handlers, handler, held, dropped, started, ends, logged, decoded: () => decoded, arrive, endAll }
}

t.test('events wait in order while a thousand asynchronous handlers of their subscription run', async (t) => {
  const { handlers, dropped, started, arrive, endAll } = build(1_000_000)
  for (let n = 0; n < 2500; n++) arrive(n)
  t.equal(started.length, 1000)
  arrive(-1, { details: { retained: true } })
  t.equal(started.pop(), -1, 'retained events are bounded elsewhere')
  let others = 0
  handlers.add(2, { takes: 'values', handle: () => { others++ } })
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

/** Bytes that the values of an event hold here, with a handler. */
const ONE = memoryOf({ args: [1], kwargs: {} })

t.test('an event waits while the values of running handlers fill their limit, and is not decoded meanwhile', async (t) => {
  const { held, started, ends, logged, decoded, arrive, endAll } = build(100_000, 5 * ONE)
  for (let n = 1; n <= 9; n++) arrive(n, { sharer: n % 2 })
  t.same(started, [1, 2, 3, 4])
  t.ok(held.bytes <= 5 * ONE)
  t.equal(decoded(), 4)
  t.same(logged, Array(2).fill('limits.heldBytes: an event is queued until handlers of the app release memory'), 'once for each publisher')
  ends.shift()!()
  while (started.length < 5) await new Promise((resolve) => { setImmediate(resolve) })
  t.same(started, [1, 2, 3, 4, 5])
  while (started.length < 9) await endAll()
  t.same(started, [1, 2, 3, 4, 5, 6, 7, 8, 9], 'in order')
  await endAll()
  t.equal(held.bytes, 0)
  arrive(10)
  t.equal(started.at(-1), 10)
})

t.test('an event whose size alone exceeds the remaining memory is not decoded', async (t) => {
  const { held, started, decoded, arrive, endAll } = build(100_000, 10_000)
  const other = held.hold('other', 9000)
  arrive(1, { payload: Payload.of(['x'.repeat(2000)]) })
  t.same([started, decoded()], [[], 0])
  held.release(other)
  while (started.length === 0) await new Promise((resolve) => { setImmediate(resolve) })
  t.same([started.length, decoded()], [1, 1], 'the memory of others makes room, too')
  await endAll()
})

t.test('a waiting event is decoded once to estimate its memory, and again when it starts', async (t) => {
  const { held, started, decoded, arrive, endAll } = build(100_000, 1.5 * ONE)
  arrive(1, { sharer: 'a' })
  arrive(2, { sharer: 'b' })
  t.same([started, decoded()], [[1], 2])
  held.release(held.hold('c', 1))
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same([started, decoded()], [[1], 2], 'there is still too little memory')
  while (started.length < 2) await endAll()
  t.equal(decoded(), 3)
})

t.test('an event that can never be handled is dropped, and others are still handled', async (t) => {
  const { started, logged, arrive } = build(100_000, 5 * ONE)
  arrive(1, { payload: Payload.of(['x'.repeat(10_000)]) })
  arrive(2)
  t.same(started, [2])
  t.same(logged, ['limits.heldBytes: an event was dropped, because its values alone exceed the limit'])
})

t.test('a retained event that has waited is passed to the handler that requested it', async (t) => {
  const { held, handlers, started, arrive } = build(100_000, 5 * ONE)
  const other = held.hold('other', 5 * ONE)
  arrive(1, { details: { retained: true } })
  let others = 0
  handlers.add(1, { takes: 'values', handle: () => { others++ } })
  held.release(other)
  while (started.length === 0) await new Promise((resolve) => { setImmediate(resolve) })
  t.same([started, others], [[1], 0])
})

t.test('a handler that takes payloads receives no values, and unhandled events are not decoded', async (t) => {
  const { handlers, decoded, started, arrive } = build(1000)
  const payloads: Payload[] = []
  const taker: EventHandler = { takes: 'payload', handle: ({ payload }, { args }) => { payloads.push(payload, ...args as never[]) } }
  handlers.add(2, taker)
  arrive(1, { subscription: 2 })
  arrive(2, { subscription: 3 })
  arrive(3, { subscription: 3, details: { retained: true } })
  t.same([payloads.length, decoded()], [1, 0])
  handlers.add(1, taker)
  arrive(4)
  t.same([payloads.length, decoded(), started], [2, 1, [4]], 'both kinds on one subscription')
})

t.test('an event that this process cannot represent reaches only handlers that take payloads', async (t) => {
  const held = new HeldValues(2 ** 20, { warn: () => {} })
  const handlers = new EventHandlers({ bufferedBytes: 1000, held, read: () => undefined, failed: () => {}, dropped: () => {} })
  let count = 0
  handlers.add(1, { takes: 'values', handle: () => { count++ } })
  handlers.handle({ type: 36, subscription: 1, publication: 1, details: {}, payload: Payload.of(['x']) })
  t.equal(count, 0)
})

t.test('asynchronous handlers that remove themselves leave nothing behind', async (t) => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const { handlers, arrive } = build(1_000_000)
  const receiveOnce = async (first: number): Promise<number> => {
    for (let subscription = first; subscription < first + 10_000; subscription++) {
      const handler: EventHandler = { takes: 'payload', handle: async () => { handlers.delete(subscription, handler) } }
      handlers.add(subscription, handler)
      arrive(1, { subscription })
    }
    await new Promise((resolve) => { setImmediate(resolve) })
    gc()
    return process.memoryUsage().heapUsed
  }
  const before = await receiveOnce(10_000)
  t.ok(await receiveOnce(20_000) - before < 1_000_000)
})

t.test('copies of an event for further handlers count as work', async (t) => {
  const { handlers, arrive } = build(1_000_000)
  const unitsOf = (): number => {
    const before = unitsSpent()
    arrive(1, { subscription: 2, payload: Payload.of([Array.from({ length: 1000 }, () => [])]) })
    return unitsSpent() - before
  }
  handlers.add(2, { takes: 'values', handle: () => {} })
  const one = unitsOf()
  handlers.add(2, { takes: 'values', handle: () => {} })
  const two = unitsOf()
  t.ok(two - one > 1000)
  handlers.add(2, { takes: 'values', handle: () => {} })
  t.equal(Math.round(unitsOf() - two), Math.round(two - one))
})
