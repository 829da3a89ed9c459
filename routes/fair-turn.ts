import type { FastifyRequest } from 'fastify'
import { nextTurn, spend } from '../plugin/work.ts'
import { connectionOf } from './connection-of.ts'

/** Units of work that Fastify and Node.js take for a request, besides ours. */
const UNITS_OF_REQUEST = 400
/** Units of work that it takes to make a connection of an upgrade, or to open a stream of events. */
export const UNITS_OF_OPENING = 1000

/** A preHandler: many requests in one read from a socket share the turns of the event loop with WebSocket clients. */
export async function fairTurn ({ raw }: FastifyRequest): Promise<void> {
  await (nextTurn(connectionOf(raw)) ?? undefined)
  spend(UNITS_OF_REQUEST)
}
