import t from 'tap'
import { codecs } from '../../plugin/codec/codecs.ts'
import { ContractChecks } from '../../plugin/contract/contract-checks.ts'
import { Payload } from '../../plugin/protocol/payload.ts'

const json = codecs.get('wamp.2.json')!
const checks = new ContractChecks({
  procedures: { p: { args: { type: 'array', items: { type: 'number' } }, result: { type: 'integer', minimum: 0 } } },
  topics: { t: { args: { type: 'array' }, kwargs: { type: 'object', properties: { role: { enum: ['user'] } } } } }
}, 'contract')
const ofBytes = (text: string, elements: 1 | 2 = 1): Payload => Payload.ofBytes(json, { elements, bytes: Buffer.from(text) })

t.test('a number that JSON cannot represent fails the check', async (t) => {
  for (const payload of [Payload.of([Infinity]), Payload.of([NaN]), Payload.of([-Infinity]), ofBytes('[1e999]'), Payload.of([[{ deep: NaN }]])]) {
    t.match(checks.event('t', {}, payload), /finite/, 'also where the schema does not look')
    t.match(checks.call('p', {}, payload), /finite/)
    t.match(checks.result('p', {}, payload), /finite/)
  }
})

t.test('an integer beyond 2^53 passes the check as an integer, and is delivered exactly', async (t) => {
  for (const payload of [Payload.of([2n ** 60n + 1n]), ofBytes('[1152921504606846977]')]) {
    t.equal(checks.result('p', {}, payload), null)
    t.equal(checks.call('p', {}, payload), null)
    t.equal(String(payload.in(json).bytes), '[1152921504606846977]')
  }
  t.match(checks.result('p', {}, Payload.of([-(2n ** 60n)])), />= 0/)
})

t.test('the checked payload is the delivered one: a duplicate key is delivered once', async (t) => {
  const payload = ofBytes('[],{"role":"admin","role":"user"}', 2)
  t.equal(checks.event('t', {}, payload), null)
  t.equal(String(payload.in(json).bytes), '[],{"role":"user"}')
  t.same(payload.values(), { args: [], kwargs: { role: 'user' } })
  const nested = ofBytes('[{"a":1,"a":2}]')
  t.equal(checks.event('t', {}, nested), null)
  t.equal(String(nested.detached().in(json).bytes), '[{"a":2}]')
})
