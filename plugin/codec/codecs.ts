import { cborCodec } from './cbor-codec.ts'
import type { Codec, SerializerName, StandardCodec } from './codec.ts'
import { CustomCodec } from './custom-codec.ts'
import { jsonCodec } from './json-codec.ts'
import { msgpackCodec } from './msgpack-codec.ts'
import type { WampSerializer } from './wamp-serializer.ts'

/** The codecs of the router by their subprotocol. */
export const codecs: ReadonlyMap<string, StandardCodec> = new Map([jsonCodec, msgpackCodec, cborCodec].map((codec) => [codec.subprotocol, codec]))

/** The codecs of an option `serializers`. */
export function codecsOf (serializers: readonly (SerializerName | WampSerializer)[]): Codec[] {
  return serializers.map((serializer, i) => typeof serializer === 'string' ? codecs.get(`wamp.2.${serializer}`)! : new CustomCodec(serializer, `serializers[${i}]`))
}
