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

/** Requests of a connection that are answered at a time. */
const MOST_REQUESTS = 100
const requestsOf = new OpenResponses()

/**
 * An onRequest hook that keeps a connection from waiting for many answers: of each its session is kept, and with HTTP/2 its body. Node.js
 * lets a connection have any number of requests. With HTTP/2 a further one is answered 429, with `body`. With HTTP/1.1 the connection is
 * cut off: the answer would wait behind all others, and when many do, Node.js reads no more, and does not see that the client has gone.
 */
export function limitRequests (body: object): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async ({ raw }, reply) => {
    if (requestsOf.add(connectionOf(raw), reply, MOST_REQUESTS)) return undefined
    if (!isHttp2(raw)) {
      reply.hijack()
      raw.socket.destroy()
      return reply
    }
    return await reply.code(429).header('cache-control', 'no-store').send(body)
  }
}

/** What such a connection is told. */
export const TOO_MANY_REQUESTS = 'this connection waits for too many answers'
