import { addExtension } from 'msgpackr'
import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { buildParties, head } from '../helper/build-parties.ts'
import { everything } from '../helper/build-router.ts'
import type { Peer } from '../helper/peer.ts'
import { forEachTransport } from '../helper/transports.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const acknowledge = { acknowledge: true }
const eventHistory = [{ uri: 'com.a' }, { uri: 'com.b' }, { uri: 'com.', match: 'prefix' }, { uri: 'org..x', match: 'wildcard' }, { uri: 'few', limit: 2 }] as const
const getEvents = 'wamp.subscription.get_events'

interface StoredEvent { timestamp: string, subscription: number, publication: number, details: { topic?: string }, args?: unknown[], kwargs?: object }

async function lookup (client: Peer, uri: string, match = 'exact'): Promise<number> {
  const [, , , [id]] = await client.ask([48, 900, {}, 'wamp.subscription.lookup', [uri, { match }]]) as [50, number, object, [number]]
  return id
}

async function events (client: Peer, id: number, kwargs: object = {}): Promise<StoredEvent[]> {
  const [type, , error, result] = await client.ask([48, 901, {}, getEvents, [id], kwargs]) as [number, number, object, [StoredEvent[]]]
  if (type !== 50) throw new Error(JSON.stringify(error))
  return result[0]
}

/** The first arguments of events: what the tests number them by. */
function numbers (stored: StoredEvent[]): unknown[] {
  return stored.map(({ args }) => args?.[0])
}

forEachTransport(t, 'each configured history stores matching events in order, even without subscribers [HIS-01, HIS-02, HIS-03, HIS-13]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { realm: { eventHistory } })
  await alice.ask([32, 1, {}, 'wamp.subscription.on_delete'])
  for (const [i, topic] of ['com.a', 'com.b', 'com.b', 'com.c', 'com.b'].entries()) await alice.ask([16, 1, acknowledge, topic, [i]])
  const [a, b, prefix] = [await lookup(bob, 'com.a'), await lookup(bob, 'com.b'), await lookup(bob, 'com.', 'prefix')]
  t.same([numbers(await events(bob, a)), numbers(await events(bob, b)), numbers(await events(bob, prefix))], [[0], [1, 2, 4], [0, 1, 2, 3, 4]])
  t.same(numbers(await events(bob, prefix, { topic: 'com.b' })), [1, 2, 4])
  t.match(await bob.ask([32, 1, {}, 'com.a']), [33, 1, a])
  t.same(await bob.ask([34, 2, a]), [35, 2])
  t.equal(await lookup(bob, 'com.a'), a, 'it stays when its last subscriber goes')
  t.same(await alice.fence(), [], 'and is not said to be deleted')
  t.same(await events(bob, await lookup(bob, 'org..x', 'wildcard')), [], 'none is an empty list')
})

forEachTransport(t, 'a stored event has its time and id, and the publisher if disclosed at that time [HIS-07, HIS-08, HIS-12, TRP-18]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { realm: { eventHistory } })
  const before = Date.now()
  const [, , publication] = await alice.ask([16, 1, { ...acknowledge, disclose_me: true }, 'com.a', [1], { k: 'ä' }])
  await alice.ask([16, 2, acknowledge, 'com.a'])
  const [exact, prefix] = [await lookup(bob, 'com.a'), await lookup(bob, 'com.', 'prefix')]
  const [type, , , args, kwargs] = await bob.ask([48, 1, {}, getEvents, [exact]]) as [number, number, object, [StoredEvent[]], object | undefined]
  t.equal(type, 50)
  t.same(kwargs, undefined)
  t.equal(args.length, 1, 'one positional value')
  const [[first, second]] = args
  const publisher = { publisher: alice.id, publisher_authid: 'alice', publisher_authrole: 'user' }
  t.match(first, { timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, subscription: exact, publication, details: publisher, args: [1], kwargs: { k: 'ä' } })
  t.ok(Date.parse(first!.timestamp) >= before && Date.parse(first!.timestamp) <= Date.now())
  t.same(Object.keys(second!), ['timestamp', 'subscription', 'publication', 'details'], 'no args, no kwargs')
  t.same((await events(bob, prefix))[0]!.details, { ...publisher, topic: 'com.a' })
  t.same(numbers((await bob.ask([48, 2, {}, getEvents, [exact, 1]]) as any)[3][0]), [1], 'a limit may stand second, as in Crossbar.io')
})

forEachTransport(t, 'the newest events come first if requested, and the limit then starts with them [HIS-03, HIS-06]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { realm: { eventHistory } })
  const id = await lookup(bob, 'com.a')
  for (let i = 0; i < 5; i++) await alice.ask([16, 1, acknowledge, 'com.a', [i]])
  t.same(numbers(await events(bob, id, { limit: 2 })), [0, 1])
  t.same(numbers(await events(bob, id, { reverse: true })), [4, 3, 2, 1, 0])
  t.same(numbers(await events(bob, id, { reverse: true, limit: 2 })), [4, 3])
  const pages: unknown[] = []
  for (let page = await events(bob, id, { limit: 2 }); page.length > 0; page = await events(bob, id, { limit: 2, after_publication: page.at(-1)!.publication })) pages.push(numbers(page))
  t.same(pages, [[0, 1], [2, 3], [4]])
  const back = await events(bob, id, { limit: 2, reverse: true })
  t.same(numbers(await events(bob, id, { limit: 2, reverse: true, before_publication: back.at(-1)!.publication })), [2, 1])
})

forEachTransport(t, 'a range is given by times or by publications, inclusive or exclusive [HIS-04, HIS-05]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { realm: { eventHistory } })
  const id = await lookup(bob, 'com.a')
  for (let i = 0; i < 5; i++) await alice.ask([16, 1, acknowledge, 'com.a', [i]])
  const stored = await events(bob, id)
  const [second, fourth] = [stored[1]!.publication, stored[3]!.publication]
  for (const [kwargs, wanted] of [
    [{ from_publication: second }, [1, 2, 3, 4]], [{ after_publication: second }, [2, 3, 4]], [{ before_publication: fourth }, [0, 1, 2]], [{ until_publication: fourth }, [0, 1, 2, 3]],
    [{ from_publication: second, until_publication: fourth }, [1, 2, 3]], [{ after_publication: second, before_publication: fourth }, [2]],
    [{ after_publication: fourth, before_publication: second }, []], [{ from_publication: 1 }, []]
  ] as const) t.same(numbers(await events(bob, id, kwargs)), wanted, JSON.stringify(kwargs))
  const at = stored[2]!.timestamp
  const same = stored.filter(({ timestamp }) => timestamp === at).map(({ args }) => args![0])
  const [earlier, later] = [stored.filter(({ timestamp }) => timestamp < at), stored.filter(({ timestamp }) => timestamp > at)].map(numbers)
  for (const [kwargs, wanted] of [
    [{ from_time: at }, [...same, ...later!]], [{ after_time: at }, later], [{ before_time: at }, earlier], [{ until_time: at }, [...earlier!, ...same]],
    [{ from_time: '1999-12-31T23:59:59Z', until_time: '2999-01-01T00:00:00+02:00' }, [0, 1, 2, 3, 4]], [{ after_time: '2999-01-01T00:00:00.5Z' }, []]
  ] as const) t.same(numbers(await events(bob, id, kwargs)), wanted, JSON.stringify(kwargs))
})

forEachTransport(t, 'a caller gets no event that it could not have received, or that was for selected sessions [HIS-09, BWL-07]', async (t, transport) => {
  const { login, alice, bob, carol } = await buildParties(t, transport, { realm: { eventHistory } })
  const id = await lookup(bob, 'com.a')
  for (const [i, lists] of [{ eligible_authrole: ['staff'] }, { exclude_authid: ['carol'] }, { exclude: [1] }, { eligible: [bob.id] }, { eligible_authid: [] }, { exclude_authrole: ['user'] }].entries()) {
    await alice.ask([16, 1, { ...acknowledge, ...lists }, 'com.a', [i]])
  }
  t.same(numbers(await events(bob, id)), [1])
  t.same(numbers(await events(carol, id)), [0, 5])
  t.same(numbers(await events(await login('alice'), id)), [1])
})

forEachTransport(t, 'a caller without permission to subscribe cannot read the history [HIS-10, HIS-11]', async (t, transport) => {
  const user = { permissions: [{ uri: 'wamp.', match: 'prefix', allow: { call: true } }, { uri: 'com.b', allow: { subscribe: true } }] } as const
  const { alice, carol } = await buildParties(t, transport, { user, realm: { eventHistory } })
  for (const [uri, error] of [['com.a', 'wamp.error.not_authorized'], ['com.b', undefined]] as const) {
    const answer = await alice.ask([48, 1, {}, getEvents, [await lookup(carol, uri)]])
    t.same(error === undefined ? answer[0] : answer[4], error ?? 50)
  }
  t.equal((await alice.ask([48, 1, {}, getEvents, [await lookup(carol, 'com.', 'prefix')]]))[4], 'wamp.error.not_authorized')
  const [, , plain] = await carol.ask([32, 1, {}, 'plain'])
  t.same(head(await carol.ask([48, 2, {}, getEvents, [plain]])), [8, 48, 2, {}, 'wamp.error.history_unavailable'])
  t.same(head(await carol.ask([48, 3, {}, getEvents, [999_999]])), [8, 48, 3, {}, 'wamp.error.no_such_subscription'])
  const [, , meta] = await carol.ask([32, 4, {}, 'wamp.session.on_join'])
  t.same(head(await carol.ask([48, 5, {}, getEvents, [meta]])), [8, 48, 5, {}, 'wamp.error.not_authorized'])
})

forEachTransport(t, 'the error for a filter of the wrong type names the filter [HIS-14]', async (t, transport) => {
  const { bob } = await buildParties(t, transport, { realm: { eventHistory } })
  const id = await lookup(bob, 'com.a')
  for (const [name, value] of [
    ['reverse', 1], ['limit', 0], ['limit', 'x'], ['limit', 1.5], ['topic', 5], ['from_time', 'yesterday'], ['after_time', 5], ['before_time', '2020-01-01'],
    ['until_time', '2020-13-01T00:00:00Z'], ['from_publication', 'x'], ['after_publication', 0], ['before_publication', 1.5], ['until_publication', []]
  ] as const) {
    const answer = await bob.ask([48, 1, {}, getEvents, [id], { [name]: value }])
    t.match(answer, [8, 48, 1, {}, 'wamp.error.invalid_argument', [new RegExp(`^${name} `)]], `${name} ${String(value)}`)
  }
  t.match(await bob.ask([48, 1, {}, getEvents, ['x']]), [8, 48, 1, {}, 'wamp.error.invalid_argument'])
  t.match(await bob.ask([48, 1, {}, getEvents]), [8, 48, 1, {}, 'wamp.error.invalid_argument'])
})

forEachTransport(t, 'a history stores 100 events by default [HIS-13]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { realm: { eventHistory } })
  for (let i = 0; i < 110; i++) alice.send([16, 1, {}, 'com.a', [i]])
  await alice.fence()
  t.same(numbers(await events(bob, await lookup(bob, 'com.a'))), Array.from({ length: 100 }, (_, i) => i + 10))
})

forEachTransport(t, 'a history stores no more events than configured, and an answer does not exceed the message limit [HIS-13]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { realm: { eventHistory }, plugin: { limits: { messageSize: 10_000, storedBytes: 26_500 } } })
  for (let i = 0; i < 5; i++) await alice.ask([16, 1, acknowledge, 'few', [i]])
  t.same(numbers(await events(bob, await lookup(bob, 'few'))), [3, 4])
  for (let i = 0; i < 10; i++) await alice.ask([16, 1, acknowledge, 'com.a', [i, 'x'.repeat(4000)]])
  const id = await lookup(bob, 'com.a')
  t.same(numbers(await events(bob, id)), [4, 5])
  t.same(numbers(await events(bob, id, { reverse: true })), [9, 8])
})

t.test('events that the serializer of the caller cannot represent are omitted, and all others are returned', async (t) => {
  const { app, url } = await buildApp(t, { realms: { realm1: { roles: { anonymous: everything }, eventHistory } } })
  const [json, msgpack, cbor] = await Promise.all(wireCodecs.map((codec) => WireClient.join(t, url, codec))) as [WireClient, WireClient, WireClient]
  const id = await lookup(json, 'com.a')
  addExtension({ type: 5, unpack: (octets: Buffer) => octets })
  // In JSON an integer that nobody else can read, in MessagePack an extension and an integer that all can read, in CBOR a key that is no name.
  json.socket.send(`[16,1,{"acknowledge":true},"com.a",[1,${'1'.repeat(1300)}]]`)
  await json.next()
  for (const values of ['9202d40500', '9203cfffffffffffffffff']) {
    msgpack.socket.send(Buffer.concat([Buffer.from('95100181ab61636b6e6f776c65646765c3a5636f6d2e61', 'hex'), Buffer.from(values, 'hex')]))
    await msgpack.next()
  }
  cbor.socket.send(Buffer.concat([Buffer.from('851001a16b61636b6e6f776c65646765f565636f6d2e61', 'hex'), Buffer.from('8204a1f501', 'hex')]))
  await cbor.next()
  await json.ask([16, 2, acknowledge, 'com.a', [5]])
  t.same(numbers(await events(json, id)), [3, 5])
  t.same(numbers(await events(cbor, id)), [3, 5])
  t.same(numbers(await events(msgpack, id)), [2, 3, 5])
  t.same(numbers(await events(json, id, { limit: 1 })), [3], 'a limit counts what is left')
  t.same((await app.wamp.join('realm1').call<StoredEvent[]>(getEvents, [id])).map(({ args }) => args?.[0]), [2, 3, 5])
})
