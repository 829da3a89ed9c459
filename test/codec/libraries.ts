import { Decoder, Encoder } from 'cbor-x'
import { Packr, Unpackr } from 'msgpackr'
import type { StandardCodec } from '../../plugin/codec/codec.ts'

const packr = new Packr({ useRecords: false })
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'bigint' })
const cborEncoder = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false })
const cborDecoder = new Decoder({ useRecords: false, mapsAsObjects: true })

/** What another implementation of each serializer writes for a value, and reads. */
export const libraries: Readonly<Record<StandardCodec['name'], { write (value: unknown): Buffer, read (data: Buffer): unknown }>> = {
  json: {
    write: (value) => Buffer.from(JSON.stringify(value)),
    read: (data) => JSON.parse(data.toString())
  },
  msgpack: {
    write: (value) => Buffer.from(packr.pack(value)),
    read: (data) => narrowed(unpackr.unpack(data))
  },
  cbor: {
    write: (value) => Buffer.from(cborEncoder.encode(value)),
    read: (data) => narrowed(cborDecoder.decode(data))
  }
}

/** Both libraries read 64-bit integers as BigInt, or as they please. */
function narrowed (value: unknown): unknown {
  if (typeof value === 'bigint') return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value
  if (Array.isArray(value)) return value.map(narrowed)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, narrowed(item)]))
}
