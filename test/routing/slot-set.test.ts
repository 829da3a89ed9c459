import fc from 'fast-check'
import t from 'tap'
import { SlotSet, slotsOf } from '../../plugin/routing/slot-set.ts'

function membersOf (slots: SlotSet): number[] {
  const list: number[] = []
  slots.listIn(list)
  return list.sort((a, b) => a - b)
}

t.test('it agrees with a Set after any changes, however it stores its members', async (t) => {
  const slot = fc.oneof(fc.nat(40), fc.nat(3_000))
  await fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), slot), { maxLength: 300, size: 'max' }), (changes) => {
    const slots = new SlotSet()
    const plain = new Set<number>()
    for (const [what, one] of changes) {
      if (what > 0) { slots.add(one); plain.add(one) } else { slots.delete(one); plain.delete(one) }
      if (slots.size !== plain.size || slots.has(one) !== plain.has(one) || slots.has(one + 1) !== plain.has(one + 1)) throw new Error(`${one}`)
    }
    const wanted = [...plain].sort((a, b) => a - b).join()
    if (membersOf(slots).join() !== wanted) throw new Error(membersOf(slots).join())
    if (slotsOf(slots.asBits(new Int32Array(100))).join() !== wanted) throw new Error('bits')
    for (const one of plain) slots.delete(one)
    if (slots.size !== 0 || membersOf(slots).length > 0) throw new Error('something is left')
  }), { numRuns: 500, seed: 1 })
  t.pass('500 histories')
})

t.test('it switches from a number to bits and back', async (t) => {
  const slots = new SlotSet()
  for (let slot = 0; slot < 1_000; slot++) slots.add(slot)
  slots.add(100_000)
  t.equal(slots.size, 1_001)
  t.ok([0, 999, 100_000].every((slot) => slots.has(slot)))
  t.notOk(slots.has(1_000))
  for (let slot = 0; slot < 1_000; slot++) slots.delete(slot)
  t.same(membersOf(slots), [100_000])
})
