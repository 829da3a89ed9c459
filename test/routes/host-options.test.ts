import dns from 'node:dns'
import { EventEmitter, once } from 'node:events'
import { ServerResponse } from 'node:http'
import { connect } from 'node:http2'
import { createConnection } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import t from 'tap'
import type { Test } from 'tap'
import { Authority } from '../helper/certificates.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { needsOpenssl } from '../interop/programs.ts'
import { isGoodNeighbour, registerOurs, registerRest } from '../neighbours/good-neighbour.ts'

t.test('everything works in a scope with a prefix', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async (scope) => {
    await registerOurs(scope)
    registerRest(scope)
  }, { prefix: '/base' })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await isGoodNeighbour(t, { url: `${url}/base`, close: () => app.close() })
})

t.test('everything works if the app rewrites URLs', async (t) => {
  const app = Fastify({ rewriteUrl: ({ url = '' }) => url.replace(/^\/base(?=\/)/, '') })
  t.teardown(() => app.close())
  await registerOurs(app)
  registerRest(app)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await isGoodNeighbour(t, { url: `${url}/base`, close: () => app.close() })
})

t.test('over HTTP/2 there are the bridge, events and the console; a WebSocket takes HTTP/1.1 at the same port', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const app = Fastify({ http2: true, https: { allowHTTP1: true, ...await authority.sign('router') } }) as unknown as FastifyInstance
  t.teardown(() => app.close())
  await registerOurs(app)
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'frontend' }))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })

  const client = await WireClient.connect(t, `${url.replace('https', 'wss')}/ws`, wireCodecs[0]!, { tls: { rejectUnauthorized: false } })
  t.match(client.setCookie, /^cbtid=.*; Secure/)
  const { cookies } = await app.inject({ method: 'POST', url: '/login' })
  const cookie = `${cookies[0]!.name}=${cookies[0]!.value}`

  const session = connect(url, { rejectUnauthorized: false })
  t.teardown(() => { session.destroy() })
  const ask = async (headers: Record<string, string>, body = ''): Promise<{ status: number, text: string }> => {
    const stream = session.request({ cookie, ...headers }, { endStream: body === '' })
    if (body !== '') stream.end(body)
    let [status, text] = [0, '']
    stream.on('response', (answer) => { status = Number(answer[':status']) })
    for await (const chunk of stream) {
      text += String(chunk)
      if (text.includes('data:')) break
      if (text.startsWith('retry:')) await app.wamp.join('realm1').publish('com.example.news', ['hello'])
    }
    return { status, text }
  }
  t.match(await ask({ ':method': 'POST', ':path': '/call', 'content-type': 'application/json' }, '{"procedure":"com.example.add2","args":[2,3]}'), { status: 200, text: '{"args":[5]}' })
  t.match(await ask({ ':path': '/events?topic=com.example.news' }), { status: 200, text: /"args":\["hello"\]/ })
  t.match(await ask({ ':path': '/console/' }), { status: 200, text: '<body data-login=' })
  const operator = await WireClient.connect(t, `${url.replace('https', 'wss')}/console/ws`, wireCodecs[0]!, { headers: { cookie }, tls: { rejectUnauthorized: false } })
  t.match(await operator.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['cookie'] }]), [2, Number, { authid: 'joe', authprovider: 'cookie' }])
  t.notOk(session.remoteSettings.enableConnectProtocol, 'no WebSocket over HTTP/2 [RFC 8441] is offered')
  await app.close()
  t.equal(await client.closed, 1001)
})

t.test('an app with only HTTP/2 starts, with a warning that no WebSocket can be opened; the rest works', async (t) => {
  for (const [options, warned] of [[{ http2: true }, true], [{ http2: true, https: {} }, true], [{ http2: true, https: { allowHTTP1: true } }, false], [{}, false]] as const) {
    const lines: { level: number, msg: string }[] = []
    const app = Fastify({ ...options, logger: { stream: { write: (line: string) => { lines.push(JSON.parse(line) as typeof lines[number]) } } } } as object)
    t.teardown(() => app.close())
    await registerOurs(app)
    t.match(lines.filter(({ level }) => level >= 40), warned ? [{ level: 40, msg: /^WebSockets do not work: .*allowHTTP1/ }] : [], JSON.stringify(options))
    t.equal(lines.filter(({ level }) => level >= 40).length, warned ? 1 : 0)
    if ('https' in options || !warned) continue
    registerRest(app)
    const session = connect(await app.listen({ port: 0, host: '127.0.0.1' }))
    t.teardown(() => { session.destroy() })
    const [answer] = await once(session.request({ ':path': '/ws' }).resume(), 'response') as [{ ':status': number }]
    t.equal(answer[':status'], 400, 'it cannot be asked to upgrade')
    let text = ''
    for await (const chunk of session.request({ ':path': '/rest' })) text += String(chunk)
    t.match(text, /^\{"rest"/)
    await app.close()
  }
})

t.test('if localhost has two addresses, both are served, and closed', async (t) => {
  const { app, port } = await listenOnTwo(t)
  const client = await WireClient.connect(t, `ws://127.0.0.1:${port}/ws`, wireCodecs[0]!)
  await isGoodNeighbour(t, { url: `http://127.0.0.2:${port}`, close: () => app.close() })
  t.equal(await client.closed, 1001)
})

t.test('at the second address, too, connections without a request are closed, and requests in flight end before the app does', async (t) => {
  const requests = new EventEmitter()
  const ended: string[] = []
  const { app, port } = await listenOnTwo(t, (app) => {
    app.get<{ Params: { name: string } }>('/slow/:name', async ({ params: { name } }) => {
      const answered = once(requests, `answer ${name}`)
      requests.emit(`come ${name}`)
      await answered
      ended.push(name)
      return 'done'
    })
  })
  const idle = createConnection(port, '127.0.0.2').resume()
  t.teardown(() => { idle.destroy() })
  await once(idle, 'connect')
  const come = [once(requests, 'come first'), once(requests, 'come second')]
  const answers = [fetch(`http://127.0.0.1:${port}/slow/first`), fetch(`http://127.0.0.2:${port}/slow/second`)]
  await Promise.all(come)
  const [idleClosed, firstClosed] = [once(idle, 'close'), once(app.server, 'close')]
  const closing = app.close().then(() => { ended.push('app') })
  await idleClosed
  await t.rejects(fetch(`http://127.0.0.2:${port}/rest`), 'no further connection is taken')
  requests.emit('answer first')
  await firstClosed
  await t.rejects(fetch(`http://127.0.0.1:${port}/rest`))
  requests.emit('answer second')
  for (const answer of answers) t.equal(await (await answer).text(), 'done')
  await closing
  t.same(ended, ['first', 'second', 'app'])
})

t.test('a plugin that answers only upgrades of its own does so before @fastify/websocket, also if it is registered after us', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await registerOurs(app)
  const taken = new Promise((resolve) => {
    app.server.on('upgrade', (request, socket) => {
      if (request.url !== '/own') return
      // As @fastify/http-proxy does: this throws if the socket has a response already.
      const response = new ServerResponse(request)
      response.assignSocket(socket as Socket)
      response.end('own', () => { resolve(socket.destroy()) })
    })
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await t.rejects(WireClient.connect(t, `${url.replace('http', 'ws')}/own`, wireCodecs[0]!), { message: /200/ })
  await taken
})

t.test('an upgrade that another plugin has answered by a route reaches that route as a request', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await registerOurs(app)
  app.addHook('onRequest', async () => {})
  app.get('/own', async () => 'own')
  app.server.on('upgrade', (request, socket) => {
    if (request.url !== '/own') return
    const response = new ServerResponse(request)
    response.assignSocket(socket as Socket)
    response.once('finish', () => { socket.destroy() })
    app.routing(request, response)
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await t.rejects(WireClient.connect(t, `${url.replace('http', 'ws')}/own`, wireCodecs[0]!), { message: /200/ })
})

t.test('an upgrade outside the only scope with @fastify/websocket is answered, and does not delay the close', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async (scope) => { await registerOurs(scope) }, { prefix: '/base' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = upgradeBy(t, app, '/elsewhere')
  t.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 404 /)
  await once(socket, 'close')
  await app.close()
  t.equal(app.server.listening, false)
})

t.test('an upgrade that arrives when @fastify/websocket no longer answers does not delay the close', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifyWebsocket)
  app.addHook('preClose', async () => {
    const socket = upgradeBy(t, app, '/ws')
    socket.resume()
    await once(socket, 'close')
    t.pass('its connection is closed')
  })
  await registerOurs(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  await app.close()
})

t.test('mercurius with subscriptions before this plugin causes an error with the right order', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fp(async (host) => {
    await host.register(async (child) => { await child.register(fastifyWebsocket) })
  }, { name: 'mercurius' }))
  await registerOurs(app)
  await t.rejects(async () => { await app.ready() }, { code: 'WAMP_ERR_HOST_PLUGIN', message: /^mercurius .* register mercurius after fastify-wamp/ })
})

/** An app that listens at two addresses of localhost. */
async function listenOnTwo (t: Test, prepare: (app: FastifyInstance) => void = () => {}): Promise<{ app: FastifyInstance, port: number }> {
  const { lookup } = dns
  const both = [{ address: '127.0.0.1', family: 4 }, { address: '127.0.0.2', family: 4 }]
  const replaced = t.capture(dns, 'lookup', (host: string, ...rest: unknown[]) => {
    if (host !== 'localhost') return Reflect.apply(lookup, dns, [host, ...rest])
    const tell = rest.at(-1) as (error: null, address: unknown, family?: number) => void
    if ((rest[0] as { all?: boolean }).all === true) tell(null, both)
    else tell(null, '127.0.0.1', 4)
  })
  const app = Fastify()
  t.teardown(() => app.close())
  await registerOurs(app)
  registerRest(app)
  prepare(app)
  await app.listen({ port: 0, host: 'localhost' })
  t.ok(replaced().length > 0)
  t.equal(app.addresses().length, 2)
  return { app, port: (app.server.address() as AddressInfo).port }
}

/** A client that asks for an upgrade. */
function upgradeBy (t: Test, app: FastifyInstance, path: string): Socket {
  const socket = createConnection((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n`)
  return socket
}
