import { SIMPLE_VALUE } from '../protocol/opaque-value.ts'
import { isPlain } from '../protocol/wire-value.ts'
import type { ByteWriter } from './byte-writer.ts'
import { BIGNUM, DICT, FALSE, FLOAT64, LIST, NEGATIVE, NEGATIVE_BIGNUM, NULL, OCTETS, POSITIVE, SIMPLE, TAG, TEXT, TRUE } from './cbor-types.ts'
import { lengthOf } from './utf8.ts'
import { writeValue } from './value-forms.ts'
import type { ValueForms } from './value-forms.ts'

const INTEGER_END = 2n ** 64n

/** A major type with its argument, in as few octets as it takes. */
function writeHead (writer: ByteWriter, major: number, argument: number | bigint): void {
  const first = major << 5
  if (argument < 24) return writer.octet(first | Number(argument))
  if (argument < 2 ** 8) return writer.uint8(first | 24, Number(argument))
  if (argument < 2 ** 16) return writer.uint16(first | 25, Number(argument))
  if (argument < 2 ** 32) return writer.uint32(first | 26, Number(argument))
  writer.uint64(first | 27, argument)
}

function writeBignum (writer: ByteWriter, tag: number, magnitude: bigint): void {
  const hex = magnitude.toString(16)
  writeHead(writer, TAG, tag)
  cborForms.octets(writer, Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'))
}

/** Writes CBOR [RFC 8949] with definite lengths. Whole numbers are integers, and octets are untagged. */
export const cborForms: ValueForms = {
  codec: 'cbor',
  null: NULL,
  false: FALSE,
  true: TRUE,
  isDict: isPlain,
  integer (writer, value) {
    return value >= 0 ? writeHead(writer, POSITIVE, value) : writeHead(writer, NEGATIVE, -1 - value)
  },
  bigint (writer, value) {
    const negative = value < 0n
    const magnitude = negative ? -1n - value : value
    if (magnitude < INTEGER_END) return writeHead(writer, negative ? NEGATIVE : POSITIVE, magnitude)
    writeBignum(writer, negative ? NEGATIVE_BIGNUM : BIGNUM, magnitude)
  },
  float (writer, value) {
    writer.float64(FLOAT64, value)
  },
  text (writer, text) {
    const length = lengthOf(text)
    writeHead(writer, TEXT, length)
    writer.utf8(text, length)
  },
  octets (writer, octets) {
    // Untagged: not every decoder takes a tagged array for octets.
    writeHead(writer, OCTETS, octets.length)
    writer.bytes(octets)
  },
  listHead (writer, size) {
    writeHead(writer, LIST, size)
  },
  dictHead (writer, size) {
    writeHead(writer, DICT, size)
  },
  opaque (writer, { tag, content }) {
    if (tag === SIMPLE_VALUE) return writeHead(writer, SIMPLE, Number(content))
    writeHead(writer, TAG, tag)
    writeValue(cborForms, writer, content)
  }
}
