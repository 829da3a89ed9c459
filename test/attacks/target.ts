import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import wampPlugin, { wampEndpoint } from 'fastify-wamp'
import type { EndpointOptions, FastifyWampOptions } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { WebBrowser } from '../helper/web-browser.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const [json] = wireCodecs
const roles = { caller: {}, subscriber: {} }

/** An app that is attacked: its users joe and mallory log in by ticket over WebSocket, or by REST. */
export interface Target {
  readonly app: FastifyInstance
  readonly http: string
  readonly ws: string
  browser (): WebBrowser
  /** Opens a WebSocket with what is in the browser, logs in, and resolves to the client. */
  login (browser: WebBrowser, authid?: string): Promise<WireClient>
  /** Opens a WebSocket with a Cookie header, at an endpoint's path, and resolves to who is let in by it, or to null. */
  enter (cookie: string, details?: object, path?: string): Promise<string | null>
  /** Opens a WebSocket with a Cookie header, and offers `cookie` alone. */
  connect (cookie: string, details?: object, path?: string): Promise<{ client: WireClient, answer: unknown[] }>
  /** The status with which an upgrade is answered. */
  upgrade (headers: Record<string, string>): Promise<number>
}

/** Starts the app, with a further endpoint if one is given. */
export async function buildTarget (t: Test, options: Partial<FastifyWampOptions> = {}, server: FastifyServerOptions = {}, further?: EndpointOptions): Promise<Target> {
  const app = Fastify(server as object)
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { user: everything } }, realm2: { roles: { user: everything } } },
    auth: { ticket: { type: 'static', principals: { joe: { ticket: 'secret of joe', role: 'user' }, mallory: { ticket: 'secret of mallory', role: 'user' } } }, cookie: {} },
    cookie: {},
    shutdownTimeout: 100,
    ...options
  })
  if (further !== undefined) await app.register(wampEndpoint, further)
  app.post<{ Body: { authid: string } }>('/login', async ({ body: { authid } }, reply) => await reply.wampSignIn('realm1', { authid, role: 'user' }))
  app.get('/me', { onRequest: app.wampIdentify }, async ({ wampPrincipal }) => ({ who: wampPrincipal?.authid ?? null }))
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const http = `http://127.0.0.1:${port}`
  const ws = `ws://127.0.0.1:${port}/ws`
  const urlOf = (path: string): string => new URL(path, ws).href

  const connect = async (cookie: string, details: object = {}, path = '/ws'): Promise<{ client: WireClient, answer: unknown[] }> => {
    const client = await WireClient.connect(t, urlOf(path), json!, { headers: cookie === '' ? {} : { cookie } })
    return { client, answer: await client.ask([1, 'realm1', { roles, authmethods: ['cookie'], ...details }]) }
  }
  return {
    app,
    http,
    ws,
    connect,
    browser: () => new WebBrowser(http),
    async login (browser, authid = 'joe') {
      const client = await browser.open(t, ws)
      const challenge = await client.ask([1, 'realm1', { roles, authmethods: ['ticket'], authid }])
      if (challenge[0] !== 4) throw new Error(`no CHALLENGE: ${JSON.stringify(challenge)}`)
      const welcome = await client.ask([5, `secret of ${authid}`, {}])
      if (welcome[0] !== 2) throw new Error(`no WELCOME: ${JSON.stringify(welcome)}`)
      return client
    },
    async enter (cookie, details, path) {
      const { client, answer } = await connect(cookie, details, path)
      client.socket.terminate()
      return answer[0] === 2 ? (answer[2] as { authid: string }).authid : null
    },
    async upgrade (headers) {
      const client = new WireClient(ws, json!, { headers })
      return await new Promise((resolve) => {
        client.socket.on('unexpected-response', (request, response) => { request.destroy(); resolve(response.statusCode!) })
        client.socket.on('open', () => { client.socket.terminate(); resolve(101) })
        client.socket.on('error', () => {})
      })
    }
  }
}
