import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { launch, missing, mustRun } from '../interop/browser.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

/** A page's own module, and the client's, by URLs relative to the page: no script stands in the page. */
const script = `
import { connect, json, wampcra } from './wamp-client.js?v=${version}'
import { cbor } from './wamp-client-cbor.js'
import { msgpack } from './wamp-client-msgpack.js'

window.use = async () => {
  const outcomes = []
  for (const serializer of [json(), cbor(), msgpack()]) {
    const session = await connect('ws', { realm: 'realm1', serializers: [serializer], login: () => wampcra({ authid: 'joe', secret: '123456' }) })
    await session.register('com.add', ({ args: [x, y] }) => x + y)
    const seen = []
    await session.subscribe('com.news', ({ args }) => { seen.push([...args[0]]) })
    await session.publish('com.news', [new Uint8Array([1, 2])], {}, { exclude_me: false })
    outcomes.push([session.principal.authprovider, await session.call('com.add', [2, 3]), seen])
    await session.leave()
  }
  return outcomes
}
document.title = 'ready'
`
const policy = "default-src 'none'; script-src 'self'; img-src data:; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"

t.test('the client in Chromium, as the app serves it under a prefix and a strict Content-Security-Policy', { skip: missing !== null && !mustRun ? missing : false }, async (t) => {
  t.equal(missing, null, 'a browser is there')
  const app = Fastify({ forceCloseConnections: true })
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
  const page = await (await launch(t)).newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => { errors.push(error.message) })
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()) })
  await page.goto(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/app/`)
  await page.waitForFunction('document.title === "ready"')
  t.same(await page.evaluate('use()'), [['static', 5, [[1, 2]]], ['cookie', 5, [[1, 2]]], ['cookie', 5, [[1, 2]]]], 'logged in by WAMP-CRA once, by the cookie after that')
  t.same(errors, [])
})
