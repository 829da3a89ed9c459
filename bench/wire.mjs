// As much of the three serializers as a load needs: messages are put together of parts that are made once.
import { Decoder, Encoder } from 'cbor-x'
import { Packr } from 'msgpackr'

const packr = new Packr({ useRecords: false })
const cbor = { encoder: new Encoder({ useRecords: false, variableMapSize: true }), decoder: new Decoder({ mapsAsObjects: true, useRecords: false }) }

function bigEndian (first, value, octets) {
  const buffer = Buffer.alloc(1 + octets)
  buffer[0] = first
  if (octets === 8) buffer.writeBigUInt64BE(BigInt(value), 1)
  else buffer.writeUIntBE(value, 1, octets)
  return buffer
}

/** The integer whose octets stand at i, by the octet that says how many they are. */
function read (b, i, oneOctet, first) {
  switch (b[i] - first) {
    case 0: return b[i + 1]
    case 1: return b.readUInt16BE(i + 1)
    case 2: return b.readUInt32BE(i + 1)
    case 3: return Number(b.readBigUInt64BE(i + 1))
    default: return b[i] & oneOctet
  }
}

const octetsOf = (value) => value < 2 ** 8 ? [0, 1] : value < 2 ** 16 ? [1, 2] : value < 2 ** 32 ? [2, 4] : [3, 8]

function binary ({ subprotocol, list, smallest, first, encode, decode, afterCode }) {
  const uint = (value) => {
    if (value < smallest) return Buffer.from([value])
    const [kind, octets] = octetsOf(value)
    return bigEndian(first + kind, value, octets)
  }
  return {
    subprotocol,
    opcode: 0x82,
    encode,
    decode,
    /** A value that is made once. */
    constant: encode,
    /** A message of constants and integers. */
    message: (parts) => Buffer.concat([Buffer.from([list | parts.length]), ...parts.map((part) => typeof part === 'number' ? uint(part) : part)]),
    code: (b, from) => read(b, from + 1, 0x7f, first),
    second: (b, from) => read(b, from + afterCode(b, from), 0x7f, first)
  }
}

export const formats = {
  json: {
    subprotocol: 'wamp.2.json',
    opcode: 0x81,
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (octets) => JSON.parse(octets.toString()),
    constant: (value) => JSON.stringify(value),
    message: (parts) => Buffer.from(`[${parts.join(',')}]`),
    code: (b, from) => number(b, from + 1),
    second: (b, from) => {
      let i = from
      while (b[i] !== 44) i++
      return number(b, i + 1)
    }
  },
  msgpack: binary({
    subprotocol: 'wamp.2.msgpack', list: 0x90, smallest: 128, first: 0xcc, encode: (value) => packr.pack(value), decode: (octets) => packr.unpack(octets), afterCode: () => 2
  }),
  cbor: binary({
    subprotocol: 'wamp.2.cbor', list: 0x80, smallest: 24, first: 0x18, encode: (value) => cbor.encoder.encode(value), decode: (octets) => cbor.decoder.decode(octets), afterCode: (b, from) => b[from + 1] === 0x18 ? 3 : 2
  })
}

function number (b, i) {
  let value = 0
  for (; ; i++) {
    const c = b[i]
    if (c >= 48 && c <= 57) value = value * 10 + c - 48
    else if (c !== 32) return value
  }
}
