import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import fastifyCookie from '@fastify/cookie'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance, onRequestHookHandler } from 'fastify'
import { errors } from '../plugin/errors.ts'

/**
 * Uses the host's @fastify/websocket, or registers it, and refuses upgrades to routes that are no WebSocket routes. Warns where no WebSocket
 * can be opened, whatever is registered.
 */
export async function registerWebsocket (fastify: FastifyInstance): Promise<void> {
  const { http2 = false, https } = fastify.initialConfig
  if (http2 && !(typeof https === 'object' && https.allowHTTP1 === true)) {
    fastify.log.warn({ option: 'http2' }, 'WebSockets do not work: this app accepts only HTTP/2, over which they are not supported; create it with https: { allowHTTP1: true } in addition to http2: true')
  }
  if (!fastify.hasDecorator('websocketServer')) await fastify.register(fastifyWebsocket)
  // On other routes, @fastify/websocket would open a WebSocket and close it. Until its client has closed it, too, `ws` buffers messages up to
  // its own limit of 100 MiB.
  fastify.addHook('onRoute', (route) => {
    const { websocket, wsHandler, onRequest = [] } = route
    if (websocket !== true && wsHandler === undefined) route.onRequest = [refuseUpgrade, ...[onRequest].flat()]
  })
  fastify.addHook('onReady', async () => { orderListeners(fastify) })
}

/** The hook of a route that is no WebSocket route. */
const refuseUpgrade: onRequestHookHandler = (request, reply, done) => {
  if (!request.ws) return done()
  reply.code(404).header('connection', 'close').send({ error: 'This path does not serve WebSockets' })
}

/** Each registration of @fastify/websocket listens by a function of this name. */
const ANSWERS_ALL = 'onUpgrade'

type UpgradeListener = (request: IncomingMessage, socket: Duplex & { readonly _httpMessage?: unknown }, head: Buffer) => void

/** Makes @fastify/websocket answer each upgrade once, and after the listeners that answer only their own. */
function orderListeners (fastify: FastifyInstance): void {
  const { server } = fastify
  const [answersAll, second] = server.listeners('upgrade').filter(({ name }) => name === ANSWERS_ALL) as UpgradeListener[]
  if (second !== undefined) {
    // Two would both write to the socket.
    if (fastify.hasPlugin('mercurius')) throw new errors.WAMP_ERR_HOST_PLUGIN('mercurius', 'with subscriptions registers its own @fastify/websocket: register mercurius after fastify-wamp, or @fastify/websocket on the root instance before both')
    throw new errors.WAMP_ERR_HOST_PLUGIN('@fastify/websocket', 'is registered twice, possibly by another plugin with its own instance, such as mercurius with subscriptions: register it once, on the root instance, before fastify-wamp and all other plugins that use it')
  }
  if (answersAll === undefined) return
  // @fastify/http-proxy throws an uncaught error if another listener has answered before. @fastify/websocket marks each request as its own,
  // also if another listener has answered: the route would then get a WebSocket instead of the request.
  const answersOthers: UpgradeListener = (request, socket, head) => {
    if (socket._httpMessage === null || socket._httpMessage === undefined) answersAll(request, socket, head)
  }
  // By this property, Node.js finds it when @fastify/websocket removes its listener.
  server.removeListener('upgrade', answersAll).on('upgrade', Object.assign(answersOthers, { listener: answersAll }))
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
