import type { FastifyReply, FastifyRequest } from 'fastify'
import { whenResponseEnds } from './client-gone.ts'

/** What is common to the requests of HTTP/1.1 and HTTP/2. Of the latter each stream has a socket that is none. */
interface RawRequest {
  readonly socket?: object | null
  readonly stream?: { readonly session?: object | undefined }
}

/** Whom the work for a request is for: its connection, which has many streams with HTTP/2. An injected request has none. */
export function connectionOf (raw: object): object {
  const { socket, stream }: RawRequest = raw
  return stream?.session ?? socket ?? raw
}

/** True for a request of HTTP/2. */
export function isHttp2 (raw: object): boolean {
  return (raw as RawRequest).stream?.session !== undefined
}

/** How many responses of a kind each connection waits for. */
export class OpenResponses {
  readonly #counts = new WeakMap<object, number>()

  /** How many these are. */
  of (connection: object): number {
    return this.#counts.get(connection) ?? 0
  }

  /** Counts one more until it is over. False if there are as many already. */
  add (connection: object, reply: FastifyReply, most: number): boolean {
    const count = this.of(connection)
    if (count >= most) return false
    this.#counts.set(connection, count + 1)
    whenResponseEnds(reply, () => { this.#counts.set(connection, this.of(connection) - 1) })
    return true
  }
}

/** Requests of a connection of HTTP/2 that are answered at a time: with HTTP/1.1 one body follows the other. */
const MOST_REQUESTS = 100
const requestsOf = new OpenResponses()

/**
 * An onRequest hook, which answers 429 with `body` to a connection of HTTP/2 that waits for many answers already: of each request its
 * body may be kept, and Node.js lets a connection have any number of them.
 */
export function limitRequests (body: object): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async ({ raw }, reply) => {
    if (!isHttp2(raw) || requestsOf.add(connectionOf(raw), reply, MOST_REQUESTS)) return undefined
    return await reply.code(429).header('cache-control', 'no-store').send(body)
  }
}

/** What such a connection is told. */
export const TOO_MANY_REQUESTS = 'this connection waits for too many answers'
