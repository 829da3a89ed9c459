import fc from 'fast-check'
import t from 'tap'
import { Queue } from '../plugin/queue.ts'

t.test('items leave in the order of arrival, those that are put back first', async (t) => {
  fc.assert(fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('add') }, { weight: 2, arbitrary: fc.constant('take') }, { weight: 1, arbitrary: fc.constantFrom('putBack', 'clear') }), { maxLength: 6000, size: 'max' }), (steps) => {
    const queue = new Queue<number>()
    let model: number[] = []
    steps.forEach((step, i) => {
      if (step === 'add') { queue.add(i); model.push(i) }
      if (step === 'putBack') { queue.putBack(i); model.unshift(i) }
      if (step === 'clear' && i % 100 === 0) { queue.clear(); model = [] }
      if (step === 'take' && queue.take() !== model.shift()) throw new Error(`another item at step ${i}`)
      if (queue.size !== model.length) throw new Error(`another size at step ${i}`)
    })
  }), { numRuns: 200 })
  t.pass()
})
