import { deepStrictEqual } from 'node:assert'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { WebSocket } from 'ws'
import { connect, json } from 'fastify-wamp/client'
import { cbor } from 'fastify-wamp/client/cbor'
import { msgpack } from 'fastify-wamp/client/msgpack'
import { buildApp } from '../helper/build-app.ts'
import { wireCodecs } from '../helper/wire-client.ts'

const own = [json(), msgpack(), cbor()]
const value = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)), fc.boolean(), fc.constant(null),
    fc.array(tie('value'), { maxLength: 8 }), fc.dictionary(fc.string().filter((key) => key !== '__proto__'), tie('value'), { maxKeys: 8, noNullPrototype: true }))
})).value

for (const [i, serializer] of own.entries()) {
  const library = wireCodecs[i]!

  t.test(`${library.name}: what is written is read again, and by another library`, async () => {
    fc.assert(fc.property(fc.array(value), (message) => {
      const written = serializer.encode(message)
      deepStrictEqual(serializer.decode(written), message)
      deepStrictEqual(library.decode(Buffer.from(written)), message)
    }), { numRuns: 200 })
  })

  t.test(`${library.name}: what another library writes is read`, async () => {
    fc.assert(fc.property(fc.array(value), (message) => {
      const data = library.encode(message)
      deepStrictEqual(serializer.decode(typeof data === 'string' ? data : new Uint8Array(data)), message)
    }), { numRuns: 200 })
  })

  t.test(`${library.name}: octets and times have their forms`, async (t) => {
    const octets = new Uint8Array(300).map((_, at) => at)
    t.strictSame(serializer.decode(serializer.encode([octets, { in: Buffer.from('ab') }])), [octets, { in: new Uint8Array([97, 98]) }])
    t.strictSame(serializer.decode(serializer.encode([new Date(0)])), ['1970-01-01T00:00:00.000Z'])
    t.throws(() => serializer.decode(library.binary ? 'text' : new Uint8Array(1)))
  })

  t.test(`${library.name}: malformed messages throw, and nothing else happens`, async () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
      try {
        serializer.decode(library.binary ? octets : Buffer.from(octets).toString('latin1'))
      } catch (error) {
        if (!(error instanceof Error)) throw new TypeError('not an error')
      }
    }), { numRuns: 2000 })
  })
}

t.test('one long message does not keep memory forever', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const taken = (): number => {
    // The memory of buffers is freed when the next collection starts.
    collect()
    collect()
    return process.memoryUsage().arrayBuffers
  }
  for (const serializer of [msgpack(), cbor()]) {
    const before = taken()
    const write = (): number => serializer.encode([new Uint8Array(2 ** 26)]).length
    t.ok(write() > 2 ** 26)
    t.ok(taken() - before < 2 ** 25, serializer.subprotocol)
  }
})

t.test('large integers are exact in binary serializers, and cannot be represented in JSON', async (t) => {
  for (const serializer of own.slice(1)) {
    for (const integer of [2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n]) t.strictSame(serializer.decode(serializer.encode([integer])), [integer])
    t.throws(() => serializer.encode([2n ** 65n]))
    t.strictSame(serializer.decode(serializer.encode([-1, -32, -33, -128, -129, 255, 65536, 2 ** 40, -(2 ** 40)])), [-1, -32, -33, -128, -129, 255, 65536, 2 ** 40, -(2 ** 40)])
  }
  t.throws(() => json().encode([1n]))
})

t.test('CBOR in the forms that others write: endless lists and texts, half floats, tags', async (t) => {
  const read = (hex: string): unknown => cbor().decode(new Uint8Array(Buffer.from(hex, 'hex')))
  t.strictSame(read('9f0102ff'), [1, 2])
  t.strictSame(read('817f61616162ff'), ['ab'])
  t.strictSame(read('815f41014102ff'), [new Uint8Array([1, 2])])
  t.strictSame(read('bf616101ff'), { a: 1 })
  t.strictSame(read('83f93c00f97c00fa3fc00000'), [1, Infinity, 1.5])
  t.strictSame(read('81c249010000000000000000'), [2n ** 64n])
  t.strictSame(read('81c11a00000001'), [new Date(1000)])
  t.strictSame(read('d9d9f78101'), [1])
  for (const malformed of ['81', '8200', '81ff', '81fc', '811c', '8101ff']) t.throws(() => read(malformed), malformed)
})

t.test('a value that routers forward but JavaScript cannot represent does not throw', async (t) => {
  const octets = new Uint8Array([7])
  for (const [serializer, wire, value] of [
    [msgpack(), 'd40507', octets],
    [msgpack(), 'c701ff07', octets],
    [msgpack(), 'd40000', undefined],
    [msgpack(), '82c001c202', { null: 1, false: 2 }],
    [msgpack(), '85 9001 8002 c4010703 d4050704 a16105', { a: 5 }],
    [cbor(), 'e0', undefined],
    [cbor(), 'f8ff', undefined],
    [cbor(), 'a3 f601 f402 f703', { null: 1, false: 2, undefined: 3 }],
    [cbor(), 'a5 8001 a002 410703 c10104 616105', { a: 5 }]
  ] as const) t.strictSame(serializer.decode(new Uint8Array(Buffer.from(wire.replaceAll(' ', ''), 'hex'))), value, wire)
})

t.test('MessagePack in the forms that others write', async (t) => {
  const read = (hex: string): unknown => msgpack().decode(new Uint8Array(Buffer.from(hex, 'hex')))
  t.strictSame(read('91d6ff00000001'), [new Date(1000)])
  t.strictSame(read('91c70cff000000000000000000000001'), [new Date(1000)])
  t.strictSame(read('91ca3fc00000'), [1.5])
  t.strictSame(read('82010203a178'), { 1: 2, 3: 'x' })
  for (const malformed of ['91', '91c1', '91d4050102', '9101ff']) t.throws(() => read(malformed), malformed)
})

t.test('HELLO contains no undefined, which many serializers write as null', async (t) => {
  const { url } = await buildApp(t)
  const hellos: unknown[] = []
  const session = await connect(url, { realm: 'realm1', WebSocket, serializers: [{ ...json(), encode: (message) => { hellos.push(message); return JSON.stringify(message) } }] })
  t.notOk(Object.values((hellos[0] as [number, string, object])[2]).includes(undefined))
  await session.leave()
})
