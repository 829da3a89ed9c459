import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HeldValues } from '../plugin/held-values.ts'
import { memoryOf } from '../plugin/memory-of.ts'
import { whenResponseEnds } from './client-gone.ts'
import { connectionOf } from './connection-of.ts'

/**
 * A hook for a request whose body has just been parsed. Fastify keeps the values until the request has been answered, while it waits for its turn
 * and for the answer, so they count until then. Answers 429 if the connection has used up its share of the memory for values.
 */
export function holdBody (held: HeldValues, refusal: object): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    const { body } = request
    if (typeof body !== 'object' || body === null) return undefined
    const connection = connectionOf(request.raw)
    const bytes = sizeOf(body)
    if (!held.hasRoom(connection, bytes)) {
      held.tell('a request of a route was refused')
      return await reply.code(429).header('cache-control', 'no-store').send(refusal)
    }
    const kept = held.hold(connection, bytes)
    whenResponseEnds(reply, () => { held.release(kept) })
    return undefined
  }
}

/** The bytes of memory of a body. Only a parser of the app can return a value that contains itself, which the call then rejects. */
function sizeOf (body: object): number {
  try {
    return memoryOf({ args: [body], kwargs: {} })
  } catch {
    return 0
  }
}
