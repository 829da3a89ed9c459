import t from 'tap'
import { noteStandIns, restored } from '../../routes/stand-ins.ts'

const big = 9_007_199_254_740_993n
const text = String(big)

/** What becomes of a value when a validator makes something else of it. */
function after (given: unknown, read: unknown, validate: (value: unknown) => unknown): unknown {
  const standIns = noteStandIns(given, read, 4)
  const validated = validate(given)
  for (const standIn of standIns) restored(validated, standIn)
  return validated
}

t.test('values that a validator has removed or replaced are not restored', async (t) => {
  const given = { a: Number(big), b: [Number(big)], c: [[1, Number(big)]] }
  const read = { a: big, b: [big], c: [[1, big]] }
  t.same(after(given, read, () => ({ b: 7, c: ['other'] })), { b: 7, c: ['other'] })
})

t.test('only the nearest Number, and the text of the same bytes, are stand-ins', async (t) => {
  const octets = Buffer.from('hi')
  for (const [given, read] of [[5, big], ['\u0000aGk=', Buffer.from('ho')], ['aGk=', octets], [5, octets], ['x', 'y'], [{}, { a: big }], [{ a: 1 }, 5]]) t.same(noteStandIns({ given }, { given: read }, 4), [], String(read))
  t.match(noteStandIns({ given: '\u0000aGk=' }, { given: octets }, 4), [{ path: ['given'], value: octets }])
})

t.test('texts that no schema coerces to an integer are not stand-ins', async (t) => {
  for (const value of [`${text}.0`, '1e300', `${text}x`, '0000000000000001', 'a'.repeat(20), '9'.repeat(400)]) t.same(noteStandIns({ value }, { value }, 4), [], value)
  for (const value of [text, `+${text}`, ` ${text}`, '0x20000000000001']) t.match(noteStandIns({ value }, { value }, 4), [{ path: ['value'], value: big, plain: Number(big) }], value)
})

t.test('values that are too deep, contain themselves or are not plain containers are not inspected further', async (t) => {
  const deep = { a: { a: { a: { a: { a: { a: text } } } } } }
  t.same(noteStandIns(deep, deep, 4), [])
  const cyclic: Record<string, unknown> = { text, none: null, own: new (class { readonly text = text })() }
  cyclic['self'] = [cyclic]
  t.match(noteStandIns(cyclic, cyclic, 4), [{ path: ['text'] }])
})
