import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { ContractChecks } from '../../plugin/contract/contract-checks.ts'
import { areUnique } from '../../plugin/contract/unique-items.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { unitsSpent } from '../../plugin/work.ts'

const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, fc.constantFrom<unknown>(null, true, false, 0, 1, -1, 0.5, 2n ** 60n, 2n ** 61n, '', '0', 'null', '[]', 'a,b'), fc.uint8Array({ maxLength: 2 }),
    fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(fc.constantFrom('a', 'b', '"'), tie('any'), { maxKeys: 2, noNullPrototype: true }))
})).any

const ignore = (): void => {}

t.test('items are unique if no two of them are equal, of whatever kind', async (t) => {
  fc.assert(fc.property(fc.array(value, { maxLength: 8 }), (items) => {
    const expected = items.every((item, i) => !items.slice(0, i).some((other) => isDeepStrictEqual(item, other)))
    if (areUnique(items, ignore) !== expected) throw new Error(`unique is ${!expected}`)
  }), { numRuns: 2_000 })
  t.notOk(areUnique([{ a: 1, b: [2] }, { b: [2], a: 1 }], ignore), 'keys have no order')
  t.ok(areUnique([1, '1', [1], { 1: 1 }], ignore))
})

t.test('a contract with uniqueItems costs in proportion to what is checked', async (t) => {
  const checks = new ContractChecks({ topics: { 'com.example.topic': { args: { type: 'array', items: [{ type: 'array', uniqueItems: true }] } } } }, 'contract')
  const fault = (items: unknown[]): string | null => checks.event('com.example.topic', {}, Payload.of([items]))
  t.equal(fault([{ a: 1 }, { a: 2 }]), null)
  t.match(fault([{ a: 1 }, { a: 1 }]), /duplicate/)
  const before = unitsSpent()
  t.equal(fault(Array.from({ length: 100_000 }, (_, i) => [i])), null)
  t.ok(unitsSpent() - before > 100_000 / 4 && unitsSpent() - before < 1_000_000, `${unitsSpent() - before} units`)
})
