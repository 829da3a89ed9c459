import fc from 'fast-check'
import t from 'tap'
import { OCTETS_OF_ENTRY } from '../../plugin/backlog.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { MessagesOfBatches, WholeMessages } from '../../plugin/transport/framing.ts'
import { Unsent } from '../../plugin/transport/unsent.ts'
import { WebsocketFraming } from '../../plugin/transport/websocket-framing.ts'

const framing = new WebsocketFraming(jsonCodec)

t.test('frames of any length are taken in the order of their addition, and counted', async (t) => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.integer({ min: 2, max: 400 }), fc.constant(70_000), fc.constant('take' as const))), (steps) => {
    const unsent = new Unsent(framing)
    const [expected, taken]: [Buffer[], Buffer[]] = [[], []]
    let octets = 0
    const take = (): boolean => {
      const fragment = unsent.take()
      if (fragment !== undefined) taken.push(...fragment)
      return fragment !== undefined
    }
    for (const [i, step] of steps.entries()) {
      if (step === 'take') {
        take()
        continue
      }
      const frame = Buffer.alloc(step, i)
      frame[1] = step > 65_535 ? 127 : step > 125 ? 126 : 0
      unsent.add(frame)
      expected.push(...framing.fragmentsOf(frame).flat())
      octets = Buffer.concat(expected).length - Buffer.concat(taken).length
      if (unsent.octets !== octets) throw new Error(`${unsent.octets} octets are counted, and there are ${octets}`)
    }
    while (take());
    if (unsent.octets !== 0 || !Buffer.concat(taken).equals(Buffer.concat(expected))) throw new Error('something is lost or out of order')
  }))
  t.pass('in any sequence')
})

t.test('short frames share one buffer, and a long one is not copied', async (t) => {
  const unsent = new Unsent(framing)
  for (let i = 0; i < 1_000; i++) unsent.add(Buffer.alloc(20, i))
  const long = Buffer.alloc(1_000)
  unsent.add(long)
  const parts: Buffer[] = []
  for (let fragment = unsent.take(); fragment !== undefined; fragment = unsent.take()) parts.push(...fragment)
  t.ok(parts.length <= 7, `${parts.length} parts`)
  t.equal(parts.at(-1), long)
})

t.test('short messages that must stay apart are counted by the memory that they use, and those of batches share one buffer', async (t) => {
  const [apart, joined] = [new Unsent(new WholeMessages(jsonCodec)), new Unsent(new MessagesOfBatches(jsonCodec))]
  for (const unsent of [apart, joined]) for (let i = 0; i < 100; i++) unsent.add(Buffer.alloc(10, i))
  t.equal(apart.octets, 100 * (10 + OCTETS_OF_ENTRY))
  t.equal(joined.octets, 1000)
  t.equal(joined.take()?.[0]?.length, 1000)
  for (let i = 0; i < 100; i++) t.same(apart.take(), [Buffer.alloc(10, i)])
  t.equal(apart.octets, 0)
})
