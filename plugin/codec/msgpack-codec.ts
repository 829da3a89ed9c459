import { BinaryCodec } from './binary-codec.ts'
import type { StandardCodec } from './codec.ts'
import { msgpackReader } from './msgpack-reader.ts'
import { msgpackForms } from './msgpack-writer.ts'

/**
 * The codec of `wamp.2.msgpack`. For peers with another serializer, a timestamp becomes a Date, and the extension that JavaScript libraries
 * use for undefined becomes null. Other extensions cannot be represented. Integers have at most 64 bits.
 */
export const msgpackCodec: StandardCodec = new BinaryCodec({ name: 'msgpack', rawSocketNumber: 2, values: msgpackReader, forms: msgpackForms })
