import t from 'tap'
import { missedEvents } from '../../routes/missed-events.ts'

t.test('who missed many events and reads at once gets no more than a page in a turn of the event loop', async (t) => {
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
  for await (const { publication } of missedEvents(session, 1, 0, session)) {
    t.equal(publication, ++last)
    ofTurn.set(turn, (ofTurn.get(turn) ?? 0) + 1)
  }
  t.equal(last, count)
  t.ok(Math.max(...ofTurn.values()) <= 200, `${ofTurn.size} turns`)
})
