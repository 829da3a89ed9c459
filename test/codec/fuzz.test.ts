import fc from 'fast-check'
import t from 'tap'
import type { StandardCodec } from '../../plugin/codec/codec.ts'
import { EncodingError } from '../../plugin/codec/codec.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { ProtocolViolation } from '../../plugin/protocol/violation.ts'
import { libraries } from './libraries.ts'
import { allCodecs, LIMITS, hex, payloadOf, yieldOf } from './messages.ts'

const RUNS = { seed: 30, numRuns: 3000 }

/**
 * True if a codec either takes these octets or says what is wrong with them, and if what it takes has a form in every
 * other codec, or has none for a reason that is told.
 */
function isSafe (codec: StandardCodec, data: Buffer): boolean {
  let message
  try {
    message = codec.decode(data, LIMITS)
  } catch (error) {
    if (error instanceof ProtocolViolation) return true
    throw error
  }
  if (!('payload' in message)) return true
  for (const to of allCodecs) {
    try {
      // What goes to another peer must be well-formed.
      to.decode(yieldOf(to, payloadOf(message)), LIMITS)
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error
    }
  }
  return true
}

const values: unknown = [{ k: [1, -1, 1.5, 'é', null, true, 2 ** 40, 12345678901234567890n], o: Buffer.from('octets') }, 'x'.repeat(40)]
const messages: Readonly<Record<StandardCodec['name'], readonly Buffer[]>> = {
  json: [
    '[48,1,{"timeout":5,"x_y":[{"a":"\\u005d"}]},"com.x",[1,"\\u0000AQ==",12345678901234567890,-1.5e3],{"k":{"__proto__":[null,true]}}]',
    '[1,"realm1",{"roles":{"caller":{"features":{"call_timeout":true}}},"authmethods":["ticket"]}]',
    ' [ 16 , 9007199254740992 , { } , "com.\\"x" , null , { "é" : "\\\\" } ] '
  ].map((text) => Buffer.from(text)),
  msgpack: [
    libraries.msgpack.write([48, 1, { timeout: 5, x_y: [{ a: 'é' }] }, 'com.x', values, { k: values }]),
    libraries.msgpack.write([1, 'realm1', { roles: { caller: { features: { call_timeout: true } } }, authmethods: ['ticket'] }]),
    hex('dc 00 06 10 cf 00 20 00 00 00 00 00 00 80 a1 78 92 d4 05 01 d6 ff 00 00 00 01 81 a1 6b c7 02 05 00 00')
  ],
  cbor: [
    libraries.cbor.write([48, 1, { timeout: 5, x_y: [{ a: 'é' }] }, 'com.x', values, { k: values }]),
    libraries.cbor.write([1, 'realm1', { roles: { caller: { features: { call_timeout: true } } }, authmethods: ['ticket'] }]),
    hex('9f 10 1b 00 20 00 00 00 00 00 00 bf ff 7f 61 78 ff 9f c2 49 01 00 00 00 00 00 00 00 00 d8 20 61 61 5f 41 01 ff ff bf 61 6b f9 3c 00 ff ff')
  ]
}

// Octets that mean something in one of the serializers are worth more tries than others.
const telling = fc.constantFrom(...Buffer.from('[]{},:"\\-.0e '), 0x80, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xc4, 0xc7, 0xcf, 0xd3, 0xd4, 0xd6, 0xd9, 0xdc, 0xdd, 0xde, 0xf6, 0xf7, 0xf8, 0xfb, 0xff, 0, 1, 24, 27, 0x1f, 0x3f, 0x5f, 0x7f)
const octet = fc.oneof(telling, fc.nat(255))
const change = fc.record({ at: fc.nat(), drop: fc.nat(3), insert: fc.array(octet, { maxLength: 3 }) })

function changed (data: Buffer, changes: readonly { at: number, drop: number, insert: number[] }[]): Buffer {
  const octets = [...data]
  for (const { at, drop, insert } of changes) octets.splice(at % (octets.length + 1), drop, ...insert)
  return Buffer.from(octets)
}

for (const codec of allCodecs) {
  t.test(`${codec.name}: the messages that are changed below are messages`, async (t) => {
    for (const message of messages[codec.name]) t.ok([1, 16, 48].includes(codec.decode(message, LIMITS).type))
  })

  t.test(`${codec.name}: random octets are a violation or a message, never anything else [SER-17]`, async (t) => {
    fc.assert(fc.property(fc.array(octet, { maxLength: 40 }), (octets) => isSafe(codec, Buffer.from(octets))), RUNS)
    t.pass('in every case')
  })

  t.test(`${codec.name}: random bytes in place of a payload are a violation or a message [SER-17]`, async (t) => {
    const start = yieldOf(codec, Payload.of([0])).subarray(0, codec.name === 'json' ? -4 : -2)
    const end = Buffer.from(codec.name === 'json' ? ']' : '')
    fc.assert(fc.property(fc.array(octet, { maxLength: 40 }), (octets) => isSafe(codec, Buffer.concat([start, Buffer.from(octets), end]))), RUNS)
    t.pass('in every case')
  })

  t.test(`${codec.name}: a message that was changed is a violation or a message [SER-17]`, async (t) => {
    for (const message of messages[codec.name]) {
      fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => isSafe(codec, changed(message, changes))), RUNS)
    }
    t.pass('in every case')
  })

  t.test(`${codec.name}: a message that is cut off anywhere is a violation [SER-17]`, async (t) => {
    for (const message of messages[codec.name]) {
      const whole = codec.name === 'json' ? Buffer.from(message.toString().trim()) : message
      for (let length = 0; length < whole.length; length++) {
        t.throws(() => codec.decode(whole.subarray(0, length), LIMITS), ProtocolViolation, `${length} octets`)
      }
    }
  })
}
