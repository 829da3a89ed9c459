import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { snippetsOf } from '../docs/snippets.ts'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { startNginx } from './nginx.ts'
import { needsNginx } from './programs.ts'

const [json] = wireCodecs

/** An app behind nginx as the page on operation has it. */
async function buildProxied (t: Parameters<typeof startNginx>[0]): Promise<{ app: FastifyInstance, host: string, ca: string }> {
  const app = Fastify({ trustProxy: '127.0.0.1' })
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { frontend: everything } } },
    auth: { ticket: { type: 'static', principals: { joe: { ticket: 'let me in', role: 'frontend' } } }, cookie: {} },
    cookie: {},
    shutdownTimeout: 100
  })
  await app.register(wampBridge, { events: '/events' })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const authority = await Authority.create(t)
  const configuration = snippetsOf('docs/operate.md').find(({ name }) => name === 'nginx.conf')!.text
  const port = await startNginx(t, configuration, { app: (app.server.address() as AddressInfo).port, identity: await authority.sign('proxy') })
  return { app, host: `127.0.0.1:${port}`, ca: authority.cert }
}

t.test('behind nginx a browser logs in, and comes back by a cookie that is Secure', needsNginx(), async (t) => {
  const { app, host, ca } = await buildProxied(t)
  const headers = { origin: `https://${host}`, 'user-agent': 'a browser' }
  const first = await WireClient.connect(t, `wss://${host}/ws`, json!, { headers, tls: { ca } })
  t.match(first.setCookie, /; Secure/)
  const hello = { roles: { caller: {} }, authid: 'joe' }
  await first.ask([1, 'realm1', { ...hello, authmethods: ['ticket'] }])
  t.match(await first.ask([5, 'let me in', {}]), [2, Number, { authmethod: 'ticket' }])

  const cookie = first.setCookie!.split(';')[0]!
  const again = await WireClient.connect(t, `wss://${host}/ws`, json!, { headers: { ...headers, cookie }, tls: { ca } })
  t.match(await again.ask([1, 'realm1', { ...hello, authmethods: ['cookie'] }]), [2, Number, { authprovider: 'cookie', authid: 'joe' }])
  t.match(await app.wampCookies!.find({ realm: 'realm1', authid: 'joe' }), [{ record: { userAgent: 'a browser', address: '127.0.0.1' } }])

  const foreign = new WireClient(`wss://${host}/ws`, json!, { headers: { origin: 'https://evil.example' }, tls: { ca } })
  const [error] = await once(foreign.socket, 'error') as [Error]
  t.match(error.message, /403/, 'and a page of a foreign origin does not')
})

t.test('behind nginx events come as they are published', needsNginx(), async (t) => {
  const { app, host, ca } = await buildProxied(t)
  const client = await WireClient.connect(t, `wss://${host}/ws`, json!, { tls: { ca } })
  await client.ask([1, 'realm1', { roles: { caller: {} }, authid: 'joe', authmethods: ['ticket'] }])
  await client.ask([5, 'let me in', {}])
  const cookie = client.setCookie!.split(';')[0]!
  const [response] = await once(get(`https://${host}/events?topic=com.example.news`, { ca, headers: { cookie } }), 'response') as [IncomingMessage]
  t.teardown(() => { response.destroy() })
  t.equal(response.statusCode, 200)
  await app.wamp.join('realm1').publish('com.example.news', ['fresh'])
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += String(chunk)
    if (text.includes('fresh')) break
  }
  t.match(text, /"args":\["fresh"\]/)
})
