import t from 'tap'
import { byKey, count, flag, keyOf, oneOf, record, required, text } from '../plugin/typed-schema.ts'

interface Options { name: string, size?: number, isLarge?: boolean }
interface Square { type: 'square', size: number }
interface Circle { type: 'circle', radius: number }
const square = record<Square>()({ type: keyOf(), size: required(count) })
const circle = record<Circle>()({ type: keyOf(), radius: required(count) })

t.test('a schema has exactly the options of its type: otherwise it does not compile', (t) => {
  const complete = record<Options>()({ name: required(text), size: count, isLarge: flag })
  const [name, size, isLarge] = [{ type: 'string', minLength: 1 }, { type: 'integer', minimum: 1 }, { type: 'boolean' }]
  t.strictSame(complete, { type: 'object', properties: { name, size, isLarge }, required: ['name'], additionalProperties: false })

  // @ts-expect-error An option is missing.
  record<Options>()({ name: required(text), size: count })
  // @ts-expect-error There is no such option.
  record<Options>()({ name: required(text), size: count, isLarge: flag, color: text })
  const others = { isLarge: flag, color: text }
  // @ts-expect-error There is no such option, also if it is spread.
  record<Options>()({ name: required(text), size: count, ...others })
  // @ts-expect-error A required option is optional.
  record<Options>()({ name: text, size: count, isLarge: flag })
  // @ts-expect-error An optional option is required.
  record<Options>()({ name: required(text), size: required(count), isLarge: flag })
  // @ts-expect-error The type is another one.
  record<Options>()({ name: required(text), size: text, isLarge: flag })
  // @ts-expect-error An object of another type.
  record<{ square: Square }>()({ square: required(circle) })
  t.end()
})

t.test('a schema has exactly the values of a union: otherwise it does not compile', (t) => {
  t.strictSame(oneOf<'a' | 'b' | boolean>()('a', true, 'b', false), { enum: ['a', true, 'b', false] })

  // @ts-expect-error A value is missing.
  oneOf<'a' | 'b' | boolean>()('a', 'b', true)
  // @ts-expect-error There is no such value.
  oneOf<'a' | 'b'>()('a', 'b', 'c')
  // @ts-expect-error A value of an option is missing.
  record<{ side?: 'left' | 'right' }>()({ side: oneOf<'left'>()('left') })
  t.end()
})

t.test('a schema has exactly the variants of a union: otherwise it does not compile', (t) => {
  t.match(byKey<Square | Circle>()('type', { square, circle }), { required: ['type'], properties: { type: { enum: ['square', 'circle'] } } })

  // @ts-expect-error A variant is missing.
  byKey<Square | Circle>()('type', { square })
  // @ts-expect-error There is no such variant.
  byKey<Square | Circle>()('type', { square, circle, line: square })
  // @ts-expect-error The variants are mixed up.
  byKey<Square | Circle>()('type', { square: circle, circle: square })
  t.end()
})
