import t from 'tap'
import { merged, Ordered } from '../../plugin/routing/ordered.ts'

const itself = (number: number): number => number

/** Numbers that look random, and are the same each time. */
function * pseudorandom (below: number): Generator<number, never> {
  for (let seed = 1; ;) {
    seed = (seed * 48_271) % 2_147_483_647
    yield seed % below
  }
}

t.test('it contains the same as a sorted list, whatever is added and deleted in any order', async (t) => {
  const random = pseudorandom(3000)
  const ordered = new Ordered(itself)
  const model = new Set<number>()
  for (let step = 1; step <= 20_000; step++) {
    const number = random.next().value
    if (model.has(number)) {
      if (!ordered.delete(number)) t.fail(`${number} is not there`)
      model.delete(number)
    } else {
      ordered.add(number)
      model.add(number)
    }
    if (step % 2000 !== 0) continue
    const sorted = [...model].sort((a, b) => a - b)
    t.equal([...ordered].join(), sorted.join())
    t.equal(ordered.size, model.size)
    const from = random.next().value
    t.equal(ordered.after(from, 10).join(), sorted.filter((one) => one > from).slice(0, 10).join())
    t.equal([...ordered.descending(from)].join(), sorted.filter((one) => one < from).reverse().join())
    t.equal(ordered.has(from), model.has(from))
  }
  for (const number of model) ordered.delete(number)
  t.same([ordered.size, [...ordered], ordered.after(0, 5), [...ordered.descending(5)], ordered.delete(1)], [0, [], [], [], false])
})

t.test('numbers may increase forever, as ids do', async (t) => {
  const ordered = new Ordered(itself)
  for (let number = 1; number <= 50_000; number++) {
    ordered.add(number)
    if (number > 100) ordered.delete(number - 100)
  }
  t.same(ordered.after(49_995, 100), [49_996, 49_997, 49_998, 49_999, 50_000])
  t.equal(ordered.size, 100)
})

t.test('ascending lists are merged into one', async (t) => {
  const random = pseudorandom(1_000_000)
  const all = Array.from({ length: 500 }, () => random.next().value).sort((a, b) => a - b)
  for (const count of [1, 2, 3, 7, 600]) {
    const lists = Array.from({ length: count }, (_, list) => all.filter((_, i) => (i * i) % count === list))
    t.equal(merged(lists, itself).join(), all.join(), `${count} lists`)
  }
  t.same(merged([], itself), [])
})
