import t from 'tap'
import { CallResult, WampError } from 'fastify-wamp'
import { buildApp } from '../helper/build-app.ts'
import { openAutobahn } from './autobahn-client.ts'
import { joe, logins } from './logins.ts'
import { Inbox, rejection, serializers } from './peer.ts'
import { needsAutobahnForPython } from './programs.ts'
import { PythonPeer } from './python-peer.ts'

t.test('a client in Python', needsAutobahnForPython(), async (t) => {
  for (const serializer of serializers) {
    t.test(`Autobahn for Python calls the app, is called by it and receives events over ${serializer} [WSK-02, CAL-03, PUB-04, SER-10]`, async (t) => {
      const { app, url } = await buildApp(t)
      const backend = app.wamp.join('realm1')
      await backend.register('com.app.echo', ({ args, kwargs }) => new CallResult(args, kwargs))
      await backend.register('com.app.size', ({ args: [octets] }) => octets instanceof Uint8Array ? octets.length : null)
      await backend.register('com.app.fail', ({ args, kwargs }) => { throw new WampError('com.error.mine', { args, kwargs }) })
      const python = await PythonPeer.join(t, url, { serializer })
      t.equal(python.subprotocol, `wamp.2.${serializer}`)
      t.match(await python.welcome, { realm: 'realm1', authrole: 'anonymous', authmethod: 'anonymous' })
      const { session: id } = await python.welcome
      t.ok(app.wamp.sessions('realm1').some(({ session }) => session === id), 'it was welcome by the id that it has')

      const values = { args: [1, 'zwei ≈ 2'], kwargs: { three: [3, null, { four: 4.5 }], octets: { octets: '00ff10' } } }
      t.strictSame(await python.call('com.app.echo', values), { error: null, ...values })
      t.strictSame(await python.call('com.app.fail', values), { error: 'com.error.mine', ...values })
      t.match(await python.call('com.app.size', { args: [{ octets: '00ff10' }], kwargs: {} }), { args: [3] }, 'binary data from Autobahn for Python arrives as binary data [SER-07]')
      t.match(await python.call('com.nothing', values), { error: 'wamp.error.no_such_procedure' })

      await python.register('com.python.echo')
      await python.register('com.python.fail', 'com.error.its')
      t.match(await backend.call('com.python.echo', [1, 'zwei'], { three: 3 }), { args: [1, 'zwei'], kwargs: { three: 3 } })
      t.match(await rejection(backend.call('com.python.fail', ['no'], { why: 1 })), { error: 'com.error.its', args: ['no'], kwargs: { why: 1 } })

      await python.subscribe('com.news')
      const publication = await backend.publish('com.news', ['Grüße'], { number: 2 ** 40 })
      t.match(await python.events.next(), { args: ['Grüße'], kwargs: { number: 2 ** 40 }, publication })
      const events = new Inbox<unknown>()
      await backend.subscribe('com.news', ({ args, kwargs }) => { events.put({ args, kwargs }) })
      await python.publish('com.news', { args: ['zurück'], kwargs: { deep: [[{}]] } })
      t.same(await events.next(), { args: ['zurück'], kwargs: { deep: [[{}]] } })
    })
  }

  t.test('Autobahn for Python uses batches, with its own separator in JSON [BAT-01, BAT-03, BAT-04, BAT-05, BAT-06, BAT-09, TRP-31, TRP-32]', async (t) => {
    const { url } = await buildApp(t)
    const peers = await Promise.all(serializers.map((serializer) => PythonPeer.join(t, url, { serializer, batched: true })))
    const values = { args: [1, 'zwei ≈ 2', '\x1e\x18'], kwargs: { three: [3, null, { four: 4.5 }], octets: { octets: '00ff10181e' } } }
    await Promise.all(peers.map(async (peer, index) => {
      t.equal(peer.subprotocol, `wamp.2.${serializers[index]}.batched`)
      await peer.register(`com.echo${index}`)
      await peer.subscribe('com.news')
    }))
    for (const caller of peers) {
      for (const [index, callee] of peers.entries()) {
        // All at once, so that several messages share a batch on the way to the callee and back.
        const outcomes = await Promise.all([1, 2, 3].map((number) => caller.call(`com.echo${index}`, { ...values, args: [...values.args, number] })))
        t.strictSame(outcomes.map(({ args }) => args), [1, 2, 3].map((number) => [...values.args, number]), `${caller.name} calls ${callee.name}`)
        t.match(outcomes, [{ error: null, kwargs: values.kwargs }])
      }
    }
    const backend = await PythonPeer.join(t, url)
    const numbers = Array.from({ length: 20 }, (_, i) => i)
    await Promise.all(numbers.map((number) => backend.publish('com.news', { args: [number], kwargs: {} })))
    for (const peer of peers) {
      const seen = await Promise.all(numbers.map(async () => (await peer.events.next()).args[0]))
      t.strictSame(seen, numbers, `${peer.name} is told in order`)
    }
  })

  t.test('Autobahn for Python receives the actual URIs for its patterns, and an error for a registered procedure [PAS-04, PAR-02, REG-02]', async (t) => {
    const { app, url } = await buildApp(t)
    const python = await PythonPeer.join(t, url)
    const backend = app.wamp.join('realm1')
    await python.subscribe('com.news.', 'prefix')
    await backend.publish('com.news.sports')
    t.match(await python.events.next(), { topic: 'com.news.sports' })
    await python.registerPattern('com..it', 'wildcard')
    t.match(await backend.call('com.do.it', [1]), { args: [1] })
    await backend.register('com.taken', () => 1)
    t.match(await rejection(python.register('com.taken')), { error: 'wamp.error.procedure_already_exists' })
  })

  t.test('Autobahn for Python is interrupted when a caller cancels, and answers with an error of its own [CAN-03, CAN-04]', async (t) => {
    const { url } = await buildApp(t)
    const python = await PythonPeer.join(t, url)
    const { session, violations } = await openAutobahn(t, url)
    await python.registerSlow('com.slow')
    const call = session.call('com.slow')
    await python.invoked.next()
    call.cancel({ mode: 'kill' })
    t.match(await rejection(call), { error: 'com.error.interrupted' }, 'the answer of the callee, not the router')
    t.same(violations, [])
  })

  t.test('Autobahn for Python logs in with a ticket, and with WAMP-CRA with a plain and a salted secret [TIC-01, CRA-02, CRA-03]', async (t) => {
    const { url } = await buildApp(t, logins)
    const cases = [['ticket', 'joe', 'let me in'], ['wampcra', 'joe', '123456'], ['wampcra', 'peter', 'secret1']] as const
    await Promise.all(cases.map(async ([method, authid, secret]) => {
      const python = await PythonPeer.join(t, url, { authid, authmethods: [method], secret })
      t.match(await python.welcome, { authid, authrole: 'frontend', authmethod: method, authprovider: 'static' })
      t.match(await rejection(PythonPeer.join(t, url, { authid, authmethods: [method], secret: 'wrong' })), { message: 'wamp.error.authentication_denied' })
    }))
  })

  t.test('Autobahn for Python is logged in again by its cookie, and is challenged again after a logout [CKH-03, CKL-01, CKO-01]', async (t) => {
    const { url } = await buildApp(t, logins)
    const first = await PythonPeer.join(t, url, joe)
    t.same(first.challenges, ['wampcra'])
    t.match(await first.welcome, { authid: 'joe', authmethod: 'wampcra', authprovider: 'static' })
    const headers = { Cookie: first.setCookie?.split(';')[0] ?? '' }
    t.match(headers.Cookie, /^cbtid=/)

    const again = await PythonPeer.join(t, url, { ...joe, headers })
    t.match(await again.welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'cookie' })
    t.same([again.challenges, again.setCookie], [[], null], 'the cookie is enough, and stays')

    t.equal(await again.leave('wamp.close.logout'), 'wamp.close.goodbye_and_out')
    t.equal(await first.left, 'wamp.close.logout', 'a logout also ends the login on the other connection [CKO-03]')

    const after = await PythonPeer.join(t, url, { ...joe, headers })
    t.same(after.challenges, ['wampcra'])
    t.match(await after.welcome, { authprovider: 'static' })
    t.match(after.setCookie, /^cbtid=/)
  })

  t.test('Autobahn for Python receives GOODBYE when the router shuts down, if this is configured [SES-15]', async (t) => {
    const { app, url } = await buildApp(t, { shutdown: 'goodbye' })
    const python = await PythonPeer.join(t, url)
    await app.close()
    t.equal(await python.left, 'wamp.close.system_shutdown')
  })

  t.test('Autobahn for Python receives exact integers beyond 2^53, regardless of the serializers [SER-12]', async (t) => {
    const { url } = await buildApp(t)
    const peers = await Promise.all(serializers.map((serializer) => PythonPeer.join(t, url, { serializer })))
    const values = { args: ['9007199254740993', '18446744073709551615', '-9223372036854775808'].map((integer) => ({ integer })), kwargs: {} }
    await Promise.all(peers.map((peer, index) => peer.register(`com.echo${index}`)))
    for (const caller of peers) {
      for (const [index, callee] of peers.entries()) {
        const { args, kwargs } = await caller.call(`com.echo${index}`, values)
        t.strictSame([args, JSON.parse(String(kwargs.seen))], [values.args, values], `${caller.name} calls ${callee.name}`)
      }
    }
  })
})
