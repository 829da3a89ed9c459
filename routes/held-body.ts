import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HeldValues } from '../plugin/held-values.ts'
import { memoryOf } from '../plugin/memory-of.ts'
import { whenResponseEnds } from './client-gone.ts'
import { connectionOf } from './connection-of.ts'

/** The requests whose bodies count until their responses end. */
const counted = new WeakSet<FastifyRequest>()

/**
 * A hook for a request whose body has just been parsed. Fastify keeps the values until the request has been answered, while it waits for its turn
 * and for the answer, so they count until then. Answers 429 if the connection has used up its share of the memory for values.
 */
export function holdBody (held: HeldValues, refusal: object): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    // A function that waits for its answer to be sent keeps its variables, so none of them is the body.
    const bytes = sizeOf(request.body)
    if (bytes === null) return undefined
    const connection = connectionOf(request.raw)
    if (!held.hasRoom(connection, bytes)) {
      held.tell('a request of a route was refused')
      return await reply.code(429).header('cache-control', 'no-store').send(refusal)
    }
    counted.add(request)
    const kept = held.hold(connection, bytes)
    whenResponseEnds(reply, () => { held.release(kept) })
    return undefined
  }
}

/**
 * An onSend hook that drops the body of a request, unless it counts. Node.js and Fastify keep the request until its response ends, which waits
 * for all earlier ones of a connection of HTTP/1.1.
 */
export async function dropBody (request: FastifyRequest): Promise<void> {
  if (!counted.has(request)) request.body = undefined
}

/** The bytes of memory of a body; null if it has no values. Only a parser of the app can return a value that contains itself, which the call then rejects. */
function sizeOf (body: unknown): number | null {
  if (typeof body !== 'object' || body === null) return null
  try {
    return memoryOf({ args: [body], kwargs: {} })
  } catch {
    return 0
  }
}
