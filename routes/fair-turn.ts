import type { FastifyReply, FastifyRequest } from 'fastify'
import { nextTurn, spend } from '../plugin/work.ts'
import { CLIENT_GONE, hasGone, whenResponseEnds } from './client-gone.ts'
import { connectionOf } from './connection-of.ts'

/** Units of work that Fastify and Node.js take for a request, besides ours. */
const UNITS_OF_REQUEST = 400
/** Units of work that it takes to make a connection of an upgrade, or to open a stream of events. */
export const UNITS_OF_OPENING = 1000

/**
 * A preHandler: many requests in one read from a socket share the turns of the event loop with WebSocket clients. A request whose client has gone
 * takes no turn: a client may send requests and disconnect faster than they get turns.
 */
export async function fairTurn ({ raw }: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (!hasGone(reply)) await (nextTurn(connectionOf(raw), (leave) => { whenResponseEnds(reply, leave) }) ?? undefined)
  spend(UNITS_OF_REQUEST)
  return hasGone(reply) ? await reply.code(CLIENT_GONE).send() : undefined
}
