import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { cbor } from '../../plugin/client/cbor.ts'
import { msgpack } from '../../plugin/client/msgpack.ts'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { readValues } from '../../plugin/codec/json-value.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import { ownValues } from '../../plugin/in-process/own-values.ts'
import { copyOfValues, Payload } from '../../plugin/protocol/payload.ts'
import { setOwn } from '../../plugin/protocol/set-own.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { withTextForOctets } from '../../routes/json-border.ts'

const DICTS = 2000

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** The bytes of memory of a value. */
function bytesOf (make: () => unknown): number {
  gc()
  const before = process.memoryUsage().heapUsed
  const value = [make()]
  gc()
  return value.length * (process.memoryUsage().heapUsed - before)
}

// Those that are no integers, or none that V8 stores in an array, come first: integers that follow need a table all the same.
for (const sparse of ['{"1020":1,"2500":1,"3300":1}', '{"01":1,"1020":1,"2500":1}', '{"5x":1,"1020":1,"2500":1}', '{"99999999999":1,"1020":1,"2500":1}']) {
  t.test(`a dict with integer keys uses no memory for the integers between the keys: ${sparse}`, async (t) => {
    const args = JSON.parse(`[${Array.from({ length: DICTS }, () => sparse).join(',')}]`) as object[]
    const values = { args, kwargs: {} }
    const ways: Record<string, () => unknown> = {
      copies: () => copyOfValues(values),
      'values of the app': () => ownValues(args, {}),
      'results of routes': () => withTextForOctets(args)
    }
    for (const codec of [jsonCodec, msgpackCodec, cborCodec]) {
      const encoded = Payload.of(args).in(codec)
      ways[codec.name] = () => codec.decodePayload(encoded)
    }
    for (const serializer of [cbor(), msgpack()]) {
      const encoded = serializer.encode(args)
      ways[`the client with ${serializer.subprotocol}`] = () => serializer.decode(encoded)
    }
    for (const [way, make] of Object.entries(ways)) {
      make()
      const bytes = bytesOf(make) / DICTS
      t.ok(bytes < 1000, `${way}: ${String(bytes)}`)
    }
  })
}

t.test('a property of data may have any name, and can be changed', async (t) => {
  const dict: Record<string, unknown> = {}
  for (const key of ['b', '7', '1020', '__proto__', '01', '7']) setOwn(dict, key, key)
  t.strictSame(Object.entries(dict), [['7', '7'], ['1020', '1020'], ['b', 'b'], ['__proto__', '__proto__'], ['01', '01']])
  t.equal(Object.getPrototypeOf(dict), Object.prototype)
  for (const name of Object.keys(dict)) t.match(Object.getOwnPropertyDescriptor(dict, name), { writable: true, enumerable: true, configurable: true })
  dict['7'] = 'changed'
  delete dict['1020']
  t.strictSame(JSON.parse(JSON.stringify(dict)), JSON.parse('{"7":"changed","b":"b","__proto__":"__proto__","01":"01"}'))
})

t.test('the integers of a dict are put into a table once', async (t) => {
  const dict = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [String(50 * i + 1), i]))
  const defined = t.capture(Object, 'defineProperty', Object.defineProperty)
  const ways = { copies: () => copyOfValues({ args: [dict], kwargs: {} }), 'values of the app': () => ownValues([dict], {}), 'results of routes': () => withTextForOctets([dict]) }
  for (const [way, make] of Object.entries(ways)) {
    make()
    t.equal(defined().length, 2, way)
  }
  for (const codec of [msgpackCodec, cborCodec]) {
    const encoded = Payload.of([dict]).in(codec)
    defined()
    const { args } = codec.decodePayload(encoded)
    t.equal(defined().length, 2, codec.name)
    t.strictSame(args, [dict])
  }
})

t.test('a text is parsed once, and its lists, dicts and keys count as work', async (t) => {
  const parsed = t.capture(JSON, 'parse', JSON.parse.bind(JSON))
  const units = (item: string): number => {
    const before = unitsSpent()
    readValues(`[${Array.from({ length: 1000 }, () => item).join(',')}]`, 10)
    t.equal(parsed().length, 1)
    return unitsSpent() - before
  }
  t.ok(units('[]') >= 2000)
  t.ok(units('{}') >= 2000)
  t.ok(units('{"1":0}') >= 14_000)
})

t.test('integers as keys count as more work than other keys', async (t) => {
  const units = (codec: typeof cborCodec, key: string): number => {
    const encoded = Payload.of(Array.from({ length: 100 }, () => ({ [key]: 1 }))).in(codec)
    const before = unitsSpent()
    codec.decodePayload(encoded)
    return unitsSpent() - before
  }
  for (const codec of [msgpackCodec, cborCodec]) t.ok(units(codec, '1020') > units(codec, 'abcd') + 2000, codec.name)
})
