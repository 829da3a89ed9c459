import t from 'tap'
import { buildTarget } from './target.ts'

t.test('neither a page of another origin nor a sandboxed page can open a WebSocket with its visitor\'s cookie [CKH-11]', async (t) => {
  const { browser, login, upgrade, http } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  const { cookie } = joe
  const own = new URL(http)
  for (const origin of ['https://evil.example', 'null', 'file://', `http://evil.${own.host}`, `http://${own.host}.evil.example`, `http://${own.hostname}:1`, `http://${own.host}@evil.example`, 'not an origin', '']) {
    t.equal(await upgrade({ cookie, origin }), 403, JSON.stringify(origin))
  }
  t.equal(await upgrade({ cookie, origin: http }), 101, 'its own page can')
  t.equal(await upgrade({ cookie }), 101, 'and what is no browser')
})

t.test('a page of another origin is unauthenticated on REST routes', async (t) => {
  const { browser, login } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  t.equal(await joe.me(), 'joe')
  for (const origin of ['https://evil.example', 'null']) {
    t.same(await (await joe.fetch('/me', { headers: { origin } })).json(), { who: null }, origin)
  }
})

t.test('a client that is not behind a trusted proxy cannot choose its host, scheme or address', async (t) => {
  const forwarded = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1;host=evil.example;proto=https' }
  const untrusting = await buildTarget(t)
  t.equal(await untrusting.upgrade({ ...forwarded, origin: 'https://evil.example' }), 403)
  const joe = untrusting.browser()
  await joe.fetch('/login', { body: { authid: 'joe' }, headers: forwarded })
  const [login] = await untrusting.app.wampCookies!.find({ authid: 'joe' })
  t.equal(login!.record.address, '127.0.0.1')

  const trusting = await buildTarget(t, {}, { trustProxy: true })
  t.equal(await trusting.upgrade({ ...forwarded, 'x-forwarded-host': 'app.example', origin: 'https://app.example' }), 101, 'a trusted proxy can')
  t.equal(await trusting.upgrade({ ...forwarded, 'x-forwarded-host': 'app.example', origin: 'https://evil.example' }), 403)
})

t.test('the cookie is hidden from scripts, and browsers do not send it for foreign pages [CKI-06, CKH-05]', async (t) => {
  const { browser, ws, http } = await buildTarget(t)
  const { setCookie } = await browser().open(t, ws)
  t.match(setCookie, /; HttpOnly/)
  t.match(setCookie, /; SameSite=Lax/)
  const reply = await fetch(`${http}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"authid":"joe"}' })
  t.match(reply.headers.getSetCookie(), [/; HttpOnly; SameSite=Lax/])
})
