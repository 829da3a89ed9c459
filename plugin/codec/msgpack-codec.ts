import { BinaryCodec } from './binary-codec.ts'
import type { Codec } from './codec.ts'
import { msgpackReader } from './msgpack-reader.ts'
import { msgpackForms } from './msgpack-writer.ts'

/**
 * The codec of `wamp.2.msgpack`. For peers with another serializer, a timestamp becomes a Date, and the extension that JavaScript libraries
 * use for undefined becomes null. Other extensions cannot be represented. Integers have at most 64 bits.
 */
export const msgpackCodec: Codec = new BinaryCodec({ name: 'msgpack', values: msgpackReader, forms: msgpackForms })
