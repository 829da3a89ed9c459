import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import * as promClient from 'prom-client'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import wampPlugin, { wampBridge, wampConsole, wampEndpoint, wampLongPoll, wampMetrics, wampPort } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'

const as = { realm: 'realm1', role: 'anonymous', authid: 'joe' }

/** Adds all kinds of routes, of the plugin and of the app itself. */
async function addRoutes (app: FastifyInstance): Promise<void> {
  await app.register(wampBridge, { call: '/call', publish: '/publish', events: '/events', as })
  await app.register(wampLongPoll, {})
  await app.register(wampMetrics, { client: promClient, registry: new promClient.Registry(), path: '/metrics' })
  app.wampRoute({ method: 'GET', url: '/procedure/:name', procedure: 'com.example.procedure', as: app.wamp.join('realm1') })
  app.get('/own', async () => 'own')
  app.all('/any/*', async () => 'any')
  await app.register(async (scope) => { scope.get('/own', { onRequest: async () => {} }, async () => 'own') }, { prefix: '/scope' })
  app.get('/echo', { websocket: true }, (socket) => { socket.on('message', (data) => { socket.send(data) }) })
  app.route({ method: 'GET', url: '/both', handler: async () => 'both', wsHandler: (socket) => { socket.on('message', (data) => { socket.send(data) }) } })
}

/** The status line of the answer to an upgrade, and whether the connection ends then. */
async function upgrade (t: Test, app: FastifyInstance, method: string, path: string): Promise<string> {
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  let text = ''
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1')
    if (text.startsWith('HTTP/1.1 101')) socket.destroy()
  })
  const over = once(socket, 'close')
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`)
  await over
  return text.slice(0, text.indexOf('\r\n'))
}

/** An app whose routes that serve no WebSocket are known. */
async function build (options?: object): Promise<{ app: FastifyInstance, others: (readonly [string, string])[] }> {
  const app = Fastify()
  const others: (readonly [string, string])[] = []
  app.addHook('onRoute', ({ method, url, websocket, wsHandler }) => {
    if (websocket !== true && wsHandler === undefined) others.push(...[method].flat().map((method) => [method, url.replaceAll(/:\w+|\*/g, 'x'.repeat(24))] as const))
  })
  if (options !== undefined) await app.register(fastifyWebsocket, { options })
  return { app, others }
}

t.test('only WebSocket routes accept an upgrade, at each port, and regardless of who registered @fastify/websocket', async (t) => {
  for (const options of [undefined, { maxPayload: 1000 }]) {
    const main = await build(options)
    const { app } = main
    await app.register(wampPlugin, {
      realms: { realm1: { roles: { anonymous: everything } } },
      ...{ auth: { anonymous: { type: 'static', role: 'anonymous' }, cookie: {} }, cookie: {}, client: '/client.js', shutdownTimeout: 100 },
      static: [{ prefix: '/files/', root: t.testdir({ 'index.html': 'page' }) }]
    })
    await app.register(wampConsole, { path: '/console', role: 'anonymous' })
    await app.register(wampEndpoint, { path: '/second' })
    await addRoutes(app)
    const port = await build(options)
    await port.app.register(wampPort, { app, client: '/client.js' })
    await addRoutes(port.app)
    t.teardown(async () => { await Promise.all([port.app.close(), app.close()]) })

    for (const { app, others } of [port, main]) {
      await app.listen({ port: 0, host: '127.0.0.1' })
      t.ok(others.length > 15, `there are ${others.length} such routes`)
      for (const [method, path] of others) t.match(await upgrade(t, app, method, path), /^HTTP\/1\.1 40[14] /, `${method} ${path}`)
      t.match(await app.inject('/own'), { statusCode: 200, body: 'own' }, 'other requests are answered')
      for (const path of ['/echo', '/both']) {
        const socket = new WebSocket(`ws://127.0.0.1:${(app.server.address() as AddressInfo).port}${path}`)
        await once(socket, 'open')
        socket.send('hello')
        t.equal(String((await once(socket, 'message'))[0]), 'hello', 'a WebSocket route of the app works')
        if (options !== undefined) {
          socket.send('x'.repeat(1001))
          t.equal((await once(socket, 'close'))[0], 1009, 'with the options of the app')
        }
        socket.terminate()
      }
    }
  }
})
