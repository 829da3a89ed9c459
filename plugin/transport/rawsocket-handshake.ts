/** Octets of the request and of the reply [advanced, RawSocket Transport, Handshake]. */
export const HANDSHAKE = 4
const MAGIC = 0x7f
/** The announced length is two to the power of this, plus 0 to 15. */
const SHORTEST = 9
const LONGEST = 15

/** The error codes of a reply. */
export const refusals = { serializer: 1, length: 2, reserved: 3, connections: 4 } as const

/** What a client requests: the number of a serializer, and the maximum octets of a message that it accepts. */
export interface HandshakeRequest {
  readonly serializer: number
  readonly longest: number
}

/** True for data that begins a request. No other protocol of a web server begins with this octet. */
export function startsRequest (data: Buffer): boolean {
  return data[0] === MAGIC
}

/** Reads a request. `foreign` is another protocol, and a number is the error code of the reply. */
export function readRequest (octets: Buffer): HandshakeRequest | 'foreign' | number {
  const second = octets[1]!
  if (!startsRequest(octets)) return 'foreign'
  if (octets.readUInt16BE(2) !== 0) return refusals.reserved
  return { serializer: second & 0x0f, longest: 2 ** (SHORTEST + (second >> 4)) }
}

/** The exponent of the longest message that can be announced if messages of this size are accepted. */
function exponentFor (messageSize: number): number {
  return Math.max(0, Math.min(LONGEST, Math.floor(Math.log2(messageSize)) - SHORTEST))
}

/** The length of messages that is announced to clients if messages of this size are accepted: a power of two, at least 512 and at most 2^24. */
export function announcedLength (messageSize: number): number {
  return 2 ** (SHORTEST + exponentFor(messageSize))
}

/** The reply to a request that is accepted, with the number of its serializer. */
export function acceptance (serializer: number, messageSize: number): Buffer {
  return Buffer.from([MAGIC, exponentFor(messageSize) << 4 | serializer, 0, 0])
}

/** The reply to a request that is refused. */
export function refusal (code: number): Buffer {
  return Buffer.from([MAGIC, code << 4, 0, 0])
}
