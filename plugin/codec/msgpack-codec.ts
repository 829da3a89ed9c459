import { BinaryCodec } from './binary-codec.ts'
import type { Codec } from './codec.ts'
import { msgpackReader } from './msgpack-reader.ts'
import { msgpackForms } from './msgpack-writer.ts'

/**
 * The codec of `wamp.2.msgpack`. Towards a peer of another serializer a timestamp is a Date, the extension as which
 * libraries of JavaScript write undefined is null, and any other extension has no form; integers have 64 bits at most.
 */
export const msgpackCodec: Codec = new BinaryCodec({ name: 'msgpack', values: msgpackReader, forms: msgpackForms })
