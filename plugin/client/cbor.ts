import { binarySerializer } from './binary-serializer.ts'
import { dictOf, narrow, OctetReader } from './octet-reader.ts'
import type { OctetWriter } from './octet-writer.ts'
import type { Forms } from './octet-writer.ts'
import { toHex } from './octets.ts'
import type { Serializer } from './serializer.ts'

/** Major types: the upper three bits of a first octet [RFC 8949, 3.1]. */
const [POSITIVE, NEGATIVE, OCTETS, TEXT, LIST, DICT, TAG] = [0, 1, 2, 3, 4, 5, 6] as const
const BREAK = 0xff
const ENDLESS = -1

/** The serializer `wamp.2.cbor`: `connect(url, { serializers: [cbor()] })`. */
export function cbor (): Serializer {
  return binarySerializer('wamp.2.cbor', forms, read)
}

function head (writer: OctetWriter, major: number, value: number | bigint): void {
  const first = major << 5
  if (value < 24) writer.head(first | Number(value))
  else if (value < 0x100) writer.head(first | 24, 1, value)
  else if (value < 0x10000) writer.head(first | 25, 2, value)
  else if (value < 0x100000000) writer.head(first | 26, 4, value)
  else if (value < 2n ** 64n) writer.head(first | 27, 8, value)
  else throw new RangeError('an integer has more than 64 bits')
}

const forms: Forms = {
  simple: [0xf6, 0xf4, 0xf5],
  double: 0xfb,
  integer: (writer, value) => { if (value < 0) head(writer, NEGATIVE, typeof value === 'bigint' ? -1n - value : -1 - value); else head(writer, POSITIVE, value) },
  textHead: (writer, length) => { head(writer, TEXT, length) },
  octetsHead: (writer, length) => { head(writer, OCTETS, length) },
  listHead: (writer, length) => { head(writer, LIST, length) },
  dictHead: (writer, length) => { head(writer, DICT, length) }
}

function read (reader: OctetReader): unknown {
  const first = reader.octet()
  const major = first >> 5
  if (major > TAG) return simple(reader, first)
  const argument = argumentOf(reader, first)
  switch (major) {
    case POSITIVE: return argument
    case NEGATIVE: return typeof argument === 'number' && argument < 2 ** 53 ? -1 - argument : narrow(-1n - BigInt(argument))
    case OCTETS: return argument === ENDLESS ? joined(items(reader, ENDLESS, read)) : reader.take(Number(argument))
    case TEXT: return argument === ENDLESS ? items(reader, ENDLESS, read).join('') : reader.text(Number(argument))
    case LIST: return items(reader, Number(argument), read)
    case DICT: return dictOf(items(reader, Number(argument), (reader) => [read(reader), read(reader)] as const))
    default: return tagged(argument, read(reader))
  }
}

function argumentOf (reader: OctetReader, first: number): number | bigint {
  const info = first & 31
  if (info < 24) return info
  if (info === 31 && first >> 5 >= OCTETS && first >> 5 <= DICT) return ENDLESS
  if (info > 27) throw new TypeError('a reserved CBOR encoding')
  return reader.unsigned(2 ** (info - 24) as 1 | 2 | 4 | 8)
}

function items<T> (reader: OctetReader, length: number, item: (reader: OctetReader) => T): T[] {
  const list: T[] = []
  if (length === ENDLESS) {
    while (reader.peek() !== BREAK) list.push(item(reader))
    reader.octet()
  } else {
    for (let i = 0; i < length; i++) list.push(item(reader))
  }
  return list
}

function joined (chunks: readonly unknown[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk as Uint8Array]))
}

/** A simple value or a float. Simple values that mean nothing yet are undefined. */
function simple (reader: OctetReader, first: number): unknown {
  if (first < 0xf4) return undefined
  switch (first) {
    case 0xf4: return false
    case 0xf5: return true
    case 0xf6: return null
    case 0xf7: return undefined
    case 0xf8:
      reader.octet()
      return undefined
    case 0xf9: return half(Number(reader.unsigned(2)))
    case 0xfa: return reader.float(4)
    case 0xfb: return reader.float(8)
    default: throw new TypeError('a reserved CBOR encoding')
  }
}

function half (bits: number): number {
  const exponent = bits >> 10 & 31
  const fraction = bits & 1023
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** What a tag says about its value: a time, a big integer [RFC 8949, 3.4]. Other tags are left out. */
function tagged (tag: number | bigint, value: unknown): unknown {
  if (tag === 1 && typeof value === 'number') return new Date(value * 1000)
  if ((tag === 2 || tag === 3) && value instanceof Uint8Array) {
    const magnitude = BigInt(`0x0${toHex(value)}`)
    return narrow(tag === 2 ? magnitude : -1n - magnitude)
  }
  return value
}
