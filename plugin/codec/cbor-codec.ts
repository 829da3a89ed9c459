import { BinaryCodec } from './binary-codec.ts'
import { cborReader } from './cbor-reader.ts'
import { cborForms } from './cbor-writer.ts'
import type { Codec } from './codec.ts'

/**
 * The codec of `wamp.2.cbor`. For peers with another serializer, bignums become integers, tagged octets become octets, a date as text
 * becomes its text, and an epoch-based date becomes a Date. Other tags and simple values cannot be represented.
 */
export const cborCodec: Codec = new BinaryCodec({ name: 'cbor', values: cborReader, forms: cborForms })
