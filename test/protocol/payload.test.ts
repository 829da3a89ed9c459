import t from 'tap'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { EncodedPayload, PayloadCodec } from '../../plugin/protocol/payload.ts'

/** A codec that counts what it is asked for. */
function counting (name: string, failure?: Error): PayloadCodec & { encoded: number, decoded: number } {
  return {
    name,
    encoded: 0,
    decoded: 0,
    encodePayload (args = [], kwargs) {
      this.encoded++
      if (failure !== undefined) throw failure
      const elements = kwargs === undefined ? [args] : [args, kwargs]
      return { elements: elements.length as 1 | 2, bytes: Buffer.from(JSON.stringify(elements)) }
    },
    decodePayload ({ bytes }) {
      this.decoded++
      const [args, kwargs = {}] = JSON.parse(bytes.toString())
      return { args, kwargs }
    }
  }
}

const encoded = (value: unknown, elements: 1 | 2): EncodedPayload => ({ elements, bytes: Buffer.from(JSON.stringify(value)) })

t.test('a receiver of the same codec gets the bytes that came in [MSG-16]', async (t) => {
  const codec = counting('a')
  const given = encoded([[1]], 1)
  t.equal(Payload.ofBytes(codec, given).in(codec), given)
  t.strictSame([codec.encoded, codec.decoded], [0, 0])
})

t.test('receivers of another codec share one conversion [SER-04]', async (t) => {
  const [from, to] = [counting('a'), counting('b')]
  const payload = Payload.ofBytes(from, encoded([[1], { k: 2 }], 2))
  t.equal(payload.in(to), payload.in(to))
  t.strictSame(payload.in(to), encoded([[1], { k: 2 }], 2))
  t.strictSame([from.decoded, to.encoded], [1, 1])
})

t.test('a conversion that fails is not tried again', async (t) => {
  const failure = new Error('no form')
  const [from, to] = [counting('a'), counting('b', failure)]
  const payload = Payload.ofBytes(from, encoded([[1]], 1))
  t.throws(() => payload.in(to), failure)
  t.throws(() => payload.in(to), failure)
  t.strictSame([from.decoded, to.encoded], [1, 1])
})

t.test('empty kwargs and then empty args are left out [MSG-15]', async (t) => {
  const codec = counting('a')
  t.equal(Payload.of(), Payload.empty)
  t.equal(Payload.of([], {}), Payload.empty)
  t.equal(Payload.ofBytes(codec, { elements: 0, bytes: Buffer.alloc(0) }), Payload.empty)
  t.strictSame(Payload.empty.in(codec), { elements: 0, bytes: Buffer.alloc(0) })
  t.equal(codec.encoded, 0)
  t.equal(Payload.of([1], {}).in(codec).elements, 1)
  t.strictSame(Payload.of([], { k: 1 }).in(codec), encoded([[], { k: 1 }], 2))
})

t.test('every reader of values is given its own', async (t) => {
  const codec = counting('a')
  for (const payload of [Payload.of([{ n: 1 }], { k: [1] }), Payload.ofBytes(codec, encoded([[{ n: 1 }], { k: [1] }], 2))]) {
    const { args, kwargs } = payload.values()
    t.strictSame({ args, kwargs }, { args: [{ n: 1 }], kwargs: { k: [1] } })
    args.push('changed')
    kwargs.k = 'changed'
    t.strictSame(payload.values(), { args: [{ n: 1 }], kwargs: { k: [1] } })
  }
  t.strictSame(Payload.of([1]).values(), { args: [1], kwargs: {} })
  t.strictSame(Payload.empty.values(), { args: [], kwargs: {} })
})

t.test('a detached payload does not pin the chunk that it came in', async (t) => {
  const codec = counting('a')
  const chunk = Buffer.alloc(65536, ' ')
  chunk.write('[["x"]]', 100)
  const payload = Payload.ofBytes(codec, { elements: 1, bytes: chunk.subarray(100, 107) }).detached()
  chunk.fill('!')
  t.equal(payload.in(codec).bytes.toString(), '[["x"]]')
  const given = Payload.of([1])
  t.equal(given.detached(), given, 'values of this process pin nothing')
  t.equal(Payload.empty.detached(), Payload.empty)
})
