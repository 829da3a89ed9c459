import type { FastifyPluginAsync } from 'fastify'
import { longPollRoutes } from '../routes/longpoll.ts'
import { kHost, prepareEndpoint } from './host-app.ts'
import type { LongPollOptions } from './longpoll-options.ts'
import { doubtfulTimes } from './resolve-options.ts'
import { resolveLongPoll } from './resolve-transports.ts'

/** Serves clients of the router over HTTP requests. */
export const longPoll: FastifyPluginAsync<LongPollOptions> = async (fastify, given) => {
  const host = fastify[kHost]
  const { options, router, gateway, connections, served } = host
  const { endpoint, times } = resolveLongPoll(given, options, served)
  for (const { option, text } of doubtfulTimes({ ...times })) fastify.log.warn({ option }, text)
  const { subprotocols, authenticators, entrance } = await prepareEndpoint(fastify, host, endpoint)
  // In a separate scope, for its hooks and its parser.
  await fastify.register(longPollRoutes, { endpoint, times, subprotocols, authenticators, entrance, router, gateway, connections, messageSize: options.limits.messageSize })
}
