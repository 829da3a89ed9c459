import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import type { Codec, StandardCodec } from '../../plugin/codec/codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import type { ClientMessage, RouterMessage } from '../../plugin/protocol/message.ts'
import type { Payload } from '../../plugin/protocol/payload.ts'
import { libraries } from './libraries.ts'

export const allCodecs: readonly StandardCodec[] = [jsonCodec, msgpackCodec, cborCodec]
export const LIMITS = { depth: 100, messageSize: 2 ** 24 }
export const DEPTH = LIMITS.depth

/** Octets as hex digits, blanks for the reader. */
export function hex (digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex')
}

/** What a codec reads of a message that another implementation wrote. */
export function decode (codec: StandardCodec, elements: unknown): ClientMessage {
  return codec.decode(libraries[codec.name].write(elements), LIMITS)
}

/** The octets of a message, without any framing. */
export function encode (codec: Codec, message: RouterMessage): Buffer {
  return codec.encode(message, Buffer.allocUnsafe)
}

/** What another implementation reads of a message that a codec wrote. */
export function read (codec: StandardCodec, message: RouterMessage): unknown {
  return libraries[codec.name].read(encode(codec, message))
}

/** The payload of a message that has one. */
export function payloadOf (message: ClientMessage): Payload {
  if (!('payload' in message)) throw new TypeError('this message has no payload')
  return message.payload
}

/** A RESULT with the payload of a message. */
export function resultOf (message: ClientMessage): RouterMessage {
  return { type: 50, request: 1, details: {}, payload: payloadOf(message) }
}

/** A YIELD with a payload: a RESULT but for its code. */
export function yieldOf (codec: StandardCodec, payload: Payload): Buffer {
  const data = encode(codec, { type: 50, request: 1, details: {}, payload })
  if (codec.name === 'json') data.write('70', 1)
  else data[codec.name === 'cbor' ? 2 : 1] = 70
  return data
}

const LEVELS = 100_000

/** CALLs whose args and whose options nest more deeply than a call stack goes. */
export const abysses: Readonly<Record<StandardCodec['name'], readonly Buffer[]>> = {
  json: ['[48,1,{},"x",', '[48,1,'].map((head) => Buffer.from(`${head}${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}]`)),
  msgpack: ['95 30 01 80 a1 78', '94 30 01'].map((head) => Buffer.concat([hex(head), Buffer.alloc(LEVELS, 0x91), hex('00')])),
  cbor: ['85 18 30 01 a0 61 78', '84 18 30 01'].map((head) => Buffer.concat([hex(head), Buffer.alloc(LEVELS, 0x81), hex('00')]))
}
