import fc from 'fast-check'
import t from 'tap'
import { controlFrame, FrameType, HEADER } from '../../plugin/transport/rawsocket-framing.ts'
import { FrameReader } from '../../plugin/transport/rawsocket-reader.ts'

const frames = fc.array(fc.record({ type: fc.constantFrom(...Object.values(FrameType)), content: fc.uint8Array({ maxLength: 300 }) }), { maxLength: 8 })

t.test('frames are read whole and in order, wherever the data is split [RAW-17]', async (t) => {
  fc.assert(fc.property(frames, fc.array(fc.nat(2000), { maxLength: 20 }), (frames, cuts) => {
    const found: unknown[] = []
    const reader = new FrameReader({ take: (type, content) => { found.push({ type, content: Uint8Array.from(content) }) }, refuse: (fault) => { found.push(fault) } }, 300)
    const octets = Buffer.concat(frames.map(({ type, content }) => controlFrame(type, Buffer.from(content))))
    const places = [0, ...cuts.filter((cut) => cut < octets.length).toSorted((a, b) => a - b), octets.length]
    for (const [i, start] of places.slice(0, -1).entries()) reader.read(octets.subarray(start, places[i + 1]))
    if (reader.isWithinFrame) throw new Error('a frame is incomplete')
    if (JSON.stringify(found) !== JSON.stringify(frames)) throw new Error(JSON.stringify(found))
  }))
  t.pass('for any frames and any cuts')
})

t.test('a frame with an invalid header is refused before its content arrives, and nothing is read after it [RAW-12, RAW-14]', async (t) => {
  for (const header of [[0, 0, 1, 45], [1, 0, 1, 45], [3, 0, 0, 0], [0x10, 0, 0, 0], [8, 0, 0, 1]]) {
    const found: unknown[] = []
    const reader = new FrameReader({ take: () => { found.push('frame') }, refuse: () => { found.push('refused') } }, 300)
    for (const octet of header) reader.read(Buffer.from([octet]))
    reader.read(controlFrame(FrameType.Message, Buffer.from('[]')))
    t.same(found, ['refused'], String(header))
  }
})

t.test('a reader that is stopped ignores the rest of its data', async (t) => {
  const found: unknown[] = []
  const reader = new FrameReader({
    take: (type) => {
      found.push(type)
      reader.stop()
    },
    refuse: (fault) => { found.push(fault) }
  }, 300)
  reader.read(Buffer.alloc(4000))
  reader.read(Buffer.alloc(4000))
  t.same(found, [FrameType.Message])
})

t.test('the memory of an incomplete frame is in proportion to the data that has arrived', async (t) => {
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 200 }, () => new FrameReader({ take: () => {}, refuse: () => {} }, 2 ** 24))
  for (const reader of readers) reader.read(controlFrame(FrameType.Message, Buffer.alloc(1000)).subarray(0, 10).fill(0xff, 1, HEADER))
  const grown = process.memoryUsage().arrayBuffers - before
  t.ok(grown < 2 ** 20, `${grown} octets for 200 headers that promise 16 MiB each`)
  t.ok(readers.every(({ isWithinFrame }) => isWithinFrame))
})
