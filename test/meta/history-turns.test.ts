import t from 'tap'
import { HeldValues } from '../../plugin/held-values.ts'
import type { FastifyWampOptions } from '../../plugin/options.ts'
import { MessageType } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { Realm } from '../../plugin/realm/realm.ts'
import { nextTurn, spend, UNITS_OF_TURN, unitsSpent } from '../../plugin/work.ts'
import { buildRealm, FakeSession, routed } from '../realm/fake-session.ts'

const EVENTS = 200

/** A session whose serializer has a form for every tenth event; to find that out takes a tenth of a turn, the first time. */
class Reader extends FakeSession {
  readonly #read = new Set<Payload>()

  override takes (payload?: Payload): boolean {
    if (payload === undefined) return true
    if (!this.#read.has(payload)) spend(UNITS_OF_TURN / 10)
    this.#read.add(payload)
    return Number(payload.values().args[0]) % 10 === 0
  }
}

/** A turn of the event loop. Returns the units that were spent in it. */
async function turn (): Promise<number> {
  const before = unitsSpent()
  await new Promise((resolve) => { setImmediate(resolve) })
  return unitsSpent() - before
}

/** The first arguments of the events that a session was answered with. */
function answersOf ({ sent }: FakeSession): unknown[][] {
  return sent.flatMap((message) => message.type === MessageType.Result ? [(message.payload.values().args[0] as { args: unknown[] }[]).map(({ args }) => args[0])] : [])
}

function build (limit: number, limits: FastifyWampOptions['limits'] = {}, held?: HeldValues): { realm: Realm, reader: Reader, ask: (request: number, kwargs?: object) => void, publish: (n: number) => void } {
  const realm = buildRealm(limits, [{ uri: 'topic', limit }], held)
  const [publisher, reader] = [new FakeSession(1), new Reader(2)]
  realm.join(publisher)
  realm.join(reader)
  const publish = (n: number): void => { realm.receive(publisher, routed(16, 1, {}, 'topic', [n])) }
  for (let i = 0; i < EVENTS; i++) publish(i)
  realm.receive(reader, routed(48, 1, {}, 'wamp.subscription.lookup', ['topic']))
  const [id] = (reader.sent.pop() as { payload: Payload }).payload.values().args
  const ask = (request: number, kwargs: object = {}): void => { realm.receive(reader, routed(48, request, {}, 'wamp.subscription.get_events', [id], kwargs)) }
  return { realm, reader, ask, publish }
}

t.test('whether the events of a history can be represented is determined in turns, and the answers are the same', async (t) => {
  const tens = Array.from({ length: EVENTS / 10 }, (_, i) => i * 10)
  for (const [kwargs, expected] of [[{}, tens], [{ reverse: true }, tens.toReversed()], [{ limit: 3 }, tens.slice(0, 3)], [{ reverse: true, limit: 15 }, tens.slice(5).toReversed()]] as const) {
    const { reader, ask } = build(EVENTS)
    ask(2, kwargs)
    const spent: number[] = []
    while (answersOf(reader).length === 0) spent.push(await turn())
    t.ok(spent.length >= expected.length, `in ${spent.length} turns`)
    t.ok(spent.every((units) => units < 1.5 * UNITS_OF_TURN), `of at most ${Math.max(...spent)} units`)
    t.same(answersOf(reader), [expected])
    const before = unitsSpent()
    ask(3, kwargs)
    while (answersOf(reader).length === 1) await turn()
    t.same(answersOf(reader)[1], expected)
    t.ok(unitsSpent() - before < UNITS_OF_TURN, 'known from then on')
  }
})

t.test('events that are added and removed meanwhile do not affect the answer, in either order', async (t) => {
  for (const reverse of [false, true]) {
    const { reader, ask, publish } = build(EVENTS)
    ask(2, { reverse })
    let n = EVENTS
    while (answersOf(reader).length === 0) {
      for (let i = 0; i < 3; i++) publish(n++)
      await turn()
    }
    const [events] = answersOf(reader) as [number[]]
    const ascending = reverse ? events.toReversed() : events
    t.ok(events.length > 0 && events.length <= EVENTS / 10, `${events.length} of the ${EVENTS} that were kept`)
    t.same(ascending, Array.from({ length: events.length }, (_, i) => ascending[0]! + i * 10), 'without a gap')
  }
})

t.test('events published during the search are not part of the answer', async (t) => {
  const { reader, ask, publish } = build(10 * EVENTS)
  ask(2)
  await turn()
  for (let n = EVENTS; answersOf(reader).length === 0; n += 10) {
    publish(n)
    t.ok(await turn() < 1.5 * UNITS_OF_TURN)
  }
  t.equal(answersOf(reader)[0]!.length, EVENTS / 10)
})

for (const { what, length, limits } of [
  { what: 'keep no more octets of a session than may be parked', length: 600_000, limits: {} },
  { what: 'hold a limited amount of memory', length: 240_000, limits: { heldBytes: 1_000_000 } }
]) {
  t.test(`calls that wait for their answers ${what}`, async (t) => {
    const { reader, ask } = build(EVENTS, limits)
    for (const request of [2, 3, 4]) ask(request, { junk: 'x'.repeat(length) })
    t.match(reader.sent, [{ request: 3, error: 'wamp.error.limit_exceeded' }, { request: 4, error: 'wamp.error.limit_exceeded' }])
    while (answersOf(reader).length === 0) await turn()
    ask(5, { junk: 'x'.repeat(length) })
    while (answersOf(reader).length === 1) await turn()
    t.match(reader.sent.at(-1), { type: MessageType.Result, request: 5 })
  })
}

t.test('queries of one session are answered one after the other', async (t) => {
  const { reader, ask } = build(EVENTS)
  for (let i = 0; i < 50; i++) ask(i + 2)
  let longest = 0
  while (answersOf(reader).length < 50) longest = Math.max(longest, await turn())
  t.ok(longest < 1.5 * UNITS_OF_TURN, `${longest} units in a turn`)
  t.same(reader.sent.map((message) => message.type === MessageType.Result ? message.request : 0), Array.from({ length: 50 }, (_, i) => i + 2), 'in order')
})

for (const how of ['leaves', 'cancels its call'] as const) {
  t.test(`a query waits for no turn when its session ${how}`, async (t) => {
    const OTHERS = 1000
    const held = new HeldValues(1_000_000, { warn () {} })
    const { realm, reader, ask } = build(EVENTS, {}, held)
    let served = 0
    spend(UNITS_OF_TURN)
    const others = Array.from({ length: OTHERS }, () => nextTurn({})!.then(() => {
      served++
      spend(UNITS_OF_TURN)
    }))
    ask(2, { junk: 'x' })
    await turn()
    t.not(held.bytes, 0, 'it waits')
    if (how === 'leaves') realm.leave(reader)
    else realm.receive(reader, routed(49, 2, {}))
    while (held.bytes > 0) await turn()
    t.ok(served < OTHERS / 2, `after ${served} of ${OTHERS} others`)
    await Promise.all(others)
  })
}
