import t from 'tap'
import { Recent } from '../plugin/recent.ts'

t.test('of what was set, the most recent half is remembered at least, and never more than all that may be', async (t) => {
  const recent = new Recent<number, number>(100)
  for (let i = 0; i < 300; i++) {
    recent.set(i, -i)
    const known = Array.from({ length: i + 1 }, (_, key) => key).filter((key) => recent.get(key) !== undefined)
    t.ok(known.length <= 100 && known.length >= Math.min(i + 1, 50), `${known.length} of ${i + 1}`)
    t.same(known, Array.from({ length: known.length }, (_, at) => i + 1 - known.length + at), 'the ones set last')
  }
})

t.test('what is set anew counts as recent, with its new value', async (t) => {
  const recent = new Recent<string, number>(10)
  for (let i = 0; i < 100; i++) {
    recent.set('kept', i)
    recent.set(`other ${i}`, i)
    t.equal(recent.get('kept'), i)
  }
})

t.test('things are forgotten by a test of their values', async (t) => {
  const recent = new Recent<number, number>(10)
  for (let i = 0; i < 8; i++) recent.set(i, i)
  recent.forget((value) => value % 2 === 0)
  t.same([4, 5, 6, 7].map((key) => recent.get(key)), [undefined, 5, undefined, 7])
})
