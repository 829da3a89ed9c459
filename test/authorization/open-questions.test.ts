import t from 'tap'
import { HeldValues } from '../../plugin/held-values.ts'
import { Decisions } from '../../plugin/authorization/decisions.ts'
import { PendingVerdict } from '../../plugin/authorization/pending-verdict.ts'
import type { RoutedSession } from '../../plugin/routing/routed-session.ts'

const session = { id: 1, principal: { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static' }, transport: { type: 'websocket' } } as unknown as RoutedSession

const MOST = 20

/** Decisions of an authorizer that never answers, and how often it was asked. */
function build ({ limit = Infinity, answers = [] as (() => void)[] } = {}) {
  let asked = 0
  const held = new HeldValues(limit, { warn () {} })
  const decisions = new Decisions({
    authorizer: () => {
      asked++
      return new Promise((resolve) => { answers.push(() => { resolve(true) }) })
    },
    timeout: 1,
    most: MOST,
    held,
    log: { error () {} } as unknown as ConstructorParameters<typeof Decisions>[0]['log']
  })
  const decide = (options: object, uri = 'a.b'): number => {
    decisions.decide(session, 'publish', uri, 'exact', options as Record<string, unknown>)
    return asked
  }
  return { decide, decisions, held }
}

t.test('equal pending requests to an authorizer are combined if their options are short', async (t) => {
  const { decide } = build()
  t.equal(decide({}), 1)
  t.equal(decide({}), 1)
  t.equal(decide({ acknowledge: true, rkey: 'x' }), 2)
  t.equal(decide({ acknowledge: true, rkey: 'x' }), 2)
  t.equal(decide({ acknowledge: true, rkey: 'y' }), 3)
})

t.test('options that would take long to compare are not compared', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`x_${i}`, 1]))
  let read = 0
  const counted = new Proxy(many, { getOwnPropertyDescriptor (target, key) { read++; return Reflect.getOwnPropertyDescriptor(target, key) }, get (target, key) { read++; return Reflect.get(target, key) as unknown } })
  const { decide } = build()
  t.equal(decide(counted), 1)
  t.ok(read <= 200_100, `${read} of them are looked at: once, for their memory`)
  const never = { toJSON () { t.fail('nothing is made of it') } }
  for (const [i, options] of [{ x_y: never }, { x_y: 'x'.repeat(2000) }, { [`x_${'y'.repeat(2000)}`]: 1 }, { x_y: 1n }].entries()) {
    t.equal(decide(options), 2 + 2 * i)
    t.equal(decide(options), 3 + 2 * i, 'each is a question of its own')
  }
  t.equal(decide({}, 'x'.repeat(2000)), 10)
  t.equal(decide({}, 'x'.repeat(2000)), 11, 'as is a long URI')
})

t.test('a session has a limited number of open authorizer requests, even if it no longer waits for them', async (t) => {
  const { decide, decisions } = build()
  const ask = (by: RoutedSession, uri: string): ReturnType<Decisions['decide']> => decisions.decide(by, 'call', uri, 'exact', {})
  const first = Array.from({ length: MOST }, (_, i) => ask(session, `a.b${i}`)) as PendingVerdict[]
  for (const one of first) one.abandon()
  t.match(ask(session, 'a.c'), { refusal: 'wamp.error.limit_exceeded' })
  t.equal(decide({}), MOST, 'nor is another request asked about')
  t.ok(ask(session, 'a.b0') instanceof PendingVerdict, 'an equal request shares the open question')
  t.ok(ask({ ...session, id: 2 }, 'a.c') instanceof PendingVerdict, 'another session has its own')
  for (const { verdict } of first) t.match(await verdict, { refusal: 'wamp.error.authorization_failed' })
  t.ok(ask(session, 'a.c') instanceof PendingVerdict, 'the time of the first ones is over')
})

t.test('the options that an authorizer function keeps are limited, even if no request waits for its decision', async (t) => {
  const answers: (() => void)[] = []
  const { decisions, held } = build({ limit: 10_000_000, answers })
  const ask = (uri: string): ReturnType<Decisions['decide']> => decisions.decide(session, 'call', uri, 'exact', { _x: 'x'.repeat(1_000_000) })
  let asked = 0
  for (let decided = ask('a.b0'); decided instanceof PendingVerdict; decided = ask(`a.b${asked}`)) {
    decided.abandon()
    asked++
  }
  t.ok(asked > 0 && asked < 10, `${asked} of these are asked`)
  t.match(ask('a.c'), { refusal: 'wamp.error.limit_exceeded' })
  t.ok(held.bytes <= 10_000_000)
  for (const answer of answers) answer()
  await new Promise((resolve) => { setImmediate(resolve) })
  t.equal(held.bytes, 0, 'until it has decided')
  t.ok(ask('a.c') instanceof PendingVerdict)
})
