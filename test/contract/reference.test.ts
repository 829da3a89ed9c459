import t from 'tap'
import { Type } from 'typebox'
import { contractReference, wampContract } from 'fastify-wamp'

t.test('a reference page describes each schema in words, or shows the schema if words do not suffice', async (t) => {
  const page = contractReference(wampContract({
    procedures: {
      'com.example.a': {
        args: Type.Tuple([Type.Integer({ title: 'count', description: 'how many | or so', minimum: 1, maximum: 5 })]),
        kwargs: Type.Object({ colour: Type.Optional(Type.Union([Type.Literal('red'), Type.Literal('blue')])), mail: Type.String({ format: 'email', minLength: 3, pattern: '.@.' }) }),
        progress: Type.Number(),
        result: Type.Array(Type.Object({ id: Type.Integer(), name: Type.Optional(Type.String()) }))
      },
      'com.example.b': { args: { type: 'array', items: { type: 'string' } }, kwargs: { type: 'object' }, result: { enum: [1, 'one'] } },
      'com.example.c': { result: { not: { type: 'string' } } },
      'com.example.d': { args: { type: 'array', items: [{ type: 'string' }, { const: 7 }], minItems: 1 } }
    }
  }))
  for (const line of [
    '| `args[0]` | integer (from 1, to 5) | count: how many \\| or so |',
    '| `kwargs.colour` | `"red"` or `"blue"`, optional |  |',
    '| `kwargs.mail` | string (email, at least 3 characters, like `.@.`) |  |',
    'Progressive results: number',
    'Result: a list, each item: { id: integer, name?: string }',
    '| `args` | a list, each item: string |  |',
    '| `kwargs` | object |  |',
    'Result: `1` or `"one"`',
    'Result: `{"not":{"type":"string"}}`',
    '| `args[1]` | `7`, optional |  |'
  ]) t.ok(page.includes(line), line)
  t.match(page, /### `com\.example\.c`\n\nNo arguments or values\./)
  t.notOk(page.includes('## Topics'))
})

t.test('the reference page of an empty contract is empty', async (t) => {
  t.equal(contractReference({}), '# Procedures and topics\n')
})
