import t from 'tap'
import { randomOctets } from '../../plugin/protocol/random-octets.ts'

t.test('each random byte is used once, is random, and does not change later', async (t) => {
  const drawn = Array.from({ length: 2000 }, (_, i) => randomOctets(i % 3 === 0 ? 33 : 16))
  const before = drawn.map((octets) => octets.toString('hex'))
  t.equal(new Set(before).size, 2000)
  for (let i = 0; i < 2000; i++) randomOctets(48)
  t.same(drawn.map((octets) => octets.toString('hex')), before)
  const counts = new Map<number, number>()
  for (let i = 0; i < 100; i++) for (const octet of randomOctets(8192)) counts.set(octet, (counts.get(octet) ?? 0) + 1)
  t.equal(counts.size, 256)
  t.ok(Math.max(...counts.values()) < 1.2 * 3200, 'evenly')
})
