import type { FastifyReply, FastifyRequest } from 'fastify'
import { Networks } from '../plugin/networks.ts'

/** A hook that answers 403 to requests from other networks. */
export function onlyFrom (allowed: readonly string[]): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const networks = new Networks(allowed)
  return async (request, reply) => {
    if (networks.has(request.ip)) return undefined
    request.log.info({ address: request.ip, option: 'allowedNetworks' }, 'a request was refused: its address is not in an allowed network')
    return await reply.code(403).send({ error: 'this address may not send requests', args: [], kwargs: {} })
  }
}
