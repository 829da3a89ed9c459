import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { HeldValues } from '../plugin/held-values.ts'
import { memoryOf } from '../plugin/memory-of.ts'
import { OpaqueValue } from '../plugin/protocol/opaque-value.ts'
import { unitsSpent } from '../plugin/work.ts'

const build = (limit: number): HeldValues => new HeldValues(limit, { warn: () => {} })

t.test('a holder may hold at most as much memory as is left, so others have room', async (t) => {
  const values = build(1000)
  let own = 0
  for (; values.hasRoom('one', 50); own++) values.hold('one', 50)
  t.equal(own, 10, 'half of the limit')
  t.ok(values.hasRoom('two', 500))
  t.notOk(values.hasRoom('two', 501))
  t.notOk(values.isTooMuch(1000))
  t.ok(values.isTooMuch(1001))
})

t.test('released memory no longer counts, and is released only once', async (t) => {
  const values = build(1000)
  const [first, second] = [values.hold(1, 300), values.hold(1, 100)]
  values.release(first)
  values.release(first)
  t.equal(values.bytes, 100)
  let [succeed, fail] = [(): void => {}, (_: Error): void => {}]
  const success = new Promise<void>((resolve) => { succeed = resolve })
  const failure = new Promise<void>((_resolve, reject) => { fail = reject })
  values.until(success, second)
  values.until(failure, values.hold(2, 1))
  succeed()
  await success
  t.equal(values.bytes, 1)
  fail(new Error('failed'))
  await t.rejects(failure)
  t.equal(values.bytes, 0, 'a failure releases, too')
})

t.test('a handler that can never end holds no memory', async (t) => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const values = build(1000)
  values.until(new Promise(() => {}), values.hold(1, 500))
  do {
    await new Promise((resolve) => { setImmediate(resolve) })
    gc()
  } while (values.bytes > 0)
  t.ok(values.hasRoom(1, 1000))
})

t.test('waiting work continues when memory is released', async (t) => {
  const values = build(1000)
  const held = values.hold(1, 1000)
  const worked = new Promise<void>((resolve) => { values.wait({ work: () => { resolve(); return false } }) })
  values.release(held)
  await worked
  t.equal(values.bytes, 0)
})

t.test('the memory of small values is many times their encoded size, and is not underestimated', async (t) => {
  const many = <T>(value: (i: number) => T): T[] => Array.from({ length: 1000 }, (_, i) => value(i))
  // As measured with Node.js 20, each in a list of a million that was decoded.
  const measured: readonly [unknown, number][] = [
    [many(() => ({})), 65], [many(() => []), 41], [many(() => [1]), 193], [many(() => [1.1]), 209], [many(() => null), 9], [many(() => true), 9], [many(() => 1.1), 25],
    [many(() => 2n ** 64n), 33], [many(() => Buffer.from([1])), 113], [many(() => new OpaqueValue('msgpack', 5, Buffer.from([1]))), 161],
    [many(() => new Date(0)), 105], [many((i) => String(1000 + i)), 33], [many(() => 'ééééé'), 33], [many(() => ({ a: 1 })), 65], [many(() => ({ 1020: 1 })), 210]
  ]
  for (const [list, bytes] of measured) {
    const estimated = memoryOf({ args: [list], kwargs: {} }) / 1000
    t.ok(estimated >= bytes && estimated < bytes * 5 + 10, `${String(estimated)} for ${bytes}`)
  }
  const before = unitsSpent()
  t.equal(memoryOf({ args: [], kwargs: { a: many(() => 'x') } }), memoryOf({ args: [], kwargs: { b: many(() => 'y') } }))
  t.ok(unitsSpent() - before >= 2000, 'estimates count as work')
})
