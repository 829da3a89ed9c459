import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { launch, missing, mustRun } from './browser.ts'

/** What a page does with its events, as it is written there. */
const page = `
  window.numbers = []
  window.begin = async () => {
    await fetch('/login', { method: 'POST' })
    const events = new EventSource('/events?topic=com.example.news')
    events.onmessage = ({ data }) => { window.numbers.push(JSON.parse(data).args[0]) }
    await new Promise((resolve) => { events.onopen = resolve })
  }
`

t.test('an EventSource in Chromium comes back by itself, and misses nothing', { skip: missing !== null && !mustRun ? missing : false }, async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { frontend: everything }, eventHistory: [{ uri: 'com.example.news' }] } }, auth: { cookie: {} }, cookie: {}
  })
  await app.register(wampBridge, { events: '/events' })
  app.get('/', async (_request, reply) => await reply.type('text/html').send(`<!doctype html><title>News</title><script>${page}</script>`))
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'frontend' }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const backend = app.wamp.join('realm1')

  const tab = await (await launch(t)).newPage()
  await tab.goto(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/`)
  await tab.evaluate('begin()')
  await backend.publish('com.example.news', [1])
  await tab.waitForFunction('numbers.length === 1')
  app.wamp.kick('realm1', { authid: 'joe' })
  await backend.publish('com.example.news', [2])
  await backend.publish('com.example.news', [3])
  await tab.waitForFunction('numbers.length === 3')
  t.same(await tab.evaluate('numbers'), [1, 2, 3])
})
