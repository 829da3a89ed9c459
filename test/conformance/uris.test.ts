import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'
import { HELLO } from '../helper/wire-client.ts'

forEachTransport(t, 'a URI with empty components, whitespace or # is refused, and the session stays open [URI-02, URI-07, URI-08]', async (t, transport) => {
  const { alice } = await buildParties(t, transport)
  for (const uri of ['', '.', 'com..x', '.com', 'com.', 'com.a b', 'com.a\tb', 'com.#x', ' com', 'com\n']) {
    for (const type of [32, 64, 48]) t.same(head(await alice.ask([type, 1, {}, uri])), [8, type, 1, {}, 'wamp.error.invalid_uri'], `${type} ${uri}`)
    t.same(head(await alice.ask([16, 2, { acknowledge: true }, uri])), [8, 16, 2, {}, 'wamp.error.invalid_uri'])
    alice.send([16, 3, {}, uri], [16, 4, { acknowledge: false }, uri])
    t.same(await alice.fence(), [], 'nobody asked for an answer')
  }
})

forEachTransport(t, 'a URI may contain any other character [URI-02, URI-09, URI-11]', async (t, transport) => {
  const { alice } = await buildParties(t, transport)
  for (const uri of ['a', 'com.My-App.x', 'com.x/y', 'com.käse.奶酪', 'wampum.x', 'com.wamp.x', 'crossbar.x', '-', '*']) {
    t.match(await alice.ask([32, 1, {}, uri]), [33, 1, Number], uri)
    t.match(await alice.ask([64, 2, {}, uri]), [65, 2, Number], uri)
  }
})

forEachTransport(t, 'a prefix may end in an empty component, and a wildcard may have empty components anywhere [URI-03, URI-06]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const valid = [['prefix', 'com.x.'], ['prefix', 'com.x'], ['prefix', ''], ['wildcard', 'com..x'], ['wildcard', '.x'], ['wildcard', 'x.'], ['wildcard', '..']]
  for (const [match, uri] of valid) {
    for (const type of [32, 64]) {
      alice.send([type, 1, { match }, uri])
      // A pattern that covers the meta topics gets to hear of itself.
      t.match((await alice.fence()).find(([answer]) => answer !== 36), [type + 1, 1, Number], `${match} ${uri}`)
    }
  }
  const invalid = [['prefix', 'com..x'], ['prefix', '.'], ['prefix', 'com. '], ['prefix', '#'], ['wildcard', 'com..a b'], ['wildcard', '.#']]
  for (const [match, uri] of invalid) {
    for (const type of [32, 64]) t.same(head(await bob.ask([type, 1, { match }, uri])), [8, type, 1, {}, 'wamp.error.invalid_uri'], `${match} ${uri}`)
  }
})

forEachTransport(t, 'a strict realm accepts only lower-case letters, digits and underscores, and loose is the default [URI-04, URI-05, TRP-58]', async (t, transport) => {
  const { alice } = await buildParties(t, transport, { realm: { uriCheck: 'strict' } })
  for (const uri of ['com.MyApp.x', 'com.my-app', 'com.käse']) {
    for (const type of [32, 64, 48]) t.same(head(await alice.ask([type, 1, {}, uri])), [8, type, 1, {}, 'wamp.error.invalid_uri'], uri)
  }
  t.match(await alice.ask([32, 2, {}, 'com.my_app.x1']), [33, 2])
  t.match(await alice.ask([32, 3, { match: 'wildcard' }, 'com..x1']), [33, 3])
  const { alice: loose } = await buildParties(t, transport)
  t.match(await loose.ask([32, 1, {}, 'com.MyApp.x']), [33, 1])
})

forEachTransport(t, 'clients cannot publish or register under wamp, but can subscribe and call [URI-09, URI-10]', async (t, transport) => {
  const { alice } = await buildParties(t, transport)
  for (const uri of ['wamp', 'wamp.session.count']) {
    t.same(head(await alice.ask([64, 1, {}, uri])), [8, 64, 1, {}, 'wamp.error.invalid_uri'])
    t.same(head(await alice.ask([16, 2, { acknowledge: true }, uri])), [8, 16, 2, {}, 'wamp.error.invalid_uri'])
    alice.send([16, 3, {}, uri])
    t.same(await alice.fence(), [])
    t.match(await alice.ask([32, 4, {}, uri]), [33, 4])
    t.equal((await alice.ask([48, 5, {}, uri]))[0], uri === 'wamp' ? 8 : 50)
  }
})

forEachTransport(t, 'a pattern registration never receives calls of procedures of the router [URI-12, TRP-44]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  for (const [match, uri] of [['prefix', ''], ['prefix', 'w'], ['wildcard', '.session.fly'], ['wildcard', '..']]) t.match(await alice.ask([64, 1, { match }, uri]), [65, 1], `${match} ${uri}`)
  t.same(head(await bob.ask([48, 1, {}, 'wamp.session.fly'])), [8, 48, 1, {}, 'wamp.error.no_such_procedure'])
  t.same(await alice.fence(), [])
  bob.send([48, 2, {}, 'wampum.session.fly'])
  t.match(await alice.next(), [68, 1, Number, { procedure: 'wampum.session.fly' }])
})

forEachTransport(t, 'topics, procedures and errors may have the same names [URI-13]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  t.match(await alice.ask([32, 1, {}, 'com.x']), [33, 1])
  const [, , registration] = await alice.ask([64, 2, {}, 'com.x'])
  bob.send([48, 1, {}, 'com.x'])
  t.same(await alice.next(), [68, 1, registration, {}])
  alice.send([8, 68, 1, {}, 'com.x'])
  t.same(await bob.next(), [8, 48, 1, {}, 'com.x'])
})

forEachTransport(t, 'URIs are compared code point by code point [URI-17]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const uris = ['com.a', 'com.A', 'com.\u00e9', 'com.e\u0301', 'com.a\u200b']
  const ids: unknown[] = []
  for (const uri of uris) ids.push((await alice.ask([32, 1, {}, uri]))[2])
  t.equal(new Set(ids).size, uris.length)
  for (const [i, uri] of uris.entries()) {
    await bob.ask([16, 1, { acknowledge: true }, uri])
    t.same((await alice.fence()).map(([, id]) => id), [ids[i]])
  }
})

forEachTransport(t, 'an invalid realm is refused with ABORT, and so is null if the login does not determine a realm [URI-15, URI-16, TRP-08]', async (t, transport) => {
  const { connect } = await buildHost(t, transport)
  for (const [realm, reason] of [['com..x', 'wamp.error.invalid_uri'], ['', 'wamp.error.invalid_uri'], ['a b', 'wamp.error.invalid_uri'], [null, 'wamp.error.no_such_realm']]) {
    const client = await connect()
    t.match(await client.ask([1, realm, HELLO[2]]), [3, { message: String }, reason], String(realm))
    await client.closed
  }
})
