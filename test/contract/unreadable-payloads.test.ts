import t from 'tap'
import { cborCodec } from '../../plugin/codec/cbor-codec.ts'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { ContractChecks } from '../../plugin/contract/contract-checks.ts'
import { Payload } from '../../plugin/protocol/payload.ts'

t.test('a payload that cannot be decoded or checked is reported as a fault, and never throws', async (t) => {
  const nested = { $ref: '#/$defs/list', $defs: { list: { type: 'array', items: { $ref: '#/$defs/list' } } } }
  const checks = new ContractChecks({ procedures: { a: { args: nested, result: nested, progress: nested }, b: {} }, topics: { a: { args: nested } } }, 'contract')
  let deep: unknown[] = []
  for (let i = 0; i < 100_000; i++) deep = [deep]
  const payloads = [
    Payload.ofBytes(jsonCodec, { elements: 1, bytes: Buffer.from(`[${'1'.repeat(1300)}]`) }),
    Payload.ofBytes(cborCodec, { elements: 1, bytes: Buffer.from('81a1f501', 'hex') }),
    Payload.of([deep])
  ]
  for (const payload of payloads) {
    const faults = [checks.call('a', {}, payload), checks.event('a', {}, payload), checks.result('a', {}, payload), checks.result('a', { progress: true }, payload)]
    t.same(new Set(faults), new Set(['the payload contains a value that this router cannot decode, so it cannot be validated']))
    t.equal(checks.result('b', {}, payload), null, 'what no schema is about is not read')
  }
})
