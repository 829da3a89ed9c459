import t from 'tap'
import { Recent } from '../plugin/recent.ts'

t.test('at least the more recent half of the entries is kept, and never more than the maximum', async (t) => {
  const recent = new Recent<number, number>(100)
  for (let i = 0; i < 300; i++) {
    recent.set(i, -i)
    const known = Array.from({ length: i + 1 }, (_, key) => key).filter((key) => recent.get(key) !== undefined)
    t.ok(known.length <= 100 && known.length >= Math.min(i + 1, 50), `${known.length} of ${i + 1}`)
    t.same(known, Array.from({ length: known.length }, (_, at) => i + 1 - known.length + at), 'the ones set last')
  }
})

t.test('an entry that is set again counts as recent, with its new value', async (t) => {
  const recent = new Recent<string, number>(10)
  for (let i = 0; i < 100; i++) {
    recent.set('kept', i)
    recent.set(`other ${i}`, i)
    t.equal(recent.get('kept'), i)
  }
})

t.test('entries are deleted by a predicate on their values', async (t) => {
  const recent = new Recent<number, number>(10)
  for (let i = 0; i < 8; i++) recent.set(i, i)
  recent.forget((value) => value % 2 === 0)
  t.same([4, 5, 6, 7].map((key) => recent.get(key)), [undefined, 5, undefined, 7])
})
