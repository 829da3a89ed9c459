import fastifyCookie from '@fastify/cookie'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { errors } from '../plugin/errors.ts'
import { refusePipelined } from './websocket-upgrade.ts'

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
    throw new errors.WAMP_ERR_HOST_PLUGIN('@fastify/websocket', 'is registered twice: register it once, on the root instance, before fastify-wamp')
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
 * Closes the connections of requests in flight when they are answered, once the app closes. Fastify closes those that are idle as it
 * begins to close; all others would hold it up after their responses, for as long as clients keep them.
 */
export function closeIdleConnections (fastify: FastifyInstance): void {
  let timer: NodeJS.Timeout | undefined
  fastify.addHook('preClose', async () => {
    // A server of HTTP/2 has no such thing.
    if ('closeIdleConnections' in fastify.server) timer = setInterval(() => { fastify.server.closeIdleConnections() }, SWEEP)
  })
  fastify.addHook('onClose', async () => { clearInterval(timer) })
}
