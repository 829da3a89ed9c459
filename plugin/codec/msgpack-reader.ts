import { OpaqueValue } from '../protocol/opaque-value.ts'
import { isNumbered, setOwn } from '../protocol/set-own.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import type { ValueReader } from './binary-codec.ts'
import { deeper } from './byte-reader.ts'
import type { ByteReader } from './byte-reader.ts'
import { keyOf } from './dict.ts'
import type { MutableDict } from './dict.ts'
import { MOST_SLOTS, VALUES_OF_NUMBERED, VALUES_OF_OBJECT } from './encoding-work.ts'
import { ARRAY16, ARRAY32, BIN8, EXT8, FALSE, FIXEXT1, FLOAT32, FLOAT64, INT8, MAP16, MAP32, NIL, STR8, TIMESTAMP, TRUE, UINT8 } from './msgpack-types.ts'

/** The length that follows a first octet of a family of three. */
function length (reader: ByteReader, member: number): number {
  return member === 0 ? reader.uint8() : member === 1 ? reader.uint16() : reader.uint32()
}

/** The size of the list that this first octet opens, or -1 if it opens none. */
function listSize (reader: ByteReader, first: number): number {
  if (first >= 0x90 && first <= 0x9f) return first - 0x90
  if (first === ARRAY16) return reader.uint16()
  return first === ARRAY32 ? reader.uint32() : -1
}

/** The same of a dict. */
function dictSize (reader: ByteReader, first: number): number {
  if (first >= 0x80 && first <= 0x8f) return first - 0x80
  if (first === MAP16) return reader.uint16()
  return first === MAP32 ? reader.uint32() : -1
}

/** The octets of the string that this first octet opens, or -1 if it opens none. */
function textLength (reader: ByteReader, first: number): number {
  if (first >= 0xa0 && first <= 0xbf) return first - 0xa0
  return first >= STR8 && first <= STR8 + 2 ? length(reader, first - STR8) : -1
}

function read (reader: ByteReader, depth: number, strict: boolean): unknown {
  reader.values++
  const first = reader.uint8()
  const text = textLength(reader, first)
  if (text >= 0) return reader.text(text)
  const items = listSize(reader, first)
  if (items >= 0) return readList(reader, items, deeper(depth), strict)
  const entries = dictSize(reader, first)
  return entries >= 0 ? readDict(reader, entries, deeper(depth), strict) : readScalar(reader, first)
}

function readList (reader: ByteReader, size: number, depth: number, strict: boolean): unknown[] {
  reader.values += VALUES_OF_OBJECT
  const list = new Array<unknown>(Math.min(size, MOST_SLOTS))
  for (let i = 0; i < size; i++) list[i] = read(reader, depth, strict)
  return list
}

function readDict (reader: ByteReader, size: number, depth: number, strict: boolean): MutableDict {
  reader.values += VALUES_OF_OBJECT
  const dict: MutableDict = {}
  let hasTable = false
  for (let i = size; i > 0; i--) {
    const key = keyOf(read(reader, depth, strict), strict)
    if (isNumbered(key)) reader.values += VALUES_OF_NUMBERED
    hasTable = setOwn(dict, key, read(reader, depth, strict), hasTable)
  }
  return dict
}

function readScalar (reader: ByteReader, first: number): unknown {
  if (first < 0x80) return first
  if (first >= 0xe0) return first - 256
  switch (first) {
    case NIL: return null
    case FALSE: return false
    case TRUE: return true
    case BIN8: case BIN8 + 1: case BIN8 + 2: return reader.bytes(length(reader, first - BIN8))
    case EXT8: case EXT8 + 1: case EXT8 + 2: return readExtension(reader, length(reader, first - EXT8))
    case FLOAT32: return reader.float32()
    case FLOAT64: return reader.float64()
    case UINT8: return reader.uint8()
    case UINT8 + 1: return reader.uint16()
    case UINT8 + 2: return reader.uint32()
    case UINT8 + 3: return reader.uint64()
    case INT8: return reader.int8()
    case INT8 + 1: return reader.int16()
    case INT8 + 2: return reader.int32()
    case INT8 + 3: return reader.int64()
    case FIXEXT1: case FIXEXT1 + 1: case FIXEXT1 + 2: case FIXEXT1 + 3: case FIXEXT1 + 4: return readExtension(reader, 2 ** (first - FIXEXT1))
    default: throw new ProtocolViolation('0xc1 is not valid MessagePack')
  }
}

function readExtension (reader: ByteReader, size: number): unknown {
  const type = reader.int8()
  // As which the libraries of JavaScript write undefined.
  if (type === 0 && size === 1 && reader.peek() === 0) {
    reader.position++
    return undefined
  }
  return (type === TIMESTAMP ? readTimestamp(reader, size) : undefined) ?? new OpaqueValue('msgpack', type, reader.bytes(size))
}

/** A timestamp in one of its three forms, as far as a Date has it: to the millisecond. */
function readTimestamp (reader: ByteReader, size: number): Date | undefined {
  switch (size) {
    case 4: return new Date(reader.uint32() * 1000)
    case 8: {
      // 30 bits of nanoseconds, 34 bits of seconds.
      const first = reader.uint32()
      return date((first % 4) * 2 ** 32 + reader.uint32(), first >>> 2)
    }
    case 12: {
      const nanoseconds = reader.uint32()
      return date(Number(reader.int64()), nanoseconds)
    }
    default: return undefined
  }
}

function date (seconds: number, nanoseconds: number): Date {
  return new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6))
}

function skip (reader: ByteReader, depth: number): void {
  reader.values++
  const first = reader.uint8()
  const text = textLength(reader, first)
  if (text >= 0) return reader.skipText(text)
  const items = listSize(reader, first)
  if (items >= 0) return skipItems(reader, items, deeper(depth))
  const entries = dictSize(reader, first)
  if (entries >= 0) return skipItems(reader, 2 * entries, deeper(depth))
  reader.take(scalarLength(reader, first))
}

function skipItems (reader: ByteReader, count: number, depth: number): void {
  for (let i = count; i > 0; i--) skip(reader, depth)
}

// How many octets follow FLOAT32 to INT8 + 3: floats, unsigned and signed integers.
const widths = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8]

/** How many octets a value that is neither text nor container has after its first octet and its length. */
function scalarLength (reader: ByteReader, first: number): number {
  if (first < 0x80 || first >= 0xe0 || first === NIL || first === FALSE || first === TRUE) return 0
  if (first >= BIN8 && first <= BIN8 + 2) return length(reader, first - BIN8)
  // An extension's type takes an octet, too.
  if (first >= EXT8 && first <= EXT8 + 2) return length(reader, first - EXT8) + 1
  if (first >= FIXEXT1 && first <= FIXEXT1 + 4) return 2 ** (first - FIXEXT1) + 1
  const width = widths[first - FLOAT32]
  if (width === undefined) throw new ProtocolViolation('0xc1 is not valid MessagePack')
  return width
}

/** Reads MessagePack, version 5: strings and octets are distinct, 64-bit integers are exact. */
export const msgpackReader: ValueReader = {
  openList (reader) {
    const size = listSize(reader, reader.uint8())
    if (size < 0) throw new ProtocolViolation('a message must be a list')
    return size
  },
  read,
  skipNull (reader) {
    if (reader.peek() !== NIL) return false
    reader.position++
    return true
  },
  startsOctets (reader) {
    const first = reader.peek()
    return first >= BIN8 && first <= BIN8 + 2
  },
  skipList (reader, depth) {
    const size = listSize(reader, reader.uint8())
    if (size >= 0) skipItems(reader, size, deeper(depth))
    return size
  },
  skipDict (reader, depth) {
    const size = dictSize(reader, reader.uint8())
    if (size < 0) return size
    const left = deeper(depth)
    for (let i = size; i > 0; i--) {
      const key = textLength(reader, reader.uint8())
      if (key < 0) throw new ProtocolViolation('a key of a dict is not a string')
      reader.skipText(key)
      skip(reader, left)
    }
    return size
  }
}
