import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin from 'fastify-wamp'
import type { InProcessSession } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

t.test('an upgrade is over with its 101: the connection keeps neither request nor response, and what they had is let go', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  const upgrades: Array<{ response: ServerResponse, session: InProcessSession, over: Promise<unknown> }> = []
  app.addHook('onRequest', async (request, reply) => {
    request.wampPrincipal = { realm: 'realm1', authid: 'joe', authrole: 'anonymous', authmethod: 'token', authprovider: 'app' }
    upgrades.push({ response: reply.raw, session: request.wamp, over: once(reply.raw, 'close') })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [json] = wireCodecs
  const client = await WireClient.connect(t, `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`, json!)
  const [{ response, session, over }] = upgrades as [typeof upgrades[number]]
  await over
  t.equal(response.socket, null)
  t.ok(response.destroyed)
  await new Promise<void>((resolve) => { session.whenClosed(resolve) })
  t.match(await client.ask(HELLO), [2], 'the connection lives on')
  t.equal(app.wamp.sessions('realm1').length, 1)
})

t.test('a page of another origin that is refused stands in the log, with the option that would let it connect', async (t) => {
  const lines: object[] = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line) as object) } } } })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [json] = wireCodecs
  const origin = `http://${'x'.repeat(1000)}.example`
  const url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`
  await t.rejects(WireClient.connect(t, url, json!, { headers: { origin } }), { message: /403/ })
  t.match(lines.find((line) => 'origin' in line), { level: 30, origin: origin.slice(0, 256), msg: /allowedOrigins/ })
})

t.test('who asks for an upgrade before its last request is answered is cut off, and holds nothing up', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => {
    app.get('/slow', async () => {
      resolve()
      await new Promise<void>((resolve) => { answer = resolve })
      return 'done'
    })
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await asked
  const closed = once(socket, 'close')
  socket.write('GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n')
  await closed
  answer()
  await app.close()
  t.equal(app.server.listening, false)
})
