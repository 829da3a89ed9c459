import Fastify from 'fastify'
import { registerOurs, wsOf } from './good-neighbour.ts'
import { headersOf, plain, refusedUpgrade } from './neighbour.ts'
import type { Neighbour, Plugin } from './neighbour.ts'

const form = { method: 'POST', body: new URLSearchParams({ a: '1' }) }

/** Plugins that change what requests bring, and what they are answered. */
export const answers: readonly Neighbour[] = [
  plain('@fastify/cors', '11.4.3', { origin: 'https://pages.example' }, async (t, { url, order }) => {
    const origin = 'https://pages.example'
    // The console refuses strangers in a hook, and later hooks do not run.
    t.same(await headersOf(url, 'access-control-allow-origin'), { rest: origin, upgrade: origin, bridge: origin, console: order === 'before' ? origin : null })
  }),
  plain('@fastify/helmet', '13.2.0', {}, async (t, { url }) => {
    const policy = /^default-src 'self'/
    t.match(await headersOf(url, 'content-security-policy'), { rest: policy, upgrade: policy, bridge: policy, console: /^default-src 'none'/ })
  }),
  plain('@fastify/rate-limit', '11.2.0', { max: 100 }, async (t, { url, order }) => {
    const counted = order === 'before' ? '100' : null
    t.same(await headersOf(url, 'x-ratelimit-limit'), { rest: '100', upgrade: counted, bridge: counted, console: null })
  }),
  plain('@fastify/multipart', '10.1.9', { attachFieldsToBody: 'keyValues' }, async (t, { url }) => {
    const body = new FormData()
    body.append('a', '1')
    t.same(await (await fetch(`${url}/echo`, { method: 'POST', body })).json(), { a: '1' })
    const other = new FormData()
    other.append('a', '1')
    t.equal((await fetch(`${url}/call`, { method: 'POST', body: other })).status, 415, 'the bridge takes JSON only')
  }),
  plain('@fastify/formbody', '9.0.1', {}, async (t, { url }) => {
    t.same(await (await fetch(`${url}/echo`, form)).json(), { a: '1' })
    t.equal((await fetch(`${url}/call`, form)).status, 415, 'the bridge takes JSON only')
  }),
  plain('@fastify/compress', '9.2.0', { threshold: 0 }, async (t, { url, order }) => {
    const encoding = order === 'before' ? 'gzip' : null
    t.same(await headersOf(url, 'content-encoding'), { rest: 'gzip', upgrade: null, bridge: encoding, console: encoding })
  }),
  plain('@fastify/etag', '6.2.0', {}, async (t, { url }) => {
    t.match(await headersOf(url, 'etag'), { rest: /^"/, bridge: /^"/, console: /^"/ })
  }),
  plain('@fastify/caching', '9.0.4', { privacy: 'public', expiresIn: 60 }, async (t, { url }) => {
    t.match(await headersOf(url, 'cache-control'), { rest: 'public, max-age=60', bridge: 'no-store', console: 'no-store' })
  }),
  plain('@fastify/under-pressure', '9.2.0', { exposeStatusRoute: true }, async (t, { url, order, installed: { load } }) => {
    t.match(await (await fetch(`${url}/status`)).json(), { status: 'ok' })
    const full = Fastify()
    if (order === 'after') await registerOurs(full)
    await full.register(load<Plugin>('@fastify/under-pressure'), { healthCheck: async () => false, healthCheckInterval: 60_000 })
    if (order === 'before') await registerOurs(full)
    t.equal((await refusedUpgrade(wsOf(await full.listen({ port: 0, host: '127.0.0.1' })))).statusCode, 503, 'an upgrade under pressure')
    await t.resolves(full.close(), 'and the app closes')
  }),
  {
    name: '@fastify/swagger',
    packages: { '@fastify/swagger': '9.9.3' },
    register: async (app, { load }) => { await app.register(load<Plugin>('@fastify/swagger'), { openapi: { info: { title: 'app', version: '1' } } }) },
    works: async (t, { app, order }) => {
      const { paths } = (app as unknown as { swagger (): { paths: object } }).swagger()
      t.same(Object.keys(paths).sort(), order === 'before' ? ['/call', '/console', '/console/{*}', '/echo', '/events', '/publish', '/rest'] : ['/echo', '/rest'])
    }
  },
  {
    name: '@fastify/sensible',
    packages: { '@fastify/sensible': '6.0.6' },
    register: async (app, { load }) => {
      await app.register(load<Plugin>('@fastify/sensible'))
      app.get('/missing', (_request, reply) => (reply as unknown as { notFound (): typeof reply }).notFound())
    },
    works: async (t, { url }) => { t.equal((await fetch(`${url}/missing`)).status, 404) }
  }
]
