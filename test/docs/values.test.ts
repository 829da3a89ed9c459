import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import type { StandardCodec } from '../../plugin/codec/codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import type { Payload } from '../../plugin/protocol/payload.ts'
import { LIMITS, payloadOf } from '../codec/messages.ts'

const codecs: readonly StandardCodec[] = [jsonCodec, msgpackCodec, cborCodec]
const call = (codec: StandardCodec, head: Buffer, args: Buffer): Example => ({ args, payload: payloadOf(codec.decode(Buffer.concat([head, args, Buffer.from(codec === jsonCodec ? ']' : '')]), LIMITS)) })
const json = (text: string): Example => call(jsonCodec, Buffer.from('[48,1,{},"x",'), Buffer.from(`[${text}]`))
const msgpack = (hex: string): Example => call(msgpackCodec, Buffer.from('95300180a178', 'hex'), Buffer.from(`91${hex}`, 'hex'))
const cbor = (hex: string): Example => call(cborCodec, Buffer.from('85183001a06178', 'hex'), Buffer.from(`81${hex}`, 'hex'))

/** The payload of a received CALL, and its arguments as the caller wrote them. */
interface Example { readonly payload: Payload, readonly args: Buffer }

/** For each row of the page, values that it is about: each must become what the row says. */
const examples: Readonly<Record<string, readonly Example[]>> = {
  'integer within ±2^53 JSON': [json('9007199254740992'), json('-9007199254740992'), json('1')],
  'integer beyond ±2^53, within 64 bits JSON': [json('9007199254740993'), json('18446744073709551615'), json('-9223372036854775808')],
  'integer beyond 64 bits, up to 1,233 characters JSON': [json('18446744073709551616'), json('-9223372036854775809'), json('1'.repeat(1233))],
  'integer of more than 1,233 characters JSON': [json('1'.repeat(1234)), json(`-${'1'.repeat(1233)}`)],
  'number beyond the range of a double, such as 1e999 JSON': [json('1e999')],
  '64-bit integer MessagePack': [msgpack('cfffffffffffffffff'), msgpack('d38000000000000000')],
  'NaN MessagePack': [msgpack('cb7ff8000000000000')],
  'Infinity (-Infinity likewise) MessagePack': [msgpack('cb7ff0000000000000')],
  'timestamp MessagePack': [msgpack('d6ff00000001')],
  'timestamp that a Date cannot hold MessagePack': [msgpack('c70cff000000007fffffffffffffff')],
  'extension MessagePack': [msgpack('d40500'), msgpack('c703ff000000')],
  'dict with integer keys MessagePack': [msgpack('810101')],
  'dict with boolean, null, list or dict keys MessagePack': [msgpack('81c301'), msgpack('81c001'), msgpack('819001'), msgpack('818001')],
  'bignum beyond 64 bits, up to 4096 bits CBOR': [cbor('c249010000000000000000'), cbor(`c25901ff${'ff'.repeat(511)}`)],
  'bignum beyond 4096 bits CBOR': [cbor(`c2590201${'ff'.repeat(513)}`)],
  'epoch time (tag 1) CBOR': [cbor('c101')],
  'NaN CBOR': [cbor('f97e00')],
  'Infinity (-Infinity likewise) CBOR': [cbor('f97c00')],
  'undefined CBOR': [cbor('f7')],
  'binary data with tag 64, a typed array CBOR': [cbor('d840420102'), cbor('d90040420102')],
  'other tag, simple value CBOR': [cbor('d903e701'), cbor('e0')],
  'dict with boolean, null, list or dict keys CBOR': [cbor('a1f501'), cbor('a1f601'), cbor('a18001'), cbor('a1a001')]
}

function inProcess (payload: Payload): string {
  if (!payload.hasForm(null)) return 'unsupported'
  const { args: [value] } = payload.values()
  if (value instanceof OpaqueValue) return 'opaque'
  if (value instanceof Uint8Array) return 'binary data'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid Date' : 'Date'
  if (typeof value === 'number') return Number.isFinite(value) ? 'Number' : String(value)
  return { bigint: 'BigInt', object: 'dict' }[typeof value as string] ?? String(value)
}

function inCodec ({ payload, args }: Example, codec: StandardCodec, name: string): string {
  if (codec === codecs[['JSON', 'MessagePack', 'CBOR'].indexOf(name)]) return Buffer.from(payload.in(codec).bytes).equals(args) ? 'untouched' : changed({ payload, args }, codec)
  if (!payload.hasForm(codec)) return 'unsupported'
  const { args: [given] } = payload.values()
  const { args: [value] } = codec.decodePayload(payload.in(codec))
  if (value === null) return 'null'
  if (given instanceof Date) return value === given.toJSON() ? 'text' : 'wrong'
  return JSON.stringify(value, digits) === JSON.stringify(given, digits) ? 'converted' : 'wrong'
}

/** The treatment of bytes that are not forwarded to every peer with this serializer. */
function changed ({ payload, args }: Example, codec: StandardCodec): string {
  const { args: [value] } = payload.values()
  const { args: [written] } = codec.decodePayload(payload.in(codec))
  if (!isDeepStrictEqual(written, value) || !(value instanceof Uint8Array)) return 'wrong'
  return codec.typed !== null && payload.in(codec.typed).bytes.equals(args) ? '[untouched, or without the tag](#typed-arrays-in-cbor)' : 'without the tag'
}

function digits (_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

t.test('values are converted as the page on values says', async (t) => {
  const rows = readFileSync('docs/values.md', 'utf8').split('\n').map((line) => line.split('|').map((cell) => cell.trim()).slice(1, -1)).filter(({ length }) => length === 6).slice(2)
  t.same(rows.map(([value, name]) => `${value} ${name}`), Object.keys(examples), 'each row has its examples')
  for (const [value, name, ...cells] of rows) {
    for (const example of examples[`${value} ${name}`] ?? []) t.same([inProcess(example.payload), ...codecs.map((codec) => inCodec(example, codec, name!))], cells, `${value} in ${name}`)
  }
})
