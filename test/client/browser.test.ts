import { readdir, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import ts from 'typescript'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { launch, missing, mustRun } from '../interop/browser.ts'

t.test('the client in Chromium', { skip: missing !== null && !mustRun ? missing : false }, async (t) => {
  t.equal(missing, null, 'a browser is there')
  const app = Fastify({ forceCloseConnections: true })
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { user: everything } } },
    auth: { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'user' } } }, cookie: {} },
    cookie: {},
    shutdownTimeout: 100
  })
  // Each module as `npm run build` makes it.
  for (const folder of ['client', 'peer', 'protocol']) {
    for (const name of await readdir(`plugin/${folder}`)) {
      const { outputText } = ts.transpileModule(await readFile(`plugin/${folder}/${name}`, 'utf8'), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true, rewriteRelativeImportExtensions: true }
      })
      app.get(`/${folder}/${name.replace('.ts', '.js')}`, (_request, reply) => reply.type('text/javascript').send(outputText))
    }
  }
  app.get('/', (_request, reply) => reply.type('text/html').send('<!doctype html><title>page</title>'))
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const page = await (await launch(t)).newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => { errors.push(error.message) })
  await page.goto(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`)
  const outcome = await page.evaluate(`(async () => {
    const { connect, wampcra, json } = await import('/client/index.js')
    const { cbor } = await import('/client/cbor.js')
    const { msgpack } = await import('/client/msgpack.js')
    const outcomes = []
    for (const serializer of [json(), cbor(), msgpack()]) {
      const session = await connect('/ws', { realm: 'realm1', serializers: [serializer], login: () => wampcra({ authid: 'joe', secret: '123456' }) })
      await session.register('com.add', ({ args: [x, y] }) => x + y)
      const seen = []
      await session.subscribe('com.news', ({ args }) => { seen.push([...args[0]]) })
      await session.publish('com.news', [new Uint8Array([1, 2])], {}, { exclude_me: false })
      outcomes.push([session.principal.authprovider, await session.call('com.add', [2, 3]), seen])
      await session.leave()
    }
    return outcomes
  })()`)
  t.same(outcome, [['static', 5, [[1, 2]]], ['cookie', 5, [[1, 2]]], ['cookie', 5, [[1, 2]]]], 'logged in by WAMP-CRA once, by the cookie after that')
  t.same(errors, [])
})
