import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { joe, logins } from './logins.ts'
import { Inbox, rejection, serializers } from './peer.ts'
import { openWampy } from './wampy-client.ts'

const [json] = wireCodecs

for (const serializer of serializers) {
  t.test(`wampy joins, calls, is called and receives events over ${serializer} [WSK-02, SER-11]`, async (t) => {
    const { app, url } = await buildApp(t)
    const { wampy, welcome, subprotocol, problems } = await openWampy(t, url, { serializer })
    t.match(welcome, { authrole: 'anonymous', authmethod: 'anonymous' })
    t.equal(subprotocol, `wamp.2.${serializer}`)
    t.same(app.wamp.sessions('realm1').map(({ session }) => session), [Number(wampy.getSessionId())])

    const events = new Inbox<unknown>()
    const { subscriptionId } = await wampy.subscribe('com.news', ({ argsList, argsDict }) => { events.put({ argsList, argsDict }) })
    await wampy.register('com.add2', ({ argsList: [x, y] = [] }) => ({ argsList: [Number(x) + Number(y)] }))
    const backend = app.wamp.join('realm1')
    t.equal(await backend.call('com.add2', [2, 3]), 5)
    await backend.publish('com.news', ['hello'], { number: 7 })
    t.same(await events.next(), { argsList: ['hello'], argsDict: { number: 7 } })

    await backend.register('com.echo', ({ args: [value] }) => value)
    t.match(await wampy.call('com.echo', ['Grüße']), { argsList: ['Grüße'] })
    t.match(await rejection(wampy.call('com.nothing')), { errorUri: 'wamp.error.no_such_procedure' })
    await wampy.unregister('com.add2')
    t.match(await rejection(backend.call('com.add2', [2, 3])), { error: 'wamp.error.no_such_procedure' })
    await wampy.unsubscribe(subscriptionId)
    t.same(problems, [])
  })

  t.test(`wampy publishes to selected receivers over ${serializer}: ids that it writes as floats are understood [SER-11, BWL-01, BWL-02]`, async (t) => {
    const { url } = await buildApp(t)
    const [publisher, first, second] = [await openWampy(t, url, { serializer }), await openWampy(t, url), await openWampy(t, url)]
    const atFirst = new Inbox<unknown>()
    const atSecond = new Inbox<unknown>()
    await first.wampy.subscribe('com.news', ({ argsList: [item] = [] }) => { atFirst.put(item) })
    await second.wampy.subscribe('com.news', ({ argsList: [item] = [] }) => { atSecond.put(item) })
    await publisher.wampy.publish('com.news', ['for the first'], { eligible: [Number(first.wampy.getSessionId())] })
    await publisher.wampy.publish('com.news', ['not for the first'], { exclude: [Number(first.wampy.getSessionId())] })
    await publisher.wampy.publish('com.news', ['for all'])
    t.same([await atFirst.next(), await atFirst.next()], ['for the first', 'for all'])
    t.same([await atSecond.next(), await atSecond.next()], ['not for the first', 'for all'])
  })
}

t.test('wampy logs in with a ticket [TIC-01]', async (t) => {
  const { url } = await buildApp(t, logins)
  const login = { authid: 'joe', authmethods: ['ticket'], secret: 'let me in' }
  const { welcome } = await openWampy(t, url, { login })
  t.match(welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'ticket', authprovider: 'static' })
  t.match(await rejection(openWampy(t, url, { login: { ...login, secret: 'open up' } })), { errorUri: 'wamp.error.authentication_denied' })
})

t.test('wampy logs in with WAMP-CRA, with a plain and with a salted secret [CRA-02, CRA-03]', async (t) => {
  const { url } = await buildApp(t, logins)
  for (const [authid, secret] of [['joe', '123456'], ['peter', 'secret1']] as const) {
    const login = { authid, authmethods: ['wampcra'], secret }
    const { welcome } = await openWampy(t, url, { login })
    t.match(welcome, { authid, authrole: 'frontend', authmethod: 'wampcra', authprovider: 'static' })
    t.match(await rejection(openWampy(t, url, { login: { ...login, secret: 'wrong' } })), { errorUri: 'wamp.error.authentication_denied' })
  }
})

t.test('wampy is logged in again by its cookie, and is challenged again after a logout [CKH-03, CKL-01, CKO-01]', async (t) => {
  const { url } = await buildApp(t, logins)
  const first = await openWampy(t, url, { login: joe })
  t.same(first.challenges, ['wampcra'])
  t.match(first.welcome, { authmethod: 'wampcra', authprovider: 'static' })
  const [cookie] = first.setCookie?.split(';') ?? []
  t.match(cookie, /^cbtid=/)

  for (const serializer of serializers) {
    const again = await openWampy(t, url, { cookie, serializer, login: { ...joe, secret: 'forgotten' } })
    t.match(again.welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'cookie' })
    t.same(again.challenges, [], 'the cookie is enough')
    t.equal(again.setCookie, undefined, 'a cookie that is known is not handed out again')
  }

  // Wampy always leaves with wamp.close.system_shutdown: the logout has to be sent by hand.
  const wire = await WireClient.connect(t, url, json!, { headers: { cookie: cookie! } })
  t.match(await wire.ask([1, 'realm1', { authmethods: ['cookie'], roles: { caller: {} } }]), [2, Number, { authprovider: 'cookie' }])
  t.match(await wire.ask([6, {}, 'wamp.close.logout']), [6, {}, 'wamp.close.goodbye_and_out'])

  const after = await openWampy(t, url, { cookie, login: joe })
  t.same(after.challenges, ['wampcra'])
  t.match(after.welcome, { authmethod: 'wampcra', authprovider: 'static' })
  t.match(after.setCookie, /^cbtid=/, 'the cookie that was logged out is replaced')
  t.not(after.setCookie?.split(';')[0], cookie)
})

t.test('wampy stays logged in when it leaves for another reason [CKO-05]', async (t) => {
  const { url } = await buildApp(t, logins)
  const { wampy, setCookie } = await openWampy(t, url, { login: joe })
  await wampy.disconnect()
  const again = await openWampy(t, url, { cookie: setCookie?.split(';')[0], login: joe })
  t.match(again.welcome, { authid: 'joe', authprovider: 'cookie' })
})

t.test('wampy is not interrupted: it does not announce that it can be, and aborts its session on INTERRUPT [CAN-05, TRP-59]', async (t) => {
  const { url } = await buildApp(t)
  const [callee, caller] = [await openWampy(t, url), await openWampy(t, url)]
  const invoked = new Inbox<void>()
  await callee.wampy.register('com.slow', () => { invoked.put(); return new Promise(() => {}) })
  await callee.wampy.register('com.echo', ({ argsList = [] }) => ({ argsList }))
  for (const mode of ['skip', 'kill', 'killnowait'] as const) {
    const call = caller.wampy.call('com.slow')
    const { reqId } = caller.wampy.getOpStatus()
    await invoked.next()
    caller.wampy.cancel(reqId, { mode })
    t.match(await rejection(call), { errorUri: 'wamp.error.canceled' }, mode)
  }
  t.match(await caller.wampy.call('com.echo', ['still here']), { argsList: ['still here'] })
  t.same([callee.problems, caller.problems], [[], []])
})
