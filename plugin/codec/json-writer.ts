import { routerRoles } from '../protocol/features.ts'
import { OpaqueValue } from '../protocol/opaque-value.ts'
import { isPlain } from '../protocol/wire-value.ts'
import { spend } from '../work.ts'
import { ByteWriter } from './byte-writer.ts'
import { EncodingError } from './codec.ts'
import { dateText } from './date-text.ts'
import type { MutableDict } from './dict.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** Up to this length a loop is cheaper than a call out of JavaScript. */
const SHORT = 32
/** The octets of an escaped character, such as U+0000. */
const ESCAPED = 6
/** Characters that are escaped at once, where what they become might be too large. */
const PIECE = 4096
/** Integers of 1233 digits, which are the longest, take 45 µs. */
const SQUARED_DIGITS_OF_UNIT = 2048
const rolesText = JSON.stringify(routerRoles)

/**
 * Writes a value as JSON: a BigInt as digits, and octets as U+0000 and Base64. A value that JSON cannot represent becomes null if it carries
 * no data, such as undefined, and otherwise throws an EncodingError.
 */
export function writeJson (writer: ByteWriter, value: unknown): void {
  writer.values++
  switch (typeof value) {
    case 'string': return writeText(writer, value)
    case 'number': return value > 0 && Number.isSafeInteger(value) ? writer.decimal(value) : writer.ascii(numberText(value))
    case 'boolean': return writer.ascii(value ? 'true' : 'false')
    case 'bigint': return writer.ascii(digitsOf(value))
    case 'undefined': return writer.ascii('null')
    case 'object': return value === null ? writer.ascii('null') : writeObject(writer, value)
    default: throw new EncodingError(`a ${typeof value} cannot be represented in json`)
  }
}

const textWriter = new ByteWriter()

/** A value as JSON text. Throws likewise. */
export function stringifyValue (value: unknown): string {
  textWriter.start()
  writeJson(textWriter, value)
  return textWriter.toText()
}

/** It takes a time in proportion to the square of the length to make digits of bits. */
function digitsOf (value: bigint): string {
  const digits = value.toString()
  spend(digits.length ** 2 / SQUARED_DIGITS_OF_UNIT)
  return digits
}

function numberText (value: number): string {
  if (!Number.isFinite(value)) return 'null'
  if (Object.is(value, -0)) return '-0'
  // Digits would claim to be exact.
  return Math.abs(value) > 2 ** 53 ? value.toExponential() : String(value)
}

function writeText (writer: ByteWriter, text: string): void {
  if (isShortAndPlain(text)) {
    writer.octet(QUOTE)
    writer.ascii(text)
    writer.octet(QUOTE)
  } else if (ESCAPED * text.length < writer.room) {
    writeUtf8(writer, JSON.stringify(text))
  } else {
    writePieces(writer, text)
  }
}

/** True for a text that is written as it is. */
function isShortAndPlain (text: string): boolean {
  const { length } = text
  if (length > SHORT) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code >= 0x7f || code === QUOTE || code === BACKSLASH) return false
  }
  return true
}

function writeUtf8 (writer: ByteWriter, text: string): void {
  writer.utf8(text, Buffer.byteLength(text))
}

/** Writes a text that may not fit: what is too large is not made whole first. */
function writePieces (writer: ByteWriter, text: string): void {
  writer.octet(QUOTE)
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = start + PIECE
    // A pair of surrogates stays together.
    while ((text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end++
    writeUtf8(writer, JSON.stringify(text.slice(start, end)).slice(1, -1))
  }
  writer.octet(QUOTE)
}

function writeObject (writer: ByteWriter, value: object): void {
  if (Array.isArray(value)) return writeList(writer, value)
  if (value instanceof Uint8Array) {
    writer.ascii('"\\u0000')
    writer.base64(value)
    return writer.octet(QUOTE)
  }
  if (value instanceof Date) return writeJson(writer, dateText(value))
  if (value instanceof OpaqueValue || !isPlain(value)) throw EncodingError.for(value, 'json')
  // Every WELCOME has it, and it never changes.
  if (value === routerRoles) return writer.ascii(rolesText)
  writeDict(writer, value as MutableDict)
}

function writeList (writer: ByteWriter, list: readonly unknown[]): void {
  writer.octet(OPEN_BRACKET)
  for (let i = 0; i < list.length; i++) {
    if (i > 0) writer.octet(COMMA)
    writeJson(writer, list[i])
  }
  writer.octet(CLOSE_BRACKET)
}

function writeDict (writer: ByteWriter, dict: MutableDict): void {
  const keys = Object.keys(dict)
  writer.octet(OPEN_BRACE)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    if (i > 0) writer.octet(COMMA)
    writeText(writer, key)
    writer.octet(COLON)
    writeJson(writer, dict[key])
  }
  writer.octet(CLOSE_BRACE)
}
