import { cborCodec } from '../codec/cbor-codec.ts'
import type { StandardCodec } from '../codec/codec.ts'
import { Payload } from '../protocol/payload.ts'

/** The last fields of a message between nodes that has a payload, whose octets are those of the message. */
export type PayloadFields = readonly [codec: string, elements: number, isOctets: boolean]

/** A payload as fields and octets, in the codec in which it arrived. Throws if no codec can represent it. */
export function packPayload (payload: Payload): { fields: PayloadFields, octets: Buffer } {
  const { codec: { name }, encoded: { elements, isOctets = false, bytes } } = payload.packed(cborCodec)
  return { fields: [name, elements, isOctets], octets: bytes }
}

/** The payload of fields and octets. Null if they are malformed. */
export function unpackPayload ([name, elements, isOctets]: readonly unknown[], octets: Buffer, codecs: ReadonlyMap<string, StandardCodec>): Payload | null {
  const codec = codecs.get(name as string)
  if (codec === undefined || (elements !== 0 && elements !== 1 && elements !== 2) || typeof isOctets !== 'boolean') return null
  return Payload.ofBytes(codec, { elements, bytes: octets, ...(isOctets ? { isOctets } : {}) })
}
