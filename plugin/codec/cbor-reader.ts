import { OpaqueValue, SIMPLE_VALUE } from '../protocol/opaque-value.ts'
import { isNumbered, setOwn } from '../protocol/set-own.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import type { ValueReader } from './binary-codec.ts'
import { deeper } from './byte-reader.ts'
import type { ByteReader } from './byte-reader.ts'
import { BIGNUM, BREAK, DATE_TEXT, DICT, EPOCH, FALSE, FLOAT16, FLOAT32, FLOAT64, LIST, NEGATIVE, NEGATIVE_BIGNUM, NULL, OCTETS, POSITIVE, SELF_DESCRIBED, SIMPLE8, TAG, TEXT, TRUE, UINT8_ARRAY, UNDEFINED } from './cbor-types.ts'
import { keyOf } from './dict.ts'
import type { MutableDict } from './dict.ts'
import { MOST_SLOTS, VALUES_OF_NUMBERED, VALUES_OF_OBJECT } from './encoding-work.ts'
import { MAX_INTEGER_BITS, narrow } from './integer.ts'

/** The size of what ends with a break. */
const INDEFINITE = -1

/** The argument of a first octet: a value, a length, a tag. */
function argument (reader: ByteReader, first: number): number | bigint {
  const info = first & 31
  if (info < 24) return info
  switch (info) {
    case 24: return reader.uint8()
    case 25: return reader.uint16()
    case 26: return reader.uint32()
    case 27: return reader.uint64()
    default: throw reserved()
  }
}

/** A length, or INDEFINITE. */
function size (reader: ByteReader, first: number): number {
  if ((first & 31) === 31) return INDEFINITE
  const length = argument(reader, first)
  // What exceeds a Number exceeds every message.
  return typeof length === 'number' ? length : Infinity
}

function reserved (): ProtocolViolation {
  return new ProtocolViolation('a reserved CBOR encoding')
}

/** Moves over the break that ends what is indefinite. False if another item comes. */
function skipBreak (reader: ByteReader): boolean {
  if (reader.peek() !== BREAK) return false
  reader.position++
  return true
}

/** The size of the next chunk of an indefinite string: a definite one of the same kind [RFC 8949, 3.2.3]. */
function chunkSize (reader: ByteReader, major: number): number {
  // A client can write a chunk with each octet: it takes as long as a value.
  reader.values++
  const first = reader.uint8()
  if (first >> 5 !== major || (first & 31) === 31) throw new ProtocolViolation('a chunk has a different type')
  return size(reader, first)
}

function readText (reader: ByteReader, length: number): string {
  if (length !== INDEFINITE) return reader.text(length)
  let text = ''
  while (!skipBreak(reader)) text += reader.text(chunkSize(reader, TEXT))
  return text
}

function readOctets (reader: ByteReader, length: number): Buffer {
  if (length !== INDEFINITE) return reader.bytes(length)
  // Measured first: a client can write chunks of one octet, or of none.
  const start = reader.position
  let octets = 0
  while (!skipBreak(reader)) {
    const chunk = chunkSize(reader, OCTETS)
    reader.take(chunk)
    octets += chunk
  }
  const joined = Buffer.allocUnsafe(octets)
  reader.position = start
  for (let at = 0; !skipBreak(reader);) at += reader.copyTo(joined, at, chunkSize(reader, OCTETS))
  return joined
}

function readFloat16 (bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

function readSimple (reader: ByteReader, first: number): unknown {
  switch (first) {
    case FALSE: return false
    case TRUE: return true
    case NULL: return null
    case UNDEFINED: return undefined
    case FLOAT16: return readFloat16(reader.uint16())
    case FLOAT32: return reader.float32()
    case FLOAT64: return reader.float64()
    default: return new OpaqueValue('cbor', SIMPLE_VALUE, unassigned(reader, first))
  }
}

/** A simple value that means nothing yet. Those below 32 have no octet of their own [RFC 8949, 3.3]. */
function unassigned (reader: ByteReader, first: number): number {
  if (first < FALSE) return first & 31
  const value = first === SIMPLE8 ? reader.uint8() : 0
  if (value < 32) throw reserved()
  return value
}

/** Reads the value behind a tag. Tags within it are kept, because the outer one may depend on them [RFC 8746, 3.1]. */
function readTagged (reader: ByteReader, tag: number | bigint, depth: number, strict: boolean): unknown {
  if (reader.isTagged) return new OpaqueValue('cbor', tag, read(reader, depth, strict))
  if (tag === SELF_DESCRIBED) return read(reader, depth, strict)
  reader.isTagged = true
  const value = read(reader, depth, strict)
  reader.isTagged = false
  return tagged(reader, tag, value)
}

/** What a tag says about the value behind it. */
function tagged (reader: ByteReader, tag: number | bigint, value: unknown): unknown {
  if (value instanceof Uint8Array) {
    if (tag === UINT8_ARRAY) {
      reader.typedArrays++
      return value
    }
    if (tag === BIGNUM && isConvertible(value)) return narrow(bigIntOf(value))
    if (tag === NEGATIVE_BIGNUM && isConvertible(value)) return narrow(-1n - bigIntOf(value))
  }
  if (tag === DATE_TEXT && typeof value === 'string') return value
  if (tag === EPOCH && typeof value === 'number') return new Date(value * 1000)
  return new OpaqueValue('cbor', tag, value)
}

function isConvertible (magnitude: Uint8Array): boolean {
  return magnitude.length * 8 <= MAX_INTEGER_BITS
}

function bigIntOf (magnitude: Uint8Array): bigint {
  return magnitude.length === 0 ? 0n : BigInt(`0x${Buffer.from(magnitude.buffer, magnitude.byteOffset, magnitude.length).toString('hex')}`)
}

function read (reader: ByteReader, depth: number, strict: boolean): unknown {
  reader.values++
  const first = reader.uint8()
  switch (first >> 5) {
    case POSITIVE: return argument(reader, first)
    case NEGATIVE: return negative(argument(reader, first))
    case OCTETS: return readOctets(reader, size(reader, first))
    case TEXT: return readText(reader, size(reader, first))
    case LIST: return readList(reader, size(reader, first), deeper(depth), strict)
    case DICT: return readDict(reader, size(reader, first), deeper(depth), strict)
    // A level of nesting: tags upon tags would exhaust the stack.
    case TAG: return readTagged(reader, argument(reader, first), deeper(depth), strict)
    default: return readSimple(reader, first)
  }
}

function negative (argument: number | bigint): number | bigint {
  return typeof argument === 'number' && argument < 2 ** 53 ? -1 - argument : -1n - BigInt(argument)
}

function readList (reader: ByteReader, length: number, depth: number, strict: boolean): unknown[] {
  reader.values += VALUES_OF_OBJECT
  const list = new Array<unknown>(length === INDEFINITE ? 0 : Math.min(length, MOST_SLOTS))
  if (length === INDEFINITE) while (!skipBreak(reader)) list.push(read(reader, depth, strict))
  else for (let i = 0; i < length; i++) list[i] = read(reader, depth, strict)
  return list
}

function readDict (reader: ByteReader, length: number, depth: number, strict: boolean): MutableDict {
  reader.values += VALUES_OF_OBJECT
  const dict: MutableDict = {}
  let hasTable = false
  const readEntry = (): void => {
    const key = keyOf(read(reader, depth, strict), strict)
    if (isNumbered(key)) reader.values += VALUES_OF_NUMBERED
    hasTable = setOwn(dict, key, read(reader, depth, strict), hasTable)
  }
  if (length === INDEFINITE) while (!skipBreak(reader)) readEntry()
  else for (let i = length; i > 0; i--) readEntry()
  return dict
}

function skip (reader: ByteReader, depth: number): void {
  reader.values++
  const first = reader.uint8()
  const major = first >> 5
  switch (major) {
    case POSITIVE: case NEGATIVE: return skipArgument(reader, first)
    case OCTETS: case TEXT: return skipString(reader, major, size(reader, first))
    case LIST: skipItems(reader, size(reader, first), deeper(depth)); return
    case DICT: skipEntries(reader, size(reader, first), deeper(depth), false); return
    case TAG: return skipTagged(reader, first, deeper(depth))
    default: skipSimple(reader, first)
  }
}

/** A typed array within another tag does not count, because that tag may depend on it [RFC 8746, 3.1]. */
function skipTagged (reader: ByteReader, first: number, depth: number): void {
  const start = reader.position - 1
  const tag = argument(reader, first)
  if (tag === SELF_DESCRIBED) return skip(reader, depth)
  if (tag === UINT8_ARRAY && reader.peek() >> 5 === OCTETS) {
    reader.typedArrays++
    reader.omitted?.push(start, reader.position)
    return skip(reader, depth)
  }
  const { typedArrays } = reader
  const omitted = reader.omitted?.length ?? 0
  skip(reader, depth)
  reader.typedArrays = typedArrays
  if (reader.omitted !== undefined) reader.omitted.length = omitted
}

function skipArgument (reader: ByteReader, first: number): void {
  const info = first & 31
  if (info < 24) return
  if (info > 27) throw reserved()
  reader.take(2 ** (info - 24))
}

function skipString (reader: ByteReader, major: number, length: number): void {
  if (length === INDEFINITE) {
    while (!skipBreak(reader)) skipString(reader, major, chunkSize(reader, major))
  } else if (major === TEXT) {
    reader.skipText(length)
  } else {
    reader.take(length)
  }
}

/** Moves over items, and returns how many there were. */
function skipItems (reader: ByteReader, length: number, depth: number): number {
  if (length !== INDEFINITE) {
    for (let i = length; i > 0; i--) skip(reader, depth)
    return length
  }
  let items = 0
  for (; !skipBreak(reader); items++) skip(reader, depth)
  return items
}

/** The same for keys and values. */
function skipEntries (reader: ByteReader, length: number, depth: number, strict: boolean): number {
  let entries = 0
  for (; length === INDEFINITE ? !skipBreak(reader) : entries < length; entries++) {
    if (strict && reader.peek() >> 5 !== TEXT) throw new ProtocolViolation('a key of a dict is not a string')
    skip(reader, depth)
    skip(reader, depth)
  }
  return entries
}

function skipSimple (reader: ByteReader, first: number): void {
  if (first >= FLOAT16 && first <= FLOAT64) reader.take(2 ** (first - FLOAT16 + 1))
  else if (first < FALSE || first > UNDEFINED) unassigned(reader, first)
}

/** Reads CBOR [RFC 8949], in any form that is well-formed: indefinite lengths, half floats, tags. */
export const cborReader: ValueReader = {
  openList (reader, depth) {
    const first = reader.uint8()
    if (first >> 5 !== LIST) throw new ProtocolViolation('a message must be a list')
    const length = size(reader, first)
    if (length !== INDEFINITE) return length
    // Nobody needs it, but it is CBOR: counted first, then read like any other.
    const start = reader.position
    const items = skipItems(reader, length, depth - 1)
    if (reader.remaining > 0) throw new ProtocolViolation('there are extra bytes after the message')
    reader.position = start
    reader.typedArrays = 0
    reader.end--
    return items
  },
  read,
  skipNull (reader) {
    const first = reader.peek()
    if (first !== NULL && first !== UNDEFINED) return false
    reader.position++
    return true
  },
  startsOctets (reader) {
    return reader.peek() >> 5 === OCTETS
  },
  skipList (reader, depth) {
    const first = reader.uint8()
    return first >> 5 === LIST ? skipItems(reader, size(reader, first), deeper(depth)) : -1
  },
  skipDict (reader, depth) {
    const first = reader.uint8()
    return first >> 5 === DICT ? skipEntries(reader, size(reader, first), deeper(depth), true) : -1
  },
  withoutTypes (reader, elements) {
    reader.omitted = []
    for (let i = 0; i < elements; i++) skip(reader, Infinity)
    return reader.kept()
  }
}
