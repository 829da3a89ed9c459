import type { FastifyReply, FastifyRequest } from 'fastify'
import { FOREIGN_PAGE, isAllowedOrigin } from './origin.ts'
import type { OriginOptions } from './origin.ts'

/** Seconds for which a browser remembers what it may send. */
const MAX_AGE = 7200

/**
 * An onRequest hook for routes that pages of allowed origins may use, with cookies. It lets the browser pass responses on to them [Fetch
 * Standard, CORS protocol], and answers 403 to pages of other origins.
 */
export function allowOrigins (origins: OriginOptions): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    const { origin } = request.headers
    reply.header('vary', 'origin')
    if (!isAllowedOrigin(request, origins)) return await reply.code(403).header('cache-control', 'no-store').send({ error: FOREIGN_PAGE })
    if (origin === undefined) return undefined
    reply.header('access-control-allow-origin', origin).header('access-control-allow-credentials', 'true')
    if (request.method === 'OPTIONS') reply.header('access-control-allow-methods', 'POST').header('access-control-allow-headers', 'content-type').header('access-control-max-age', MAX_AGE)
    return undefined
  }
}
