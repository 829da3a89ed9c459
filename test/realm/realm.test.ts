import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import { ProtocolViolation } from '../../plugin/protocol/violation.ts'
import type { Realm } from '../../plugin/realm/realm.ts'
import { MAX_WILDCARD_COMPONENTS } from '../../plugin/routing/wildcard-index.ts'
import { settled } from '../helper/build-router.ts'
import { buildRealm, FakeSession, routed } from './fake-session.ts'

t.test('a session belongs to the realm from join to leave', async (t) => {
  const realm = buildRealm()
  const session = new FakeSession(7)
  realm.join(session)
  t.equal(realm.sessions.get(7), session)
  realm.receive(session, routed(32, 1, {}, 'a'))
  realm.leave(session)
  t.equal(realm.sessions.size, 0)
  realm.leave(session)
  t.same(session.sent.map(({ type }) => type), [MessageType.Subscribed], 'it is told nothing more')
})

t.test('the roles are those configured, and trusted', async (t) => {
  const realm = buildRealm()
  t.same(['anonymous', 'nobody', 'trusted', 'other'].map((role) => realm.hasRole(role)), [true, true, true, false])
})

t.test('only the app itself may publish or register under wamp, and a role that no longer exists may do nothing', async (t) => {
  const realm = buildRealm()
  for (const [authrole, error] of [['trusted', undefined], ['anonymous', 'wamp.error.invalid_uri'], ['gone', 'wamp.error.invalid_uri']] as const) {
    const session = new FakeSession(1, { authrole })
    realm.receive(session, routed(64, 1, {}, `wamp.mine.${authrole}`))
    if (error === undefined) t.match(session.sent, [{ type: MessageType.Registered }], authrole)
    else t.match(session.sent, [{ type: MessageType.Error, error: authrole === 'gone' ? 'wamp.error.not_authorized' : error }], authrole)
  }
})

t.test('a violation throws, and leaves the pending call unchanged', async (t) => {
  const realm = buildRealm()
  const session = new FakeSession(1)
  realm.receive(session, routed(64, 1, {}, 'p'))
  realm.receive(session, routed(48, 2, {}, 'p'))
  t.throws(() => { realm.receive(session, routed(48, 2, {}, 'p')) }, ProtocolViolation)
  t.throws(() => { realm.receive(session, routed(70, 2, {})) }, ProtocolViolation)
  realm.receive(session, routed(70, 1, {}))
  t.match(session.sent.at(-1), { type: MessageType.Result, request: 2 })
})

t.test('no pattern of a client exhausts the stack or the memory', async (t) => {
  for (const [type, refused] of [[32, MessageType.Subscribe], [64, MessageType.Register]] as const) {
    const realm = buildRealm()
    const session = new FakeSession(1)
    realm.receive(session, routed(type, 1, { match: 'wildcard' }, '.'.repeat(500_000)))
    t.match(session.sent, [{ type: MessageType.Error, requestType: refused, error: 'wamp.error.invalid_uri' }])
    realm.receive(session, routed(type, 2, { match: 'wildcard' }, '.'.repeat(MAX_WILDCARD_COMPONENTS - 1)))
    t.match(session.sent.at(-1), { type: type + 1, request: 2 }, 'as many components as there may be')
    for (let length = 1; length <= 1_000; length++) realm.receive(session, routed(type, 3, { match: 'prefix' }, 'a'.repeat(length)))
    const caller = new FakeSession(2)
    for (const uri of [`${'a.'.repeat(2_000)}a`, 'a'.repeat(1_500)]) realm.receive(caller, routed(16, 1, { acknowledge: true }, uri))
    t.match(caller.sent.map((message) => message.type), [MessageType.Published, MessageType.Published])
    t.doesNotThrow(() => { realm.leave(session) })
  }
})

interface Act {
  readonly who: number
  readonly what: 'register' | 'unregister' | 'call' | 'cancel' | 'answer' | 'fail' | 'subscribe' | 'unsubscribe' | 'publish' | 'leave'
  readonly uri: string
  readonly match: 'exact' | 'prefix' | 'wildcard'
  readonly mode: 'skip' | 'kill' | 'killnowait'
  readonly n: number
}

// What is likelier stands more often.
const act: fc.Arbitrary<Act> = fc.record({
  who: fc.nat(3),
  what: fc.constantFrom('register', 'register', 'unregister', 'call', 'call', 'call', 'cancel', 'answer', 'answer', 'fail', 'subscribe', 'subscribe', 'unsubscribe', 'publish', 'publish', 'leave'),
  uri: fc.constantFrom('p', 'q', 'p.q'),
  match: fc.constantFrom('exact', 'prefix', 'wildcard'),
  mode: fc.constantFrom('skip', 'kill', 'killnowait'),
  n: fc.nat(20)
})

/** Lets a session do something that is no violation. */
function perform (realm: Realm, session: FakeSession, request: number, { what, uri, match, mode, n }: Act): void {
  const invocations = session.sent.filter(({ type }) => type === MessageType.Invocation)
  const invocation = invocations.length === 0 ? null : n % invocations.length + 1
  switch (what) {
    case 'register': realm.receive(session, routed(64, request, { match }, uri)); break
    case 'unregister': realm.receive(session, routed(66, request, n + 1)); break
    case 'call': realm.receive(session, routed(48, request, {}, uri)); break
    case 'cancel': realm.receive(session, routed(49, Math.max(1, request - n), { mode })); break
    case 'answer': if (invocation !== null) realm.receive(session, routed(70, invocation, {})); break
    case 'fail': if (invocation !== null) realm.receive(session, routed(8, 68, invocation, {}, 'com.example.error')); break
    case 'subscribe': realm.receive(session, routed(32, request, { match }, uri)); break
    case 'unsubscribe': realm.receive(session, routed(34, request, n + 1)); break
    case 'publish': realm.receive(session, routed(16, request, { acknowledge: true, exclude_me: n > 10 }, uri)); break
    case 'leave': session.leave(realm)
  }
}

/** How often each request was answered for good; one that waits has 0. */
function answersOf (session: FakeSession, requests: readonly number[]): Map<number, number> {
  const answers = new Map(requests.map((request) => [request, 0]))
  for (const message of session.sent) {
    if (message.type === MessageType.Event || message.type === MessageType.Invocation || message.type === MessageType.Interrupt) continue
    if ('request' in message) answers.set(message.request, (answers.get(message.request) ?? 0) + 1)
  }
  return answers
}

/** The turns of the event loop in which what a session held is withdrawn: it is little here. */
async function turns (): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => { setImmediate(resolve) })
}

/** Runs a history to its end, at which all have left. Session 0 has no procedures, and leaves as the last. */
async function run (acts: readonly Act[]): Promise<{ realm: Realm, sessions: WeakRef<FakeSession>[] }> {
  const realm = buildRealm()
  const sessions = [1, 2, 3, 4].map((id) => new FakeSession(id, { features: id % 2 === 0 ? ['callee.call_canceling'] : [] }))
  const requests = sessions.map((): number[] => [])
  for (const session of sessions) realm.join(session)
  for (const [i, one] of acts.entries()) {
    const session = sessions[one.who]!
    if (!realm.sessions.has(session.id) || (one.who === 0 && (one.what === 'register' || one.what === 'leave'))) continue
    perform(realm, session, i + 1, one)
    if (!['cancel', 'answer', 'fail', 'leave'].includes(one.what)) requests[one.who]!.push(i + 1)
  }
  for (const session of sessions.slice(1)) session.leave(realm)
  await turns()
  for (const [i, session] of sessions.entries()) {
    const wrong = [...answersOf(session, requests[i]!)].filter(([, count]) => i === 0 ? count !== 1 : count > 1)
    if (wrong.length > 0) throw new Error(`session ${i}: ${JSON.stringify(wrong)}`)
  }
  sessions[0]!.leave(realm)
  await turns()
  const told = sessions.map(({ late }) => late.length)
  checkEmpty(realm)
  if (sessions.some(({ late }, i) => late.length !== told[i])) throw new Error('one who has left is still known')
  return { realm, sessions: sessions.map((session) => new WeakRef(session)) }
}

/** What a realm from which all have left takes as if it were new. */
function checkEmpty (realm: Realm): void {
  const newcomer = new FakeSession(9)
  for (const uri of ['p', 'q', 'p.q']) {
    for (const match of ['exact', 'prefix', 'wildcard']) realm.receive(newcomer, routed(64, 1, { match }, uri))
    realm.receive(newcomer, routed(16, 1, {}, uri))
  }
  if (newcomer.sent.some(({ type }) => type !== MessageType.Registered)) throw new Error('a registration is left')
}

t.test('whatever sessions do, each request is answered once, and nothing is left of sessions that have left', async (t) => {
  const ended: Awaited<ReturnType<typeof run>>[] = []
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 80 }), async (acts) => { ended.push(await run(acts)) }), { numRuns: 500, seed: 1 })
  // A table that still had a session in it would keep it from being collected.
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  await settled()
  collectGarbage()
  t.equal(ended.flatMap(({ sessions }) => sessions).filter((session) => session.deref() !== undefined).length, 0)
})
