import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Ajv } from 'ajv'
import t from 'tap'
import type { Test } from 'tap'
import { Type } from 'typebox'
import { wampContract } from 'fastify-wamp'
import type { ApiOf } from 'fastify-wamp'
import type { ValueOf } from '../../plugin/contract/schema-types.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
type Proof<A, B> = Same<A, B> extends true ? [] : [never]

/** Compiles only if the values of a schema have this very type. Values of it are valid by what the router validates with. */
function means<T> (t: Test): <const S extends object>(schema: S, values: readonly T[], ...proof: Proof<ValueOf<S>, T>) => void {
  return (schema, values, ...proof) => {
    t.equal(proof.length, 0)
    const validate = new Ajv({ strict: false }).compile(schema)
    for (const value of values) t.ok(validate(value), `${JSON.stringify(schema)}: ${JSON.stringify(value)}`)
  }
}

t.test('each keyword of a schema is converted to a type', (t) => {
  means<string>(t)({ type: 'string' }, [''])
  means<number>(t)({ type: 'number' }, [0.5])
  means<number>(t)({ type: 'integer' }, [5])
  means<boolean>(t)({ type: 'boolean' }, [true])
  means<null>(t)({ type: 'null' }, [null])
  means<string | null>(t)({ type: ['string', 'null'] }, ['', null])
  means<5>(t)({ const: 5 }, [5])
  means<'a' | 1>(t)({ enum: ['a', 1] }, ['a', 1])
  means<string | null>(t)({ anyOf: [{ type: 'string' }, { type: 'null' }] }, ['', null])
  means<1 | 2>(t)({ oneOf: [{ const: 1 }, { const: 2 }] }, [1, 2])
  means<2>(t)({ allOf: [{ enum: [1, 2] }, { enum: [2, 3] }] }, [2])
  means<unknown>(t)({}, [1, 'a', null])
  t.end()
})

t.test('lists have items of one schema, or a schema for each item; items beyond minItems are optional', (t) => {
  means<string[]>(t)({ type: 'array', items: { type: 'string' } }, [[], ['a', 'b']])
  means<unknown[]>(t)({ type: 'array' }, [[1, 'a']])
  const items = [{ type: 'string' }, { type: 'number' }] as const
  means<[string, number]>(t)({ type: 'array', items, minItems: 2, additionalItems: false }, [['a', 1]])
  means<[string, number?]>(t)({ type: 'array', items, minItems: 1, additionalItems: false }, [['a'], ['a', 1]])
  means<[string?, number?]>(t)({ type: 'array', items, additionalItems: false }, [[], ['a'], ['a', 1]])
  means<[string, number, ...unknown[]]>(t)({ type: 'array', items, minItems: 2 }, [['a', 1], ['a', 1, null]])
  means<[string, number, ...boolean[]]>(t)({ type: 'array', items, minItems: 2, additionalItems: { type: 'boolean' } }, [['a', 1], ['a', 1, true, false]])
  // The router ignores this keyword, so it means nothing here either.
  means<unknown[]>(t)({ type: 'array', prefixItems: items }, [[1, 'a']])
  t.end()
})

t.test('objects have properties, and those that are not required are optional', (t) => {
  const properties = { name: { type: 'string' }, age: { type: 'integer' } } as const
  means<{ name: string, age?: number }>(t)({ type: 'object', properties, required: ['name'] }, [{ name: 'joe' }, { name: 'joe', age: 5 }])
  means<{ name?: string, age?: number }>(t)({ type: 'object', properties }, [{}, { age: 5 }])
  means<{ [name: string]: number }>(t)({ type: 'object', additionalProperties: { type: 'number' } }, [{}, { any: 1 }])
  means<{ [name: string]: number }>(t)({ type: 'object', patternProperties: { '^x': { type: 'number' } } }, [{ x1: 1 }])
  means<{ [name: string]: unknown }>(t)({ type: 'object' }, [{}, { any: 'a' }])
  t.end()
})

t.test('schemas of TypeBox have the same types with and without its type provider', (t) => {
  const contract = wampContract({
    procedures: {
      'com.example.f': {
        args: Type.Tuple([Type.Integer(), Type.Array(Type.Union([Type.Literal('a'), Type.Null()]))]),
        kwargs: Type.Object({ name: Type.String(), more: Type.Optional(Type.Object({ deep: Type.Boolean() })) }),
        progress: Type.Enum(['here', 'there']),
        result: Type.Record(Type.String(), Type.Number())
      },
      'com.example.none': {}
    },
    topics: { 'com.example.t': { kwargs: Type.Object({ from: Type.Optional(Type.String()) }) } }
  })
  type Own = ApiOf<typeof contract>
  type ByProvider = ApiOf<typeof contract, TypeBoxTypeProvider>
  type F<A extends Own | ByProvider> = A['procedures']['com.example.f']
  const same = <A, B>(name: string, ...proof: Proof<A, B>): void => { t.equal(proof.length, 0, name) }
  same<F<Own>['args'], F<ByProvider>['args']>('args')
  same<F<Own>['kwargs'], F<ByProvider>['kwargs']>('kwargs')
  same<F<Own>['progress'], F<ByProvider>['progress']>('progress')
  same<F<Own>['result'], F<ByProvider>['result']>('result')
  same<Own['procedures']['com.example.none'], ByProvider['procedures']['com.example.none']>('nothing')
  same<Own['topics'], ByProvider['topics']>('topics')
  t.ok(contract.procedures['com.example.f'].args)
  t.end()
})
