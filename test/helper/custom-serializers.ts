import { deserialize, serialize } from 'node:v8'
import type { WampBinarySerializer, WampTextSerializer } from 'fastify-wamp'
import { prefixed } from './batched-codecs.ts'
import type { WireCodec } from './wire-client.ts'

/** For JSON.stringify, which would make a dict of them. */
function refuseOctets (_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) throw new TypeError('octets are not supported')
  return value
}

/** A serializer of an app whose messages are octets. */
export const v8Serializer: WampBinarySerializer = { name: 'v8', rawSocketNumber: 14, encode: (message) => serialize(message), decode: (octets) => deserialize(octets) as unknown }
/** A serializer of an app whose messages are text. */
export const textSerializer: WampTextSerializer = { name: 'text', binary: false, rawSocketNumber: 15, encode: (message) => JSON.stringify(message, refuseOctets), decode: (text) => JSON.parse(text) as unknown }

const v8: WireCodec = { name: 'V8', subprotocol: 'wamp.2.v8', binary: true, encode: serialize, decode: deserialize }
const text: WireCodec = { name: 'text', subprotocol: 'wamp.2.text', binary: false, encode: (message) => JSON.stringify(message), decode: (data) => JSON.parse(data.toString()) as unknown }

/** Clients of these serializers. */
export const customCodecs: readonly WireCodec[] = [v8, text]
/** The same in batches, where these exist. */
export const customBatches: readonly WireCodec[] = [prefixed(v8)]

/** The option `serializers` for clients with these codecs and with those of the router. */
export const allSerializers = ['json', 'msgpack', 'cbor', v8Serializer, textSerializer] as const
