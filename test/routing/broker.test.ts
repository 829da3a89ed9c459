import t from 'tap'
import { buildRouter, helloAs, everything } from '../helper/build-router.ts'

t.test('a subscription is shared, and a second SUBSCRIBE gets the same id [SUB-01, SUB-02, SUB-03, IDS-05, IDS-06, IDS-15]', async (t) => {
  const { join } = buildRouter()
  const [one, two] = [await join(), await join()]
  const [, , id] = one.ask([32, 1, {}, 'a'])!
  t.same(one.ask([32, 2, { match: 'exact' }, 'a']), [33, 2, id])
  t.same(two.ask([32, 1, {}, 'a']), [33, 1, id])
  t.ok((id as number) < 2 ** 32)
  for (const match of ['prefix', 'wildcard']) t.not(one.ask([32, 3, { match }, 'a'])![2], id, match)
  two.say([16, 2, {}, 'a', [1]])
  t.match(one.heard().filter(([, subscription]) => subscription === id), [[36]], 'one event on it')
})

t.test('UNSUBSCRIBE ends a subscription, and an unknown subscription is an error [SUB-04, SUB-05]', async (t) => {
  const { join } = buildRouter()
  const [one, two] = [await join(), await join()]
  const id = one.ask([32, 1, {}, 'a'])![2]
  t.same(two.ask([34, 1, id])!.slice(0, 5), [8, 34, 1, {}, 'wamp.error.no_such_subscription'])
  t.same(one.ask([34, 2, id]), [35, 2])
  t.same(one.ask([34, 3, id])!.slice(0, 5), [8, 34, 3, {}, 'wamp.error.no_such_subscription'])
  two.say([16, 2, {}, 'a'])
  t.same(one.heard(), [])
})

t.test('a PUBLISH is answered once if it requests acknowledgment, otherwise never [PUB-01, PUB-02, PUB-03, PUB-04, IDS-04]', async (t) => {
  const { join } = buildRouter({ realms: { realm1: { roles: { anonymous: { permissions: [{ uri: 'a', allow: { publish: true, subscribe: true } }] } } } } })
  const [one, two] = [await join(), await join()]
  const id = two.ask([32, 1, {}, 'a'])![2]
  one.say([16, 1, {}, 'a', [1], { k: 2 }], [16, 2, {}, 'b'], [16, 3, {}, 'not a uri'])
  t.same(one.heard(), [])
  t.match(two.heard(), [[36, id, Number, {}, [1], { k: 2 }]])
  const published = one.ask([16, 4, { acknowledge: true }, 'a'])!
  t.match(published, [17, 4, Number])
  t.same(two.heard(), [[36, id, published[2], {}]])
  t.match(one.ask([16, 5, { acknowledge: true }, 'b']), [8, 16, 5, {}, 'wamp.error.not_authorized', [String]])
  t.match(one.ask([16, 6, { acknowledge: true }, 'not a uri']), [8, 16, 6, {}, 'wamp.error.invalid_uri', [String]])
})

t.test('the publishing session is excluded, unless it asks otherwise; other sessions of the user are not [PUB-06, PUB-07, BWL-06, TRP-13]', async (t) => {
  const { join } = buildRouter({ auth: { anonymous: { type: 'static', authid: 'joe' } } })
  const [one, two] = [await join(), await join()]
  for (const client of [one, two]) client.say([32, 1, {}, 'a'])
  one.heard()
  two.heard()
  one.say([16, 2, {}, 'a', [1]], [16, 3, { exclude_me: true }, 'a', [2]], [16, 4, { eligible: [one.id] }, 'a', [3]])
  t.same(one.heard(), [])
  t.same(two.heard().map((event) => event[4]), [[1], [2]])
  one.say([16, 5, { exclude_me: false, acknowledge: true }, 'a', [4]])
  t.same(one.heard().map(([type]) => type), [17, 36], 'PUBLISHED first')
})

t.test('receivers are the sessions in every eligible list and in no exclude list [BWL-01, BWL-02, BWL-03, BWL-04, BWL-05, TRP-17]', async (t) => {
  const { join, connect } = buildRouter({ realms: { realm1: { roles: { anonymous: everything, other: everything } } } })
  const publisher = await join()
  const named = async (authid: string, role: string) => {
    const client = connect({ methods: { mine: () => ({ authid, role }) } }).say(helloAs({ authmethods: ['mine'] }))
    await new Promise(setImmediate)
    const id = client.heard()[0]![1] as number
    client.say([32, 1, {}, 'a'])
    client.heard()
    return { client, id, authid }
  }
  const all = [await named('ann', 'anonymous'), await named('bob', 'other'), await named('cid', 'other')]
  const [ann, bob, cid] = all.map(({ id }) => id)
  for (const [options, reached] of [
    [{ eligible: [ann, bob, cid], exclude: [ann] }, 'bob cid'],
    [{ exclude_authid: ['bob', 'none'] }, 'ann cid'],
    [{ exclude_authrole: ['other'] }, 'ann'],
    [{ eligible_authid: ['ann', 'bob'], eligible_authrole: ['other'] }, 'bob'],
    [{ eligible: [], eligible_authid: ['ann'] }, ''],
    [{ eligible: [] }, ''],
    [{ eligible_authrole: [] }, ''],
    [{ exclude: [], exclude_authid: [], exclude_authrole: [] }, 'ann bob cid'],
    [{ eligible: [publisher.id, 12345] }, '']
  ] as const) {
    publisher.say([16, 1, options, 'a'])
    t.equal(all.filter(({ client }) => client.heard().length > 0).map(({ authid }) => authid).join(' '), reached, JSON.stringify(options))
  }
})

t.test('the publisher is disclosed by request or by role, and a request may be refused [PID-01, PID-02, PID-03, PID-04, PID-06, TRP-07]', async (t) => {
  for (const [role, options, disclosed] of [
    [{}, {}, false],
    [{}, { disclose_me: false }, false],
    [{}, { disclose_me: true }, true],
    [{ disclose: { publisher: true } }, {}, true]
  ] as const) {
    const permissions = [{ uri: 'a', allow: { publish: true, subscribe: true }, ...role }]
    const { join } = buildRouter({ realms: { realm1: { roles: { anonymous: { permissions } } } }, auth: { anonymous: { type: 'static', authid: 'joe' } } })
    const [one, two] = [await join(), await join()]
    two.say([32, 1, {}, 'a'])
    two.heard()
    one.say([16, 1, options, 'a'])
    t.same(two.heard()[0]![3], disclosed ? { publisher: one.id, publisher_authid: 'joe', publisher_authrole: 'anonymous' } : {})
  }
  const permissions = [{ uri: 'a', allow: { publish: true, subscribe: true } }]
  const { join } = buildRouter({ realms: { realm1: { roles: { anonymous: { permissions, allowDiscloseMe: false } } } } })
  const [one, two] = [await join(), await join()]
  two.say([32, 1, {}, 'a'])
  two.heard()
  t.match(one.ask([16, 1, { disclose_me: true, acknowledge: true }, 'a']), [8, 16, 1, {}, 'wamp.error.option_disallowed.disclose_me'])
  one.say([16, 2, { disclose_me: true }, 'a'])
  t.same([one.heard(), two.heard()], [[], []], 'and it is not dispatched')
})

t.test('a session receives an event once for each matching subscription, with the topic if the subscription is a pattern [PUB-05, PAS-03, PAS-04, PAS-05, PAS-07, OPT-08]', async (t) => {
  const { join } = buildRouter()
  const [one, two] = [await join(), await join()]
  const ids = [['com.x', 'exact'], ['com.', 'prefix'], ['.x', 'wildcard']].map(([topic, match], i) => one.ask([32, i + 1, { match }, topic])![2])
  one.say([32, 9, {}, 'com.y'])
  one.heard()
  const [, , publication] = two.ask([16, 1, { acknowledge: true }, 'com.x', [7]])!
  t.same(one.heard(), [[36, ids[0], publication, {}, [7]], [36, ids[1], publication, { topic: 'com.x' }, [7]], [36, ids[2], publication, { topic: 'com.x' }, [7]]])
})

t.test('unknown options do not become details [MSG-08, MSG-12]', async (t) => {
  const { join } = buildRouter()
  const [one, two] = [await join(), await join()]
  two.say([32, 1, { whatever: 1 }, 'a'])
  two.heard()
  one.say([16, 1, { publisher: 1, trustlevel: 5, topic: 'b', x_mine: 1 }, 'a'])
  t.same(two.heard()[0]![3], {})
})

t.test('events of one publisher arrive in order, across topics [PUB-08, ORD-01]', async (t) => {
  const { join } = buildRouter()
  const [one, two] = [await join(), await join()]
  two.say([32, 1, {}, 'a'], [32, 2, {}, 'b'])
  two.heard()
  for (let i = 0; i < 50; i++) one.say([16, i + 1, {}, i % 3 === 0 ? 'a' : 'b', [i]])
  t.same(two.heard().map((event) => (event[4] as number[])[0]), Array.from({ length: 50 }, (_, i) => i))
})

t.test('URIs are checked before permissions, by the rules for the type of message [URI-05, URI-07, URI-08, URI-09, URI-10, URI-13, SUB-06]', async (t) => {
  const { join } = buildRouter()
  const client = await join()
  const refused = 'wamp.error.invalid_uri'
  for (const uri of ['', 'a..b', '.a', 'a.', 'a b', 'a#']) {
    t.match(client.ask([32, 1, {}, uri]), [8, 32, 1, {}, refused], uri)
    t.match(client.ask([64, 1, {}, uri]), [8, 64, 1, {}, refused], uri)
    t.match(client.ask([48, 1, {}, uri]), [8, 48, 1, {}, refused], uri)
  }
  for (const [uri, match, type] of [['', 'prefix', 33], ['a.', 'prefix', 33], ['a..b', 'prefix', 8], ['a..b', 'wildcard', 33], ['..', 'wildcard', 33], ['a b.', 'wildcard', 8]] as const) {
    client.say([32, 1, { match }, uri])
    // What the pattern gets to hear of itself comes after.
    t.equal(client.heard()[0]![0], type, `${uri} as ${match}`)
  }
  client.connection.closed()
  const other = await join()
  t.match(other.ask([64, 1, {}, 'wamp.mine']), [8, 64, 1, {}, refused])
  t.match(other.ask([16, 1, { acknowledge: true }, 'wamp.mine']), [8, 16, 1, {}, refused])
  t.match(other.ask([32, 1, {}, 'wamp.session.on_join']), [33])
  t.match(other.ask([64, 1, {}, 'wampum.x']), [65])
  t.match(other.ask([32, 1, {}, 'wampum.x']), [33], 'topics and procedures share names')
  t.same(other.closedBy, undefined)
})

t.test('a strict realm accepts only lower-case letters, digits and _ [URI-04, URI-05, TRP-58]', async (t) => {
  const { join } = buildRouter({ realms: { realm1: { uriCheck: 'strict', roles: { anonymous: everything } } } })
  const client = await join()
  for (const [uri, type] of [['com.my_app.x1', 33], ['com.MyApp.x', 8], ['com.my-app', 8]] as const) t.equal(client.ask([32, 1, {}, uri])![0], type, uri)
})

t.test('too many subscriptions of a session are refused with the limit\'s name', async (t) => {
  const { join } = buildRouter({ limits: { subscriptions: 2 } })
  const client = await join()
  client.say([32, 1, {}, 'a'], [32, 2, {}, 'b'])
  t.match(client.ask([32, 3, {}, 'c']), [8, 32, 3, {}, 'fastify_wamp.error.limit_exceeded', [/limits\.subscriptions/]])
  t.match(client.ask([32, 4, {}, 'a']), [33, 4], 'one that it has is no further one')
})

t.test('subscriptions end with the session [SUB-07, PUB-09]', async (t) => {
  const { join } = buildRouter()
  const [one, two] = [await join(), await join()]
  one.say([32, 1, {}, 'a'])
  one.heard()
  one.connection.closed()
  two.say([16, 1, {}, 'a'])
  t.same(one.heard(), [])
  const id = two.ask([32, 2, {}, 'a'])![2]
  t.match(two.ask([34, 3, id]), [35, 3])
})
