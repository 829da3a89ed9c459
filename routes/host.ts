import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import fastifyCookie from '@fastify/cookie'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { errors } from '../plugin/errors.ts'
import { refusePipelined } from './websocket-upgrade.ts'

/** Milliseconds of Fastify's `handlerTimeout` for a route that is never done: the longest that a timer can be. */
export const NEVER_DONE = 2 ** 31 - 1
/** Milliseconds between looks for idle connections while the app closes. */
const SWEEP = 100

/** Uses the host's @fastify/websocket, or registers it. */
export async function registerWebsocket (fastify: FastifyInstance): Promise<void> {
  fastify.server.prependListener('upgrade', refusePipelined)
  // While anybody listens, Node.js leaves upgrades to them.
  fastify.addHook('preClose', async () => { fastify.server.removeListener('upgrade', refusePipelined) })
  if (!fastify.hasDecorator('websocketServer')) await fastify.register(fastifyWebsocket)
  fastify.addHook('onReady', async () => {
    // Each registration answers every upgrade of the HTTP server: two would both write to its socket.
    if (fastify.server.listeners('upgrade').filter(({ name }) => name === 'onUpgrade').length < 2) return
    throw new errors.WAMP_ERR_HOST_PLUGIN('@fastify/websocket', 'is registered twice, perhaps by another plugin that brings its own (mercurius with subscriptions, the adapter of tRPC): register it once, on the root instance, before fastify-wamp and all of these')
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
 * Closes connections that would hold up the end of the app. Fastify closes those that are idle as it begins to close. Those of requests
 * in flight would stay open after their responses, as long as clients like; and one on which no request has come counts as busy for a
 * minute or more: browsers open such connections in advance.
 */
export function closeConnections (fastify: FastifyInstance): void {
  const { server } = fastify
  // A server of HTTP/2 has sessions instead.
  if (!('closeIdleConnections' in server)) return
  const unused = new Set<Socket>()
  const use = ({ socket }: IncomingMessage): void => { unused.delete(socket) }
  server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => { unused.delete(socket) })
  })
  server.on('request', use)
  server.prependListener('upgrade', use)
  let timer: NodeJS.Timeout | undefined
  fastify.addHook('preClose', async () => {
    // While anybody listens, Node.js leaves upgrades to them.
    server.removeListener('upgrade', use)
    for (const socket of unused) socket.destroy()
    timer = setInterval(() => { server.closeIdleConnections() }, SWEEP)
  })
  fastify.addHook('onClose', async () => { clearInterval(timer) })
}
