import { BinaryCodec } from './binary-codec.ts'
import { cborReader } from './cbor-reader.ts'
import { cborForms } from './cbor-writer.ts'
import type { StandardCodec } from './codec.ts'

/**
 * The codec of `wamp.2.cbor`. For peers with another serializer, bignums become integers, tagged octets become octets, a date as text
 * becomes its text, and an epoch-based date becomes a Date. Other tags and simple values cannot be represented. Octets that are tagged as
 * a typed array are sent with the tag by `cborCodec.typed`, and without it by this codec, because not every decoder reads a tagged array as octets.
 */
export const cborCodec: StandardCodec = new BinaryCodec({ name: 'cbor', rawSocketNumber: 3, values: cborReader, forms: cborForms })
