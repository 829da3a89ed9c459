import t from 'tap'
import { nextTurn, spend, UNITS_OF_TURN } from '../../plugin/work.ts'
import { missedEvents } from '../../routes/missed-events.ts'

t.test('a client that missed many events and reads at once gets no more than a page per turn of the event loop', async (t) => {
  const count = 1000
  const session = {
    call: async (_procedure: string, _args: unknown[], { after_publication: after, limit }: { after_publication: number, limit: number }) =>
      Array.from({ length: Math.min(limit, count - after) }, (_, i) => ({ publication: after + i + 1, details: {} }))
  } as unknown as Parameters<typeof missedEvents>[0]
  let turn = 0
  let counting = setImmediate(function next () {
    turn++
    counting = setImmediate(next)
  })
  t.teardown(() => { clearImmediate(counting) })
  const ofTurn = new Map<number, number>()
  let last = 0
  const textOf = ({ publication }: { publication: number }): Buffer => Buffer.from(String(publication))
  for await (const text of missedEvents(session, { subscription: 1, last: 0, owner: session, whenUnneeded: () => {}, textOf })) {
    t.equal(text.toString(), String(++last))
    ofTurn.set(turn, (ofTurn.get(turn) ?? 0) + 1)
  }
  t.equal(last, count)
  t.ok(Math.max(...ofTurn.values()) <= 200, `${ofTurn.size} turns`)
})

t.test('a page of missed events is text when the first of them is read, and events that cannot be text are skipped', async (t) => {
  const pages = [[1, 2, 3], [4], []]
  const session = { call: async () => pages.shift()!.map((publication) => ({ publication, details: {} })) } as unknown as Parameters<typeof missedEvents>[0]
  const made: number[] = []
  const textOf = ({ publication }: { publication: number }): Buffer | null => {
    made.push(publication)
    return publication === 2 ? null : Buffer.from(String(publication))
  }
  const texts = missedEvents(session, { subscription: 1, last: 0, owner: session, whenUnneeded: () => {}, textOf })
  t.equal(String((await texts.next()).value), '1')
  t.same(made, [1, 2, 3])
  t.equal(String((await texts.next()).value), '3')
  t.equal(String((await texts.next()).value), '4')
  t.same(await texts.next(), { value: undefined, done: true })
})

t.test('missed events that nobody needs any more wait for no turn', async (t) => {
  const OTHERS = 1000
  const pages = [[1], []]
  const session = { call: async () => pages.shift()!.map((publication) => ({ publication, details: {} })) } as unknown as Parameters<typeof missedEvents>[0]
  let leave = (): void => { t.fail('nothing waits') }
  const texts = missedEvents(session, { subscription: 1, last: 0, owner: session, whenUnneeded: (given) => { leave = given }, textOf: () => Buffer.alloc(1) })
  await texts.next()
  spend(UNITS_OF_TURN)
  let served = 0
  const others = Array.from({ length: OTHERS }, () => nextTurn({})!.then(() => {
    served++
    spend(UNITS_OF_TURN)
  }))
  const rest = texts.next()
  await Promise.resolve()
  leave()
  t.same(await rest, { value: undefined, done: true })
  t.ok(served < OTHERS, `after ${served} of ${OTHERS} others`)
  await Promise.all(others)
})
