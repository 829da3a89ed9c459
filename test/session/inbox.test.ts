import { mock } from 'node:test'
import t from 'tap'
import type { Test } from 'tap'
import type { Authorization } from '../../plugin/authorization/authorizer.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { buildRouter, everything, HELLO, helloAs, settled } from '../helper/build-router.ts'

type Answer = (answer: boolean | Authorization | Promise<boolean>) => void

/** A router whose authorizer for `slow` URIs thinks until it is told. */
function buildThinking (limits: { parkedBytes?: number } = {}) {
  const asked: { uri: string, answer: Answer }[] = []
  const authorizer = (_session: unknown, uri: string): boolean | Promise<boolean | Authorization> =>
    uri.startsWith('slow') ? new Promise((resolve) => { asked.push({ uri, answer: (answer) => { resolve(answer) } }) }) : true
  const router = buildRouter({ limits, realms: { realm1: { roles: { anonymous: { authorizer }, staff: everything } } } })
  return { ...router, asked }
}

t.test('a waiting CALL can be canceled before the decision, and later messages continue [CAN-01, CAN-02]', async (t) => {
  const { join, asked } = buildThinking()
  const client = await join()
  client.say([48, 1, {}, 'slow.1'], [48, 2, {}, 'none'], [48, 3, {}, 'slow.2'], [48, 4, {}, 'none'])
  client.say([49, 2, { mode: 'kill' }])
  t.match(client.heard(), [[8, 48, 2, {}, 'wamp.error.canceled']])
  client.say([49, 1, {}], [49, 9, {}])
  t.match(client.heard(), [[8, 48, 1, {}, 'wamp.error.canceled']])
  await settled()
  t.same(asked.map(({ uri }) => uri), ['slow.1', 'slow.2'])
  asked[0]!.answer(true)
  await settled()
  t.same(client.heard(), [], 'the first one\'s answer is of no interest any more')
  asked[1]!.answer(true)
  await settled()
  t.match(client.heard(), [[8, 48, 3, {}, 'wamp.error.no_such_procedure'], [8, 48, 4, {}, 'wamp.error.no_such_procedure']])
})

t.test('GOODBYE waits for its turn, and ABORT does not [SES-11, SES-09]', async (t) => {
  const { join, asked } = buildThinking()
  const client = await join()
  client.say([32, 1, {}, 'slow'], [6, {}, 'wamp.close.close_realm'])
  t.same(client.heard(), [])
  asked[0]!.answer(true)
  await settled()
  t.match(client.heard(), [[33, 1], [6, {}, 'wamp.close.goodbye_and_out']])
  client.say(HELLO)
  await settled()
  client.heard()
  client.say([32, 1, {}, 'slow'], [32, 2, {}, 'a'], [3, {}, 'wamp.error.x'], HELLO)
  await settled()
  t.match(client.heard(), [[2]], 'the next session is open')
  asked[1]!.answer(true)
  await settled()
  t.same(client.heard(), [])
})

t.test('a client above the limit is no longer read, and is read again below it [WSK-12]', async (t) => {
  const { join, asked } = buildThinking({ parkedBytes: 7000 })
  const client = await join()
  client.say([32, 1, {}, 'slow'])
  // 100 bytes each, and 512 for what it takes in memory.
  for (let i = 2; i < 13; i++) client.say([16, i, {}, 'a', ['x'.repeat(75)]])
  t.equal(client.flow, 'flowing')
  client.say([16, 13, {}, 'a', ['x'.repeat(75)]])
  t.equal(client.flow, 'paused')
  asked[0]!.answer(false)
  await settled()
  t.equal(client.flow, 'flowing')
  client.say([32, 14, {}, 'slow'], [16, 15, {}, 'a', ['x'.repeat(7000)]])
  t.equal(client.flow, 'paused')
  client.connection.end('wamp.close.killed')
  t.equal(client.flow, 'flowing', 'it may still answer GOODBYE')
})

t.test('the cost of canceling many waiting CALLs depends only on their number', async (t) => {
  const { join, asked } = buildThinking()
  const client = await join()
  client.say([32, 1, {}, 'slow'])
  for (let i = 1; i <= 2000; i++) client.say([48, i + 1, {}, 'none'], [16, i + 10_000, {}, 'a'])
  const before = unitsSpent()
  for (let i = 1; i <= 2000; i++) client.say([49, i + 1, {}])
  t.ok(unitsSpent() - before < 2000 * 20, `${unitsSpent() - before} units`)
  t.equal(client.heard().filter(([type, , , , error]) => type === 8 && error === 'wamp.error.canceled').length, 2000)
  asked[0]!.answer(true)
  client.say([48, 20_000, {}, 'last'])
  while (client.sent.length < 2) await settled()
  t.match(client.heard(), [[33, 1], [8, 48, 20_000, {}, 'wamp.error.no_such_procedure']], 'no canceled call is made')
})

t.test('messages that waited for a decision continue over several turns, in order, even if another decision is needed', async (t) => {
  const { join, asked } = buildThinking({ parkedBytes: 100_000_000 })
  const client = await join()
  client.say([32, 1, {}, 'slow.1'])
  for (let i = 2; i <= 20_000; i++) client.say([48, i, {}, i === 10_000 ? 'slow.2' : 'none'])
  asked[0]!.answer(true)
  await settled()
  const first = client.sent.length
  t.ok(first < 9_000, `${first} answers in the first turn`)
  client.say([48, 20_001, {}, 'none'])
  while (asked.length < 2) await settled()
  t.equal(client.sent.length, 9_999)
  await settled()
  t.equal(client.sent.length, 9_999, 'what stands behind it waits')
  asked[1]!.answer(true)
  while (client.sent.length < 20_001) await settled()
  t.same(client.heard().map(([type, request, call]) => type === 8 ? call : request), Array.from({ length: 20_001 }, (_, i) => i + 1))
})

t.test('the authorizer is asked about each session separately, even for sessions of one principal [AZN-12]', async (t) => {
  const asked: ((answer: boolean) => void)[] = []
  const authorizer = (): Promise<boolean> => new Promise((resolve) => { asked.push(resolve) })
  const { router } = buildRouter({ realms: { realm1: { roles: { anonymous: {}, user: { authorizer } } } } })
  const [one, two] = [router.join('realm1', { authid: 'joe', role: 'user' }), router.join('realm1', { authid: 'joe', role: 'user' })]
  const other = router.join('realm1', { authid: 'ann', role: 'user' })
  const calls = [one.call('p'), two.call('p'), other.call('p'), one.subscribe('p', () => {})]
  const outcomes = Promise.allSettled(calls)
  await settled()
  t.equal(asked.length, 3)
  for (const answer of asked.splice(0)) answer(false)
  await settled()
  t.equal(asked.length, 1, 'a subscription is another thing')
  asked[0]!(true)
  t.same((await outcomes).map(({ status }) => status), ['rejected', 'rejected', 'rejected', 'fulfilled'])
})

t.test('a violation in the queue ends the session as usual [PVI-01]', async (t) => {
  const { join, asked } = buildThinking()
  const client = await join()
  client.say([48, 1, {}, 'slow'], [48, 2, { progress: true }, 'p'], [32, 3, {}, 'a'])
  asked[0]!.answer(true)
  await settled()
  t.match(client.heard(), [[8, 48, 1], [3, { message: String }, 'wamp.error.protocol_violation']])
  t.equal(client.closedBy, 'violation')
})

/** A clock that only goes on when it is told. */
function stopClock (t: Test): (milliseconds: number) => Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  let time = 0
  t.capture(performance, 'now', () => time)
  return async (milliseconds) => {
    time += milliseconds
    mock.timers.tick(milliseconds)
    await settled()
  }
}

t.test('the timeout of a call runs while it waits behind another request, and continues afterwards [TMO-01, TMO-02]', async (t) => {
  const pass = stopClock(t)
  const { join, asked } = buildThinking()
  const [client, callee] = [await join(), await join()]
  callee.ask([64, 1, {}, 'p'])
  client.say([32, 1, {}, 'slow'], [48, 2, { timeout: 50 }, 'p'], [48, 3, { timeout: 100 }, 'p'], [48, 4, { timeout: 150 }, 'slow.p'], [48, 5, {}, 'p'])
  await pass(49)
  t.same(client.heard(), [])
  await pass(1)
  t.match(client.heard(), [[8, 48, 2, {}, 'wamp.error.timeout']])
  await pass(40)
  asked[0]!.answer(true)
  await settled()
  t.match(client.heard(), [[33, 1]])
  t.match(callee.heard(), [[68, 1]], 'only the one that has time left')
  await pass(10)
  t.match(client.heard(), [[8, 48, 3, {}, 'wamp.error.timeout']], '100 ms after it came')
  await pass(49)
  t.same(client.heard(), [])
  await pass(1)
  t.match(client.heard(), [[8, 48, 4, {}, 'wamp.error.timeout']], 'an authorizer that thinks about it has no more time than that')
  t.match(callee.heard().filter(([type]) => type === 68), [[68, 2]], 'what waited for it goes on')
})

t.test('the timeout of a waiting progressive call is that of its first CALL, and ends all of its input [TMO-01]', async (t) => {
  const pass = stopClock(t)
  const { join, asked } = buildThinking()
  const [client, callee] = [await join(helloAs({ roles: { subscriber: {}, caller: { features: { progressive_call_invocations: true } } } })), await join(helloAs({}, ['progressive_call_invocations', 'call_canceling']))]
  callee.ask([64, 1, {}, 'p'])
  client.say([48, 1, { progress: true, timeout: 50 }, 'p'])
  t.match(callee.heard(), [[68, 1]])
  client.say([32, 2, {}, 'slow'], [48, 1, { timeout: 10 }, 'p'], [48, 3, { progress: true, timeout: 30 }, 'p'], [48, 3, { timeout: 10 }, 'p'])
  await pass(29)
  t.same(client.heard(), [], 'further input has no time of its own')
  await pass(1)
  t.match(client.heard(), [[8, 48, 3, {}, 'wamp.error.timeout']])
  asked[0]!.answer(true)
  await settled()
  t.match(client.heard(), [[33, 2]])
  t.match(callee.heard(), [[68, 1]], 'the input of the first call')
  await pass(20)
  t.match(client.heard(), [[8, 48, 1, {}, 'wamp.error.timeout']])
})

const progressive = helloAs({ roles: { caller: { features: { progressive_call_invocations: true } } } })

t.test('further input of a call that was refused, timed out or canceled before it was routed is no new call, and breaks no rule', async (t) => {
  const pass = stopClock(t)
  for (const strictRequestIds of [false, true]) {
    const answers: ((allow: boolean) => void)[] = []
    const authorizer = (_session: unknown, uri: string, action: string): boolean | Promise<boolean> =>
      uri === 'slow' && action === 'call' ? new Promise((resolve) => { answers.push(resolve) }) : uri !== 'forbidden' || action === 'register'
    const contract = { procedures: { checked: { args: { items: [{ type: 'integer' }] } } } } as const
    const { join } = buildRouter({ realms: { realm1: { strictRequestIds, contract, roles: { anonymous: { authorizer } } } }, limits: { pendingCalls: 1 } })
    const [client, callee] = [await join(progressive), await join(helloAs({}, ['progressive_call_invocations', 'call_canceling']))]
    for (const [i, uri] of ['slow', 'forbidden', 'checked', 'one', 'two'].entries()) callee.ask([64, i + 1, {}, uri])
    callee.heard()

    const begin = async (id: number, uri: string, options: object = {}): Promise<void> => {
      client.say([48, id, { progress: true, ...options }, uri, ['x']])
      await settled()
    }
    const end = async (id: number, uri: string): Promise<unknown[][]> => {
      client.say([48, id, {}, uri, [1]])
      answers.splice(0).forEach((answer) => { answer(true) })
      await settled()
      return client.heard()
    }
    await begin(1, 'forbidden')
    t.match(await end(1, 'forbidden'), [[8, 48, 1, {}, 'wamp.error.not_authorized']])
    await begin(2, 'nothing')
    t.match(await end(2, 'nothing'), [[8, 48, 2, {}, 'wamp.error.no_such_procedure']])
    await begin(3, 'checked')
    t.match(await end(3, 'checked'), [[8, 48, 3, {}, 'wamp.error.invalid_argument']])
    await begin(4, 'slow', { timeout: 50 })
    await pass(50)
    t.match(await end(4, 'slow'), [[8, 48, 4, {}, 'wamp.error.timeout']])
    await begin(5, 'slow')
    client.say([49, 5, {}])
    t.match(await end(5, 'slow'), [[8, 48, 5, {}, 'wamp.error.canceled']])
    await begin(6, 'one')
    await begin(7, 'two')
    t.match(await end(7, 'two'), [[8, 48, 7, {}, 'wamp.error.limit_exceeded']])
    t.match(callee.heard(), [[68, 1]], 'but for the one that was made, nobody is called')
    t.same(await end(6, 'one'), [])
    t.match(callee.heard(), [[68, 1]])
  }
})

t.test('CANCEL of a call whose further input waits ends the call itself, and no call is ended twice', async (t) => {
  const { join, asked } = buildThinking()
  const [client, callee] = [await join(progressive), await join(helloAs({}, ['progressive_call_invocations', 'call_canceling']))]
  callee.ask([64, 1, {}, 'p'])
  client.say([48, 1, { progress: true }, 'p'], [48, 2, {}, 'slow'], [48, 1, { progress: true }, 'p'], [48, 1, {}, 'p'])
  t.match(callee.heard(), [[68, 1]])
  client.say([49, 1, {}], [49, 1, {}])
  t.match(client.heard(), [[8, 48, 1, {}, 'wamp.error.canceled']])
  t.match(callee.heard(), [[69, 1]], 'the callee is told')
  client.say([49, 2, {}], [49, 2, {}])
  await settled()
  t.match(client.heard(), [[8, 48, 2, {}, 'wamp.error.canceled']])
  asked[0]!.answer(true)
  await settled()
  t.same([client.heard(), callee.heard()], [[], []])
})

t.test('no timeout runs for a call that is canceled or whose session has left', async (t) => {
  const pass = stopClock(t)
  const { join } = buildThinking()
  const [gone, client] = [await join(), await join()]
  for (const one of [gone, client]) one.say([32, 1, {}, 'slow'], [48, 2, { timeout: 50 }, 'p'])
  client.say([49, 2, {}])
  gone.connection.closed()
  t.match(client.heard(), [[8, 48, 2, {}, 'wamp.error.canceled']])
  await pass(50)
  t.same([client.heard(), gone.heard()], [[], []])
})

t.test('in a strict realm, the ids of calls that end while they wait count as used [IDS-10]', async (t) => {
  const pass = stopClock(t)
  let decide = (_allow: boolean): void => {}
  const authorizer = (_session: unknown, uri: string): boolean | Promise<boolean> => uri !== 'slow' || new Promise((resolve) => { decide = resolve })
  const { join } = buildRouter({ realms: { realm1: { strictRequestIds: true, roles: { anonymous: { authorizer } } } } })
  const client = await join()
  client.say([32, 1, {}, 'slow'], [48, 2, { timeout: 50 }, 'p'], [48, 3, {}, 'p'], [32, 4, {}, 'a'], [49, 3, {}])
  await pass(50)
  decide(true)
  await settled()
  t.match(client.heard(), [[8, 48, 3, {}, 'wamp.error.canceled'], [8, 48, 2, {}, 'wamp.error.timeout'], [33, 1], [33, 4]])
})

t.test('an authorizer that does not answer in time has failed [AZN-02]', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { join, asked, logged } = buildThinking()
  const client = await join()
  client.say([48, 1, {}, 'slow'], [48, 2, {}, 'none'])
  mock.timers.tick(4_999)
  await settled()
  t.same(client.heard(), [])
  mock.timers.tick(1)
  await settled()
  t.match(client.heard(), [[8, 48, 1, {}, 'wamp.error.authorization_failed'], [8, 48, 2, {}, 'wamp.error.no_such_procedure']])
  t.match(logged, [/the authorizer failed.*in time/])
  asked[0]!.answer(true)
  await settled()
  t.same(client.heard(), [])
})
