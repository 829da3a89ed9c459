import fc from 'fast-check'
import t from 'tap'
import { BusyHandlers } from '../../plugin/in-process/busy-handlers.ts'
import type { EventMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { Worker } from '../../plugin/work.ts'
import { enqueue } from '../../plugin/work.ts'

/** Waiting events of publishers, of which some have no memory. `begun` is called with the number of each event that is started. */
function build (bufferedBytes: number, begun: (n: number) => void = () => {}) {
  const started: { sharer: unknown, n: number }[] = []
  const full = new Set<unknown>()
  let waiting = new Set<Worker>()
  let dropped = 0
  const busy = new BusyHandlers({
    bufferedBytes,
    start: ({ event: { sharer, publication } }) => {
      if (full.has(sharer)) return 'full'
      started.push({ sharer, n: publication })
      begun(publication)
      return 'started'
    },
    wait: (worker) => { waiting.add(worker) },
    tell: (count) => { dropped += count }
  })
  const hold = (sharer: unknown, n: number, event: Partial<EventMessage> = {}): void => {
    const { payload = Payload.empty } = event
    busy.hold({ event: { type: 36, subscription: 1, publication: n, details: {}, payload, sharer, ...event }, only: null, bytes: 10 })
  }
  const release = (): void => {
    const ready = waiting
    waiting = new Set()
    for (const worker of ready) enqueue(worker)
  }
  const settled = async (): Promise<void> => { for (let i = 0; i < 3; i++) await new Promise((resolve) => { setImmediate(resolve) }) }
  return { busy, started, full, hold, release, settled, dropped: () => dropped }
}

t.test('the events of a publisher without memory are skipped until memory is available', async (t) => {
  const { busy, started, full, hold, release, settled } = build(10_000)
  full.add('a')
  for (let n = 0; n < 6; n++) hold('ab'[n % 2], n)
  t.same([busy.isFull('a'), busy.isFull('b'), busy.isFull('c')], [true, true, false])
  await settled()
  t.same(started.map(({ n }) => n), [1, 3, 5])
  t.same([busy.isFull('a'), busy.isFull('b')], [true, false])
  release()
  await settled()
  t.equal(started.length, 3)
  full.clear()
  release()
  await settled()
  t.same(started.map(({ n }) => n), [1, 3, 5, 0, 2, 4])
  t.notOk(busy.isFull('a'))
})

t.test('memory that is released while events are skipped is not lost', async (t) => {
  const { started, full, hold, release, settled } = build(10_000, (n) => {
    if (n !== 1) return
    full.clear()
    release()
  })
  full.add('a')
  hold('a', 0)
  hold('b', 1)
  await settled()
  t.same(started.map(({ n }) => n), [1, 0])
})

t.test('in any sequence, each event is started or dropped, in order per publisher, and no event with memory waits', async (t) => {
  const sharer = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('event' as const), sharer, policy: fc.constantFrom('close' as const, 'drop-oldest' as const, 'keep-latest' as const) }) },
    fc.record({ kind: fc.constantFrom('block' as const, 'unblock' as const, 'turn' as const), sharer })
  )
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const { busy, started, full, hold, release, settled, dropped } = build(8 * 266)
    let sent = 0
    for (const one of steps) {
      if (one.kind === 'event') hold(one.sharer, sent++, { overflow: { policy: one.policy, topic: 'topic' } })
      else if (one.kind === 'turn') await settled()
      else if (one.kind === 'block') full.add(one.sharer)
      else {
        full.delete(one.sharer)
        release()
      }
    }
    await settled()
    release()
    await settled()
    for (const publisher of ['a', 'b', 'c']) if (!full.has(publisher) && busy.isFull(publisher)) throw new Error(`${publisher} waits`)
    full.clear()
    release()
    await settled()
    for (const publisher of ['a', 'b', 'c']) {
      const own = started.filter((event) => event.sharer === publisher).map(({ n }) => n)
      if (own.some((n, i) => i > 0 && n <= own[i - 1]!)) throw new Error('out of order')
    }
    if (started.length + dropped() !== sent) throw new Error(`${started.length} of ${sent} were started and ${dropped()} dropped`)
  }), { numRuns: 300 })
  t.pass('300 sequences')
})

t.test('a publisher whose handlers do not end leaves handlers for others', async (t) => {
  const { busy, started, hold, settled } = build(10_000)
  const ends: (() => void)[] = []
  const begin = (publisher: string): void => { busy.add(new Promise((resolve) => { ends.push(resolve) }), publisher) }
  while (!busy.isFull('a')) begin('a')
  t.equal(ends.length, 1000)
  t.notOk(busy.isFull('b'))
  hold('a', 1)
  hold('b', 2)
  await settled()
  t.same(started, [{ sharer: 'b', n: 2 }])
  begin('b')
  for (const end of ends.splice(0, 2)) end()
  await settled()
  t.same(started, [{ sharer: 'b', n: 2 }, { sharer: 'a', n: 1 }])
})
