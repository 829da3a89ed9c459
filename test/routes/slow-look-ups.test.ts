import { EventEmitter, once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createConnection } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import type { FastifyWampOptions, StoredRecord } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { wireCodecs } from '../helper/wire-client.ts'
import { WebBrowser } from '../helper/web-browser.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'

const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13', 'sec-websocket-protocol': wireCodecs[0]!.subprotocol }

/** A store whose look-ups stop to answer after so many more. */
class SlowStore extends MemoryStore {
  readonly asked = new EventEmitter()
  answers = Infinity
  #release: Array<() => void> = []

  override get (key: string): StoredRecord | undefined {
    if (this.answers-- > 0) return super.get(key)
    this.asked.emit('look-up')
    // A store may answer by a promise, which this one's type does not say.
    return new Promise<void>((resolve) => { this.#release.push(resolve) }).then(() => super.get(key)) as unknown as StoredRecord
  }

  /** Answers everything. */
  release (): void {
    this.answers = Infinity
    for (const answer of this.#release.splice(0)) answer()
  }
}

async function build (t: Test, options: Partial<FastifyWampOptions> = {}): Promise<{ app: FastifyInstance, url: string, store: SlowStore, logged: string[], browser: WebBrowser }> {
  const logged: string[] = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { logged.push((JSON.parse(line) as { msg: string }).msg) } } } })
  t.teardown(() => app.close())
  const store = new SlowStore()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, auth: { anonymous: { type: 'static' }, cookie: {} }, cookie: { store }, ...options })
  await app.register(wampBridge, { events: '/events' })
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'anonymous' }))
  app.get('/me', { onRequest: app.wampIdentify }, async ({ wampPrincipal }) => ({ authid: wampPrincipal?.authid ?? null }))
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const browser = new WebBrowser(url)
  await browser.fetch('/login', { body: {} })
  return { app, url, store, logged, browser }
}

t.test('an upgrade whose cookie is being looked up is refused when the app closes, without a delay', async (t) => {
  const { app, url, store, logged, browser: { cookie } } = await build(t)
  store.answers = 0
  const asked = once(store.asked, 'look-up')
  const answer = once(get(`${url}/ws`, { headers: { ...upgrade, cookie } }), 'response') as Promise<[IncomingMessage]>
  await asked
  const closed = app.close()
  const [response] = await answer
  response.resume()
  t.match([response.statusCode, response.headers], [503, { 'retry-after': '5' }])
  await closed
  t.notOk(logged.some((text) => text.includes('cannot tell')), 'nobody waited for the store')
  t.ok(logged.includes('an upgrade was refused: the router is shutting down'))
})

t.test('a client that disconnects while its cookie is looked up makes room for another', async (t) => {
  const { app, url, store, logged, browser } = await build(t, { limits: { connectionsOfAddress: 1 } })
  store.answers = 0
  const asked = once(store.asked, 'look-up')
  const taken = once(app.server, 'connection') as Promise<[Socket]>
  const socket = createConnection((app.server.address() as AddressInfo).port, '127.0.0.1')
  const headers = Object.entries({ ...upgrade, host: 'localhost', cookie: browser.cookie }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET /ws HTTP/1.1\r\n${headers.join('')}\r\n`)
  await asked
  const [server] = await taken
  socket.end()
  if (!server.closed) await once(server, 'close')
  t.notOk(logged.some((text) => text.includes('cannot tell')), 'the store has not answered, and is not late yet')
  store.release()
  const { answer } = await browser.join(t, `${url.replace('http', 'ws')}/ws`)
  t.match(answer, [2, Number, { authid: 'joe' }])
  t.match(await app.wampCookies!.find(), [{ connected: 1 }], 'and only that one is connected by the login')
})

t.test('an event stream whose cookie is being looked up is refused when the app closes', async (t) => {
  // The first look-up says who it is, the second when that ends; each reads two records.
  for (const answers of [0, 2]) {
    const { app, store, logged, browser } = await build(t)
    store.answers = answers
    const asked = once(store.asked, 'look-up')
    const answer = browser.fetch('/events?topic=com.example.news')
    await asked
    const closed = app.close()
    const response = await answer
    t.match([response.status, await response.json()], [503, { error: 'the app is closing' }])
    await closed
    t.notOk(logged.some((text) => text.includes('cannot tell')))
  }
})

t.test('a login check that does not answer does not delay the close, and rejects the login', async (t) => {
  const checks = new EventEmitter()
  let answers = true
  const verify = async (): Promise<boolean> => {
    if (answers) return true
    checks.emit('asked')
    return await new Promise(() => {})
  }
  const { app, browser } = await build(t, { auth: { anonymous: { type: 'static' }, cookie: { verify } }, handshakeTimeout: 600_000, shutdownTimeout: 20 })
  answers = false
  const asked = once(checks, 'asked')
  const answer = browser.fetch('/me')
  await asked
  const closed = app.close()
  t.same(await (await answer).json(), { authid: null })
  await closed
})
