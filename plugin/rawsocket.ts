import type { FastifyPluginAsync } from 'fastify'
import { rawSocketListener } from '../routes/rawsocket.ts'
import { Authenticators } from './auth/authenticators.ts'
import { codecsOf } from './codec/codecs.ts'
import { kHost } from './host-app.ts'
import type { RawSocketOptions } from './rawsocket-options.ts'
import { resolveRawSocket } from './resolve-transports.ts'

/** Listens for RawSocket clients of the router. */
export const rawSocket: FastifyPluginAsync<RawSocketOptions> = async (fastify, given) => {
  const { options, router, gateway, connections } = fastify[kHost]
  const { listen, tls, auth, pings, serializers } = resolveRawSocket(given, options)
  const authenticators = new Authenticators(auth, (call) => router.call(call))
  fastify.addHook('onReady', async () => { authenticators.close() })
  const server = rawSocketListener(fastify, {
    ...{ listen, tls, pings, authenticators, gateway, connections },
    codecs: codecsOf(serializers),
    keepAlive: options.pingInterval,
    handshakeTimeout: options.handshakeTimeout,
    messageSize: options.limits.messageSize,
    connectionsOfAddress: options.limits.connectionsOfAddress
  })
  fastify.wampRawSockets.push(server)
}
