import t from 'tap'
import { isId, MAX_ID, nextId } from '../../plugin/protocol/id.ts'
import { randomId } from '../../plugin/protocol/random-id.ts'

t.test('an id is an integer from 1 to 2^53 [IDS-01]', async (t) => {
  for (const id of [1, 2, 2 ** 32, 2 ** 53 - 1, 2 ** 53]) t.ok(isId(id), String(id))
  for (const id of [0, -1, 1.5, 2 ** 53 + 2, NaN, Infinity, true, '5', null, undefined, 5n]) t.notOk(isId(id), String(id))
})

t.test('2^53 is an id although it is not a safe integer [IDS-02, TRP-04]', async (t) => {
  t.notOk(Number.isSafeInteger(MAX_ID))
  t.ok(isId(MAX_ID))
})

t.test('random ids are valid, and spread over the whole range [IDS-03, IDS-04]', async (t) => {
  const ids = Array.from({ length: 2000 }, randomId)
  t.ok(ids.every(isId))
  t.equal(new Set(ids).size, ids.length)
  // One in 2^2000 of falling short.
  t.ok(ids.some((id) => id > 2 ** 52) && ids.some((id) => id <= 2 ** 52))
  t.ok(ids.some((id) => id % 2 === 0) && ids.some((id) => id % 2 === 1))
})

t.test('a sequence of ids starts again at 1 after 2^53 [IDS-07]', async (t) => {
  t.equal(nextId(1), 2)
  t.equal(nextId(MAX_ID - 1), MAX_ID)
  t.equal(nextId(MAX_ID), 1)
})
