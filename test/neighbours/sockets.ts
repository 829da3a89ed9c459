import type { Server } from 'node:http'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { registerOurs } from './good-neighbour.ts'
import type { Installed } from './install.ts'
import { exchange } from './neighbour.ts'
import type { Neighbour, Plugin } from './neighbour.ts'

interface Trpc { initTRPC: { create (): { router (procedures: object): object, procedure: { query (resolve: () => string): object } } } }
interface SocketIo { Server: new (server: Server, options?: object) => { on (event: 'connection', take: (socket: { on (event: string, take: (text: string, answer: (text: string) => void) => void): void }) => void): void, engine: { close (): void } } }
interface SocketIoClient { io: (url: string, options: object) => { on (event: 'connect_error', take: (error: Error) => void): void, timeout (milliseconds: number): { emitWithAck (event: string, text: string): Promise<string> }, disconnect (): void } }

/** Registers the adapter of tRPC, without a @fastify/websocket of its own. */
async function registerTrpc (app: FastifyInstance, load: <T>(name: string) => T): Promise<void> {
  const { router, procedure } = load<Trpc>('@trpc/server').initTRPC.create()
  await app.register(load<{ fastifyTRPCPlugin: Plugin }>('@trpc/server/adapters/fastify').fastifyTRPCPlugin, {
    prefix: '/trpc', useWSS: true, trpcOptions: { router: router({ hello: procedure.query(() => 'hello') }) }
  })
}

async function registerMercurius (app: FastifyInstance, { load }: Pick<Installed, 'load'>): Promise<void> {
  await app.register(load<Plugin>('mercurius'), { schema: 'type Query { hello: String } type Subscription { news: String }', resolvers: { Query: { hello: () => 'hello' } }, subscription: true })
}

/** Plugins that have WebSockets of their own. */
export const sockets: readonly Neighbour[] = [
  {
    name: 'mercurius',
    packages: { mercurius: '16.10.1', graphql: '16.15.0', '@fastify/websocket': '11.3.7' },
    register: registerMercurius,
    fails: { before: { code: 'WAMP_ERR_HOST_PLUGIN', message: /register mercurius after fastify-wamp/ } },
    works: async (t, { url, installed }) => {
      const other = Fastify()
      await other.register(installed.load<Plugin>('@fastify/websocket'))
      await registerMercurius(other, installed)
      await registerOurs(other)
      await t.resolves(async () => { await other.ready() }, 'before fastify-wamp it works after @fastify/websocket')
      await other.close()
      t.same(await (await fetch(`${url}/graphql?query={hello}`)).json(), { data: { hello: 'hello' } })
      t.equal(await exchange(t, `${url.replace('http', 'ws')}/graphql`, '{"type":"connection_init"}', ['graphql-transport-ws']), '{"type":"connection_ack"}')
    }
  },
  {
    name: '@trpc/server',
    packages: { '@trpc/server': '11.25.2', '@fastify/websocket': '11.3.7' },
    register: async (app, { load }) => {
      if (!app.hasDecorator('websocketServer')) await app.register(load<Plugin>('@fastify/websocket'))
      await registerTrpc(app, load)
    },
    works: async (t, { url }) => {
      t.match(await (await fetch(`${url}/trpc/hello`)).json(), { result: { data: 'hello' } })
      t.match(JSON.parse(String(await exchange(t, `${url.replace('http', 'ws')}/trpc`, '{"id":1,"jsonrpc":"2.0","method":"query","params":{"path":"hello"}}'))), { result: { data: 'hello' } })
    }
  },
  {
    name: 'socket.io',
    packages: { 'socket.io': '4.8.4', 'socket.io-client': '4.8.4' },
    register: async (app, { load }) => {
      const io = new (load<SocketIo>('socket.io').Server)(app.server as Server)
      io.on('connection', (socket) => { socket.on('echo', (text, answer) => { answer(text) }) })
      app.addHook('preClose', async () => { io.engine.close() })
      // Else @fastify/websocket answers its upgrades, too, with 404.
      app.addHook('onRequest', async (request, reply) => { if (request.url.startsWith('/socket.io/')) reply.hijack() })
    },
    works: async (t, { url, installed: { load } }) => {
      for (const transport of ['polling', 'websocket']) {
        const client = load<SocketIoClient>('socket.io-client').io(url, { transports: [transport], reconnection: false })
        client.on('connect_error', (error) => { t.fail(`${transport}: ${error.message}`) })
        t.equal(await client.timeout(5000).emitWithAck('echo', 'hello'), 'hello', transport)
        client.disconnect()
      }
    }
  }
]
