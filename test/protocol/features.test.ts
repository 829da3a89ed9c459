import t from 'tap'
import { readFeatures } from '../../plugin/protocol/features.ts'

t.test('the features of known roles are read, and unknown ones ignored', async (t) => {
  const features = readFeatures({
    caller: { features: { call_timeout: true, call_canceling: 1, made_up: true } },
    callee: { features: { call_cancelling: true } },
    subscriber: {},
    gardener: { features: { call_timeout: true } }
  })
  t.strictSame([...features ?? []].sort(), ['callee', 'callee.call_canceling', 'caller', 'caller.call_timeout', 'subscriber'])
})

t.test('a client without a known role has no features [OPT-01]', async (t) => {
  for (const roles of [undefined, null, [], 'caller', {}, { gardener: {} }, { caller: true }]) t.equal(readFeatures(roles), null)
})

t.test('clients that announce the same share one set', async (t) => {
  const roles = { publisher: { features: { payload_passthru_mode: true } } }
  t.equal(readFeatures(roles), readFeatures(structuredClone(roles)))
})
