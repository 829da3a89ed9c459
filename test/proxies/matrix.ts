import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import type { Identity } from '../helper/certificates.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { needs, proxies, startProxy } from './proxies.ts'
import type { Proxy } from './proxies.ts'

const [json] = wireCodecs
// Another address than that of the proxy.
const ADDRESS = '127.0.0.2'
const hello = { roles: { caller: {} }, authid: 'joe' }

async function buildApp (t: Test, pingInterval: number): Promise<{ app: FastifyInstance, port: number }> {
  const app = Fastify({ trustProxy: '127.0.0.1' })
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { frontend: everything } } },
    auth: { ticket: { type: 'static', principals: { joe: { ticket: 'let me in', role: 'frontend' } } }, cookie: {} },
    cookie: {},
    pingInterval,
    shutdownTimeout: 100
  })
  app.get('/rest', async ({ ip, protocol, host }) => ({ ip, protocol, host }))
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, port: (app.server.address() as AddressInfo).port }
}

/** A client of a proxy, as a browser is one: it sends the origin of its page. */
function connect (t: Test, proxy: Proxy, port: number, ca: string, { cookie, origin }: { cookie?: string, origin?: string } = {}): WireClient {
  const host = `127.0.0.1:${port}`
  const headers = { origin: origin ?? `${proxy.tls ? 'https' : 'http'}://${host}`, 'x-forwarded-for': '203.0.113.9', ...(cookie === undefined ? {} : { cookie }) }
  const client = new WireClient(`${proxy.tls ? 'wss' : 'ws'}://${host}/ws`, json!, { headers, tls: { ca, localAddress: ADDRESS } as { ca: string } })
  t.teardown(() => { client.socket.terminate() })
  return client
}

async function logIn (t: Test, proxy: Proxy, port: number, ca: string): Promise<WireClient> {
  const client = connect(t, proxy, port, ca)
  await once(client.socket, 'open')
  await client.ask([1, 'realm1', { ...hello, authmethods: ['ticket'] }])
  t.match(await client.ask([5, 'let me in', {}]), [2, Number, { authmethod: 'ticket' }])
  return client
}

let identity: Identity
let ca: string

t.before(async () => {
  const authority = await Authority.create(t)
  ca = authority.cert
  identity = await authority.sign('proxy')
})

for (const proxy of proxies) {
  t.test(`behind ${proxy.name}`, needs(proxy), async (t) => {
    const { stdout, stderr } = spawnSync(proxy.program, proxy.versionArgs, { encoding: 'utf8' })
    if (!proxy.version.test(stdout + stderr)) t.comment(`another version than that on the page: ${(stdout + stderr).split('\n')[0]}`)

    t.test('a browser logs in, comes back by its cookie, and is known by its address', async (t) => {
      const { app, port: behind } = await buildApp(t, 25_000)
      const port = await startProxy(t, proxy, behind, identity)
      const first = await logIn(t, proxy, port, ca)
      t.equal(/; Secure/.test(first.setCookie ?? ''), proxy.tls, 'the cookie is Secure where the proxy ends TLS')
      const cookie = first.setCookie!.split(';')[0]!
      const again = connect(t, proxy, port, ca, { cookie })
      await once(again.socket, 'open')
      t.match(await again.ask([1, 'realm1', { ...hello, authmethods: ['cookie'] }]), [2, Number, { authprovider: 'cookie', authid: 'joe' }])
      t.match(await app.wampCookies!.find({ realm: 'realm1', authid: 'joe' }), [{ record: { address: ADDRESS } }])

      const foreign = connect(t, proxy, port, ca, { origin: 'https://evil.example' })
      const [error] = await once(foreign.socket, 'error') as [Error]
      t.match(error.message, /403/, 'a page of a foreign origin is refused')
    })

    t.test('while the app is away, an upgrade is answered as the page says', async (t) => {
      const { app, port: behind } = await buildApp(t, 25_000)
      const port = await startProxy(t, proxy, behind, identity)
      const first = await logIn(t, proxy, port, ca)
      await Promise.all([app.close(), first.closed])
      const away = connect(t, proxy, port, ca)
      const status = await new Promise<number | null>((resolve) => {
        away.socket.on('error', () => { resolve(null) }).on('unexpected-response', (_request, response) => {
          resolve(response.statusCode ?? null)
          response.destroy()
        })
      })
      t.equal(status, proxy.away)
    })

    if (proxy.idle === null) return
    t.test('a WebSocket that is quiet ends by the option that the page names, and pings keep it', async (t) => {
      const quiet = await buildApp(t, 0)
      const lively = await buildApp(t, 400)
      const [ended, kept] = await Promise.all([quiet, lively].map(async ({ port }) => await logIn(t, proxy, await startProxy(t, proxy, port, identity, 2), ca))) as [WireClient, WireClient]
      await ended.closed
      for (let pings = 0; pings < 10; pings++) await once(kept.socket, 'ping')
      t.match(await kept.ask([48, 1, {}, 'no.such']), [8, 48, 1, {}, 'wamp.error.no_such_procedure'], 'it goes on after twice that time')
    })
  })
}
