import { once } from 'node:events'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { wsOf } from './good-neighbour.ts'
import type { Installed, Packages } from './install.ts'

/** Whether the neighbour is registered before fastify-wamp or after it. */
export type Order = 'before' | 'after'

/** A plugin that an app uses alongside ours. */
export interface Neighbour {
  /** The name of its package. */
  readonly name: string
  /** Its version, and those of the packages that it needs. */
  readonly packages: Packages
  /** Registers it as apps do. */
  register (app: FastifyInstance, installed: Installed, t: Test): Promise<void>
  /** The error with which the app refuses to start in an order that does not work. */
  readonly fails?: Partial<Record<Order, { code: string, message: RegExp }>>
  /** Checks that it does its own work, and what it does to our routes. */
  works (t: Test, about: About): Promise<void>
}

/** The app in which a neighbour is checked. */
export interface About {
  readonly app: FastifyInstance
  readonly url: string
  readonly order: Order
  readonly installed: Installed
}

/** A plugin of unknown options. */
export type Plugin = FastifyPluginAsync<Record<string, unknown>>

/** A neighbour of one package that only has to be registered. */
export function plain (name: string, version: string, options: Record<string, unknown>, works: Neighbour['works']): Neighbour {
  return {
    name,
    packages: { [name]: version },
    register: async (app, { load }) => { await app.register(load<Plugin>(name), options) },
    works
  }
}

/** A header on the answers of a REST route, of a refused upgrade, of the bridge and of the console. */
export async function headersOf (url: string, name: string): Promise<Record<'rest' | 'upgrade' | 'bridge' | 'console', string | null>> {
  const headers = { 'accept-encoding': 'gzip' }
  const of = async (path: string): Promise<string | null> => (await fetch(`${url}${path}`, { headers, redirect: 'manual' })).headers.get(name)
  const bridge = (await fetch(`${url}/call`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: '{}' })).headers.get(name)
  return { rest: await of('/rest'), upgrade: (await refusedUpgrade(wsOf(url))).headers[name] ?? null, bridge, console: await of('/console/console.js') }
}

/** The answer to an upgrade that offers no subprotocol, which is refused: hooks can set headers of a refusal, and none of a 101. */
export async function refusedUpgrade (url: string): Promise<{ statusCode: number, headers: Record<string, string> }> {
  const [, response] = await once(new WebSocket(url), 'unexpected-response') as [unknown, { statusCode: number, headers: Record<string, string>, resume (): void }]
  response.resume()
  return response
}

/** Another server, which ends with the test. It echoes over WebSocket. */
export async function upstream (t: Test, websocket: Plugin): Promise<string> {
  const behind = Fastify()
  await behind.register(websocket)
  behind.get('/', async () => 'behind')
  behind.get('/echo', { websocket: true }, (socket) => { socket.on('message', (data) => { socket.send(String(data)) }) })
  t.teardown(() => behind.close())
  return await behind.listen({ port: 0, host: '127.0.0.1' })
}

/** Sends one text over a new WebSocket, and resolves to the first that comes back. The WebSocket ends with the test. */
export async function exchange (t: Test, url: string, text: string, protocols: string[] = []): Promise<unknown> {
  const socket = new WebSocket(url, protocols)
  t.teardown(() => { socket.terminate() })
  socket.once('open', () => { socket.send(text) })
  const [data] = await once(socket, 'message') as [Buffer]
  return data.toString()
}
