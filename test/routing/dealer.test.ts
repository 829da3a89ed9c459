import { mock } from 'node:test'
import fc from 'fast-check'
import t from 'tap'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

const CANCELING = helloAs({}, ['call_canceling'])

t.test('a CALL becomes an INVOCATION, and its answer a RESULT, with unchanged payloads [REG-01, CAL-01, CAL-03, CAL-09, IDS-15, MSG-15, MSG-17]', async (t) => {
  const { join } = buildRouter()
  const [caller, callee] = [await join(), await join()]
  const registered = callee.ask([64, 1, {}, 'p'])!
  t.match(registered, [65, 1, Number])
  const id = registered[2]
  for (const [i, payload] of [[], [[1, 'ä']], [[], { k: [null] }], [[1], { k: 2 }]].entries()) {
    caller.say([48, 10 + i, {}, 'p', ...payload])
    t.same(callee.heard(), [[68, i + 1, id, {}, ...payload]])
    callee.say([70, i + 1, {}, ...payload])
    t.same(caller.heard(), [[50, 10 + i, {}, ...payload]])
  }
  caller.say([48, 20, {}, 'p', [], {}])
  t.same(callee.heard(), [[68, 5, id, {}]])
  callee.say([8, 68, 5, { secret: 1 }, 'com.example.error', ['no'], { why: 2 }])
  t.same(caller.heard(), [[8, 48, 20, {}, 'com.example.error', ['no'], { why: 2 }]])
})

t.test('a call of an unregistered procedure is answered with an error [CAL-02, URI-12]', async (t) => {
  const { join } = buildRouter()
  const [caller, callee] = [await join(), await join()]
  t.match(caller.ask([48, 1, {}, 'none']), [8, 48, 1, {}, 'wamp.error.no_such_procedure', [String]])
  for (const [i, [uri, match]] of ([['', 'prefix'], ['w', 'prefix'], ['.session.fly', 'wildcard']] as const).entries()) t.match(callee.ask([64, i + 1, { match }, uri]), [65])
  t.match(caller.ask([48, 2, {}, 'wamp.session.fly']), [8, 48, 2, {}, 'wamp.error.no_such_procedure'], 'a pattern registration never receives calls of reserved URIs [TRP-44]')
  t.same(callee.heard(), [])
})

t.test('a procedure is registered once per match policy, and can be registered again when it is gone [REG-02, REG-03, REG-04, SHR-06]', async (t) => {
  const { join } = buildRouter()
  const [one, two] = [await join(), await join()]
  const id = one.ask([64, 1, {}, 'p'])![2]
  for (const client of [one, two]) t.match(client.ask([64, 2, { invoke: 'roundrobin' }, 'p']), [8, 64, 2, {}, 'wamp.error.procedure_already_exists'])
  for (const match of ['prefix', 'wildcard']) t.match(two.ask([64, 3, { match }, 'p']), [65])
  t.match(two.ask([66, 4, id]), [8, 66, 4, {}, 'wamp.error.no_such_registration'])
  t.same(one.ask([66, 5, id]), [67, 5])
  t.match(one.ask([66, 6, id]), [8, 66, 6, {}, 'wamp.error.no_such_registration'])
  t.match(two.ask([64, 7, {}, 'p']), [65])
})

t.test('the details contain the called procedure if the callee cannot know it [PAR-06, PAR-02, OPT-07, TRP-43]', async (t) => {
  const { join } = buildRouter()
  const [caller, callee] = [await join(), await join()]
  callee.say([64, 1, { match: 'prefix' }, 'com.'], [64, 2, { match: 'wildcard' }, 'com..z'])
  callee.heard()
  caller.say([48, 1, {}, 'com.a.z'])
  t.match(callee.heard(), [[68, 1, Number, { procedure: 'com.a.z' }]])
})

t.test('invocation ids count from 1 for each callee [IDS-07, IDS-08, IDS-17, TRP-30]', async (t) => {
  const { join } = buildRouter()
  const [caller, one, two] = [await join(), await join(), await join()]
  one.say([64, 1, {}, 'one'])
  two.say([64, 1, {}, 'two'])
  one.heard()
  two.heard()
  for (const [i, procedure] of ['one', 'two', 'one', 'one', 'two'].entries()) caller.say([48, i + 1, {}, procedure])
  t.same([one, two].map((callee) => callee.heard().map(([, id]) => id)), [[1, 2, 3], [1, 2]])
  two.say([70, 1, {}, ['of two']])
  one.say([70, 1, {}, ['of one']])
  t.same(caller.heard(), [[50, 2, {}, ['of two']], [50, 1, {}, ['of one']]])
})

t.test('an answer to an unknown invocation is a violation, and a late answer is not [PVI-06, PVI-07, PVI-08, PVI-09, TRP-12]', async (t) => {
  for (const answer of [[70, 2, {}], [8, 68, 2, {}, 'a.b']]) {
    const { join } = buildRouter()
    const [caller, callee, stranger] = [await join(), await join(), await join()]
    callee.say([64, 1, {}, 'p'])
    caller.say([48, 1, {}, 'p'], [49, 1, {}])
    callee.heard()
    callee.say([...answer.slice(0, answer.length), ...[]].map((element) => element === 2 ? 1 : element))
    t.same(callee.heard(), [], 'late')
    t.equal(callee.closedBy, undefined)
    callee.say(answer)
    t.match(callee.heard(), [[3, { message: /never sent/ }, 'wamp.error.protocol_violation']])
    stranger.say(answer)
    t.equal(stranger.closedBy, 'violation')
  }
})

t.test('the caller is disclosed at its request, at that of the callee, or by role [CID-01, CID-02, CID-03, CID-04, CID-05, CID-07, TRP-06]', async (t) => {
  const auth = { anonymous: { type: 'static', authid: 'joe' } } as const
  for (const [disclose, register, call, disclosed] of [
    [{}, {}, {}, false], [{}, {}, { disclose_me: true }, true], [{}, { disclose_caller: true }, {}, true], [{ caller: true }, {}, {}, true]
  ] as const) {
    const permissions = [{ uri: 'p', allow: { call: true, register: true }, disclose }]
    const { join } = buildRouter({ auth, realms: { realm1: { roles: { anonymous: { permissions } } } } })
    const [caller, callee] = [await join(), await join()]
    callee.ask([64, 1, register, 'p'])
    caller.say([48, 1, call, 'p'])
    t.same(callee.heard()[0]![3], disclosed ? { caller: caller.id, caller_authid: 'joe', caller_authrole: 'anonymous' } : {})
  }
  const { join } = buildRouter({ realms: { realm1: { roles: { anonymous: { ...everything, allowDiscloseMe: false } } } } })
  const client = await join()
  t.match(client.ask([64, 1, { disclose_caller: true }, 'p']), [8, 64, 1, {}, 'wamp.error.option_disallowed.disclose_me'])
  t.match(client.ask([48, 2, { disclose_me: true }, 'p']), [8, 48, 2, {}, 'wamp.error.option_disallowed.disclose_me'])
})

t.test('a session may call its own procedures while other calls continue [CAL-07, LEA-05, ORD-02]', async (t) => {
  const { join } = buildRouter()
  const client = await join()
  client.say([64, 1, {}, 'p'], [48, 2, {}, 'p'], [48, 3, {}, 'p'])
  t.same(client.heard().map(([type]) => type), [65, 68, 68])
  client.say([70, 2, {}], [70, 1, {}])
  t.same(client.heard(), [[50, 3, {}], [50, 2, {}]])
  client.say([48, 4, {}, 'p'])
  client.heard()
  client.connection.closed()
  t.same(client.heard(), [])
})

t.test('an unregistered callee can still answer earlier invocations [REG-05, REG-06]', async (t) => {
  const { join } = buildRouter()
  const [caller, callee] = [await join(), await join()]
  const id = callee.ask([64, 1, {}, 'p'])![2]
  caller.say([48, 1, {}, 'p'])
  callee.say([66, 2, id], [70, 1, {}, [1]])
  t.same(caller.heard(), [[50, 1, {}, [1]]])
  t.match(caller.ask([48, 2, {}, 'p']), [8, 48, 2, {}, 'wamp.error.no_such_procedure'])
})

t.test('a call with the id of one that has not ended is a violation', async (t) => {
  const { join } = buildRouter()
  const client = await join()
  client.say([64, 1, {}, 'p'], [48, 2, {}, 'p'], [48, 2, {}, 'p'])
  t.match(client.heard().at(-1), [3, {}, 'wamp.error.protocol_violation'])
})

t.test('the mode of CANCEL determines who is answered and interrupted [FEA-10, CAN-01, CAN-02, CAN-03, CAN-04, CAN-05, CAN-06, CAN-07, CAN-11, TRP-27, TRP-39, OPT-06]', async (t) => {
  const canceled = [8, 48, 1, {}, 'wamp.error.canceled', ['the call was canceled']]
  for (const [announced, mode, heardByCaller, heardByCallee] of [
    [true, 'skip', [canceled], []],
    [true, 'kill', [], [[69, 1, { mode: 'kill' }]]],
    [true, 'killnowait', [canceled], [[69, 1, { mode: 'killnowait' }]]],
    [true, undefined, [canceled], [[69, 1, { mode: 'killnowait' }]]],
    [false, 'skip', [canceled], []],
    [false, 'kill', [canceled], []],
    [false, 'killnowait', [canceled], []]
  ] as const) {
    const { join } = buildRouter()
    const [caller, callee] = [await join(), await join(announced ? CANCELING : helloAs())]
    callee.ask([64, 1, {}, 'p'])
    caller.say([49, 1, {}], [48, 1, {}, 'p'])
    callee.heard()
    caller.say([49, 1, mode === undefined ? {} : { mode }])
    t.same([caller.heard(), callee.heard()], [heardByCaller, heardByCallee], `${String(mode)}, ${announced ? 'announced' : 'not announced'}`)
    caller.say([49, 1, { mode: 'kill' }])
    t.same(callee.heard(), [], 'a repeated kill is ignored')
    callee.say([70, 1, {}, [1]])
    t.same(caller.heard(), heardByCaller.length === 0 ? [[50, 1, {}, [1]]] : [], 'a canceled call has exactly one answer [CAL-04, CAN-08]')
  }
})

t.test('a call canceled in mode kill can be abandoned if it takes too long [CAN-07, CAN-09]', async (t) => {
  const { join } = buildRouter()
  const [caller, callee] = [await join(), await join(CANCELING)]
  callee.ask([64, 1, {}, 'p'])
  caller.say([48, 1, {}, 'p'], [49, 1, { mode: 'kill' }], [49, 1, { mode: 'skip' }])
  t.match(caller.heard(), [[8, 48, 1, {}, 'wamp.error.canceled']])
})

t.test('when the caller leaves, the callee is interrupted if it can be [LEA-01, LEA-06]', async (t) => {
  for (const how of ['goodbye', 'abort', 'lost'] as const) {
    for (const announced of [true, false]) {
      const { join } = buildRouter()
      const [caller, callee] = [await join(), await join(announced ? CANCELING : helloAs())]
      callee.ask([64, 1, {}, 'p'])
      caller.say([48, 1, {}, 'p'])
      callee.heard()
      if (how === 'goodbye') caller.say([6, {}, 'a.b'])
      else if (how === 'abort') caller.say([3, {}, 'a.b'])
      else caller.connection.closed()
      t.same(callee.heard(), announced ? [[69, 1, { mode: 'killnowait' }]] : [])
      callee.say([70, 1, {}])
      t.equal(callee.closedBy, undefined, 'a late answer is no violation')
      caller.connection.closed()
    }
  }
})

t.test('when the callee leaves, the caller gets an error, and no other callee is tried [LEA-02, LEA-03, LEA-04, TRP-05]', async (t) => {
  const { join } = buildRouter()
  const [caller, callee, other] = [await join(), await join(), await join()]
  callee.ask([64, 1, {}, 'p'])
  other.ask([64, 1, { match: 'prefix' }, 'p'])
  caller.say([48, 1, {}, 'p'])
  callee.connection.closed()
  t.match(caller.heard(), [[8, 48, 1, {}, 'wamp.error.canceled', ['the callee has left']]])
  t.same(other.heard(), [])
})

t.test('a call fails at once if its callee cannot be reached, or if the callee\'s serializer cannot represent it [SER-14]', async (t) => {
  const { join } = buildRouter()
  const [caller, callee] = [await join(), await join()]
  callee.ask([64, 1, {}, 'p'])
  for (const [delivery, error] of [['congested', 'network_failure'], ['closed', 'network_failure'], ['unencodable', 'invalid_argument']] as const) {
    callee.delivery = delivery
    t.match(caller.ask([48, 1, {}, 'p']), [8, 48, 1, {}, `wamp.error.${error}`])
  }
})

t.test('an action without permission is refused, whether or not the procedure exists [REG-07, CAL-05, AZN-01, AZN-02]', async (t) => {
  const { join, connect } = buildRouter({ realms: { realm1: { roles: { anonymous: {}, other: everything } } } })
  const client = await join()
  const other = connect({ methods: { mine: () => ({ authid: 'x', role: 'other' }) } }).say(helloAs({ authmethods: ['mine'] }))
  await new Promise(setImmediate)
  other.say([64, 1, {}, 'p'])
  for (const uri of ['p', 'none']) {
    t.match(client.ask([48, 1, {}, uri]), [8, 48, 1, {}, 'wamp.error.not_authorized', [String]])
    t.match(client.ask([64, 1, {}, uri]), [8, 64, 1, {}, 'wamp.error.not_authorized'])
    t.match(client.ask([32, 1, {}, uri]), [8, 32, 1, {}, 'wamp.error.not_authorized'])
    t.match(client.ask([16, 1, { acknowledge: true }, uri]), [8, 16, 1, {}, 'wamp.error.not_authorized'])
  }
})

t.test('a registration that cannot answer is not replaced by a less specific one [PAR-07]', async (t) => {
  const { join } = buildRouter()
  const [caller, exact, prefix] = [await join(), await join(), await join()]
  exact.ask([64, 1, {}, 'p'])
  prefix.ask([64, 1, { match: 'prefix' }, 'p'])
  exact.delivery = 'congested'
  t.match(caller.ask([48, 1, {}, 'p']), [8, 48, 1, {}, 'wamp.error.network_failure'])
  t.same(prefix.heard(), [])
})

t.test('too many calls and registrations are refused with the name of the limit', async (t) => {
  const { join } = buildRouter({ limits: { pendingCalls: 2, pendingInvocations: 3, registrations: 1 } })
  const [one, two, callee] = [await join(), await join(), await join()]
  callee.ask([64, 1, {}, 'p'])
  t.match(callee.ask([64, 2, {}, 'q']), [8, 64, 2, {}, 'fastify_wamp.error.limit_exceeded', [/limits\.registrations/]])
  one.say([48, 1, {}, 'p'], [48, 2, {}, 'p'])
  t.match(one.ask([48, 3, {}, 'p']), [8, 48, 3, {}, 'fastify_wamp.error.limit_exceeded', [/limits\.pendingCalls/]])
  two.say([48, 1, {}, 'p'])
  t.match(two.ask([48, 2, {}, 'p']), [8, 48, 2, {}, 'wamp.error.network_failure', [/limits\.pendingInvocations/]])
  callee.say([70, 1, {}])
  one.heard()
  one.say([48, 4, {}, 'p'])
  t.same(one.heard(), [], 'an answer makes room')
})

t.test('a call beyond a limit is refused before its payload is decoded for a contract', async (t) => {
  const contract = { procedures: { p: { args: { type: 'array', items: { type: 'integer' } } } } } as const
  const { join } = buildRouter({ realms: { realm1: { roles: { anonymous: everything }, contract } }, limits: { pendingCalls: 1 } })
  const [caller, callee] = [await join(), await join()]
  callee.ask([64, 1, {}, 'p'])
  t.match(caller.ask([48, 1, {}, 'p', ['one']]), [8, 48, 1, {}, 'wamp.error.invalid_argument'])
  caller.say([48, 2, {}, 'p', [1]])
  t.match(caller.ask([48, 3, {}, 'p', ['one']]), [8, 48, 3, {}, 'fastify_wamp.error.limit_exceeded'])
})

t.test('a callee whose values would use too much memory is skipped, and the caller learns the limit if there is no other callee', async (t) => {
  const { join } = buildRouter()
  const [caller, first, second] = [await join(), await join(), await join()]
  for (const callee of [first, second]) callee.ask([64, 1, { invoke: 'first' }, 'p'])
  first.delivery = 'full'
  caller.say([48, 1, {}, 'p'])
  t.match(second.heard(), [[68]])
  second.delivery = 'full'
  t.match(caller.ask([48, 2, {}, 'p']), [8, 48, 2, {}, 'fastify_wamp.error.limit_exceeded', [/^limits\.heldBytes/]])
})

t.test('a caller with hanging calls leaves room for others, for all procedures of the callee', async (t) => {
  const { join } = buildRouter({ limits: { pendingInvocations: 100 } })
  const [hog, second, honest, callee] = [await join(), await join(), await join(), await join()]
  callee.ask([64, 1, {}, 'p'])
  callee.ask([64, 2, {}, 'q'])
  const call = (caller: typeof hog, count: number, procedure: string): number => {
    const before = callee.heard().length
    t.equal(before, 0)
    for (let i = 0; i < count; i++) caller.say([48, i + 1, {}, procedure])
    caller.heard()
    return callee.heard().length
  }
  t.equal(call(hog, 200, 'p'), 51)
  t.equal(call(honest, 10, 'q'), 10)
  t.equal(call(second, 200, 'p'), 20)
  hog.connection.closed()
  const late = await join()
  callee.heard()
  t.equal(call(late, 200, 'p'), 36, 'what hung makes room when it ends')
})

/** What can happen to a call, from either side: whatever comes first, and whatever second, the caller hears one end. */
const happenings: Readonly<Record<string, (call: Table) => void | Promise<void>>> = {
  result: ({ callee }) => { callee.say([70, 1, {}, ['result']]) },
  progress: ({ callee }) => { callee.say([70, 1, { progress: true }, ['some']]) },
  error: ({ callee }) => { callee.say([8, 68, 1, {}, 'com.example.error']) },
  unavailable: ({ callee }) => { callee.say([8, 68, 1, {}, 'wamp.error.unavailable']) },
  'a result of the other callee': ({ other }) => { if (other.sent.some(([type]) => type === 68)) other.say([70, 1, {}, ['result']]) },
  skip: ({ caller }) => { caller.say([49, 1, { mode: 'skip' }]) },
  kill: ({ caller }) => { caller.say([49, 1, { mode: 'kill' }]) },
  killnowait: ({ caller }) => { caller.say([49, 1, { mode: 'killnowait' }]) },
  'more input': ({ caller }) => { caller.say([48, 1, { progress: true }, 'p']) },
  'last input': ({ caller }) => { caller.say([48, 1, {}, 'p']) },
  'the time is up': ({ pass }) => { pass() },
  'the callee unregisters': ({ callee, registration }) => { callee.say([66, 90, registration]) },
  'the callee is revoked': ({ staff, callee, registration }) => { staff.say([48, 90, {}, 'wamp.registration.remove_callee', [registration, callee.id]]); return settled() },
  'the procedure is taken over': ({ staff }) => { staff.say([64, 91, { force_reregister: true }, 'p']) },
  'the caller leaves': ({ caller }) => { caller.connection.closed() },
  'the callee leaves': ({ callee }) => { callee.connection.closed() },
  'the caller is killed': ({ staff, caller }) => { staff.say([48, 92, {}, 'wamp.session.kill', [caller.id]]); return settled() },
  'the callee is killed': ({ staff, callee }) => { staff.say([48, 93, {}, 'wamp.session.kill', [callee.id]]); return settled() }
}

interface Table {
  readonly caller: TestClient & { id: number }
  readonly callee: TestClient & { id: number }
  readonly other: TestClient & { id: number }
  readonly staff: TestClient & { id: number }
  readonly registration: unknown
  /** Lets the call's time run out. */
  readonly pass: () => void
}

const features = Object.fromEntries(['call_canceling', 'call_reroute', 'progressive_call_results', 'progressive_call_invocations'].map((name) => [name, true]))
const ABLE = [1, 'realm1', { roles: { caller: { features }, callee: { features } } }]

t.test('each call ends exactly once, whatever happens, and leaves nothing behind [TRP-60, CAL-04, SES-20, SHR-11, TMO-09, LEA-06]', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const now = t.capture(performance, 'now', () => time)
  let time = 0
  for (const [first, one] of Object.entries(happenings)) {
    for (const [second, two] of Object.entries(happenings)) {
      const { join } = buildRouter({ limits: { pendingCalls: 1 }, realms: { realm1: { roles: { anonymous: { permissions: [{ uri: '', match: 'prefix', allow: { call: true, register: true, forceReregister: true } }] } } } } })
      const [caller, callee, other, staff] = [await join(ABLE), await join(ABLE), await join(ABLE), await join(ABLE)]
      const shared = { invoke: 'first', concurrency: 1 }
      const registration = callee.ask([64, 1, shared, 'p'])![2]
      other.ask([64, 1, shared, 'p'])
      caller.say([48, 1, { timeout: 50, progress: true, receive_progress: true }, 'p'])
      const table = { caller, callee, other, staff, registration, pass: () => { time += 50; mock.timers.tick(50) } }
      await one(table)
      await two(table)
      // Whatever has not ended it by now, this does.
      for (const client of [callee, other]) if (client.sent.some(([type]) => type === 68)) client.say([70, 1, {}])
      const ends = caller.heard().filter((message) => (message[0] === 50 && (message[2] as { progress?: boolean }).progress !== true) || (message[0] === 8 && message[1] === 48))
      const gone = [first, second].some((name) => name.startsWith('the caller'))
      t.ok(gone ? ends.length <= 1 : ends.length === 1, `${first}, then ${second}: ${ends.length}`)
      t.ok([callee, other, staff].every(({ closedBy }) => closedBy === undefined || closedBy === 'normal'), `${first}, then ${second}: no violation`)
      // Concurrency and pending calls are 1: there is only room if nothing was left behind.
      const again = gone ? staff : caller
      again.heard()
      again.say([48, 200, {}, 'p'])
      const refusals = again.heard().filter(([type]) => type === 8).map((message) => message[4])
      t.notOk(refusals.some((error) => error !== 'wamp.error.no_such_procedure'), `${first}, then ${second}: ${String(refusals)}`)
      for (const client of [caller, callee, other, staff]) client.connection.closed()
    }
  }
  t.ok(now().length > 0)
})

t.test('the timeout of a call restarts with each result, and ends with the call [TMO-07, TMO-09]', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  let time = 0
  t.capture(performance, 'now', () => time)
  const pass = (milliseconds: number): void => {
    time += milliseconds
    mock.timers.tick(milliseconds)
  }
  const { join } = buildRouter()
  const [caller, callee] = [await join(ABLE), await join(ABLE)]
  callee.ask([64, 1, {}, 'p'])
  caller.say([48, 1, { timeout: 50, receive_progress: true }, 'p'], [48, 2, { timeout: 50 }, 'p'])
  for (let i = 0; i < 3; i++) {
    pass(49)
    callee.say([70, 1, { progress: true }, [i]])
    callee.say([70, 2, {}])
    t.ok(caller.heard().every(([type]) => type === 50), `${time} ms`)
  }
  pass(49)
  t.same(caller.heard(), [])
  pass(1)
  t.match(caller.heard(), [[8, 48, 1, {}, 'wamp.error.timeout']])
  t.same(callee.heard().filter(([type]) => type === 69), [[69, 1, { mode: 'killnowait' }]])
})

t.test('a caller that stays learns the end of each call once, whatever sessions do, and nothing is left when all have left', async (t) => {
  const uris = ['p', 'q', 'p.q']
  const act = fc.record({ who: fc.nat(3), what: fc.nat(9), uri: fc.constantFrom(...uris), n: fc.nat(30), match: fc.constantFrom('exact', 'prefix', 'wildcard'), mode: fc.constantFrom('skip', 'kill', 'killnowait') })
  await fc.assert(fc.asyncProperty(fc.array(act, { maxLength: 80 }), async (acts) => {
    const { join, router } = buildRouter()
    const clients = [await join(CANCELING), await join(), await join(CANCELING), await join()]
    const calls = clients.map(() => new Map<number, number>())
    let request = 100
    for (const { who, what, uri, n, match, mode } of acts) {
      const client = clients[who]!
      if (client.closedBy !== undefined) continue
      request++
      if (what < 2) client.say([64, request, { match }, uri])
      else if (what < 5) {
        calls[who]!.set(request, 0)
        client.say([48, request, {}, uri])
      } else if (what < 7) {
        const invocations = client.sent.filter(([type]) => type === 68)
        if (invocations.length > 0) client.say([70, invocations[n % invocations.length]![1], {}])
      } else if (what === 7) client.say([49, [...calls[who]!.keys()][n % calls[who]!.size] ?? 1, { mode }])
      else if (what === 8) client.say([66, request, n])
      else if (who > 1) client.connection.closed()
    }
    for (const client of clients.slice(1)) client.connection.closed()
    const [first] = clients
    for (const invocation of first!.sent.filter(([type]) => type === 68)) first!.say([70, invocation[1], {}])
    for (const message of first!.sent) {
      const id = message[0] === 50 ? message[1] : message[0] === 8 && message[1] === 48 ? message[2] : undefined
      if (id !== undefined) calls[0]!.set(id as number, (calls[0]!.get(id as number) ?? 0) + 1)
    }
    if ([...calls[0]!.values()].some((answers) => answers !== 1)) throw new Error(JSON.stringify([...calls[0]!]))
    first!.connection.closed()
    if (router.sessions('realm1').length > 0) throw new Error('sessions are left')
  }), { numRuns: 400, seed: 1 })
  t.pass('400 histories')
})
