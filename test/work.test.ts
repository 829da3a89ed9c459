import t from 'tap'
import { begin, enqueue, isTurnOver, nextTurn, spend, spendOctets, UNITS_OF_TURN, unitsSpent } from '../plugin/work.ts'
import type { Worker } from '../plugin/work.ts'

/** The event loop has gone round. */
function turn (): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}

/** Uses up what is left of this turn. */
function useUp (): void {
  while (!isTurnOver()) spend(UNITS_OF_TURN)
}

/** A worker with so many pieces of work, of so many units each. It writes its name down for each. */
function worker (name: string, pieces: number, units: number, done: string[]): Worker {
  return {
    work () {
      spend(units)
      done.push(name)
      return --pieces > 0
    }
  }
}

t.test('units add up, and 64 bytes are one unit', async (t) => {
  const before = unitsSpent()
  spend(3)
  spendOctets(128)
  t.equal(unitsSpent() - before, 5)
})

t.test('a turn ends when its units are used up, and the rest waits for the next one', async (t) => {
  useUp()
  const done: string[] = []
  enqueue(worker('a', 30, UNITS_OF_TURN / 10, done))
  t.same(done, [], 'nothing is done at once')
  await turn()
  t.ok(done.length >= 9 && done.length <= 11, `${done.length} of 30 pieces in the first turn`)
  while (done.length < 30) await turn()
  await turn()
  t.equal(done.length, 30)
})

t.test('workers share a turn by units, not by pieces', async (t) => {
  useUp()
  const done: string[] = []
  enqueue(worker('heavy', 1000, 2000, done))
  enqueue(worker('light', 1000, 20, done))
  await turn()
  const [heavy, light] = ['heavy', 'light'].map((name) => done.filter((one) => one === name).length) as [number, number]
  t.ok(light * 20 > heavy * 2000 / 3 && light * 20 < heavy * 2000 * 3, `${heavy} heavy pieces, ${light} light ones`)
  while (done.length < 2000) await turn()
})

t.test('a worker that was idle is served before a thousand that are always busy', async (t) => {
  useUp()
  const done: string[] = []
  for (let i = 0; i < 1000; i++) enqueue(worker('busy', 50, 100, done))
  await turn()
  await turn()
  useUp()
  const before = done.length
  enqueue(worker('idle', 1, 1, done))
  await turn()
  t.ok(done.indexOf('idle') - before <= 10, `after ${done.indexOf('idle') - before} pieces of the others`)
  while (done.length < 50_001) await turn()
})

t.test('busy workers are served between many short-lived ones', async (t) => {
  useUp()
  const done: string[] = []
  enqueue(worker('busy', 100, 400, done))
  await turn()
  useUp()
  for (let i = 0; i < 1000; i++) enqueue(worker('fresh', 1, 400, done))
  await turn()
  t.ok(done.includes('busy'))
  while (done.length < 1100) await turn()
})

t.test('a new worker is served at once within the turn, and then in later turns', async (t) => {
  await turn()
  const done: string[] = []
  useUp()
  begin(worker('late', 1, 1, done))
  t.same(done, [], 'nothing is done in a turn that is over')
  await turn()
  t.same(done, ['late'])
  begin(worker('long', 25, UNITS_OF_TURN / 10, done))
  t.ok(done.length > 2 && done.length <= 12, `${done.length - 1} of 25 pieces at once`)
  while (done.length < 26) await turn()
  begin(worker('short', 3, 0, done))
  t.equal(done.length, 29, 'all at once')
})

t.test('a turn in which little is done ends as well', async (t) => {
  useUp()
  await turn()
  for (let i = 0; i < 100; i++) {
    spend(UNITS_OF_TURN / 2 + 1)
    t.notOk(isTurnOver())
    await turn()
  }
})

t.test('after a turn that was exceeded by far, timers and sockets are served before the next one', async (t) => {
  await turn()
  const done: string[] = []
  for (const name of ['a', 'b', 'c']) enqueue(worker(name, 1, 3 * UNITS_OF_TURN, done))
  const counts: number[] = []
  // As a message does that has just been read from a socket.
  spend(3 * UNITS_OF_TURN)
  for (let i = 0; i < 7; i++) {
    await turn()
    counts.push(done.length)
  }
  t.same(counts, [0, 1, 1, 2, 2, 3, 3])
})

t.test('work outside workers also waits for units', async (t) => {
  await turn()
  useUp()
  const waiting = nextTurn({})
  t.ok(waiting instanceof Promise)
  await waiting
  t.equal(nextTurn({}), null, 'there are units again')
})

t.test('workers and other work each get half of each turn, while both have work', async (t) => {
  await turn()
  useUp()
  const done: string[] = []
  enqueue(worker('worker', 1000, 100, done))
  const waiter = (async () => {
    for (let i = 0; i < 5; i++) {
      await nextTurn({})
      spend(UNITS_OF_TURN)
      done.push('waiter')
    }
  })()
  for (let i = 0; i < 10; i++) await turn()
  const pieces = done.filter((one) => one === 'worker').length
  t.ok(pieces >= 4 * UNITS_OF_TURN / 2 / 100 && pieces <= 5 * UNITS_OF_TURN / 2 / 100 + 5, `${pieces} pieces of the worker`)
  t.ok(done.length - pieces >= 4, `${done.length - pieces} turns of the waiter`)
  await waiter
  while (done.filter((one) => one === 'worker').length < 1000) await turn()
})

t.test('waiting work continues however much a worker does at a time, and has units when it does', async (t) => {
  useUp()
  const done: string[] = []
  enqueue(worker('heavy', 30, 2 * UNITS_OF_TURN, done))
  for (let i = 0; i < 10; i++) {
    await nextTurn({})
    t.notOk(isTurnOver())
    useUp()
  }
  t.ok(done.length >= 8 && done.length <= 12, `${done.length} pieces of the worker meanwhile`)
  while (done.length < 30) await turn()
})

t.test('owners are served in rotation, however often one of them waits', async (t) => {
  useUp()
  const [many, one] = [{}, {}]
  let served = 0
  const all = Array.from({ length: 1_000 }, async () => {
    await nextTurn(many)
    served++
    spend(UNITS_OF_TURN)
  })
  await nextTurn(one)
  t.ok(served <= 3, `after ${served} of 1,000`)
  await Promise.all(all)
  t.equal(served, 1_000)
})

t.test('a worker that is queued twice works once, and one that counts nothing ends its share', async (t) => {
  useUp()
  const done: string[] = []
  const once = worker('once', 3, 0, done)
  enqueue(once)
  enqueue(once)
  await turn()
  t.same(done, ['once', 'once', 'once'])
})
