import t from 'tap'
import { flushSoon } from '../../plugin/transport/outbox.ts'
import type { Flushable } from '../../plugin/transport/outbox.ts'
import { enqueue, isTurnOver, spend, UNITS_OF_TURN } from '../../plugin/work.ts'

/** The event loop has gone round. */
function turn (): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}

/** So many connections, each with some octets to write after each turn, of which so many have work. Counts the flushes after each turn. */
async function burst (connections: number, queued: number, turns: number): Promise<number[]> {
  let flushed = 0
  const all = Array.from({ length: connections }, (): Flushable => ({ queued, flush () { flushed++ } }))
  const counts: number[] = []
  enqueue({
    work () {
      counts.push(flushed)
      flushed = 0
      for (const one of all) flushSoon(one)
      while (!isTurnOver()) spend(UNITS_OF_TURN)
      return counts.length < turns
    }
  })
  while (counts.length < turns) await turn()
  await turn()
  counts.push(flushed)
  return counts.slice(1)
}

t.test('few connections are written to after each turn', async (t) => {
  t.same(await burst(10, 100, 6), [10, 10, 10, 10, 10, 10])
})

t.test('many connections are written to after the fourth turn, or when the work is done', async (t) => {
  t.same(await burst(100, 100, 6), [0, 0, 0, 400, 0, 200])
})

t.test('long data is written after each turn', async (t) => {
  t.same(await burst(100, 20_000, 3), [100, 100, 100])
})

t.test('messages sent outside such a burst are written when the running code is done', async (t) => {
  let flushed = 0
  await turn()
  flushSoon({ queued: 1, flush () { flushed++ } })
  t.equal(flushed, 0)
  await new Promise<void>((resolve) => { process.nextTick(resolve) })
  t.equal(flushed, 1)
})
