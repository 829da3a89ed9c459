import t from 'tap'
import { buildParties, head, violation } from '../helper/build-parties.ts'
import { everything } from '../helper/build-router.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'
import { HELLO } from '../helper/wire-client.ts'

forEachTransport(t, 'any message before HELLO is a violation, except ABORT [SES-01, SES-18, PVI-05, PVI-03, PVI-13, TRP-29]', async (t, transport) => {
  const { app, connect, join } = await buildHost(t, transport)
  const witness = await join()
  for (const topic of ['on_join', 'on_leave']) await witness.ask([32, 1, {}, `wamp.session.${topic}`])
  for (const early of [
    [5, 'x', {}], [6, {}, 'wamp.close.close_realm'], [8, 68, 1, {}, 'com.e'], [16, 1, {}, 'a'], [32, 1, {}, 'a'], [34, 1, 1],
    [48, 1, {}, 'a'], [49, 1, {}], [64, 1, {}, 'a'], [66, 1, 1], [70, 1, {}], [2, 1, {}], [4, 'ticket', {}]
  ]) {
    const client = await connect()
    client.send(early, HELLO)
    t.match(await client.next(), violation, JSON.stringify(early))
    t.equal(await client.closed, 1002)
  }
  t.same(app.wamp.sessions('realm1').map(({ session }) => session), [witness.id], 'the HELLO that followed was not heard')
  t.same(await witness.fence(), [], 'nor was anybody told')

  const aborting = await connect()
  aborting.send([3, {}, 'com.changed.my.mind'], HELLO)
  t.match(await aborting.next(), [2], 'ABORT is not answered')
})

forEachTransport(t, 'while a CHALLENGE is open, only AUTHENTICATE and ABORT are allowed [SES-01, PVI-02, PVI-05]', async (t, transport) => {
  const { connect } = await buildParties(t, transport)
  const hello = [1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'alice' }]
  for (const early of [hello, [32, 1, {}, 'a'], [6, {}, 'wamp.close.close_realm']]) {
    const client = await connect()
    t.match(await client.ask(hello), [4, 'ticket', {}])
    t.match(await client.ask(early), violation, JSON.stringify(early))
  }
})

forEachTransport(t, 'a session is neither visible nor reachable before its WELCOME [SES-03]', async (t, transport) => {
  const { app, connect } = await buildParties(t, transport)
  const client = await connect()
  await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'bob' }])
  t.same(app.wamp.sessions('realm1').map(({ authid }) => authid), ['alice', 'bob', 'carol'])
  t.equal(app.wamp.kick('realm1', {}), 3, 'nor is it meant by "all"')
  t.match(await client.ask([5, 'of bob', {}]), [2])
  t.same(app.wamp.sessions('realm1').map(({ authid }) => authid), ['bob'])
})

forEachTransport(t, 'an unknown realm is refused with an explanation [SES-06, SES-10]', async (t, transport) => {
  const { connect } = await buildHost(t, transport)
  const client = await connect()
  t.match(await client.ask([1, 'realm2', HELLO[2]]), [3, { message: /realm2/ }, 'wamp.error.no_such_realm'])
  await client.closed
})

forEachTransport(t, 'no message passes from one realm to another [SES-07]', async (t, transport) => {
  const roles = { anonymous: everything }
  const { connect, join } = await buildHost(t, transport, { realms: { realm1: { roles }, realm2: { roles } } })
  const one = await join()
  const two = await connect()
  await two.ask([1, 'realm2', HELLO[2]])
  for (const client of [one, two]) {
    t.match(await client.ask([32, 1, {}, 'a']), [33, 1])
    t.match(await client.ask([64, 2, {}, client === one ? 'p1' : 'p2']), [65, 2])
  }
  t.match(await one.ask([16, 3, { acknowledge: true }, 'a']), [17, 3])
  t.same(head(await one.ask([48, 4, {}, 'p2'])), [8, 48, 4, {}, 'wamp.error.no_such_procedure'])
  t.same(await two.fence(), [])
})

forEachTransport(t, 'a second HELLO ends the session [SES-08, PVI-02, TRP-29]', async (t, transport) => {
  const { join } = await buildHost(t, transport)
  const client = await join()
  t.match(await client.ask(HELLO), violation)
  t.equal(await client.closed, 1002)
})

forEachTransport(t, 'a connection has one session at a time, and may have another one afterwards [WSK-07, WSK-08, SES-19]', async (t, transport) => {
  const { app, connect } = await buildHost(t, transport)
  const client = await connect()
  const [, first] = await client.ask(HELLO)
  t.same(await client.ask([6, {}, 'wamp.close.close_realm']), [6, {}, 'wamp.close.goodbye_and_out'])
  const [, second] = await client.ask(HELLO)
  t.not(first, second)
  t.same(app.wamp.sessions('realm1').map(({ session }) => session), [second])
  t.match(await client.ask(HELLO), violation)
  await client.closed
  t.same(app.wamp.sessions('realm1'), [])
})

forEachTransport(t, 'ABORT ends a session and its resources without an answer [SES-09, SES-20]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, {}, 'p'])
  await bob.next()
  bob.send([3, { message: 'bye' }, 'com.bye'])
  t.same(head(await alice.next()), [8, 48, 1, {}, 'wamp.error.canceled'])
  t.match(await bob.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'bob' }]), [4], 'the next thing said')
})

forEachTransport(t, 'GOODBYE is answered once, whatever its reason, and nothing follows [SES-11, SES-12, SES-17, TRP-22, TRP-23]', async (t, transport) => {
  const { connect, alice } = await buildParties(t, transport)
  for (const reason of ['wamp.close.close_realm', 'wamp.close.normal', 'wamp.error.goodbye_and_out', 'wamp.error.close_realm', 'wamp.error.system_shutdown', 'com.tired']) {
    const client = await connect()
    await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'bob' }])
    await client.ask([5, 'of bob', {}])
    await client.ask([32, 1, {}, 'a'])
    client.send([6, { message: 'bye' }, reason])
    t.same(await client.next(), [6, {}, 'wamp.close.goodbye_and_out'], reason)
    await alice.ask([16, 1, { acknowledge: true }, 'a'])
    t.match(await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'bob' }]), [4], 'the next thing said')
  }
})

forEachTransport(t, 'after the GOODBYE of the router, only the answer to it is processed [SES-13, SES-16, TRP-22]', async (t, transport) => {
  const { app, alice, bob, carol } = await buildParties(t, transport, { plugin: { shutdownTimeout: 60_000 } })
  await bob.ask([32, 1, {}, 'a'])
  t.equal(app.wamp.kick('realm1', { authid: 'alice' }), 1)
  t.equal(app.wamp.kick('realm1', { authid: 'carol' }, 'com.go'), 1)
  alice.send([16, 1, {}, 'a'], [32, 2, {}, 'a'], [1, 'realm1', HELLO[2]])
  t.same(await alice.next(), [6, {}, 'wamp.close.killed'])
  t.same(await carol.next(), [6, {}, 'com.go'])
  alice.send([6, {}, 'wamp.close.goodbye_and_out'])
  t.equal(await alice.closed, 1000)
  t.same(await bob.fence(), [])
  t.same(app.wamp.sessions('realm1').map(({ authid }) => authid), ['bob'])
})

forEachTransport(t, 'a client that does not answer the GOODBYE of the router is disconnected [SES-14]', async (t, transport) => {
  const { app, alice } = await buildParties(t, transport, { plugin: { shutdownTimeout: 1 } })
  app.wamp.kick('realm1', { authid: 'alice' })
  t.same(await alice.next(), [6, {}, 'wamp.close.killed'])
  t.equal(await alice.closed, 1000)
})

forEachTransport(t, 'a router that shuts down ends open calls, and closes all connections without GOODBYE or ABORT [SES-15]', async (t, transport) => {
  const { app, connect, alice, bob } = await buildParties(t, transport, { plugin: { shutdownTimeout: 60_000 } })
  const opening = await connect()
  await opening.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'bob' }])
  const backend = app.wamp.join('realm1')
  await bob.ask([64, 1, {}, 'p'])
  const call = t.rejects(backend.call('p'), { code: 'wamp.error.canceled' })
  t.match(await bob.next(), [68])
  await app.close()
  await call
  for (const client of [alice, bob, opening]) {
    t.equal(await client.closed, 1001)
    await t.rejects(client.next(), { message: /nothing more comes/ })
  }
})

forEachTransport(t, 'a router that shuts down sends GOODBYE to all clients if configured [SES-15]', async (t, transport) => {
  const { app, connect, alice } = await buildParties(t, transport, { plugin: { shutdown: 'goodbye', shutdownTimeout: 1 } })
  const opening = await connect()
  await opening.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'bob' }])
  await app.close()
  t.same(await alice.next(), [6, {}, 'wamp.close.system_shutdown'])
  t.match(await opening.next(), [3, { message: String }, 'wamp.close.system_shutdown'])
// A client of long-poll that is between two requests cannot be told: Fastify answers 503 while it closes.
}, 'long-poll')

forEachTransport(t, 'GOODBYE and the later loss of the connection end a session once [SES-20]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, {}, 'p'])
  await bob.next()
  await bob.ask([6, {}, 'wamp.close.close_realm'])
  bob.terminate()
  await bob.closed
  t.same((await alice.fence()).map(head), [[8, 48, 1, {}, 'wamp.error.canceled']])
})

/** Connects, again if the time was up before: RawSocket has a handshake of its own, and a machine may be busy. */
async function insist<C> (connect: () => Promise<C>): Promise<C> {
  for (;;) {
    try {
      return await connect()
    } catch {}
  }
}

forEachTransport(t, 'a client that sends no HELLO, or does not answer CHALLENGE, is disconnected [SES-23]', async (t, transport) => {
  const auth = { ticket: { type: 'static', principals: { alice: { ticket: 'x', role: 'anonymous' } } } } as const
  const { app, connect } = await buildHost(t, transport, { handshakeTimeout: 50, auth })
  const silent = await insist(connect)
  t.match(await silent.next(), [3, { message: String }, 'wamp.error.authentication_failed'])
  await silent.closed
  t.same(app.wamp.sessions('realm1'), [])

  const patient = await buildHost(t, transport, { handshakeTimeout: 50, auth })
  let client, answer
  // On a machine that is busy the time may be up before HELLO has come.
  do {
    client = await insist(patient.connect)
    answer = await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'alice' }])
  } while (answer[0] === 3)
  t.match(answer, [4, 'ticket'])
  t.match(await client.next(), [3, { message: String }, 'wamp.error.authentication_failed'])
  await client.closed
})

forEachTransport(t, 'the late answer of an authenticator has no effect [SES-22]', async (t, transport) => {
  let grant: () => void = () => {}
  const asked = new Promise<void>((resolve) => { grant = resolve })
  let release: () => void = () => {}
  const { app, connect, join } = await buildHost(t, transport, {
    auth: {
      slow: {
        type: 'function',
        authenticator: async () => {
          grant()
          await new Promise<void>((resolve) => { release = resolve })
          return { authid: 'x', role: 'anonymous' }
        }
      },
      anonymous: { type: 'static' }
    }
  })
  const client = await connect()
  client.send([1, 'realm1', { ...HELLO[2], authmethods: ['slow'] }])
  await asked
  client.terminate()
  await client.closed
  // The router has seen the connection end once a later one is served.
  const other = await join()
  release()
  await other.fence()
  t.same(app.wamp.sessions('realm1').map(({ session }) => session), [other.id])
})

forEachTransport(t, 'null in place of AUTHENTICATE.Extra is an empty dict, as nexus sends it', async (t, transport) => {
  const { connect } = await buildParties(t, transport)
  const client = await connect()
  t.match(await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['ticket'], authid: 'bob' }]), [4])
  t.match(await client.ask([5, 'of bob', null]), [2])
})
