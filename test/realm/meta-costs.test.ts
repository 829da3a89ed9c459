import t from 'tap'
import type { LoginRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { buildTracker } from '../cookie/build-tracker.ts'
import { buildRouter, everything, settled } from '../helper/build-router.ts'
import type { List, TestClient } from '../helper/build-router.ts'

const SESSIONS = 2000
const SUBSCRIPTIONS = 20_000
const LOGINS = 20_000
const EVENTS = 10_000
const CALLS = 100
/** Octets of a message. */
const MESSAGE = 65_536

const names = Array.from({ length: 5000 }, (_, i) => `r${i}`)
const unknown = 9_007_199_254_740_000

/** The logins of as many users; half of them are of the role `staff`. */
function storeOfLogins (): MemoryStore {
  const store = new MemoryStore()
  for (let i = 0; i < LOGINS; i++) {
    const lifetime = { created: Date.now() + i, maxAge: 604_800 }
    const login: LoginRecord = { ...lifetime, authid: `user${i}`, authrole: i % 2 === 0 ? 'staff' : 'frontend', authmethod: 'wampcra', authrealm: 'realm1' }
    store.set(`l${i}`, login)
    store.set(`c${i}`, { ...lifetime, login: `l${i}` })
  }
  return store
}

/** A realm with much in it, and a client that is nobody in particular. */
async function buildRealm () {
  const { join, router } = buildRouter({
    limits: { messageSize: MESSAGE, subscriptions: SUBSCRIPTIONS, registrations: SUBSCRIPTIONS },
    realms: { realm1: { roles: { anonymous: everything }, eventHistory: [{ uri: 'kept.topic', limit: EVENTS }, { uri: 'kept.', match: 'prefix', limit: EVENTS }] } }
  })
  router.logins.add(buildTracker({ store: storeOfLogins() }).cookies)
  const holder = await join()
  for (let i = 0; i < SUBSCRIPTIONS; i++) holder.say([32, 1, {}, `topic.t${i}`])
  for (let i = 0; i < SUBSCRIPTIONS / 2; i++) holder.say([64, 1, {}, `procedure.p${i}`])
  for (let i = 0; i < EVENTS; i++) holder.say([16, 1, {}, 'kept.topic', [i, 'x'.repeat(100)]])
  const hidden = await join()
  for (let i = 0; i < SUBSCRIPTIONS / 2; i++) hidden.say([32, 1, {}, `wamp.t${i}`])
  for (let i = 0; i < SESSIONS; i++) router.join('realm1', i % 2 === 0 ? { authid: 'many', role: 'anonymous' } : { authid: 'many' })
  const crowd = await Promise.all(Array.from({ length: SESSIONS }, async () => await join()))
  for (const client of crowd) client.say([32, 1, {}, 'crowd'])
  for (const client of crowd) client.say([64, 1, { invoke: 'roundrobin' }, 'crowd'])
  const attacker = await join()
  return { attacker, holder, hidden }
}

/** Waits for the answers of so many calls. */
async function answersOf (client: TestClient, count: number): Promise<unknown[][]> {
  const answers: unknown[][] = []
  while (answers.length < count) {
    await settled()
    answers.push(...client.heard().filter(([type]) => type === 50 || type === 8))
  }
  return answers
}

async function ask (client: TestClient, procedure: string, args: unknown[], kwargs: object = {}): Promise<unknown[]> {
  client.heard()
  client.say([48, 1, {}, procedure, args, kwargs])
  return (await answersOf(client, 1))[0]!
}

function octetsOf (lists: readonly List[]): number {
  return lists.reduce((sum, list) => sum + JSON.stringify(list).length, 0)
}

const realm = await buildRealm()
const first = async (procedure: string, ...args: unknown[]): Promise<number> => ((await ask(realm.attacker, procedure, args))[3] as [number])[0]
const topic = await first('wamp.subscription.lookup', 'topic.t0')
const crowd = await first('wamp.subscription.lookup', 'crowd')
const procedure = await first('wamp.registration.lookup', 'procedure.p0')
const callees = await first('wamp.registration.lookup', 'crowd')
const kept = await first('wamp.subscription.lookup', 'kept.topic')
const keptPrefix = await first('wamp.subscription.lookup', 'kept.', { match: 'prefix' })
const [{ publication: last, timestamp }] = ((await ask(realm.attacker, 'wamp.subscription.get_events', [kept, 1], { reverse: true }))[3] as [[{ publication: number, timestamp: string }]])[0]

t.test('a call of a meta procedure costs in proportion to itself and its answer, however large the realm', async (t) => {
  const { attacker, holder, hidden } = realm
  const end = { after: '9007199254740000' }
  const calls: [procedure: string, args: unknown[], kwargs?: object][] = [
    ['session.count', []], ['session.count', [names]], ['session.count', [['anonymous', 'trusted']]],
    ['session.list', []], ['session.list', [names]], ['session.list', [['trusted']]], ['session.list', [], end], ['session.list', [[]]],
    ['session.get', [unknown]], ['session.get', [attacker.id]], ['session.kill', [unknown]], ['session.kill', [attacker.id]],
    ['session.kill_by_authid', ['nobody']], ['session.kill_by_authrole', ['nobody']], ['session.kill_by_authrole', ['trusted']],
    ['session.add_testament', ['a.b', ['x'.repeat(20_000)]]], ['session.add_testament', ['a.b', [names]]], ['session.add_testament', ['a.b', []]],
    ['session.add_testament', ['a.b', [], { publish_options: { eligible_authid: names } }]],
    ['session.flush_testaments', []],
    ['subscription.list', []], ['subscription.list', [holder.id]], ['subscription.list', [hidden.id]], ['subscription.list', [holder.id], end], ['subscription.list', [], end],
    ['subscription.lookup', ['topic.t1']], ['subscription.lookup', ['a'.repeat(20_000)]], ['subscription.match', ['topic.t1']], ['subscription.match', ['wamp.t1']],
    ['subscription.get', [topic]], ['subscription.list_subscribers', [crowd]], ['subscription.list_subscribers', [crowd], end], ['subscription.count_subscribers', [crowd]],
    ['subscription.remove_subscriber', [crowd, attacker.id]],
    ['subscription.get_events', [kept]], ['subscription.get_events', [kept], { limit: 1 }], ['subscription.get_events', [kept], { limit: 1, reverse: true }],
    ['subscription.get_events', [kept], { topic: 'kept.other' }], ['subscription.get_events', [keptPrefix], { topic: 'kept.other' }], ['subscription.get_events', [keptPrefix], { topic: 'kept.topic', limit: 1, reverse: true }],
    ['subscription.get_events', [kept], { after_publication: last }], ['subscription.get_events', [kept], { after_publication: unknown }], ['subscription.get_events', [kept], { before_publication: last, reverse: true, limit: 1 }],
    ['subscription.get_events', [kept], { from_time: '2999-01-01T00:00:00Z' }], ['subscription.get_events', [kept], { until_time: '1999-01-01T00:00:00Z' }], ['subscription.get_events', [kept], { after_time: timestamp, reverse: true }],
    ['registration.list', []], ['registration.list', [holder.id]], ['registration.list', [hidden.id]], ['registration.list', [], end],
    ['registration.lookup', ['procedure.p1']], ['registration.match', ['procedure.p1']], ['registration.match', ['a'.repeat(20_000)]],
    ['registration.get', [procedure]], ['registration.list_callees', [callees]], ['registration.list_callees', [callees], end], ['registration.count_callees', [callees]],
    ['registration.remove_callee', [callees, attacker.id]]
  ]
  // What a page is cut from is put in order once, when somebody first asks for it.
  for (const [name, args] of [['subscription.list_subscribers', [crowd]], ['registration.list_callees', [callees]]] as const) await ask(attacker, `wamp.${name}`, [...args], end)
  for (const [name, args, kwargs = {}] of calls) {
    const lists = Array.from({ length: CALLS }, (_, i): List => [48, i + 1, {}, `wamp.${name}`, args, kwargs])
    attacker.heard()
    const before = unitsSpent()
    attacker.say(...lists)
    const answers = await answersOf(attacker, CALLS)
    const units = unitsSpent() - before
    const octets = octetsOf(lists) + octetsOf(answers)
    t.ok(units >= CALLS && units <= CALLS * 50 + octets * 0.3, `${name} ${JSON.stringify([args, kwargs]).slice(0, 100)}: ${Math.round(units)} units, ${octets} octets`)
    t.ok(answers.every((answer) => octetsOf([answer]) <= MESSAGE), 'no answer is longer than a message may be')
  }
})

t.test('calls about logins share the scans of the store, and each costs what it is answered', async (t) => {
  const { attacker } = realm
  const scan = LOGINS * 50
  for (const [name, kwargs] of [
    ['list', {}], ['list', { authid: 'nobody' }], ['list', { authid: 'user1', authrole: 'staff' }], ['list', { cookie: 'l1' }], ['list', { after: '~' }], ['revoke', { authid: 'nobody' }]
  ] as const) {
    const lists = Array.from({ length: CALLS }, (_, i): List => [48, i + 1, {}, `wamp.login.${name}`, [], kwargs])
    const before = unitsSpent()
    attacker.say(...lists)
    const answers = await answersOf(attacker, CALLS)
    const octets = octetsOf(lists) + octetsOf(answers)
    t.ok(unitsSpent() - before <= 2 * scan + CALLS * 50 + octets / 4, `${name} ${JSON.stringify(kwargs)}: ${unitsSpent() - before} units, ${octets} octets`)
    t.ok(answers.every((answer) => octetsOf([answer]) <= MESSAGE), 'no answer is longer than a message may be')
  }
})
