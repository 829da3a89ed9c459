import fc from 'fast-check'
import t from 'tap'
import { Payload } from '../../plugin/protocol/payload.ts'
import { matches } from '../../plugin/protocol/uri.ts'
import type { MatchPolicy } from '../../plugin/protocol/uri.ts'
import { Receivers } from '../../plugin/routing/receivers.ts'
import { RetainedEvents } from '../../plugin/routing/retained-events.ts'
import { FakeSession } from '../realm/fake-session.ts'

const component = fc.constantFrom('a', 'b', 'ab')
const topic = fc.array(component, { minLength: 1, maxLength: 4 }).map((components) => components.join('.'))
const pattern = fc.oneof(
  fc.tuple(fc.array(fc.oneof(component, fc.constant('')), { minLength: 1, maxLength: 4 }).map((components) => components.join('.')), fc.constantFrom<MatchPolicy>('wildcard', 'prefix')),
  fc.tuple(topic, fc.constant<MatchPolicy>('exact'))
)

t.test('it agrees with a plain search: the last event of each topic that a session may receive, in order of publication', async (t) => {
  const session = new FakeSession(1)
  const limit = 40
  await fc.assert(fc.property(fc.array(fc.tuple(topic, fc.integer({ min: 0, max: 3 })), { maxLength: 120, size: 'max' }), fc.array(pattern, { minLength: 1, maxLength: 10 }), (published, patterns) => {
    const retained = new RetainedEvents({ limit, bytes: 1_000_000 })
    let plain: { id: number, topic: string, open: boolean, mine: boolean }[] = []
    published.forEach(([topic, kind], id) => {
      // Some are for all, some for this session among others, and some for another one.
      const receivers = kind < 2 ? null : Receivers.of({ eligible: [kind - 1] })
      retained.keep({ id, at: 0, topic, details: {}, payload: Payload.empty, receivers, excluded: null, size: 1 })
      if (kind < 2) plain = plain.filter((one) => one.topic !== topic)
      plain.push({ id, topic, open: kind < 2, mine: kind < 3 })
      const ofTopic = plain.filter((one) => one.topic === topic)
      if (ofTopic.length > 16) plain.splice(plain.indexOf(ofTopic[0]!), 1)
      while (plain.length > limit) {
        const latest = new Map(plain.map((one) => [one.topic, one.id]))
        const [[oldest]] = [...latest].sort(([, a], [, b]) => a - b) as [[string, number]]
        plain = plain.filter((one) => one.topic !== oldest)
      }
    })
    for (const [uri, match] of patterns) {
      const last = new Map(plain.filter((one) => one.mine && matches(uri, match, one.topic)).map((one) => [one.topic, one.id]))
      const wanted = [...last.values()].sort((a, b) => a - b).join()
      const found = retained.find(session, uri, match).map(({ id }) => id).join()
      if (found !== wanted) throw new Error(`${match} ${uri}: ${found} and not ${wanted}`)
    }
  }), { numRuns: 500, seed: 1 })
  t.pass('500 histories')
})

t.test('topics of more components than a wildcard has are found by prefix', async (t) => {
  const retained = new RetainedEvents({ limit: 10, bytes: 1_000_000 })
  const topic = Array.from({ length: 100 }, () => 'a').join('.')
  retained.keep({ id: 1, at: 0, topic, details: {}, payload: Payload.empty, receivers: null, excluded: null, size: 1 })
  const session = new FakeSession(1)
  t.equal(retained.find(session, 'a.', 'prefix').length, 1)
  t.equal(retained.find(session, '..', 'wildcard').length, 0)
})
