import { OpaqueValue } from '../protocol/opaque-value.ts'
import type { ByteWriter } from './byte-writer.ts'
import { EncodingError } from './codec.ts'
import { dateText } from './date-text.ts'
import type { MutableDict } from './dict.ts'

/** How a binary serializer writes each kind of value. */
export interface ValueForms {
  readonly codec: 'msgpack' | 'cbor'
  readonly null: number
  readonly false: number
  readonly true: number
  /** An integer within ±2^53. */
  integer (writer: ByteWriter, value: number): void
  bigint (writer: ByteWriter, value: bigint): void
  float (writer: ByteWriter, value: number): void
  text (writer: ByteWriter, text: string): void
  octets (writer: ByteWriter, octets: Uint8Array): void
  /** What stands before the items of a list. */
  listHead (writer: ByteWriter, size: number): void
  /** What stands before the keys and values of a dict. */
  dictHead (writer: ByteWriter, size: number): void
  /** True for an object that is written as a dict. */
  isDict (value: object): boolean
  /** A value of this serializer's own. */
  opaque (writer: ByteWriter, value: OpaqueValue): void
}

/**
 * Writes a value. A Date becomes its text in JSON. A value that the serializer lacks becomes null if it carries no data, such as undefined,
 * and otherwise throws an EncodingError.
 */
export function writeValue (forms: ValueForms, writer: ByteWriter, value: unknown): void {
  writer.values++
  switch (typeof value) {
    case 'string': return forms.text(writer, value)
    case 'number': return isInteger(value) ? forms.integer(writer, value) : forms.float(writer, value)
    case 'boolean': return writer.octet(value ? forms.true : forms.false)
    case 'bigint': return forms.bigint(writer, value)
    case 'undefined': return writer.octet(forms.null)
    case 'object': return value === null ? writer.octet(forms.null) : writeObject(forms, writer, value)
    default: throw new EncodingError(`a ${typeof value} cannot be represented in ${forms.codec}`)
  }
}

/** True for a number that an integer represents without loss. This excludes -0. */
function isInteger (value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) <= 2 ** 53 && !Object.is(value, -0)
}

function writeObject (forms: ValueForms, writer: ByteWriter, value: object): void {
  if (Array.isArray(value)) {
    forms.listHead(writer, value.length)
    for (const item of value) writeValue(forms, writer, item)
  } else if (value instanceof Uint8Array) {
    forms.octets(writer, value)
  } else if (value instanceof Date) {
    writeValue(forms, writer, dateText(value))
  } else if (value instanceof OpaqueValue) {
    if (value.codec !== forms.codec) throw EncodingError.for(value, forms.codec)
    forms.opaque(writer, value)
  } else if (forms.isDict(value)) {
    const keys = Object.keys(value)
    forms.dictHead(writer, keys.length)
    for (const key of keys) {
      forms.text(writer, key)
      writeValue(forms, writer, (value as MutableDict)[key])
    }
  } else {
    throw EncodingError.for(value, forms.codec)
  }
}
