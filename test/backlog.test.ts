import fc from 'fast-check'
import t from 'tap'
import { Backlog, OCTETS_OF_ENTRY } from '../plugin/backlog.ts'

const frame = (octets: number): Buffer => Buffer.alloc(octets)
const taken = (backlog: Backlog): Buffer[] => {
  const frames: Buffer[] = []
  for (let one = backlog.take(); one !== undefined; one = backlog.take()) frames.push(one)
  return frames
}
const memoryOf = (frames: readonly Buffer[]): number => frames.reduce((sum, { length }) => sum + length + OCTETS_OF_ENTRY, 0)

t.test('events stay within their limit, all replies are kept, and the order of arrival is preserved', async (t) => {
  fc.assert(fc.property(fc.array(fc.record({ reply: fc.boolean(), octets: fc.integer({ min: 1, max: 600 }), key: fc.constantFrom(null, 'a', 'b') })), (steps) => {
    const backlog = new Backlog(2_000)
    const sent: { frame: Buffer, reply: boolean, key: string | null }[] = []
    let gone = 0
    for (const { reply, octets, key } of steps) {
      const one = frame(octets)
      sent.push({ frame: one, reply, key })
      if (reply) backlog.add(one)
      else gone += backlog.addEvent(one, key)
    }
    const { octets } = backlog
    const kept = taken(backlog)
    const inOrder = kept.map((one) => sent.findIndex(({ frame }) => frame === one))
    const events = sent.filter(({ frame, reply }) => !reply && kept.includes(frame))
    if (inOrder.some((at, i) => i > 0 && at <= inOrder[i - 1]!)) throw new Error('out of order')
    if (sent.some(({ frame, reply }) => reply && !kept.includes(frame))) throw new Error('a reply is lost')
    if (memoryOf(events.map(({ frame }) => frame)) > 2_000) throw new Error('too much')
    for (const key of ['a', 'b']) if (events.filter((event) => event.key === key).length > 1) throw new Error('not only the latest')
    if (kept.length + gone !== sent.length) throw new Error('miscounted')
    if (octets !== memoryOf(kept) || backlog.octets !== 0 || !backlog.isEmpty) throw new Error('wrong sum')
  }))
  t.pass('of any sequence')
})

t.test('frames can be taken while others are added, and a taken event is never dropped', async (t) => {
  const backlog = new Backlog(2_000)
  const [first, reply, second, third] = [frame(1), frame(2), frame(3), frame(4)]
  t.equal(backlog.addEvent(first, 'a'), 0)
  backlog.add(reply)
  t.equal(backlog.take(), first)
  t.equal(backlog.addEvent(second, 'a'), 0, 'the one before has left')
  t.equal(backlog.take(), reply)
  t.equal(backlog.addEvent(third, 'a'), 1)
  t.same(taken(backlog), [third])
})

t.test('an event that is larger than the whole backlog replaces all other events', async (t) => {
  const backlog = new Backlog(1_000)
  backlog.addEvent(frame(600))
  t.equal(backlog.hasRoom(200), false)
  t.equal(backlog.addEvent(frame(2_000)), 1)
  t.same(taken(backlog), [frame(2_000)])
})

t.test('many tiny events use no more memory than the limit', async (t) => {
  const backlog = new Backlog(100_000)
  let gone = 0
  for (let i = 0; i < 10_000; i++) gone += backlog.addEvent(frame(1), i % 2 === 0 ? null : `topic ${i}`)
  t.ok(taken(backlog).length <= 100_000 / OCTETS_OF_ENTRY && gone > 9_000)
})

t.test('events can be skipped, and keep their place', async (t) => {
  const removed: Buffer[] = []
  const backlog = new Backlog(2_000, (event) => { removed.push(event) })
  const [first, second, third, fourth] = [frame(1), frame(2), frame(3), frame(4)]
  backlog.passEvent()
  backlog.removeEvent()
  t.equal(backlog.nextEvent, undefined)
  for (const one of [first, second, third]) backlog.addEvent(one, one === second ? 'a' : null)
  backlog.passEvent()
  t.equal(backlog.nextEvent, second)
  backlog.addEvent(fourth, 'a')
  t.same(removed, [second])
  t.equal(backlog.nextEvent, third, 'the one after an event that was replaced')
  backlog.removeEvent()
  t.equal(backlog.nextEvent, fourth)
  backlog.removeEvent()
  t.equal(backlog.nextEvent, undefined)
  const fifth = frame(5)
  backlog.addEvent(fifth)
  t.equal(backlog.nextEvent, fifth, 'one that comes after all were passed')
  backlog.rewind()
  t.equal(backlog.nextEvent, first)
  t.same(taken(backlog), [first, fifth])
  t.same(removed, [second, third, fourth, first, fifth])
  t.equal(backlog.nextEvent, undefined)
})
