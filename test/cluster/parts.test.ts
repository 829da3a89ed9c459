import t from 'tap'
import { Divider, Joiner } from '../../plugin/cluster/parts.ts'

const path = 'a'

t.test('a message is divided into parts, and put together again', async (t) => {
  const [divider, joiner] = [new Divider(), new Joiner()]
  for (const length of [1, 87, 88, 89, 176, 177, 1000]) {
    const message = Buffer.from(Array.from({ length }, (_, i) => i % 251))
    const parts = [...divider.divide(message, 100)]
    t.ok(parts.every((part) => part.length <= 100))
    const joined = parts.map((part) => joiner.join(path, part))
    t.same(joined.slice(0, -1), joined.slice(0, -1).map(() => null))
    t.same(joined.at(-1), message, String(length))
  }
})

t.test('a message of which a part is missing is dropped, and the next one is not', async (t) => {
  const [divider, joiner] = [new Divider(), new Joiner()]
  const [first, second] = [Buffer.alloc(500, 1), Buffer.alloc(500, 2)]
  for (let missing = 0; missing < 6; missing++) {
    const parts = [...divider.divide(first, 100)].filter((_, i) => i !== missing)
    t.same([...new Set(parts.map((part) => joiner.join(path, part)))], [null])
    t.same([...divider.divide(second, 100)].map((part) => joiner.join(path, part)).at(-1), second)
  }
  t.equal(joiner.join(path, Buffer.alloc(5)), null)
})

t.test('the parts of different paths do not mix, and a message has a maximum size', async (t) => {
  const [divider, joiner] = [new Divider(), new Joiner()]
  const [one, other] = [[...divider.divide(Buffer.alloc(150, 1), 100)], [...divider.divide(Buffer.alloc(150, 2), 100)]]
  t.equal(joiner.join('a', one[0]!), null)
  t.equal(joiner.join('b', other[0]!), null)
  t.same(joiner.join('a', one[1]!), Buffer.alloc(150, 1))
  t.same(joiner.join('b', other[1]!), Buffer.alloc(150, 2))
  const large = [...divider.divide(Buffer.alloc(65 * 2 ** 20), 2 ** 20)]
  t.same([...new Set(large.map((part) => joiner.join('a', part)))], [null])
})
