import { isPlain } from '../protocol/wire-value.ts'
import type { ByteWriter } from './byte-writer.ts'
import { EncodingError } from './codec.ts'
import { ARRAY16, BIN8, EXT8, FALSE, FLOAT64, INT8, MAP16, NIL, STR8, TRUE, UINT8 } from './msgpack-types.ts'
import { lengthOf } from './utf8.ts'
import type { ValueForms } from './value-forms.ts'

const UNSIGNED_END = 2n ** 64n
const SIGNED_END = 2n ** 63n

function writePositive (writer: ByteWriter, value: number): void {
  if (value < 2 ** 7) return writer.octet(value)
  if (value < 2 ** 8) return writer.uint8(UINT8, value)
  if (value < 2 ** 16) return writer.uint16(UINT8 + 1, value)
  if (value < 2 ** 32) return writer.uint32(UINT8 + 2, value)
  writer.uint64(UINT8 + 3, value)
}

function writeNegative (writer: ByteWriter, value: number): void {
  if (value >= -(2 ** 5)) return writer.octet(value & 0xff)
  if (value >= -(2 ** 7)) return writer.uint8(INT8, value & 0xff)
  if (value >= -(2 ** 15)) return writer.uint16(INT8 + 1, value & 0xffff)
  if (value >= -(2 ** 31)) return writer.uint32(INT8 + 2, value >>> 0)
  writer.int64(INT8 + 3, BigInt(value))
}

/** A length in 1, 2 or 4 octets, after a first octet of a family of three. */
function writeLength (writer: ByteWriter, family: number, length: number): void {
  if (length < 2 ** 8) return writer.uint8(family, length)
  writeSize(writer, family + 1, length)
}

/** A size in 2 or 4 octets, after a first octet of a family of two. */
function writeSize (writer: ByteWriter, family: number, size: number): void {
  if (size < 2 ** 16) return writer.uint16(family, size)
  writer.uint32(family + 1, size)
}

/** Writes MessagePack, version 5. Whole numbers are integers, octets are `bin`, never `str`. */
export const msgpackForms: ValueForms = {
  codec: 'msgpack',
  null: NIL,
  false: FALSE,
  true: TRUE,
  isDict: isPlain,
  integer (writer, value) {
    return value >= 0 ? writePositive(writer, value) : writeNegative(writer, value)
  },
  bigint (writer, value) {
    if (value >= 0n && value < UNSIGNED_END) return writer.uint64(UINT8 + 3, value)
    if (value < 0n && value >= -SIGNED_END) return writer.int64(INT8 + 3, value)
    throw new EncodingError('an integer beyond 64 bits cannot be represented in msgpack')
  },
  float (writer, value) {
    writer.float64(FLOAT64, value)
  },
  text (writer, text) {
    const length = lengthOf(text)
    if (length < 32) writer.octet(0xa0 + length)
    else writeLength(writer, STR8, length)
    writer.utf8(text, length)
  },
  octets (writer, octets) {
    writeLength(writer, BIN8, octets.length)
    writer.bytes(octets)
  },
  listHead (writer, size) {
    if (size < 16) writer.octet(0x90 + size)
    else writeSize(writer, ARRAY16, size)
  },
  dictHead (writer, size) {
    if (size < 16) writer.octet(0x80 + size)
    else writeSize(writer, MAP16, size)
  },
  opaque (writer, { tag, content }) {
    const octets = content as Uint8Array
    writeLength(writer, EXT8, octets.length)
    writer.octet(Number(tag) & 0xff)
    writer.bytes(octets)
  }
}
