import fc from 'fast-check'
import t from 'tap'
import { decimalDigits, writeDecimal } from '../../plugin/codec/decimal.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { MessageType, noDetails } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { encode } from './messages.ts'

t.test('ids are written with all their digits [IDS-01]', async (t) => {
  const written = (id: number): string => encode(jsonCodec, { type: MessageType.Event, subscription: id, publication: id, details: noDetails, payload: Payload.empty }).toString()
  const powers = Array.from({ length: 16 }, (_, i) => 10 ** i).flatMap((power) => [power - 1, power, power + 1]).filter((id) => id > 0)
  for (const id of [...powers, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1, 2 ** 53]) t.equal(written(id), `[36,${id},${id},{}]`)
  fc.assert(fc.property(fc.maxSafeNat(), (id) => written(id) === `[36,${id},${id},{}]`), { seed: 7, numRuns: 5000 })
  t.equal(encode(jsonCodec, { type: MessageType.Result, request: 12, details: noDetails, payload: Payload.of(['é']) }).toString(), '[50,12,{},["é"]]')
})

t.test('integers in a payload are written with all their digits and their sign', async (t) => {
  const numbers = [0, -0, 1, -1, 9, 10, 99, 100, 12_345_678, 123_456_789, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53, 0.5, 1e21, NaN]
  t.equal(jsonCodec.encodePayload(numbers, undefined).bytes.toString(), '[0,-0,1,-1,9,10,99,100,12345678,123456789,9007199254740991,-9007199254740991,9007199254740992,0.5,1e+21,null]')
})

t.test('zero has one digit', async (t) => {
  const target = Buffer.from('xxx')
  t.equal(decimalDigits(0), 1)
  t.equal(writeDecimal(target, 1, 0, 1), 2)
  t.equal(target.toString(), 'x0x')
})
