import fc from 'fast-check'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** How a hostile client writes a serializer by hand: values that are well-formed, and that no library would write. */
export interface HostileWriter {
  readonly name: 'json' | 'msgpack' | 'cbor'
  /** Values, each of which has at least one place where it has no form. */
  readonly values: readonly Buffer[]
  /** The same at the deepest level that a message may have. */
  readonly deepest: readonly Buffer[]
  /** An ordinary value. */
  write (value: unknown): Buffer
  list (items: readonly Buffer[]): Buffer
  /** A dict with string keys, or with keys of any kind. */
  dict (entries: readonly (readonly [key: Buffer, value: Buffer])[]): Buffer
  /** Something of the serializer's own around a value. */
  wrap (value: Buffer): Buffer
}

/** The first element of what a codec writes for args of one value, which is what stands between their list's octets. */
function inside (encode: (args: unknown[]) => Buffer, value: unknown, head: number, tail: number): Buffer {
  const list = encode([value])
  return list.subarray(head, list.length - tail)
}

/** Levels of lists around a value: as deep as a message may be, within its own list, its args, a testament's args, and with a tag. */
const DEEPEST = 96
const nested = (list: (items: readonly Buffer[]) => Buffer, value: Buffer): Buffer => Array.from({ length: DEEPEST }).reduce<Buffer>((inner) => list([inner]), value)

const jsonList = (items: readonly Buffer[]): Buffer => Buffer.from(`[${items.join(',')}]`)
const jsonDict: HostileWriter['dict'] = (entries) => Buffer.from(`{${entries.map(([key, value]) => `${String(key).startsWith('"') ? String(key) : JSON.stringify(String(key))}:${String(value)}`).join(',')}}`)
const json: HostileWriter = {
  name: 'json',
  write: (value) => inside((args) => jsonCodec.encodePayload(args, undefined).bytes, value, 1, 1),
  list: jsonList,
  dict: jsonDict,
  wrap: (value) => Buffer.from(`{"toJSON":${String(value)},"constructor":1}`),
  values: [
    '1'.repeat(1300), `-${'9'.repeat(5000)}`, '18446744073709551616', '9007199254740993', '1e999', '-1e999', '1e-999', '-0', '"\\ud800"', '"\\u0000QUJD"', '"\\u0000!"',
    '{"__proto__":{"x":1}}', '{"a":1,"a":2}', '{"\\ud800":1}', '{"":{}}', `{"a":${'1'.repeat(1300)}}`
  ].map((text) => Buffer.from(text)),
  deepest: [nested(jsonList, Buffer.from('1'.repeat(1300)))]
}

function binaryHead (first: number, wide: number, count: number): Buffer {
  if (count < 16) return Buffer.from([first + count])
  const head = Buffer.from([wide, 0, 0])
  head.writeUInt16BE(count, 1)
  return head
}

const msgpackList = (items: readonly Buffer[]): Buffer => Buffer.concat([binaryHead(0x90, 0xdc, items.length), ...items])
const msgpackDict: HostileWriter['dict'] = (entries) => Buffer.concat([binaryHead(0x80, 0xde, entries.length), ...entries.flat()])
const msgpack: HostileWriter = {
  name: 'msgpack',
  write: (value) => inside((args) => msgpackCodec.encodePayload(args, undefined).bytes, value, 1, 0),
  list: msgpackList,
  dict: msgpackDict,
  wrap: (value) => Buffer.concat([Buffer.from([0xc8, value.length >> 8, value.length & 255, 5]), value]),
  values: [
    // Keys: true, null, a float, a list, a dict, octets, an integer, the same twice.
    '81 c3 01', '81 c0 01', '81 cb 3ff8000000000000 01', '81 90 01', '81 80 01', '81 c4 01 00 01', '81 01 01', '82 a1 61 01 a1 61 02',
    // Extensions: of the app, an invalid time, no time at all, undefined; NaN, infinities, 64 bits, __proto__.
    'd4 05 00', 'c7 0c ff 00000000 7fffffffffffffff', 'c7 03 ff 000000', 'd4 00 00', 'd6 ff 00000001',
    'cb 7ff8000000000000', 'cb 7ff0000000000000', 'cf ffffffffffffffff', 'd3 8000000000000000', '81 a9 5f5f70726f746f5f5f 81 a1 78 01'
  ].map(hex),
  deepest: [nested(msgpackList, hex('c3')), nested(msgpackList, hex('d4 05 00'))]
}

const cborList = (items: readonly Buffer[]): Buffer => items.length < 24 ? Buffer.concat([Buffer.from([0x80 + items.length]), ...items]) : Buffer.concat([hex('9f'), ...items, hex('ff')])
const cborDict: HostileWriter['dict'] = (entries) => Buffer.concat([hex('bf'), ...entries.flat(), hex('ff')])
const cbor: HostileWriter = {
  name: 'cbor',
  write: (value) => inside((args) => cborCodec.encodePayload(args, undefined).bytes, value, 1, 0),
  list: cborList,
  dict: cborDict,
  wrap: (value) => Buffer.concat([hex('d9 03e7'), value]),
  values: [
    // Keys: true, null, a float, a list, a dict, octets, a tag, undefined, an integer, the same twice.
    'a1 f5 01', 'a1 f6 01', 'a1 f9 3e00 01', 'a1 80 01', 'a1 a0 01', 'a1 41 00 01', 'a1 c1 01 01', 'a1 f7 01', 'a1 01 01', 'a2 61 61 01 61 61 02',
    // Tags: unknown, within tags, times that are none, octets, numbers of any length.
    'd9 03e7 01', 'd9 03e7 d9 03e8 c1 f5', 'c1 fb 7ff8000000000000', 'c1 fb 7fefffffffffffff', 'c1 61 61', 'c0 61 61', 'd8 40 41 00', 'd9 d9f7 01', 'c2 49 010000000000000000', 'c3 40',
    // Simple values, NaN, infinities, 64 bits, indefinite lengths, __proto__.
    'e0', 'f3', 'f8 ff', 'f7', 'f9 7e00', 'f9 7c00', '1b ffffffffffffffff', '3b ffffffffffffffff', '9f ff', 'bf ff', '7f 61 61 ff', '5f 41 00 ff', 'a1 69 5f5f70726f746f5f5f a1 61 78 01'
  ].map(hex).concat(Buffer.concat([hex('c2 59 0400'), Buffer.alloc(1024, 255)])),
  deepest: [nested(cborList, hex('e0')), nested(cborList, hex('c2 41 01'))]
}

/** One writer for each serializer. */
export const hostileWriters: readonly HostileWriter[] = [json, msgpack, cbor]

/** Values of any shape around the hostile ones. */
export function hostileValues ({ name, values, write, list, dict, wrap }: HostileWriter): fc.Arbitrary<Buffer> {
  const text = fc.constantFrom('a', '__proto__', 'constructor', 'toJSON', '').map(write)
  const scalar = fc.oneof(fc.constantFrom(...values), fc.oneof(fc.integer(), fc.double(), fc.string(), fc.boolean(), fc.constant(null)).map(write), text)
  return fc.letrec<{ value: Buffer }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      scalar,
      fc.array(tie('value'), { maxLength: 4 }).map(list),
      fc.array(fc.tuple(name === 'json' ? text : fc.oneof(text, tie('value')), tie('value')), { maxLength: 3 }).map(dict),
      tie('value').filter(({ length }) => length < 60_000).map(wrap)
    )
  })).value
}
