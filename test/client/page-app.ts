import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

/** A module of the page, with the client's URLs relative to the page. The page has no inline script. */
const script = `
import { connect, json, wampcra } from './wamp-client.js?v=${version}'
import { cbor } from './wamp-client-cbor.js'
import { msgpack } from './wamp-client-msgpack.js'

async function use (serializer) {
  const session = await connect('ws', { realm: 'realm1', serializers: [serializer], login: () => wampcra({ authid: 'joe', secret: '123456' }) })
  await session.register('com.add', ({ args: [x, y] }) => x + y)
  const seen = []
  await session.subscribe('com.news', ({ args }) => { seen.push([...args[0]]) })
  await session.publish('com.news', [new Uint8Array([1, 2])], {}, { exclude_me: false })
  const outcome = [session.principal.authprovider, await session.call('com.add', [2, 3]), seen]
  await session.leave()
  return outcome
}

const outcomes = []
try {
  for (const serializer of [json(), cbor(), msgpack()]) outcomes.push(await use(serializer))
} catch (error) {
  outcomes.push(String(error))
}
await fetch('report', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(outcomes) })
`
const policy = "default-src 'none'; script-src 'self'; img-src data:; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"

/** The report of the page in a browser without cookies: WAMP-CRA logs it in once, and the cookie after that. */
export const expectedReport = [['static', 5, [[1, 2]]], ['cookie', 5, [[1, 2]]], ['cookie', 5, [[1, 2]]]]

/** Serves a page that uses the client, under a prefix and a strict Content-Security-Policy. `report` resolves to what the page has seen. */
export async function servePage (t: Test): Promise<{ url: string, report: Promise<unknown> }> {
  const app = Fastify({ forceCloseConnections: true })
  const report = new Promise<unknown>((resolve) => {
    app.post('/app/report', async ({ body }) => {
      resolve(body)
      return null
    })
  })
  await app.register(async (scope) => {
    scope.get('/', (_request, reply) => reply.header('content-security-policy', policy).type('text/html').send('<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>'))
    scope.get('/page.js', (_request, reply) => reply.type('text/javascript').send(script))
    await scope.register(wampPlugin, {
      client: '/wamp-client.js',
      realms: { realm1: { roles: { user: everything } } },
      auth: { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'user' } } }, cookie: {} },
      cookie: {},
      shutdownTimeout: 100
    })
  }, { prefix: '/app' })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/app/`, report }
}
