import { cborCodec } from './cbor-codec.ts'
import type { Codec } from './codec.ts'
import { jsonCodec } from './json-codec.ts'
import { msgpackCodec } from './msgpack-codec.ts'

/** All codecs by their subprotocol. */
export const codecs: ReadonlyMap<string, Codec> = new Map([jsonCodec, msgpackCodec, cborCodec].map((codec) => [codec.subprotocol, codec]))
