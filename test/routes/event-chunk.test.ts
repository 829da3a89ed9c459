import t from 'tap'
import { EventChunk } from '../../routes/event-chunk.ts'

const turn = async (): Promise<void> => { await new Promise((resolve) => { setImmediate(resolve) }) }

t.test('the events of a turn are written as one chunk, which streams with the same events share', async (t) => {
  const written: Buffer[][] = [[], [], []]
  const [first, second, third] = written.map((chunks) => new EventChunk((octets) => { chunks.push(octets) })) as [EventChunk, EventChunk, EventChunk]
  const [a, b] = [Buffer.from('a'), Buffer.from('b')]
  for (const stream of [first, second]) {
    stream.add(a)
    stream.add(b)
  }
  third.add(b)
  t.same([first.queued, third.queued, written.flat().length], [2, 1, 0])
  await turn()
  t.same(written.map(String), ['ab', 'ab', 'b'])
  t.equal(written[0]![0], written[1]![0])
  t.equal(first.queued, 0)
  first.add(b)
  first.flush()
  first.flush()
  t.same(String(written[0]), 'ab,b')
  await turn()
  t.equal(written[0]!.length, 2)
})
