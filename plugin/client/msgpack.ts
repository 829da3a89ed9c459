import { binarySerializer } from './binary-serializer.ts'
import { dictOf, OctetReader } from './octet-reader.ts'
import type { OctetWriter } from './octet-writer.ts'
import type { Forms } from './octet-writer.ts'
import type { Serializer } from './serializer.ts'

/** The extension type of a point in time. */
const TIMESTAMP = -1

/** The serializer `wamp.2.msgpack`: `connect(url, { serializers: [msgpack()] })`. */
export function msgpack (): Serializer {
  return binarySerializer('wamp.2.msgpack', forms, read)
}

/** A length, which few values have in their first octet. `firsts` are those of lengths of 1, 2 and 4 octets; 0 where there is none. */
function lengthHead (fixed: number, most: number, firsts: readonly [number, number, number]): (writer: OctetWriter, length: number) => void {
  return (writer, length) => {
    if (length <= most) writer.head(fixed | length)
    else if (length < 0x100 && firsts[0] > 0) writer.head(firsts[0], 1, length)
    else if (length < 0x10000) writer.head(firsts[1], 2, length)
    else writer.head(firsts[2], 4, length)
  }
}

const forms: Forms = {
  simple: [0xc0, 0xc2, 0xc3],
  double: 0xcb,
  integer (writer, value) {
    if (value >= 0 && value < 0x80) writer.head(Number(value))
    else if (value >= -32 && value < 0) writer.head(Number(value) & 0xff)
    else if (value >= 0 && value < 0x100) writer.head(0xcc, 1, value)
    else if (value >= 0 && value < 0x10000) writer.head(0xcd, 2, value)
    else if (value >= 0 && value < 0x100000000) writer.head(0xce, 4, value)
    else if (value >= -0x80000000 && value < 0) writer.head(0xd2, 4, Number(value) >>> 0)
    else if (value >= 0 && value < 2n ** 64n) writer.head(0xcf, 8, value)
    else if (value >= -(2n ** 63n) && value < 0) writer.head(0xd3, 8, value)
    else throw new RangeError('an integer has more than 64 bits')
  },
  textHead: lengthHead(0xa0, 31, [0xd9, 0xda, 0xdb]),
  octetsHead: lengthHead(0, -1, [0xc4, 0xc5, 0xc6]),
  listHead: lengthHead(0x90, 15, [0, 0xdc, 0xdd]),
  dictHead: lengthHead(0x80, 15, [0, 0xde, 0xdf])
}

function read (reader: OctetReader): unknown {
  const first = reader.octet()
  if (first < 0x80) return first
  if (first < 0x90) return dict(reader, first & 15)
  if (first < 0xa0) return list(reader, first & 15)
  if (first < 0xc0) return reader.text(first & 31)
  if (first >= 0xe0) return first - 0x100
  if (first >= 0xc4 && first <= 0xc6) return reader.take(length(reader, first - 0xc4))
  if (first >= 0xc7 && first <= 0xc9) return extension(reader, length(reader, first - 0xc7))
  if (first >= 0xcc && first <= 0xcf) return reader.unsigned(2 ** (first - 0xcc) as 1 | 2 | 4 | 8)
  if (first >= 0xd0 && first <= 0xd3) return reader.signed(2 ** (first - 0xd0) as 1 | 2 | 4 | 8)
  if (first >= 0xd4 && first <= 0xd8) return extension(reader, 2 ** (first - 0xd4))
  if (first >= 0xd9 && first <= 0xdb) return reader.text(length(reader, first - 0xd9))
  if (first >= 0xdc && first <= 0xdd) return list(reader, length(reader, first - 0xdb))
  if (first >= 0xde) return dict(reader, length(reader, first - 0xdd))
  switch (first) {
    case 0xc0: return null
    case 0xc2: return false
    case 0xc3: return true
    case 0xca: return reader.float(4)
    case 0xcb: return reader.float(8)
    default: throw new TypeError('an unused MessagePack type')
  }
}

/** A length of 1, 2 or 4 octets. */
function length (reader: OctetReader, power: number): number {
  return Number(reader.unsigned(2 ** power as 1 | 2 | 4))
}

function list (reader: OctetReader, length: number): unknown[] {
  const items: unknown[] = []
  for (let i = 0; i < length; i++) items.push(read(reader))
  return items
}

function dict (reader: OctetReader, length: number): Record<string, unknown> {
  const entries: [unknown, unknown][] = []
  for (let i = 0; i < length; i++) entries.push([read(reader), read(reader)])
  return dictOf(entries)
}

/**
 * A timestamp is a Date [MessagePack specification, Timestamp extension type]. JavaScript libraries write undefined as type 0 with one octet 0.
 * The meaning of other types is unknown, so their octets are returned.
 */
function extension (reader: OctetReader, length: number): unknown {
  const type = Number(reader.signed(1))
  const octets = reader.take(length)
  if (type === 0 && length === 1 && octets[0] === 0) return undefined
  if (type !== TIMESTAMP || ![4, 8, 12].includes(length)) return octets
  const content = new OctetReader(octets)
  if (length === 4) return new Date(Number(content.unsigned(4)) * 1000)
  if (length === 8) {
    const both = BigInt(content.unsigned(8))
    return new Date(Number(both & 0x3ffffffffn) * 1000 + Math.floor(Number(both >> 34n) / 1e6))
  }
  const nanoseconds = Number(content.unsigned(4))
  return new Date(Number(content.signed(8)) * 1000 + Math.floor(nanoseconds / 1e6))
}
