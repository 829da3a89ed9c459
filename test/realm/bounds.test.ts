import t from 'tap'
import { buildRouter, helloAs, settled } from '../helper/build-router.ts'

const long = (length: number): string => 'x'.repeat(length)

t.test('the length of a URI is limited, even in requests that only match the pattern of another session', async (t) => {
  const { join } = buildRouter()
  const client = await join()
  for (const type of [32, 64]) {
    t.match(client.ask([type, 1, {}, long(4097)]), [8, type, 1, {}, 'wamp.error.invalid_uri'])
    t.match(client.ask([type, 2, { match: 'prefix' }, long(4097)]), [8, type, 2, {}, 'wamp.error.invalid_uri'])
    t.match(client.ask([type, 3, {}, long(4096)]), [type + 1, 3])
  }
  const other = await join()
  for (const type of [32, 64]) t.match(other.ask([type, type, { match: 'prefix' }, 'x']), [type + 1])
  t.match(client.ask([16, 4, { acknowledge: true }, long(4097)]), [8, 16, 4, {}, 'wamp.error.invalid_uri', [/: it has more than 4096 characters$/]])
  t.match(client.ask([48, 5, {}, long(4097)]), [8, 48, 5, {}, 'wamp.error.invalid_uri'])
  t.same(other.heard(), [])
  t.match(client.ask([16, 6, { acknowledge: true }, `${long(4095)}y`]), [17, 6])
  client.say([48, 7, {}, `${long(4095)}y`])
  t.match(other.heard(), [[36], [68]])
})

t.test('the size of testaments is limited, including all that they contain', async (t) => {
  const { join } = buildRouter({ limits: { messageSize: 6_000 } })
  for (const [args, kwargs] of [
    [['a', [long(3_600)]], {}], [['a', [], { k: long(3_600) }]], [['a'], { publish_options: { exclude_authid: [long(3_600)] } }], [[`a.${long(3_600)}`], {}]
  ] as const) {
    const client = await join()
    for (const request of [1, 2]) client.say([48, request, {}, 'wamp.session.add_testament', args, kwargs ?? {}])
    await settled()
    t.match(client.heard(), [[50, 1], [8, 48, 2, {}, 'fastify_wamp.error.limit_exceeded']])
  }
})

t.test('retained and stored events count with their topics and receiver lists', async (t) => {
  for (const [topic, options] of [[`a.${long(600)}`, {}], ['a.b', { exclude_authid: [long(600)] }], ['a.b', { eligible: Array.from({ length: 20 }, (_, i) => i + 1) }]] as const) {
    const { join } = buildRouter({ limits: { storedBytes: 1_000 } })
    const [publisher, other] = [await join(), await join()]
    for (const n of [1, 2]) publisher.say([16, n, { retain: true, ...options }, `${topic}${n}`])
    publisher.say([16, 3, { retain: true }, 'a.small'])
    other.say([32, 1, { match: 'prefix', get_retained: true }, 'a.'])
    const topics = other.heard().filter(([type]) => type === 36).map((event) => (event[3] as { topic: string }).topic)
    t.notOk(topics.includes(`${topic}1`), 'the oldest had to go')
    t.ok(topics.includes('a.small'))
  }
})

t.test('open calls keep at most limits.parkedBytes for re-routing; beyond that, a call fails with its callee', async (t) => {
  const { join, connect } = buildRouter({ limits: { parkedBytes: 2500 } })
  const [caller, other] = [await join(), await join()]
  const callees = [connect().say(helloAs({}, ['call_reroute'])), connect().say(helloAs({}, ['call_reroute']))] as const
  await settled()
  for (const callee of callees) {
    callee.heard()
    t.match(callee.ask([64, 1, { invoke: 'first' }, 'p']), [65])
  }
  const [one, two] = callees
  const payload = ['x'.repeat(900)]
  caller.say([48, 1, {}, 'p', payload], [48, 2, {}, 'p', payload], [48, 3, {}, 'p', payload], [48, 4, {}, 'p'])
  other.say([48, 1, {}, 'p', payload])
  t.equal(one.heard().length, 5)
  for (const invocation of [3, 2, 4, 5]) one.say([8, 68, invocation, {}, 'wamp.error.unavailable'])
  t.match(caller.heard(), [[8, 48, 3, {}, 'wamp.error.unavailable']], 'what exceeds the limit')
  t.match(two.heard(), [[68, 1, Number, {}, payload], [68, 2], [68, 3, Number, {}, payload]], 'two of one caller, one without a payload, and that of the other caller')
  t.match(other.heard(), [])
  two.say([70, 1, {}])
  caller.say([49, 1, {}], [48, 5, {}, 'p', payload], [48, 6, {}, 'p', payload], [48, 7, {}, 'p', payload])
  for (const invocation of [6, 7, 8]) one.say([8, 68, invocation, {}, 'wamp.error.unavailable'])
  t.match(caller.heard(), [[50, 2], [8, 48, 1, {}, 'wamp.error.canceled'], [8, 48, 7, {}, 'wamp.error.unavailable']], 'calls that have ended make room')
  t.equal(two.heard().length, 2)
})
