import fc from 'fast-check'
import t from 'tap'
import { Backlog } from '../../plugin/transport/backlog.ts'
import { unitsSpent } from '../../plugin/work.ts'

const frame = (octets: number): Buffer => Buffer.alloc(octets)

t.test('events are within their bound, replies all stay, and the order is that of arrival', async (t) => {
  fc.assert(fc.property(fc.array(fc.record({ reply: fc.boolean(), octets: fc.integer({ min: 1, max: 60 }), key: fc.constantFrom(null, 'a', 'b') })), (steps) => {
    const backlog = new Backlog(100)
    const sent: { frame: Buffer, reply: boolean, key: string | null }[] = []
    let gone = 0
    for (const { reply, octets, key } of steps) {
      const one = frame(octets)
      sent.push({ frame: one, reply, key })
      if (reply) backlog.add(one)
      else gone += backlog.addEvent(one, key)
    }
    const kept = [...backlog.frames()]
    const inOrder = kept.map((one) => sent.findIndex(({ frame }) => frame === one))
    const events = sent.filter(({ frame, reply }) => !reply && kept.includes(frame))
    if (inOrder.some((at, i) => i > 0 && at <= inOrder[i - 1]!)) throw new Error('out of order')
    if (sent.some(({ frame, reply }) => reply && !kept.includes(frame))) throw new Error('a reply is lost')
    if (events.reduce((sum, { frame }) => sum + frame.length, 0) > 100) throw new Error('too much')
    for (const key of ['a', 'b']) if (events.filter((event) => event.key === key).length > 1) throw new Error('not only the latest')
    if (kept.length + gone !== sent.length) throw new Error('miscounted')
    if (backlog.octets !== kept.reduce((sum, { length }) => sum + length, 0)) throw new Error('wrong sum')
  }))
  t.pass('of any sequence')
})

t.test('an event that is too long for itself takes the place of all', async (t) => {
  const backlog = new Backlog(100)
  backlog.addEvent(frame(50))
  t.equal(backlog.hasRoom(60), false)
  t.equal(backlog.addEvent(frame(200)), 1)
  t.equal(backlog.octets, 200)
})

t.test('the oldest event is found without a look at all that are gone', async (t) => {
  const backlog = new Backlog(1_000)
  const before = unitsSpent()
  for (let i = 0; i < 10_000; i++) {
    backlog.addEvent(frame(1))
    if (i % 2 === 0) backlog.add(frame(1))
    backlog.addEvent(frame(1), 'the latest')
  }
  const units = unitsSpent() - before
  t.ok(units > 1_000 && units < 20_000, `${units} units for 20 000 events, of which 1 000 are kept`)
  t.equal([...backlog.frames()].length, 6_000)
})
