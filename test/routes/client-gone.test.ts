import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { request } from 'node:http'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge, wampChannels } from 'fastify-wamp'
import type { SessionMessage } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'

/** Resolves when the next session of joe's has left. */
function left (t: Test, router: object): Promise<void> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      const told = message as SessionMessage
      if (told.router === router && told.authid === 'joe') resolve()
    }
    subscribe(wampChannels.sessionLeft, hear)
    t.teardown(() => unsubscribe(wampChannels.sessionLeft, hear))
  })
}

const requests = [
  { method: 'POST', path: '/call', body: '{"procedure":"com.example.wait"}', begun: 'call' },
  { method: 'GET', path: '/wait', body: '', begun: 'call' },
  { method: 'GET', path: '/own', body: '', begun: 'call' },
  { method: 'GET', path: '/events?topic=com.example.news', body: '', begun: 'response' }
] as const

t.test('who leaves before the answer leaves no session behind, and no failure in the log', async (t) => {
  for (const { method, path, body, begun } of requests) {
    t.test(`${method} ${path}`, async (t) => {
      const failures: string[] = []
      const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { failures.push(line) } } } })
      await app.register(wampPlugin, { realms: { realm1: { roles: { frontend: everything } } }, auth: { cookie: {} }, cookie: {} })
      await app.register(wampBridge, { call: '/call', events: '/events' })
      app.wampRoute({ method: 'GET', url: '/wait', procedure: 'com.example.wait' })
      app.get('/own', { onRequest: app.wampIdentify }, async (request) => await request.wamp.call('com.example.wait').catch(() => 'it has ended'))
      app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'frontend' }))
      t.teardown(() => app.close())
      const backend = app.wamp.join('realm1')
      const called = new Promise<AbortSignal>((resolve) => {
        backend.register('com.example.wait', async ({ signal }) => {
          resolve(signal)
          await once(signal, 'abort')
        })
      })
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const { cookies: [cookie] } = await app.inject({ method: 'POST', url: '/login' })
      const headers = { cookie: `cbtid=${String(cookie?.value)}`, ...(body === '' ? {} : { 'content-type': 'application/json' }) }
      const client = request(url + path, { method, headers }).on('error', () => {}).end(body)
      const signal = begun === 'call' ? await called : null
      if (begun === 'response') await once(client, 'response')
      t.equal(app.wamp.sessions('realm1').length, 2)
      const gone = left(t, app.wamp)
      client.destroy()
      await gone
      t.equal(app.wamp.sessions('realm1').length, 1)
      if (signal !== null) t.ok(signal.aborted, 'the call is canceled')
      t.same(failures, [])
    })
  }
})
