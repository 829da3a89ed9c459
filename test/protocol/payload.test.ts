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

t.test('a failed conversion is not retried', async (t) => {
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

t.test('every reader of values gets its own copy', async (t) => {
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

t.test('a detached payload does not keep the chunk that it arrived in', async (t) => {
  const codec = counting('a')
  const chunk = Buffer.alloc(65536, ' ')
  chunk.write('[["x"]]', 100)
  const payload = Payload.ofBytes(codec, { elements: 1, bytes: chunk.subarray(100, 107) }).detached()
  chunk.fill('!')
  t.equal(payload.in(codec).bytes.toString(), '[["x"]]')
  t.same(Payload.of([1]).detached().values(), { args: [1], kwargs: {} })
  t.equal(Payload.empty.detached(), Payload.empty)
})

t.test('a kept payload drops its transcoded copies when the turn ends, if these are larger', async (t) => {
  const [a, b] = [counting('a'), counting('b')]
  const growing: PayloadCodec = { ...b, encodePayload: () => ({ elements: 1, bytes: Buffer.alloc(1000) }) }
  for (const payload of [Payload.ofBytes(a, encoded([['x']], 1)), Payload.of(['x'])]) {
    const kept = payload.detached()
    const [small, large] = [kept.in(b), kept.in(growing)]
    t.equal(kept.in(growing), large, 'all receivers of a turn share it')
    const notKept = payload.in(growing)
    await new Promise((resolve) => { setImmediate(resolve) })
    t.equal(kept.in(b), small)
    t.not(kept.in(growing), large)
    t.same(kept.in(growing), large)
    t.equal(payload.in(growing), notKept)
  }
})

t.test('values count with the memory that they use, which may be far more than their encoded size', async (t) => {
  t.ok(Payload.of([Array.from({ length: 1000 }, () => ({}))]).size >= 60_000)
  t.ok(Payload.of([Array.from({ length: 1000 }, () => [])]).size >= 30_000)
  t.ok(Payload.of(['x'.repeat(1000)]).size < 1200, 'a text takes little more than itself')
})

t.test('whether a payload can be represented is determined once, without keeping the result', async (t) => {
  const calls: string[] = []
  const unable: PayloadCodec = {
    name: 'unable',
    encodePayload () { calls.push('write'); throw new Error('no form') },
    decodePayload () { calls.push('read'); throw new Error('no form') }
  }
  const able = counting('able')
  const payload = Payload.of(['x'])
  t.same([1, 2].map(() => payload.hasForm(unable)), [false, false])
  t.same(calls, ['write'])
  t.same([payload.hasForm(able), payload.hasForm(null), Payload.empty.hasForm(able)], [true, true, true])
  const unreadable = Payload.ofBytes(unable, encoded([['x']], 1))
  t.same([unreadable.hasForm(unable), unreadable.hasForm(able), unreadable.hasForm(null)], [false, false, false])
  t.same(unreadable.in(unable), encoded([['x']], 1), 'its own bytes travel all the same')
})
