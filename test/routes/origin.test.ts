import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { isAllowedOrigin } from '../../routes/origin.ts'

const ask = (origin: string | undefined, host: string, allowedOrigins: readonly string[] = [], allowedHosts: readonly string[] | null = null): boolean =>
  isAllowedOrigin({ headers: { origin }, host } as unknown as FastifyRequest, { allowedOrigins, allowedHosts })

t.test('a client without Origin is not a browser, and may connect [CKH-11]', async (t) => {
  t.ok(ask(undefined, 'app.example'))
})

t.test('a page of the same host and port may connect, whatever the scheme [CKH-11]', async (t) => {
  t.ok(ask('https://app.example', 'app.example'))
  t.ok(ask('http://app.example:8080', 'app.example:8080'))
  t.ok(ask('https://app.example', 'app.example:443'), 'a port that the scheme implies may be written')
  t.ok(ask('http://[::1]:8080', '[::1]:8080'))
})

t.test('a page of any other origin may not connect [CKH-11]', async (t) => {
  for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'https://sub.app.example', 'http://app.example:8081', 'null', '', 'file://', 'app.example', 'https://app.example@evil.example']) {
    t.notOk(ask(origin, 'app.example'), origin)
  }
  t.notOk(ask('https://evil.example', ''), 'a request without Host')
})

t.test('an origin or a host that is longer than any name is not compared [CKH-11]', async (t) => {
  const long = `${'a'.repeat(600)}.example`
  t.notOk(ask(`https://${long}`, long))
  t.notOk(ask('https://app.example', long))
  t.ok(ask(`https://${long}`, 'app.example', [`https://${long}`]), 'unless it is listed')
})

t.test('a page of a listed origin may connect, and `*` allows any origin [CKH-11]', async (t) => {
  t.ok(ask('https://other.example', 'app.example', ['https://other.example']))
  t.notOk(ask('http://other.example', 'app.example', ['https://other.example']))
  t.ok(ask('null', 'app.example', ['*']))
})

t.test('an unlisted host is not treated as the app\'s own, even if its name resolves to this address [CKH-11]', async (t) => {
  const hosts = ['app.example', '[::1]']
  t.ok(ask('https://app.example', 'app.example', [], hosts))
  t.ok(ask('https://APP.example:8443', 'app.example:8443', [], hosts))
  t.ok(ask('http://[::1]:8080', '[::1]:8080', [], hosts))
  t.notOk(ask('http://evil.example', 'evil.example', [], hosts))
  t.notOk(ask('http://app.example.evil.example', 'app.example.evil.example', [], hosts))
  t.ok(ask('https://other.example', 'app.example', ['https://other.example'], hosts), 'an origin that is listed may connect all the same')
  t.ok(ask(undefined, 'evil.example', [], hosts), 'no browser')
})

/** An app that lets everybody act in the name of one role, by each kind of route. */
async function buildOpen (t: Test, options: Pick<FastifyWampOptions, 'allowedHosts' | 'allowedOrigins'>): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  const as = { realm: 'realm1', role: 'anonymous' }
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, ...options })
  await app.register(wampBridge, { call: '/call', publish: '/publish', events: '/events', as })
  const session = app.wamp.join('realm1')
  await session.register('com.example.secret', () => 1)
  app.wampRoute({ method: 'POST', url: '/secret', procedure: 'com.example.secret', as: session })
  app.wampRoute({ method: 'GET', url: '/secret', procedure: 'com.example.secret', as: session })
  await app.ready()
  return app
}

const openRoutes = [
  { method: 'POST', url: '/call', payload: { procedure: 'com.example.secret' } },
  { method: 'POST', url: '/publish', payload: { topic: 'com.example.news' } },
  { method: 'POST', url: '/secret', payload: {} }
] as const

t.test('with `allowedHosts` a page of another origin cannot use routes with `as`', async (t) => {
  const app = await buildOpen(t, { allowedHosts: ['app.example'], allowedOrigins: ['https://other.example'] })
  for (const route of [...openRoutes, { method: 'GET', url: '/events?topic=com.example.news' } as const]) {
    const { statusCode, body } = await app.inject({ ...route, headers: { host: 'evil.example', origin: 'http://evil.example' } })
    t.match({ statusCode, body }, { statusCode: 403, body: /pages of this origin/ }, route.url)
  }
  for (const route of openRoutes) {
    for (const headers of [{ host: 'app.example', origin: 'https://app.example' }, { origin: 'https://other.example' }, { host: '127.0.0.1' }]) t.match(await app.inject({ ...route, headers }), { statusCode: 200 }, route.url)
  }
})

t.test('with `allowedHosts` a page whose domain resolves to this server cannot read routes with `as` by GET', async (t) => {
  const app = await buildOpen(t, { allowedHosts: ['app.example'] })
  for (const method of ['GET', 'HEAD'] as const) {
    for (const url of ['/secret', '/events?topic=com.example.news']) {
      for (const host of ['evil.example', 'evil.example:8080', 'app.example.evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
        t.equal((await app.inject({ method, url, headers: { host } })).statusCode, 403, `${method} ${url} at ${host}`)
      }
    }
  }
  for (const host of ['app.example', 'APP.example:8080', '127.0.0.1:8080', '[::1]:8080', 'localhost:8080', 'app.localhost']) {
    t.equal((await app.inject({ method: 'GET', url: '/secret', headers: { host } })).statusCode, 200, host)
    // Whoever passes is told what is missing.
    t.equal((await app.inject({ method: 'GET', url: '/events', headers: { host } })).statusCode, 400, host)
  }
  const open = await buildOpen(t, {})
  t.equal((await open.inject({ method: 'GET', url: '/secret', headers: { host: 'evil.example' } })).statusCode, 200, 'without the option any name will do')
})

t.test('without `allowedHosts` routes with `as` do not look at Origin', async (t) => {
  const app = await buildOpen(t, {})
  for (const route of openRoutes) t.match(await app.inject({ ...route, headers: { origin: 'http://evil.example' } }), { statusCode: 200 }, route.url)
})
