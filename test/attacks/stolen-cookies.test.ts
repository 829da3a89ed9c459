import t from 'tap'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { buildTarget } from './target.ts'

t.test('a stolen cookie is worth nothing after its owner logged out, and who came by it is out [CKO-01, CKO-03]', async (t) => {
  const { browser, login, connect, enter } = await buildTarget(t)
  const joe = browser()
  const own = await login(joe)
  const thief = await connect(joe.cookie)
  t.equal(thief.answer[0], 2)
  own.send([6, {}, 'wamp.close.logout'])
  t.same(await thief.client.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await enter(joe.cookie), null)
})

t.test('nor after a REST login of the same browser', async (t) => {
  const { browser, enter, connect } = await buildTarget(t)
  const joe = browser()
  await joe.fetch('/login', { body: { authid: 'joe' } })
  const stolen = joe.cookie
  const thief = await connect(stolen)
  await joe.fetch('/login', { body: { authid: 'joe' } })
  t.same(await thief.client.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await enter(stolen), null)
  t.equal(await enter(joe.cookie), 'joe')
})

t.test('a user that is killed with its logins does not come back by its cookie', async (t) => {
  const { app, browser, login, enter } = await buildTarget(t)
  const joe = browser()
  const client = await login(joe)
  await app.wamp.join('realm1').call('wamp.session.kill_by_authid', ['joe'], { revoke_logins: true, reason: 'com.example.banned' })
  t.same((await client.next())[0], 6)
  t.equal(await enter(joe.cookie), null)
})

t.test('a login that is revoked ends the sessions that its cookie let in', async (t) => {
  const { app, browser, login, connect, enter } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  const { client } = await connect(joe.cookie)
  t.equal(await app.wampCookies!.revoke({ authid: 'joe' }), 1)
  t.same(await client.next(), [6, {}, 'wamp.close.logout'])
  t.equal(await enter(joe.cookie), null)
})

t.test('a user that is no longer configured does not come back by its cookie', async (t) => {
  const store = new MemoryStore()
  store.close = () => {}
  const before = await buildTarget(t, { cookie: { store } })
  const [joe, mallory] = [before.browser(), before.browser()]
  await before.login(joe)
  await before.login(mallory, 'mallory')
  await before.app.close()
  const { enter } = await buildTarget(t, {
    auth: { ticket: { type: 'static', principals: { joe: { ticket: 'other', role: 'user' } } }, cookie: {} }, cookie: { store }
  })
  t.equal(await enter(mallory.cookie), null)
  t.equal(await enter(joe.cookie), 'joe')
})

t.test('what a store holds is no cookie: neither its keys nor its records let anybody in [CKO-16]', async (t) => {
  const store = new MemoryStore()
  const { browser, login, enter } = await buildTarget(t, { cookie: { store } })
  const joe = browser()
  await login(joe)
  const leaked = JSON.stringify([...store.entries()])
  t.notOk(leaked.includes(joe.cookie.slice('cbtid='.length)))
  for (const text of leaked.match(/[\w-]{16,}/g)!) t.equal(await enter(`cbtid=${text}`), null, text)
})
