import t from 'tap'
import type { Authorization, AuthorizingSession } from 'fastify-wamp'
import { buildParties, head } from '../helper/build-parties.ts'
import { settled } from '../helper/build-router.ts'
import { forEachTransport } from '../helper/transports.ts'

const procedure = 'com.example.authorize'
const byProcedure = { user: { authorizer: procedure } } as const

forEachTransport(t, 'a procedure decides, with the session, the URI, the action and the options [AZN-01, AZN-09, AZN-10]', async (t, transport) => {
  const { app, alice } = await buildParties(t, transport, byProcedure)
  const asked: unknown[] = []
  await app.wamp.join('realm1').register<[AuthorizingSession, string, string, object]>(procedure, ({ args: [session, uri, action, options] }) => {
    t.match(session, { session: alice.id, authid: 'alice', authrole: 'user', authmethod: 'ticket', authprovider: 'static', transport: alice.transport })
    t.notOk(JSON.stringify(session).includes('of alice'), 'never the ticket')
    asked.push([uri, action, options])
    return uri === 'yes' ? true : uri.startsWith('yes.') ? { allow: true } : uri === 'no' ? false : { allow: false }
  })
  const answers: unknown[] = []
  for (const message of [
    [32, 1, {}, 'yes'], [32, 2, { match: 'prefix' }, 'yes.'], [32, 3, { get_retained: true }, 'no'], [64, 4, { invoke: 'first' }, 'yes'], [64, 5, {}, 'other'], [16, 6, { acknowledge: true }, 'yes'],
    [16, 7, { acknowledge: true }, 'no'], [48, 8, {}, 'no']
  ]) {
    const answer = await alice.ask(message)
    answers.push(answer[0] === 8 ? answer[4] : answer[0])
  }
  const denied = 'wamp.error.not_authorized'
  t.same(answers, [33, 33, denied, 65, denied, 17, denied, denied])
  t.same(asked, [
    ['yes', 'subscribe', {}], ['yes.', 'subscribe', { match: 'prefix' }], ['no', 'subscribe', { get_retained: true }], ['yes', 'register', { invoke: 'first' }], ['other', 'register', {}],
    ['yes', 'publish', { acknowledge: true }], ['no', 'publish', { acknowledge: true }], ['no', 'call', {}]
  ])
  alice.send([16, 9, {}, 'nobody.listens'])
  t.same(await alice.fence(), [])
  t.same(asked.pop(), ['nobody.listens', 'publish', {}], 'even where nobody could notice')
  t.same(head(await alice.ask([32, 9, {}, 'a..b'])), [8, 32, 9, {}, 'wamp.error.invalid_uri'])
  t.same(head(await alice.ask([64, 10, {}, 'wamp.mine'])), [8, 64, 10, {}, 'wamp.error.invalid_uri'], 'what is no matter of permission is not asked')
  t.equal(asked.length, 8)
})

forEachTransport(t, 'a failing authorizer denies the request, and the client does not learn why [AZN-02, AZN-10, SUB-06, REG-07, CAL-05, PUB-01, ORD-06]', async (t, transport) => {
  const answers: unknown[] = [undefined, null, 1, 'yes', [], {}, { allow: 1 }, { allow: true, validate: {} }, { allow: true, unknown: 1 }, { allow: true, disclose: 'x' }, { allow: true, cache: 1 }, { allow: true, trustlevel: -1 }]
  let answer: unknown
  const { alice } = await buildParties(t, transport, { user: { authorizer: () => answer as Authorization } })
  for (const wrong of answers) {
    answer = wrong
    t.match(await alice.ask([48, 1, {}, 'p']), [8, 48, 1, {}, 'wamp.error.authorization_failed', [String]], JSON.stringify(wrong))
  }
  const failing = [() => { throw new Error('secret of the app') }, async () => { throw new Error('secret of the app') }]
  for (const authorizer of failing) {
    const { alice } = await buildParties(t, transport, { user: { authorizer } })
    for (const message of [[32, 1, {}, 'a'], [64, 2, {}, 'a'], [48, 3, {}, 'a'], [16, 4, { acknowledge: true }, 'a']]) {
      const refused = await alice.ask(message)
      t.same(head(refused), [8, message[0], message[1], {}, 'wamp.error.authorization_failed'])
      t.notMatch(JSON.stringify(refused), /secret/)
    }
    alice.send([16, 5, {}, 'a'])
    t.same(await alice.fence(), [], 'nothing is said of a publication that asks for no acknowledgement')
  }
  const { alice: lonely } = await buildParties(t, transport, byProcedure)
  t.same(head(await lonely.ask([48, 1, {}, 'p'])), [8, 48, 1, {}, 'wamp.error.authorization_failed'], 'there is no such procedure')
})

forEachTransport(t, 'an authorizer may disclose, set a trust level, and allow a takeover [AZN-10, PID-03, TRU-01, FRR-04]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { user: { authorizer: async (_session, _uri, action) => ({ allow: true, ...(action === 'register' ? { force_reregister: true } : { disclose: true, trustlevel: 4 }) }) } })
  await carol.ask([32, 1, {}, 'a'])
  await carol.ask([64, 2, {}, 'p'])
  alice.send([16, 1, {}, 'a'], [48, 2, {}, 'p'])
  const who = (name: string): object => ({ [name]: alice.id, [`${name}_authid`]: 'alice', [`${name}_authrole`]: 'user', trustlevel: 4 })
  t.same([(await carol.next())[3], (await carol.next())[3]], [who('publisher'), who('caller')])
  t.match(await bob.ask([64, 1, { force_reregister: true }, 'p']), [65, 1])
})

forEachTransport(t, 'while an authorizer decides, messages keep their order; answers do not wait [PUB-08, CAL-06, ORD-01, AZN-13]', async (t, transport) => {
  const thinking: (() => void)[] = []
  const { alice, bob } = await buildParties(t, transport, { user: { authorizer: (_session, uri, action) => uri === 'slow' ? new Promise((resolve) => { thinking.push(() => { resolve(true) }) }) : action !== 'call' || uri !== 'no' } })
  await bob.ask([32, 1, {}, 'fast'])
  await bob.ask([64, 2, {}, 'p'])
  await alice.ask([64, 1, {}, 'q'])
  bob.send([32, 3, {}, 'slow'])
  alice.send([16, 2, {}, 'slow', [1]], [16, 3, {}, 'fast', [2]], [48, 4, {}, 'p', [3]], [48, 5, {}, 'no'], [34, 6, 999_999])
  // Bob is parked, too, and yet answers: the call came before.
  while (thinking.length < 2) await settled()
  bob.send([48, 4, {}, 'q'])
  t.same(thinking.length, 2, 'nobody else is asked meanwhile')
  thinking[0]!()
  t.match(await bob.next(), [33, 3])
  t.match(await alice.next(), [68, 1])
  alice.send([70, 1, {}, ['at once']])
  t.same(await bob.next(), [50, 4, {}, ['at once']])
  thinking[1]!()
  t.match([await bob.next(), await bob.next(), await bob.next()], [[36, Number, Number, {}, [1]], [36, Number, Number, {}, [2]], [68, 1, Number, {}, [3]]])
  t.same([head(await alice.next()), head(await alice.next())], [[8, 48, 5, {}, 'wamp.error.not_authorized'], [8, 34, 6, {}, 'wamp.error.no_such_subscription']])
})

forEachTransport(t, 'a client that leaves while an authorizer decides gets no answer, and leaves nothing behind [SES-22]', async (t, transport) => {
  const thinking: (() => void)[] = []
  const { alice, carol } = await buildParties(t, transport, { user: { authorizer: () => new Promise((resolve) => { thinking.push(() => { resolve(true) }) }) } })
  await carol.ask([32, 1, {}, 'wamp.session.on_leave'])
  alice.send([64, 1, {}, 'p'], [32, 2, {}, 'a'])
  while (thinking.length === 0) await settled()
  alice.terminate()
  await carol.next()
  thinking[0]!()
  await settled()
  t.equal(thinking.length, 1, 'what had waited is not even asked for')
  t.same(head(await carol.ask([48, 2, {}, 'p'])), [8, 48, 2, {}, 'wamp.error.no_such_procedure'])
})

forEachTransport(t, 'a requested decision is cached for the same principal, action, URI and match [AZN-11, AZN-12, TRP-47]', async (t, transport) => {
  const asked: string[] = []
  const { app, alice, bob } = await buildParties(t, transport, {
    user: {
      authorizer: async ({ authid }, uri, action, { match = 'exact' }) => {
        asked.push(`${authid} ${action} ${uri} ${String(match)}`)
        return { allow: authid === 'alice', cache: uri !== 'each.time' }
      }
    }
  })
  const ask = async (client: typeof alice, ...message: unknown[]): Promise<unknown> => (await client.ask(message))[0]
  for (let i = 1; i < 4; i++) t.equal(await ask(alice, 32, i, {}, 'a'), 33)
  t.equal(await ask(bob, 32, 1, {}, 'a'), 8, 'one user\'s decision is not another\'s')
  t.equal(await ask(alice, 32, 5, { match: 'prefix' }, 'a'), 33)
  t.equal(await ask(alice, 64, 6, {}, 'a'), 65)
  for (let i = 7; i < 9; i++) t.equal(await ask(alice, 32, i, {}, 'each.time'), 33)
  t.same(asked.splice(0), ['alice subscribe a exact', 'bob subscribe a exact', 'alice subscribe a prefix', 'alice register a exact', 'alice subscribe each.time exact', 'alice subscribe each.time exact'])
  app.wamp.forgetDecisions('realm1', { authid: 'bob' })
  for (const client of [alice, bob]) await client.ask([32, 9, {}, 'a'])
  t.same(asked.splice(0), ['bob subscribe a exact'])
  app.wamp.forgetDecisions('realm1', { authrole: 'staff' })
  await alice.ask([32, 10, {}, 'a'])
  t.same(asked, [])
  app.wamp.forgetDecisions('realm1')
  await alice.ask([32, 11, {}, 'a'])
  t.same(asked, ['alice subscribe a exact'])
})

forEachTransport(t, 'testaments and histories are authorized as well [TES-07, HIS-10]', async (t, transport) => {
  const { alice, carol } = await buildParties(t, transport, { realm: { eventHistory: [{ uri: 'a' }] }, user: { authorizer: async (_session, uri, action) => action === 'call' || uri === 'a' } })
  await carol.ask([32, 1, {}, 'a'])
  const add = 'wamp.session.add_testament'
  t.same(head(await alice.ask([48, 1, {}, add, ['b', [], {}]])), [8, 48, 1, {}, 'wamp.error.not_authorized'])
  for (const [i, text] of ['first', 'second'].entries()) t.same(await alice.ask([48, 2 + i, {}, add, ['a', [text], {}]]), [50, 2 + i, {}])
  const [, , , [id]] = await alice.ask([48, 5, {}, 'wamp.subscription.lookup', ['a']]) as [50, number, object, [number]]
  t.same(await alice.ask([48, 6, {}, 'wamp.subscription.get_events', [id]]), [50, 6, {}, [[]]])
  alice.terminate()
  t.same([(await carol.next())[4], (await carol.next())[4]], [['first'], ['second']])
})
