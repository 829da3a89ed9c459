import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampLongPoll } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { launch, missing, mustRun } from './browser.ts'

const bundle = fileURLToPath(new URL('../../node_modules/autobahn-browser/autobahn.min.js', import.meta.url))
const auth = { ticket: { type: 'static', principals: { joe: { ticket: 'secret!!!', role: 'user' } } }, cookie: {} } as const
const cookie = { store: { type: 'memory' } } as const
const page = { html: '<!doctype html><title>A page</title>' }

/** An app with a page. */
async function serve (t: Test, fastify: FastifyInstance): Promise<string> {
  fastify.get('/', async (_request, reply) => await reply.type('text/html').send(page.html))
  t.teardown(() => fastify.close())
  await fastify.listen({ port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${(fastify.server.address() as AddressInfo).port}`
}

async function router (t: Test, allowedOrigins: readonly string[] = []): Promise<{ app: FastifyInstance, url: string }> {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { user: everything } } }, auth, cookie, shutdownTimeout: 100 })
  await app.register(wampLongPoll, { auth, cookie, allowedOrigins })
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.add2', ({ args: [x, y] }) => Number(x) + Number(y))
  return { app, url: await serve(t, app) }
}

/** A program of the page, which uses everything that AutobahnJS has, over long-poll only. */
const session = `(url, methods) => new Promise((resolve, reject) => {
  const said = []
  const connection = new autobahn.Connection({
    transports: [{ type: 'longpoll', url }], realm: 'realm1', authmethods: methods, authid: methods.includes('ticket') ? 'joe' : undefined, onchallenge: () => 'secret!!!', max_retries: 0
  })
  connection.onopen = async (session, details) => {
    try {
      said.push(details.authid + ' by ' + details.authprovider, connection.transport.info.type)
      const events = []
      await session.subscribe('com.example.news', (args) => { events.push(args[0]) })
      await session.register('com.example.twice', (args) => args[0] * 2)
      said.push(await session.call('com.example.add2', [2, 3]), await session.call('com.example.twice', [21]))
      for (let i = 0; i < 20; i++) await session.publish('com.example.news', [i], {}, { acknowledge: true, exclude_me: false })
      // Events arrive before the result of a later call.
      await session.call('com.example.add2', [0, 0])
      said.push(await session.call('com.example.twice', [events.length]))
      said.push(await session.call('com.example.none').catch(({ error }) => error))
      connection.close()
    } catch (error) { reject(error) }
  }
  connection.onclose = (reason, details) => { resolve([...said, reason, details.reason]) }
  connection.open()
})`
const lasts = [5, 42, 40, 'wamp.error.no_such_procedure', 'closed', 'wamp.close.goodbye_and_out']

t.test('AutobahnJS over long-poll, in Chromium', { skip: missing !== null && !mustRun ? missing : false }, async (t) => {
  t.equal(missing, null, 'a browser is there')
  const browser = await launch(t)
  const run = async (pageUrl: string, url: string, methods: readonly string[], context: Awaited<ReturnType<typeof browser.newContext>>): Promise<unknown> => {
    const tab = await context.newPage()
    await tab.goto(pageUrl)
    await tab.addScriptTag({ path: bundle })
    return await tab.evaluate(`(${session})(${JSON.stringify(url)}, ${JSON.stringify(methods)})`)
  }

  await t.test('it calls, publishes, subscribes and closes, and its login comes back by cookie', async (t) => {
    const { app, url } = await router(t)
    const context = await browser.newContext()
    t.same(await run(url, `${url}/lp`, ['ticket'], context), ['joe by static', 'longpoll', ...lasts])
    t.same(await run(url, `${url}/lp`, ['cookie'], context), ['joe by cookie', 'longpoll', ...lasts])
    t.equal(app.wamp.sessions('realm1').length, 1, 'only the backend is left')
  })

  await t.test('a page of another origin can use it if that is allowed', async (t) => {
    const pageUrl = await serve(t, Fastify())
    const allowed = await router(t, [pageUrl])
    t.same(await run(pageUrl, `${allowed.url}/lp`, ['ticket'], await browser.newContext()), ['joe by static', 'longpoll', ...lasts])
    const foreign = await router(t)
    t.match(await run(pageUrl, `${foreign.url}/lp`, ['ticket'], await browser.newContext()), ['unreachable'])
  })
})
