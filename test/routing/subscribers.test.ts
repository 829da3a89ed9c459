import fc from 'fast-check'
import t from 'tap'
import { Receivers } from '../../plugin/routing/receivers.ts'
import { Subscribers } from '../../plugin/routing/subscribers.ts'
import { FakeSession } from '../realm/fake-session.ts'

const sessions = Array.from({ length: 40 }, (_, i) => {
  const session = new FakeSession(i + 1, { authrole: `role${i % 3}` })
  return Object.assign(session, { principal: { ...session.principal, authid: `user${i % 7}` } })
})
const byId = new Map(sessions.map((session) => [session.id, session]))
const audience = { byId, hasAuthid: (authid: string) => sessions.some(({ principal }) => principal.authid === authid) }

function listOf<E> (element: fc.Arbitrary<E>, maxLength: number): fc.Arbitrary<E[] | undefined> {
  return fc.option(fc.array(element, { maxLength }), { nil: undefined, freq: 2 })
}

const id = fc.integer({ min: 1, max: 45 })
const authid = fc.integer({ min: 0, max: 8 }).map((n) => `user${n}`)
const authrole = fc.integer({ min: 0, max: 3 }).map((n) => `role${n}`)
const lists = fc.record({
  exclude: listOf(id, 10), exclude_authid: listOf(authid, 4), exclude_authrole: listOf(authrole, 2), eligible: listOf(id, 30), eligible_authid: listOf(authid, 5), eligible_authrole: listOf(authrole, 3)
})

t.test('the intended receivers are found, each exactly once, whatever the receiver lists', async (t) => {
  const step = fc.tuple(fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.nat(39)), { maxLength: 40, size: 'max' }), lists)
  await fc.assert(fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
    const subscribers = new Subscribers()
    for (const [changes, options] of steps) {
      for (const [what, i] of changes) subscribers[what > 0 ? 'add' : 'delete'](sessions[i]!)
      const given = Object.fromEntries(Object.entries(options).filter(([, list]) => list !== undefined))
      const receivers = Receivers.of(given)?.among(audience) ?? null
      if (receivers === null) continue
      const found = [...subscribers.within(receivers, receivers.eligible(audience))].filter((session) => receivers.include(session)).map((session) => session.id)
      const wanted = [...subscribers.all].filter((session) => receivers.include(session)).map((session) => session.id)
      if (found.sort().join() !== wanted.sort().join()) throw new Error(`${JSON.stringify(given)}: ${found.join()} and not ${wanted.join()}`)
    }
  }), { numRuns: 1_000, seed: 1 })
  t.pass('1 000 histories')
})

t.test('the only subscriber is known while there is exactly one', async (t) => {
  const subscribers = new Subscribers()
  const [first, second] = [sessions[0]!, sessions[1]!]
  t.equal(subscribers.only, null)
  subscribers.add(first)
  subscribers.add(first)
  t.equal(subscribers.only, first)
  subscribers.add(second)
  t.equal(subscribers.only, null)
  subscribers.delete(first)
  t.equal(subscribers.only, second)
  subscribers.delete(first)
  subscribers.delete(second)
  t.equal(subscribers.only, null)
})
