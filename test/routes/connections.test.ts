import { EventEmitter, once } from 'node:events'
import { get, request as requestHttp } from 'node:http'
import { connect, constants } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, ServerHttp2Session } from 'node:http2'
import { createConnection } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import { needsOpenssl } from '../interop/programs.ts'

const large = 'x'.repeat(12_000_000)

/** An app with all kinds of routes. `arrived` emits the URL of each request. */
async function start (t: Test, given: object, { shutdownTimeout = 50, handshakeTimeout = 10_000 } = {}): Promise<{ app: FastifyInstance, url: string, arrived: EventEmitter }> {
  const app = Fastify(given)
  const arrived = new EventEmitter()
  t.teardown(() => app.close())
  app.addHook('onRequest', async ({ url }) => { arrived.emit(url) })
  await app.register(wampPlugin, { shutdownTimeout, handshakeTimeout, realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.large', () => large)
  app.wampRoute({ method: 'POST', url: '/route', procedure: 'com.example.large', as: backend })
  app.wampRoute({ method: 'GET', url: '/large', procedure: 'com.example.large', as: backend })
  app.post('/own', async () => 'done')
  // @fastify/websocket calls no handler for an upgrade request, but the hooks.
  const answer = async (_request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    await once(arrived, 'go on')
    return await reply.send(large)
  }
  app.get('/wait', { onRequest: answer }, async () => null)
  app.get('/stream', async (_request, reply) => await reply.send(Readable.from(endless())))
  return { app, url: await app.listen({ port: 0, host: '127.0.0.1' }), arrived }
}

function * endless (): Generator<string> {
  while (true) yield large
}

/** A connection of HTTP/2, closed with the test. */
function http2Client (t: Test, url: string, initialWindowSize = 65_535): ClientHttp2Session {
  const client = connect(url, { rejectUnauthorized: false, settings: { initialWindowSize } }).on('error', () => {})
  t.teardown(() => { client.destroy() })
  return client
}

/** A POST whose body never ends. */
function halfPost (client: ClientHttp2Session, path: string): ClientHttp2Stream {
  const stream = client.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' }, { endStream: false }).on('error', () => {})
  stream.resume().write('{')
  return stream
}

t.test('over HTTP/2, a request body that never ends does not delay the close, whatever its route', async (t) => {
  for (const path of ['/call', '/route', '/own', '/nowhere']) {
    const { app, url, arrived } = await start(t, { http2: true })
    const came = once(arrived, path)
    const stream = halfPost(http2Client(t, url), path)
    const reset = once(stream, 'close')
    await came
    await app.close()
    await reset
    t.equal(stream.rstCode, constants.NGHTTP2_CANCEL, path)
  }
})

t.test('over HTTP/2, when the app closes, a request that is complete is answered, though another on its connection is reset', async (t) => {
  const { app, url, arrived } = await start(t, { http2: true })
  const client = http2Client(t, url)
  const came = [once(arrived, '/wait'), once(arrived, '/call')]
  const complete = client.request({ ':path': '/wait' })
  const answer = once(complete, 'response') as Promise<[{ ':status': number }]>
  const reset = once(halfPost(client, '/call'), 'close')
  await Promise.all(came)
  const closed = app.close()
  await reset
  arrived.emit('go on')
  const [{ ':status': status }] = await answer
  t.equal(status, 200)
  complete.resume()
  await closed
})

t.test('a response that is not read does not delay the close', async (t) => {
  for (const http2 of [false, true]) {
    for (const path of ['/large', '/stream']) {
      const { app, url } = await start(t, { http2 })
      if (http2) {
        const stream = http2Client(t, url, 0).request({ ':path': path }).on('error', () => {})
        await once(stream, 'response')
      } else {
        const request = get(url + path).on('error', () => {})
        t.teardown(() => { request.destroy() })
        await once(request, 'response')
      }
      await app.close()
      t.pass(`${path} over HTTP/${http2 ? 2 : 1.1}`)
    }
  }
})

t.test('a response that begins while the app closes and is not read does not hold up the close, nor does one to an upgrade request', async (t) => {
  for (const kind of ['HTTP/1.1', 'upgrade', 'HTTP/2']) {
    const { app, url, arrived } = await start(t, { http2: kind === 'HTTP/2' })
    const came = once(arrived, '/wait')
    if (kind === 'HTTP/2') {
      http2Client(t, url, 0).request({ ':path': '/wait' }).on('error', () => {})
    } else {
      // It never reads.
      const socket = createConnection((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
      t.teardown(() => { socket.destroy() })
      socket.write(`GET /wait HTTP/1.1\r\nHost: x\r\n${kind === 'upgrade' ? 'Connection: Upgrade\r\nUpgrade: websocket\r\n' : ''}\r\n`)
    }
    await came
    const closed = app.close()
    // Node.js itself cuts off responses over HTTP/1.1 that are not flushed at this moment.
    while (app.server.listening) await setImmediate()
    arrived.emit('go on')
    await closed
    t.pass(kind)
  }
})

t.test('over TLS, a connection without a handshake, or an HTTP/2 connection without a request, does not delay the close', needsOpenssl(), async (t) => {
  const identity = await (await Authority.create(t)).sign('router')
  for (const http2 of [false, true]) {
    for (const octets of ['', '\x16\x03\x01\x02']) {
      const { app } = await start(t, { http2, https: identity }, { shutdownTimeout: 60_000 })
      const taken = once(app.server, 'connection') as Promise<[Socket]>
      const socket = createConnection((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
      t.teardown(() => { socket.destroy() })
      socket.write(octets)
      await taken
      await app.close()
      t.pass(`HTTP/${http2 ? 2 : 1.1}, ${octets.length} octets`)
    }
  }
  const { app } = await start(t, { http2: true, https: identity })
  const begun = once(app.server, 'session') as Promise<[ServerHttp2Session]>
  const socket = connectTls({ port: (app.server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'] })
  t.teardown(() => { socket.destroy() })
  socket.on('error', () => {})
  await begun
  await app.close()
  t.pass('HTTP/2 without a preface')
})

t.test('a request body that does not arrive ends its connection or stream in time, over HTTP/1.1 and HTTP/2', async (t) => {
  for (const http2 of [false, true]) {
    for (const path of ['/call', '/route']) {
      const { url } = await start(t, { http2 }, { handshakeTimeout: 10 })
      if (http2) {
        const client = http2Client(t, url)
        const stream = halfPost(client, path)
        await once(stream, 'close')
        t.equal(stream.rstCode, constants.NGHTTP2_CANCEL, path)
        t.notOk(client.destroyed, 'other streams go on')
      } else {
        const request = requestHttp(url + path, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '100' } }).on('error', () => {})
        request.write('{')
        await new Promise((resolve) => { request.once('close', resolve) })
        t.pass(`${path} over HTTP/1.1`)
      }
    }
  }
})
