import { BinaryCodec } from './binary-codec.ts'
import { cborReader } from './cbor-reader.ts'
import { cborForms } from './cbor-writer.ts'
import type { Codec } from './codec.ts'

/**
 * The codec of `wamp.2.cbor`. Towards a peer of another serializer bignums are integers, tagged octets are octets, a
 * date as text is its text, an epoch-based one a Date, and any other tag or simple value has no form.
 */
export const cborCodec: Codec = new BinaryCodec({ name: 'cbor', values: cborReader, forms: cborForms })
