import Fastify from 'fastify'
import type { FastifyReply } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { everything } from '../helper/build-router.ts'
import { WebBrowser } from '../helper/web-browser.ts'

/** A store that cannot be read while it is down, and not be written while it is full. */
class FailingStore extends MemoryStore {
  state: 'up' | 'down' | 'full' = 'up'

  override get (key: string): ReturnType<MemoryStore['get']> {
    if (this.state === 'down') throw new Error('down')
    return super.get(key)
  }

  override delete (key: string): ReturnType<MemoryStore['delete']> {
    if (this.state === 'full') throw new Error('full')
    return super.delete(key)
  }
}

/** A browser in which ann has logged in by REST. */
async function logIn (t: Test, options: Partial<FastifyWampOptions>): Promise<WebBrowser> {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { frontend: everything } } }, auth: { cookie: {} }, ...options })
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'ann', role: 'frontend' }))
  app.post('/logout', async (_request, reply) => { await reply.wampSignOut() })
  app.get('/me', { onRequest: app.wampIdentify }, async ({ wampPrincipal }) => ({ who: wampPrincipal?.authid ?? null }))
  t.teardown(() => app.close())
  const browser = new WebBrowser(await app.listen({ port: 0, host: '127.0.0.1' }))
  await browser.fetch('/login', { body: {} })
  return browser
}

t.test('a REST logout that the store cannot look up is answered 503, and the cookie stays', async (t) => {
  const store = new FailingStore()
  const browser = await logIn(t, { cookie: { store } })
  store.state = 'down'
  const out = await browser.fetch('/logout', { body: {} })
  t.equal(out.status, 503)
  t.match(await out.json(), { code: 'WAMP_ERR_SIGN_OUT' })
  t.same(out.headers.getSetCookie(), [])
  store.state = 'up'
  t.equal(await browser.me(), 'ann')
  t.equal((await browser.fetch('/logout', { body: {} })).status, 200)
  t.equal(await browser.me(), null)
})

t.test('a REST logout that the store cannot write ends the login, and is answered 503 until it is written', async (t) => {
  const store = new FailingStore()
  const browser = await logIn(t, { cookie: { store } })
  store.state = 'full'
  for (let i = 0; i < 3; i++) {
    const out = await browser.fetch('/logout', { body: {} })
    t.equal(out.status, 503)
    t.match(await out.json(), { code: 'WAMP_ERR_SIGN_OUT' })
    t.same(out.headers.getSetCookie(), [])
    t.equal(await browser.me(), null)
  }
  t.equal([...store.entries()].filter(([, record]) => 'authid' in record).length, 1)
  store.state = 'up'
  t.equal((await browser.fetch('/logout', { body: {} })).status, 200)
  t.same([...store.entries()], [])
})

t.test('a REST logout and a REST login end the logins of all cookies of the name, or are refused', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { frontend: everything } } }, auth: { cookie: {} }, cookie: {} })
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'ann', role: 'frontend' }))
  app.post('/logout', async (_request, reply) => { await reply.wampSignOut() })
  t.teardown(() => app.close())
  const post = async (url: string, cookie = ''): Promise<{ statusCode: number, code: unknown, cookie: string }> => {
    const response = await app.inject({ method: 'POST', url, headers: { cookie } })
    const { code } = response.body === '' ? { code: undefined } : response.json<{ code?: unknown }>()
    return { statusCode: response.statusCode, code, cookie: String(response.headers['set-cookie']).split(';')[0]! }
  }
  const planted = (count: number): string => Array.from({ length: count }, (_, i) => `cbtid=${'x'.repeat(40 + i % 40)}; `).join('')
  for (const url of ['/logout', '/login']) {
    const { cookie } = await post('/login')
    const refused = await post(url, planted(50) + cookie)
    t.match(refused, url === '/logout' ? { statusCode: 503, code: 'WAMP_ERR_SIGN_OUT' } : { statusCode: 500, code: 'WAMP_ERR_SIGN_IN' })
    t.equal((await app.wampCookies!.find()).length, 1)
    const known = (await app.wampCookies!.find())[0]!.cookie
    t.equal((await post(url, planted(49) + cookie)).statusCode, 200)
    t.notOk((await app.wampCookies!.find()).some((login) => login.cookie === known), url)
  }
})

t.test('a page of another origin cannot log a browser out', async (t) => {
  const browser = await logIn(t, { cookie: {}, allowedOrigins: ['https://app.example'] })
  for (const origin of ['https://evil.example', 'null']) {
    const out = await browser.fetch('/logout', { body: {}, headers: { origin } })
    t.equal(out.status, 403, origin)
    t.match(await out.json(), { code: 'WAMP_ERR_SIGN_OUT' })
    t.same(out.headers.getSetCookie(), [], 'the cookie is not removed from the browser, which need not have sent it')
    t.equal(await browser.me(), 'ann')
  }
  t.equal((await browser.fetch('/logout', { body: {}, headers: { origin: 'https://app.example' } })).status, 200)
  t.equal(await browser.me(), null)
})

t.test('a login that the same request made before ends with a logout or another login', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { frontend: everything } } }, auth: { cookie: {} }, cookie: {} })
  t.teardown(() => app.close())
  const login = async (reply: FastifyReply, authid: string): Promise<unknown> => await reply.wampSignIn('realm1', { authid, role: 'frontend' })
  app.post('/out', async (_request, reply) => {
    await login(reply, 'ann')
    await reply.wampSignOut()
  })
  app.post('/again', async (_request, reply) => {
    await login(reply, 'ann')
    await login(reply, 'joe')
  })
  for (const [url, left] of [['/out', []], ['/again', ['joe']]] as const) {
    for (const headers of [{}, { cookie: `cbtid=${'x'.repeat(40)}` }]) {
      t.equal((await app.inject({ method: 'POST', url, headers })).statusCode, 200)
      t.same((await app.wampCookies!.find()).map(({ record }) => record.authid), left, url)
      await app.wampCookies!.revoke({ authid: 'joe' })
    }
  }
})
