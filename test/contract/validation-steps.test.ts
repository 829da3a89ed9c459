import t from 'tap'
import { ContractChecks } from '../../plugin/contract/contract-checks.ts'
import type { Kwargs } from '../../plugin/protocol/payload.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { unitsSpent } from '../../plugin/work.ts'

/** The fault of one argument for a schema, and the units of work of the check. */
function checker (node: object): (value: unknown) => [fault: string | null, units: number] {
  const checks = new ContractChecks({ topics: { 'com.example.topic': { args: { type: 'array', items: { $ref: '#/$defs/node' }, $defs: { node } } } } }, 'contract')
  return (value) => {
    const before = unitsSpent()
    return [checks.event('com.example.topic', {}, Payload.of([value])), unitsSpent() - before]
  }
}

const child = { $ref: '#/$defs/node' }
const tooMany = 'args takes too many steps to validate: alternatives of the schema contain each other'
const shape = (kind: string): object => ({ type: 'object', properties: { child, kind: { const: kind } }, required: ['kind'] })
const levels = (depth: number, inner: unknown, around: (value: unknown) => unknown = (value) => ({ kind: 'b', child: value })): unknown => {
  let value = inner
  for (let i = 0; i < depth; i++) value = around(value)
  return value
}

t.test('a value that a schema would validate once for each path through its alternatives is refused after a number of steps', async (t) => {
  const schemas: Record<string, object> = {
    anyOf: { anyOf: [shape('a'), shape('b')] },
    oneOf: { oneOf: [shape('a'), shape('b')] },
    allOf: { allOf: [shape('b'), shape('b')] },
    'patterns of properties': { type: 'object', properties: { child }, patternProperties: { '^c': child } },
    'if and then': { if: shape('b'), then: shape('b') },
    'through another definition': { anyOf: [{ type: 'object', properties: { child: { anyOf: [child, child] }, kind: { const: 'a' } } }, shape('b')] },
    'items and contains': { type: 'object', properties: { child: { type: 'array', items: child, contains: child } } }
  }
  for (const [name, node] of Object.entries(schemas)) {
    const check = checker(node)
    const around = name === 'items and contains' ? (value: unknown): unknown => ({ child: [value] }) : undefined
    const [fault, units] = check(levels(24, { kind: 'b' }, around))
    t.equal(fault, tooMany, name)
    t.ok(units < 10_000, `${name}: ${units} units`)
    t.equal(check(levels(4, { kind: 'b' }, around))[0], null, `${name}: a few levels are validated`)
  }
})

t.test('long texts and lists in such a value count with their length', async (t) => {
  for (const [rule, value] of [[{ maxLength: 1_000_000 }, 'x'.repeat(100_000)], [{ uniqueItems: true }, Array(100).fill(0).map((_, i) => [i, 'x'.repeat(1000)])], [{ items: { type: 'integer' } }, Array(10_000).fill(1)]] as const) {
    const check = checker({ anyOf: [shape('a'), shape('b'), rule] })
    const [fault, units] = check(levels(12, value))
    t.equal(fault, tooMany, Object.keys(rule)[0]!)
    t.ok(units < 600_000, `${units} units`)
  }
})

t.test('trees of any depth and size are validated, also with alternatives that are told apart first', async (t) => {
  const schemas: Record<string, object> = {
    'one shape': shape('b'),
    'the distinguishing property first': { anyOf: ['a', 'b'].map((kind) => ({ type: 'object', properties: { kind: { const: kind }, child }, required: ['kind'] })) },
    discriminator: { type: 'object', discriminator: { propertyName: 'kind' }, required: ['kind'], oneOf: ['a', 'b'].map((kind) => ({ properties: { child, kind: { const: kind } } })) },
    'a leaf or a node': { anyOf: [{ type: 'number' }, shape('b')] }
  }
  for (const [name, node] of Object.entries(schemas)) {
    const check = checker(node)
    const [, few] = check(levels(45, { kind: 'b' }))
    const [fault, units] = check(levels(90, { kind: 'b' }))
    t.equal(fault, null, name)
    t.ok(units < 2.2 * few, `${name}: ${few} units, and ${units} for twice the depth`)
    t.match(check(levels(10, { kind: 'c' }))[0], /must/, name)
  }
  const wide = checker({ type: 'object', properties: { children: { type: 'array', items: child } } })
  t.equal(wide({ children: Array.from({ length: 100 }, () => ({ children: Array.from({ length: 1000 }, () => ({})) })) })[0], null)
})

t.test('a schema that refers to one with an id may take as many steps as that one', async (t) => {
  const list = { $id: 'list', type: 'array', items: { type: 'array', items: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1, maxLength: 8, pattern: '^x' } } } }
  const checks = new ContractChecks({ topics: { 'com.example.a': { args: list }, 'com.example.b': { kwargs: { type: 'object', properties: { list: { $ref: 'list' } } } } } }, 'contract')
  const kwargs: Kwargs = { list: Array.from({ length: 100 }, () => Array.from({ length: 20 }, () => Array.from({ length: 50 }, () => 'x'))) }
  t.equal(checks.event('com.example.b', {}, Payload.of([], kwargs)), null)
})
