import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import wampPlugin, { typed, wampConsole } from 'fastify-wamp'
import type { StoredLogin } from 'fastify-wamp'
import { contract } from './contract.ts'
import { countPrimes } from './primes.ts'

/** The options of the app. */
export interface AppOptions {
  /** The file of the logins, relative to the working directory. @default 'cookies.dat' */
  cookieFile?: string | undefined
  /** Enables Fastify's logger. @default false */
  logger?: boolean
}

const calls = { uri: 'com.example.*', allow: { call: true } } as const
const feed = { uri: 'com.example.feed', match: 'exact', allow: { publish: true, subscribe: true }, disclose: { publisher: true } } as const
const devices = { uri: 'com.example.devices', match: 'exact', allow: { subscribe: true } } as const
const everything = { uri: '*', allow: { call: true, publish: true, subscribe: true } } as const

/** An app with a page that logs in by cookie, and a REST API that uses the same procedures and topics. */
export async function buildApp ({ cookieFile = 'cookies.dat', logger = false }: AppOptions = {}): Promise<FastifyInstance> {
  const app = Fastify({ logger })
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'content-security-policy': "default-src 'self'; base-uri 'none'; frame-ancestors 'none'", 'x-content-type-options': 'nosniff' })
  })
  await app.register(wampPlugin, {
    path: '/ws',
    static: { root: new URL('web/', import.meta.url) },
    client: '/wamp-client.js',
    realms: { realm1: { contract, roles: { frontend: { permissions: [calls, feed, devices] }, admin: { permissions: [everything, feed] } } } },
    auth: {
      wampcra: { type: 'static', users: { joe: { role: 'frontend', secret: '123456' }, ann: { role: 'admin', secret: '123456' } } },
      cookie: {}
    },
    cookie: { store: { type: 'file', filename: cookieFile } }
  })
  await app.register(wampConsole, { path: '/console', role: 'admin' })
  await addApi(app)
  await addLogins(app)
  return app
}

/** The app's own session registers procedures, and REST routes use it to call and publish. */
async function addApi (app: FastifyInstance): Promise<void> {
  const session = app.wamp.join('realm1', { authid: 'rest' })
  const backend = typed<typeof contract>(session)
  await backend.register('com.example.add2', ({ args: [x, y] }) => x + y)
  await backend.register('com.example.primes', ({ args: [last], signal, progress }) => countPrimes(last, { signal, progress }))

  const add2 = contract.procedures['com.example.add2']
  app.wampRoute({ method: 'GET', url: '/api/sum', procedure: 'com.example.add2', contract: add2, args: ['x', 'y'], as: session })

  const [entry] = contract.topics['com.example.feed'].args.items
  app.post<{ Body: { text: string } }>('/api/feed', {
    // The cookie of a WebSocket login also identifies the user of REST requests.
    onRequest: app.wampIdentify,
    schema: { body: { type: 'object', required: ['text'], properties: { text: entry } } }
  }, async ({ body: { text }, wampPrincipal }) => {
    const from = wampPrincipal?.authid ?? 'somebody'
    return { publication: await backend.publish('com.example.feed', [text], { from }, { disclose_me: true }) }
  })
}

/** "Your devices": lists a user's logins, ends them, and tells the user's pages when the list has changed. */
async function addLogins (app: FastifyInstance): Promise<void> {
  const onRequest = app.wampRequireRole('frontend', 'admin')
  const loginsOf = async ({ wampPrincipal }: FastifyRequest): Promise<StoredLogin[]> =>
    await app.wampCookies!.find({ realm: 'realm1', authid: wampPrincipal!.authid })

  app.get('/api/logins', { onRequest }, async (request) => (await loginsOf(request)).map(({ cookie, record: { userAgent, address }, lastSeen, connected }) =>
    ({ login: cookie, own: cookie === request.wampLogin, userAgent, address, lastSeen, connected })))

  app.delete<{ Params: { login: string } }>('/api/logins/:login', { onRequest }, async (request, reply) => {
    const { login } = request.params
    if (!(await loginsOf(request)).some(({ cookie }) => cookie === login)) return await reply.code(404).send({ message: 'there is no such login' })
    await app.wampCookies!.revoke({ cookie: login })
    await changed(request.wampPrincipal!.authid)
    return await reply.code(204).send()
  })

  const session = app.wamp.join('realm1', { authid: 'devices' })
  const changed = async (authid: string): Promise<void> => { await session.publish('com.example.devices', [], {}, { eligible_authid: [authid] }) }
  await session.subscribe<[{ authid: string }]>('wamp.session.on_join', async ({ args: [{ authid }] }) => { await changed(authid) })
  await session.subscribe<[number, string]>('wamp.session.on_leave', async ({ args: [, authid] }) => { await changed(authid) })
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { PORT = '8080', HOST = '127.0.0.1', COOKIES } = process.env
  const app = await buildApp({ cookieFile: COOKIES, logger: true })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { app.close() })
  const address = await app.listen({ port: Number(PORT), host: HOST })
  console.log(`\nOpen ${address} and log in as joe (or ann, an admin) with the password 123456.\n`)
}
