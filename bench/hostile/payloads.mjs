// Transcoding: one PUBLISH of 1 MiB for one subscriber of another serializer, whose elements are small to send and large to rewrite.
import { formats } from '../wire.mjs'
import { frame } from './frames.mjs'
import { Peer } from './peer.mjs'

const OCTETS = 1_048_400
const TOPIC = 'bench.payload'

/** A type octet, and a length of 32 bits. */
const long = (first, length) => {
  const head = Buffer.alloc(5)
  head[0] = first
  head.writeUInt32BE(length, 1)
  return head
}
const list = { cbor: 0x9a, msgpack: 0xdd }
const text = { cbor: 0x7a, msgpack: 0xdb }

/** A list of as many of an element as fit. */
const many = (of, element) => {
  const octets = Buffer.from(element, 'hex')
  const count = Math.floor(OCTETS / octets.length)
  return Buffer.concat([long(list[of], count), Buffer.alloc(count * octets.length, octets)])
}
/** A list with one text of so many of a character. */
const textOf = (of, character) => Buffer.concat([long(list[of], 1), long(text[of], OCTETS), Buffer.alloc(OCTETS, character)])
const octetsOf = (of, first) => Buffer.concat([long(list[of], 1), long(first, OCTETS), Buffer.alloc(OCTETS, 0xff)])
const jsonList = (element) => Buffer.from(`[${Array.from({ length: Math.floor(OCTETS / (element.length + 1)) }, () => element).join(',')}]`)

/** The frame of a PUBLISH with these args. */
function publish (format, args) {
  if (format === 'json') return frame(Buffer.concat([Buffer.from(`[16,1,{},"${TOPIC}",`), args, Buffer.from(']')]))
  const { constant } = formats[format]
  const head = [16, 1, {}, TOPIC].map((value) => constant(value))
  return frame(Buffer.concat([Buffer.from([format === 'cbor' ? 0x85 : 0x95]), ...head, args]), 0x82)
}

const kinds = {
  cbor: {
    dates: many('cbor', 'c100'),
    'dates as text': many('cbor', 'c0782432303236'.padEnd(78, '30')),
    nulls: many('cbor', 'f6'),
    'short integers': many('cbor', '00'),
    'integers of 64 bits': many('cbor', '1bffffffffffffffff'),
    bignums: many('cbor', 'c249ffffffffffffffffff'),
    'half floats': many('cbor', 'f90001'),
    'double floats': many('cbor', 'fb3fb999999999999a'),
    'empty texts': many('cbor', '60'),
    'empty octets': many('cbor', '40'),
    'empty lists': many('cbor', '80'),
    'empty dicts': many('cbor', 'a0'),
    'dicts of one key': many('cbor', 'a1616100'),
    'unknown tags': many('cbor', 'd82a00'),
    'NUL characters': textOf('cbor', 0),
    'one text': textOf('cbor', 'x'),
    octets: octetsOf('cbor', 0x5a)
  },
  msgpack: {
    timestamps: many('msgpack', 'd6ff00000000'),
    nulls: many('msgpack', 'c0'),
    'short integers': many('msgpack', '00'),
    'integers of 64 bits': many('msgpack', 'cfffffffffffffffff'),
    'double floats': many('msgpack', 'cb3fb999999999999a'),
    'empty lists': many('msgpack', '90'),
    'empty dicts': many('msgpack', '80'),
    extensions: many('msgpack', 'd40100'),
    'NUL characters': textOf('msgpack', 0),
    octets: octetsOf('msgpack', 0xc6)
  },
  json: {
    'short integers': jsonList('0'),
    floats: jsonList('1e9'),
    'long fractions': jsonList('0.12345678901234567'),
    'numbers of 60 digits': jsonList('9'.repeat(60)),
    nulls: jsonList('null'),
    'empty lists': jsonList('[]'),
    'empty dicts': jsonList('{}'),
    'empty octets': jsonList('"\\u0000"'),
    'escaped quotes': Buffer.from(`["${'\\"'.repeat(OCTETS / 2)}"]`),
    octets: Buffer.from(`["\\u0000${'A'.repeat(OCTETS - OCTETS % 4)}"]`)
  }
}

const subscribed = (format) => async (router) => {
  const peer = await Peer.join(router, { protocol: formats[format].subprotocol })
  peer.socket.write(frame(Buffer.from(formats[format].encode([32, 1, {}, TOPIC])), formats[format].opcode))
  peer.ignore('read')
  return { peers: [peer] }
}
const toSubscriber = Object.fromEntries(Object.keys(kinds).map((format) => [format, subscribed(format)]))

const pairs = Object.keys(kinds).flatMap((to) => Object.keys(kinds).filter((from) => from !== to).map((from) => ({ from, to })))

export const payloads = pairs.flatMap(({ from, to }) => Object.entries(kinds[from]).map(([name, args]) => {
  const block = publish(from, args)
  return { name: `1 MiB of ${name}, ${from} to ${to}`, protocol: formats[from].subprotocol, setUp: toSubscriber[to], size: block.length, frame: () => block, warm: 2 }
}))
