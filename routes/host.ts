import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import fastifyCookie from '@fastify/cookie'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { errors } from '../plugin/errors.ts'
import { refusePipelined } from './websocket-upgrade.ts'

/** Milliseconds of Fastify's `handlerTimeout` for a route that is never done: the longest that a timer can be. */
export const NEVER_DONE = 2 ** 31 - 1

/** Uses the host's @fastify/websocket, or registers it. */
export async function registerWebsocket (fastify: FastifyInstance): Promise<void> {
  fastify.server.prependListener('upgrade', refusePipelined)
  // While anybody listens, Node.js leaves upgrades to them.
  fastify.addHook('preClose', async () => { fastify.server.removeListener('upgrade', refusePipelined) })
  endRefused(fastify)
  if (!fastify.hasDecorator('websocketServer')) await fastify.register(fastifyWebsocket)
  fastify.addHook('onReady', async () => { orderListeners(fastify) })
}

/** Each registration of @fastify/websocket listens by a function of this name. */
const ANSWERS_ALL = 'onUpgrade'

/** Sees to it that @fastify/websocket answers upgrades once, and after those who answer only their own. */
function orderListeners (fastify: FastifyInstance): void {
  const { server } = fastify
  const [answersAll, second] = server.listeners('upgrade').filter(({ name }) => name === ANSWERS_ALL) as ((...args: unknown[]) => void)[]
  if (second !== undefined) {
    // Two would both write to the socket.
    if (fastify.hasPlugin('mercurius')) throw new errors.WAMP_ERR_HOST_PLUGIN('mercurius', 'with subscriptions registers its own @fastify/websocket: register mercurius after fastify-wamp, or @fastify/websocket on the root instance before both')
    throw new errors.WAMP_ERR_HOST_PLUGIN('@fastify/websocket', 'is registered twice, possibly by another plugin with its own instance, such as mercurius with subscriptions: register it once, on the root instance, before fastify-wamp and all other plugins that use it')
  }
  // @fastify/http-proxy throws, where nobody catches it, if another has answered before.
  if (answersAll !== undefined) server.removeListener('upgrade', answersAll).on('upgrade', answersAll)
}

/**
 * Ends the connection of an upgrade that was refused. Node.js no longer reads it, and @fastify/websocket ends it only if it was refused
 * after its own hook: else it would stay, even when the client has gone, and hold up the close.
 */
function endRefused (fastify: FastifyInstance): void {
  const streams = new WeakMap<IncomingMessage, Duplex>()
  const asked = (request: IncomingMessage, stream: Duplex): void => { streams.set(request, stream) }
  fastify.server.prependListener('upgrade', asked)
  fastify.addHook('preClose', async () => { fastify.server.removeListener('upgrade', asked) })
  fastify.addHook('onResponse', async ({ raw }) => {
    const stream = streams.get(raw as IncomingMessage)
    stream?.end(() => { stream.destroy() })
  })
}

/** What @fastify/cookie writes cookies by. Where the host has not registered it, it is in a scope of its own: the host still may. */
export async function cookieSerializer (fastify: FastifyInstance): Promise<FastifyInstance['serializeCookie']> {
  if (fastify.hasDecorator('serializeCookie')) return fastify.serializeCookie
  let serialize!: FastifyInstance['serializeCookie']
  await fastify.register(async (scope) => {
    await scope.register(fastifyCookie)
    serialize = scope.serializeCookie
  })
  return serialize
}

/**
 * Closes connections that would hold up the end of the app, when it closes. Fastify closes those that are idle as it begins to close. All
 * others stay open: after the responses to requests in flight as long as clients like, and where half a request or none has come, as
 * browsers open connections in advance, until a deadline that Node.js no longer looks at. So a connection without a request is closed at
 * once, one with a request after its response, and one whose request has not arrived after so many milliseconds.
 */
export function closeConnections (fastify: FastifyInstance, patience: number): void {
  const connections = new Connections()
  let timer: NodeJS.Timeout | undefined
  connections.watch(fastify.server)
  fastify.addHook('preClose', async () => {
    connections.close()
    timer = setTimeout(() => { connections.cutOff() }, patience)
  })
  fastify.addHook('onClose', async () => { clearTimeout(timer) })
}

/** The connections of an HTTP server, and the requests on them that are not answered yet. */
class Connections {
  readonly #requests = new Map<Socket, Set<IncomingMessage>>()
  readonly #sessions = new Set<Http2Session>()
  #state: 'open' | 'closing' = 'open'
  #forget = (): void => {}

  watch (server: FastifyInstance['server']): void {
    const upgraded = ({ socket }: IncomingMessage): void => { this.#requests.delete(socket) }
    const connected = (socket: Socket & { alpnProtocol?: string | false | null }): void => {
      if (socket.alpnProtocol === 'h2') return
      this.#requests.set(socket, new Set())
      socket.once('close', () => { this.#requests.delete(socket) })
    }
    // A server of HTTP/2 alone has sessions, and no requests of a connection.
    if (server instanceof TlsServer) server.on('secureConnection', connected)
    else if ('closeIdleConnections' in server) server.on('connection', connected)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => { this.#take(request, response) })
    server.on('session', (session: Http2Session) => {
      this.#sessions.add(session)
      session.once('close', () => { this.#sessions.delete(session) })
    })
    server.prependListener('upgrade', upgraded)
    this.#forget = () => { server.removeListener('upgrade', upgraded) }
  }

  /** Closes what is not used, and from now on what is used no more. */
  close (): void {
    this.#state = 'closing'
    // While anybody listens, Node.js leaves upgrades to them.
    this.#forget()
    for (const [socket, requests] of this.#requests) if (requests.size === 0) socket.destroy()
    for (const session of this.#sessions) session.close()
  }

  /** Closes connections whose requests have not arrived. */
  cutOff (): void {
    for (const [socket, requests] of this.#requests) for (const { complete } of requests) if (!complete) socket.destroy()
  }

  #take (request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const requests = this.#requests.get(socket)
    // One of HTTP/2, which is a stream of its session.
    if (requests === undefined) return
    requests.add(request)
    response.once('close', () => {
      requests.delete(request)
      // What was written leaves first.
      if (this.#state === 'closing' && requests.size === 0) socket.destroySoon()
    })
  }
}
