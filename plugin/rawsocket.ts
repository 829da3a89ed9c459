import type { FastifyPluginAsync } from 'fastify'
import { rawSocketListener, shareRawSocket } from '../routes/rawsocket.ts'
import { Authenticators } from './auth/authenticators.ts'
import { codecsOf } from './codec/codecs.ts'
import { kHost } from './host-app.ts'
import type { RawSocketOptions } from './rawsocket-options.ts'
import { resolveRawSocket } from './resolve-transports.ts'

/** Accepts RawSocket clients of the router, at a port of their own or at that of the app. */
export const rawSocket: FastifyPluginAsync<RawSocketOptions> = async (fastify, given) => {
  const { options, router, gateway, connections } = fastify[kHost]
  const { listen, tls, auth, pings, serializers } = resolveRawSocket(given, options)
  const authenticators = new Authenticators(auth, (call) => router.call(call))
  fastify.addHook('onReady', async () => { authenticators.close() })
  const parts = {
    ...{ pings, authenticators, gateway, connections },
    codecs: codecsOf(serializers),
    keepAlive: options.pingInterval,
    handshakeTimeout: options.handshakeTimeout,
    messageSize: options.limits.messageSize
  }
  if (listen === null) shareRawSocket(fastify, { ...parts, needsCertificates: given.auth?.tls !== undefined })
  else fastify.wampRawSockets.push(rawSocketListener(fastify, { ...parts, listen, tls, connectionsOfAddress: options.limits.connectionsOfAddress }))
}
