import t from 'tap'
import type { Test } from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import { whyNobody } from '../../plugin/routing/pending-call.ts'
import type { PendingCall } from '../../plugin/routing/registration.ts'
import type { Realm } from '../../plugin/realm/realm.ts'
import { Registration } from '../../plugin/routing/registration.ts'
import type { Offer } from '../../plugin/routing/registration.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { buildRealm, FakeSession, routed } from './fake-session.ts'

/** The units that something costs. */
function unitsOf (work: () => void): number {
  const before = unitsSpent()
  work()
  return unitsSpent() - before
}

/** Each message costs so many units: fewer, and something was done uncounted. */
function costs (t: Test, what: string, messages: number, [least, most]: readonly [number, number], work: () => void): void {
  const units = unitsOf(work) / messages
  t.ok(units >= least && units <= most, `${what}: ${units} units each, of ${least} to ${most}`)
}

function joined (realm: Realm, count: number, of: (i: number) => { authrole?: string } = () => ({})): FakeSession[] {
  return Array.from({ length: count }, (_, i) => {
    const session = new FakeSession(i + 1, of(i))
    realm.join(session)
    return session
  })
}

/** Patterns of 64 components that differ in 13 of them, and a URI that all of them but the last component stand for. */
const patterns = Array.from({ length: 8_192 }, (_, i) => [...Array.from({ length: 50 }, () => ''), ...Array.from({ length: 13 }, (_, bit) => (i >> bit) % 2 === 0 ? '' : 'aaaaa'), 'no'].join('.'))
const uri = Array.from({ length: 64 }, () => 'aaaaa').join('.')
// Even where no component is more telling than the others: one for each component, and one for 32 words of 32 patterns each.
const ofLookUp = [64, 64 + 64 * 8_192 / 32 / 32 + 2] as const

for (const [name, request, message] of [['publication', 32, 16], ['call', 64, 48]] as const) {
  t.test(`a ${name} does not follow all branches of wildcards`, async (t) => {
    const realm = buildRealm()
    const [holder, other] = joined(realm, 2) as [FakeSession, FakeSession]
    for (const pattern of patterns) realm.receive(holder, routed(request, 1, { match: 'wildcard' }, pattern))
    t.match(holder.sent.at(-1), { type: request + 1 })
    costs(t, 'patterns of which none matches', 100, ofLookUp, () => {
      for (let i = 0; i < 100; i++) realm.receive(other, routed(message, i + 1, {}, uri))
    })
    t.notOk(holder.sent.some(({ type }) => type === MessageType.Event || type === MessageType.Invocation))
  })

  t.test(`a ${name} costs little where each of many wildcards differs in another component`, async (t) => {
    const realm = buildRealm()
    const [holder, other] = joined(realm, 2) as [FakeSession, FakeSession]
    for (let i = 0; i < 8_192; i++) {
      const components = Array.from({ length: 64 }, (_, at) => at === i % 64 ? 'b' : (i >> (6 + at % 7)) % 2 === 0 ? 'aaaaa' : '')
      realm.receive(holder, routed(request, 1, { match: 'wildcard' }, components.join('.')))
    }
    costs(t, 'patterns of which none matches', 100, ofLookUp, () => {
      for (let i = 0; i < 100; i++) realm.receive(other, routed(message, i + 1, {}, uri))
    })
  })
}

t.test('the cost of retained events for a pattern depends on the number of matches', async (t) => {
  const realm = buildRealm()
  const [publisher, subscriber] = joined(realm, 2) as [FakeSession, FakeSession]
  for (let i = 0; i < 10_000; i++) realm.receive(publisher, routed(16, 1, { retain: true }, `com.x${i % 100}.y${i}.z`))
  for (const [match, pattern, found] of [['prefix', 'com.x7', 1_100], ['prefix', 'com.y', 0], ['wildcard', '..y4711.', 1], ['wildcard', '.x99..', 100], ['wildcard', '.x1.y7.', 0], ['wildcard', '....', 0]] as const) {
    subscriber.sent.length = 0
    // A look at each of two nodes, and at the publication; what a look-up begins with is a few units.
    costs(t, `${match} ${pattern}`, 100, [found, 20 + 5 * found], () => {
      for (let i = 0; i < 100; i++) realm.receive(subscriber, routed(32, 1, { match, get_retained: true }, pattern))
    })
    t.equal(subscriber.sent.filter(({ type }) => type === MessageType.Event).length, 100 * found)
  }
})

t.test('the cost of keeping the newest retained events does not grow with their number', async (t) => {
  const realm = buildRealm()
  const [publisher] = joined(realm, 1) as [FakeSession]
  costs(t, 'new topics in the place of old ones', 20_000, [3, 100], () => {
    for (let i = 0; i < 20_000; i++) realm.receive(publisher, routed(16, 1, { retain: true }, `com.x.${i}`))
  })
})

t.test('a publication with receiver lists inspects the listed sessions, not all subscribers', async (t) => {
  const realm = buildRealm()
  const sessions = joined(realm, 3_000)
  const publisher = sessions[0]!
  for (const session of sessions) realm.receive(session, routed(32, 1, {}, 'a'))
  for (const [options, received] of [
    [{ eligible: [] }, 0], [{ eligible: [1, 12_345] }, 0], [{ eligible: [1, 2, 3] }, 2],
    [{ eligible_authid: ['nobody'] }, 0], [{ eligible_authid: ['user7', 'user8'] }, 2], [{ eligible_authrole: ['other'] }, 0], [{ exclude_authrole: ['anonymous'] }, 0],
    [{ eligible_authid: ['user7'], exclude_authrole: ['anonymous'] }, 0], [{ eligible: [7], eligible_authid: ['user8'] }, 0]
  ] as const) {
    realm.receive(publisher, routed(16, 1, options, 'a'))
    for (const session of sessions) session.sent.length = 0
    costs(t, JSON.stringify(options), 100, [received, 10], () => {
      for (let i = 0; i < 100; i++) realm.receive(publisher, routed(16, 1, options, 'a'))
    })
    t.equal(sessions.reduce((sum, { sent }) => sum + sent.length, 0), 100 * received)
  }
  costs(t, 'a tenth for each of them', 1, [300, 301], () => { realm.receive(publisher, routed(16, 1, {}, 'a')) })
})

t.test('made-up authids on a receiver list are looked up once, not for each subscription', async (t) => {
  const realm = buildRealm()
  const [publisher, ...subscribers] = joined(realm, 18) as [FakeSession, ...FakeSession[]]
  const topic = 'a'.repeat(8).split('').join('.')
  for (const subscriber of subscribers) {
    for (let i = 0; i < 256; i++) {
      realm.receive(subscriber, routed(32, 1, { match: 'wildcard' }, Array.from({ length: 8 }, (_, bit) => (i >> bit) % 2 === 0 ? '' : 'a').join('.')))
    }
  }
  const nobody = Array.from({ length: 10_000 }, (_, i) => `nobody${i}`)
  // Some units are for the index. With somebody left on the list, each subscription costs at most a few for each of its subscribers.
  for (const [options, received, most] of [
    [{ eligible_authid: nobody }, 0, 100], [{ eligible_authid: [...nobody, 'user2'] }, 1, 256 * 5], [{ exclude_authid: [...nobody, ...subscribers.slice(1).map(({ principal }) => principal.authid)] }, 1, 256 * 40],
    [{ exclude_authid: nobody, exclude_authrole: ['anonymous'] }, 0, 256 * 2]
  ] as const) {
    realm.receive(publisher, routed(16, 1, options, topic))
    for (const { sent } of subscribers) sent.length = 0
    costs(t, Object.keys(options).join(' and '), 1, [nobody.length, nobody.length + most], () => { realm.receive(publisher, routed(16, 1, options, topic)) })
    t.equal(subscribers.reduce((sum, { sent }) => sum + sent.length, 0), 256 * received)
  }
})

t.test('a callee that had too many calls is tried again for all its registrations', async (t) => {
  const realm = buildRealm({ pendingInvocations: 2 })
  const [callee, caller] = joined(realm, 2) as [FakeSession, FakeSession]
  for (const procedure of ['p', 'q']) realm.receive(callee, routed(64, 1, { invoke: 'roundrobin' }, procedure))
  for (const [i, procedure] of ['p', 'p', 'p', 'q'].entries()) realm.receive(caller, routed(48, i + 1, {}, procedure))
  t.match(caller.sent.slice(-2), [{ error: 'wamp.error.network_failure' }, { error: 'wamp.error.network_failure' }])
  realm.receive(callee, routed(70, 1, {}))
  realm.receive(caller, routed(48, 5, {}, 'q'))
  t.match(callee.sent.at(-1), { type: MessageType.Invocation, request: 3 })
})

for (const invoke of ['first', 'last', 'roundrobin', 'random']) {
  t.test(`a call of a shared procedure, invoke ${invoke}, tries few callees that do not read`, async (t) => {
    const realm = buildRealm()
    const callees = joined(realm, 1_000)
    const caller = new FakeSession(1_001)
    realm.join(caller)
    for (const callee of callees) realm.receive(callee, routed(64, 1, { invoke }, 'p'))
    let sends = 0
    for (const callee of callees) {
      callee.send = () => {
        sends++
        return 'congested'
      }
    }
    // 20 for each invocation that is made, and a look at those that are picked.
    costs(t, 'none reads', 100, [8 * 20, 8 * 20 + 50], () => {
      for (let i = 0; i < 100; i++) realm.receive(caller, routed(48, i + 1, {}, 'p'))
    })
    t.equal(sends, 800)
    t.match(caller.sent, Array.from({ length: 100 }, () => ({ type: MessageType.Error, error: 'wamp.error.network_failure' })))
  })
}

for (const invoke of ['roundrobin', 'random']) {
  t.test(`a call costs little where callees are many, invoke ${invoke}, and where none of them has room`, async (t) => {
    const realm = buildRealm()
    const callees = joined(realm, 1_000)
    const caller = new FakeSession(1_001)
    realm.join(caller)
    for (const callee of callees) realm.receive(callee, routed(64, 1, { invoke, concurrency: 1 }, 'p'))
    costs(t, 'all have room', 100, [20, 25], () => {
      for (let i = 0; i < 100; i++) realm.receive(caller, routed(48, i + 1, {}, 'p'))
    })
    for (let i = 100; i < 1_000; i++) realm.receive(caller, routed(48, i + 1, {}, 'p'))
    t.ok(callees.every(({ sent }) => sent.filter(({ type }) => type === MessageType.Invocation).length === 1), 'each has one')
    costs(t, 'none has room', 10, [0, 5], () => {
      for (let i = 1_000; i < 1_010; i++) realm.receive(caller, routed(48, i + 1, {}, 'p'))
    })
    t.match(caller.sent.splice(0), Array.from({ length: 10 }, () => ({ error: 'wamp.error.no_available_callee' })))
    realm.leave(callees[0]!)
    realm.receive(callees[1]!, routed(70, 1, {}))
    for (let i = 1_010; i < 1_012; i++) realm.receive(caller, routed(48, i + 1, {}, 'p'))
    t.match(callees[1]!.sent.at(-1), { type: MessageType.Invocation, request: 2 }, 'the only one that has room')
    t.match(caller.sent.at(-1), { error: 'wamp.error.no_available_callee' })
  })
}

t.test('the reason why no callee takes a call is found without inspecting each of them', async (t) => {
  class Unread extends Registration {
    override get offers (): never { throw new Error('all callees are looked at') }
  }
  const registration = new Unread({ id: 1, uri: 'com.example.shared', match: 'exact', invoke: 'last', created: 0 })
  const offers = [1, Infinity].map((concurrency) => ({ concurrency, open: 0 }) as unknown as Offer)
  for (const offer of offers) registration.add(offer)
  const why = (): string | undefined => whyNobody({ registration, rerouting: null, tried: null } as unknown as PendingCall, null)[1]
  t.match(why(), /pendingInvocations/)
  registration.begin(offers[0]!)
  t.match(why(), /have reached their concurrency limit/)
})
