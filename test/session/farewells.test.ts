import t from 'tap'
import { isTurnOver, spend, UNITS_OF_TURN, unitsSpent } from '../../plugin/work.ts'
import { buildRouter, everything, HELLO, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

const MANY = 1_000
const realms = { realm1: { roles: { anonymous: everything } } }
const goodbye = [6, {}, 'wamp.close.killed']

/** A client that ends others, and many others, who are subscribed to a topic. */
async function crowd (): Promise<{ router: ReturnType<typeof buildRouter>['router'], staff: TestClient, others: TestClient[] }> {
  const { router, join } = buildRouter({ realms })
  const staff = await join()
  const others: TestClient[] = []
  for (let i = 0; i < MANY; i++) {
    const other = await join()
    other.ask([32, 1, {}, 'com.example.news'])
    others.push(other)
  }
  return { router, staff, others }
}

/** Waits until all have been told GOODBYE. Returns the units of each turn that this took. */
async function toldAll (others: readonly TestClient[]): Promise<number[]> {
  const spent: number[] = []
  while (others.some(({ sent }) => sent.length === 0)) {
    const before = unitsSpent()
    await settled()
    spent.push(unitsSpent() - before)
  }
  return spent
}

t.test('sessions killed by one message end at once, and their GOODBYEs are sent in turns [MSE-16]', async (t) => {
  for (const procedure of ['kill_by_authrole', 'kill_all']) {
    const { router, staff, others } = await crowd()
    while (!isTurnOver()) spend(UNITS_OF_TURN)
    await settled()
    const before = unitsSpent()
    staff.say([48, 1, {}, `wamp.session.${procedure}`, procedure === 'kill_all' ? [] : ['anonymous']])
    t.match(staff.heard(), [[50, 1, {}, [MANY]]])
    t.ok(unitsSpent() - before < 4 * UNITS_OF_TURN, `${unitsSpent() - before} units at once`)
    t.equal(router.sessions('realm1').length, 1)
    staff.say([16, 2, {}, 'com.example.news'])
    const last = others.at(-1)!
    last.say([16, 2, {}, 'com.example.other'], [48, 3, {}, 'wamp.session.count'])
    const spent = await toldAll(others)
    t.ok(spent.length > 10 && spent.every((units) => units < 1.5 * UNITS_OF_TURN), `in ${spent.length} turns of at most ${Math.max(...spent)} units`)
    t.ok(others.every(({ sent }) => sent.length === 1), 'nothing but GOODBYE is sent')
    t.same(last.heard(), [goodbye])
    last.say([6, {}, 'wamp.close.goodbye_and_out'])
    t.equal(last.closedBy, 'normal')
  }
})

t.test('a client that leaves before its GOODBYE was sent receives nothing more', async (t) => {
  const { staff, others } = await crowd()
  staff.say([48, 1, {}, 'wamp.session.kill_all'])
  const [leaving, aborting, gone] = others.slice(-3) as [TestClient, TestClient, TestClient]
  t.same([leaving, aborting, gone].flatMap(({ sent }) => sent), [], 'they have not been told yet')
  leaving.say([6, {}, 'wamp.close.close_realm'])
  aborting.say([3, {}, 'wamp.error.x'])
  gone.connection.closed()
  await toldAll(others.slice(0, -3))
  await settled()
  t.same([leaving, aborting, gone].flatMap(({ sent }) => sent), [])
  t.same([leaving.closedBy, aborting.closedBy, gone.closedBy], ['normal', 'normal', undefined])
})

t.test('a login attempt that is ended is aborted at once', async (t) => {
  const { connect } = buildRouter({ realms, auth: { ticket: { type: 'static', principals: { joe: { ticket: 'x', role: 'anonymous' } } } } })
  const client = connect().say([1, 'realm1', { ...HELLO[2] as object, authid: 'joe', authmethods: ['ticket'] }])
  await settled()
  client.connection.end('wamp.close.killed')
  t.match(client.sent, [[4], [3, {}, 'wamp.close.killed']])
})
