import { readdir } from 'node:fs/promises'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampConsole } from 'fastify-wamp'
import type { ConsoleOptions, FastifyWampOptions } from 'fastify-wamp'
import { WebBrowser } from '../helper/web-browser.ts'

const options: FastifyWampOptions = {
  realms: { realm1: { roles: { admin: {}, user: {} } } },
  auth: { ticket: { type: 'static', principals: {} }, cookie: {} },
  cookie: {}
}

/** An app with a console, and a REST login. */
async function build (t: Test, { server = {}, prefix = '', path = '/console' }: { server?: FastifyServerOptions, prefix?: string, path?: string } = {}): Promise<{ cookies: () => FastifyInstance['wampCookies'], http: string, logIn: (role: string) => Promise<WebBrowser> }> {
  const app = Fastify(server)
  let cookies: FastifyInstance['wampCookies'] = null
  await app.register(async (scope) => {
    await scope.register(wampPlugin, options)
    await scope.register(wampConsole, { path, role: 'admin' })
    cookies = scope.wampCookies
    scope.post<{ Params: { role: string } }>('/login/:role', async ({ params: { role } }, reply) => await reply.wampSignIn('realm1', { authid: 'ann', role }))
  }, { prefix })
  t.teardown(() => app.close())
  const http = await app.listen({ port: 0, host: '127.0.0.1' })
  const logIn = async (role: string): Promise<WebBrowser> => {
    const browser = new WebBrowser(http)
    await browser.fetch(`${prefix}/login/${role}`, { body: {} })
    return browser
  }
  return { cookies: () => cookies, http, logIn }
}

t.test('only users with the role can open the page and its files', async (t) => {
  const { http, logIn } = await build(t)
  const nobody = new WebBrowser(http)
  const [admin, user] = [await logIn('admin'), await logIn('user')]
  const files = await readdir(new URL('../../routes/console/', import.meta.url))
  t.ok(files.includes('console.js') && files.length > 9)
  for (const name of ['', 'client.js', ...files.filter((name) => name !== 'index.html')]) {
    t.equal((await nobody.fetch(`/console/${name}`)).status, 401, `nobody is refused ${name}`)
    t.equal((await user.fetch(`/console/${name}`)).status, 403, `another role is refused ${name}`)
    const response = await admin.fetch(`/console/${name}`)
    t.equal(response.status, 200, `the role is given ${name}`)
    t.match(response.headers.get('content-type'), name === '' ? /^text\/html/ : name.endsWith('js') ? /^text\/javascript/ : name.endsWith('css') ? /^text\/css/ : /^image\/svg/)
  }
  for (const name of ['none.js', 'index.html', '../console.ts', '%2e%2e/console.ts', 'toString']) {
    t.not((await nobody.fetch(`/console/${name}`)).status, 200, `${name} is not there`)
    t.equal((await admin.fetch(`/console/${name}`)).status, 404, `${name} is not there for the role either`)
  }
  t.equal((await admin.fetch('/console/', { headers: { origin: 'https://evil.example' } })).status, 401, 'a page of a foreign origin is nobody')
})

t.test('each answer, even a refusal, blocks foreign scripts, frames and caches', async (t) => {
  const { http, logIn } = await build(t)
  for (const browser of [await logIn('admin'), new WebBrowser(http)]) {
    for (const name of ['', 'console.js', 'console.css']) {
      const { headers } = await browser.fetch(`/console/${name}`)
      t.equal(headers.get('cache-control'), 'no-store')
      t.equal(headers.get('x-frame-options'), 'DENY')
      t.equal(headers.get('x-content-type-options'), 'nosniff')
      const policy = headers.get('content-security-policy') ?? ''
      t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/)
      t.match(policy, /frame-ancestors 'none'/)
      t.notMatch(policy, /unsafe|https?:|\*/)
    }
  }
})

t.test('the page has no inline script or style, and knows its login', async (t) => {
  const { cookies, logIn } = await build(t)
  const admin = await logIn('admin')
  const html = await (await admin.fetch('/console/')).text()
  t.notMatch(html, /<script(?![^>]*src=)|<style| style=| on\w+=|\{\{/)
  t.match(html, /<body data-login="/)
  const [login] = await cookies()!.find({ authrole: 'admin' })
  t.ok(html.includes(`data-login="${login!.cookie}"`), 'the key of the login')
  t.notOk(html.includes(admin.cookie.split('=')[1]!), 'and not the cookie')
})

t.test('the page is found without the slash at its end, under a prefix, and where slashes are ignored', async (t) => {
  for (const given of [{}, { prefix: '/app' }, { path: '/ops/console' }, { server: { routerOptions: { ignoreTrailingSlash: true } } }]) {
    const { prefix = '', path = '/console' } = given as { prefix?: string, path?: string }
    const { logIn } = await build(t, given)
    const admin = await logIn('admin')
    const response = await admin.fetch(`${prefix}${path}?a=b`)
    t.equal(response.status, 200)
    t.ok(response.url.endsWith(`${prefix}${path}/`), response.url)
    t.equal((await admin.fetch(`${prefix}${path}/console.js`)).status, 200)
  }
})

t.test('the WebSocket of the page is below its path, and only a cookie logs in there', async (t) => {
  for (const given of [{}, { prefix: '/app', path: '/ops/console' }]) {
    const { prefix = '', path = '/console' } = given as { prefix?: string, path?: string }
    const { cookies, http, logIn } = await build(t, given)
    const ws = `${http.replace('http', 'ws')}${prefix}${path}/ws`
    const admin = await logIn('admin')
    const { client, answer } = await admin.join(t, ws)
    t.match(answer, [2, Number, { realm: 'realm1', authid: 'ann', authrole: 'admin', authprovider: 'cookie' }])
    await cookies()!.revoke({ authid: 'ann' })
    t.match(await client.next(), [6, {}, 'wamp.close.logout'])
    for (const authmethods of [['ticket'], ['cookie', 'ticket'], ['cookie']]) {
      t.match((await admin.join(t, ws, authmethods)).answer, [3, {}, 'wamp.error.no_matching_auth_method'], 'a method of the other endpoint is not offered')
    }
    t.match((await new WebBrowser(http).join(t, ws, ['anonymous'])).answer, [3, {}, 'wamp.error.authentication_required'])
  }
})

t.test('options that make no sense are refused', async (t) => {
  for (const [given, changed, message] of [
    [{}, {}, /"path" is missing/], [{ path: '/console' }, {}, /"role" is missing/], [{ path: 'console', role: 'admin' }, {}, /"path" must be a path/], [{ path: '/', role: 'admin' }, {}, /"path" must be a path/],
    [{ path: '/console/', role: 'admin' }, {}, /"path" must be a path/], [{ path: '/console', role: 'none' }, {}, /"role" must be a role/], [{ path: '/console', role: 'admin', other: 1 }, {}, /"other" is not an option/],
    [{ path: '/console', role: 'admin', realm: 'none' }, {}, /"realm" must be one/], [{ path: '/console', role: 'admin' }, { realms: { realm1: { roles: { admin: {} } }, realm2: { roles: { admin: {} } } } }, /"realm" must be set/],
    [{ path: '/console', role: 'admin' }, { auth: { ticket: { type: 'static', principals: {} } } }, /"auth.cookie" is required/]
  ] as const) {
    const app = Fastify()
    await app.register(wampPlugin, { ...options, ...changed } as FastifyWampOptions)
    await t.rejects(async () => { await app.register(wampConsole, given as ConsoleOptions) }, { code: 'WAMP_ERR_INVALID_OPTION', message })
    await app.close()
  }
})
