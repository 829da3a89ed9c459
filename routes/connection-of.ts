import type { FastifyReply, FastifyRequest } from 'fastify'
import { whenResponseEnds } from './client-gone.ts'

/** The common part of requests of HTTP/1.1 and HTTP/2. With HTTP/2, `socket` is a proxy for each stream, not the connection's socket. */
interface RawRequest {
  readonly socket?: object | null
  readonly stream?: { readonly session?: object | undefined }
}

/** The connection of a request. With HTTP/2 many streams share it. For an injected request, it is the request itself. */
export function connectionOf (raw: object): object {
  const { socket, stream }: RawRequest = raw
  return stream?.session ?? socket ?? raw
}

/** True for a request over HTTP/2. */
export function isHttp2 (raw: object): boolean {
  return (raw as RawRequest).stream?.session !== undefined
}

/** Counts the responses of one kind that each connection waits for. */
export class OpenResponses {
  readonly #counts = new WeakMap<object, number>()

  /** The count of a connection. */
  of (connection: object): number {
    return this.#counts.get(connection) ?? 0
  }

  /** Counts a response until it ends. Returns false if the connection already waits for `most` responses. */
  add (connection: object, reply: FastifyReply, most: number): boolean {
    const count = this.of(connection)
    if (count >= most) return false
    this.#counts.set(connection, count + 1)
    whenResponseEnds(reply, () => { this.#counts.set(connection, this.of(connection) - 1) })
    return true
  }
}

/** The maximum number of requests of a connection that may wait for a response. */
const MOST_REQUESTS = 100
const requestsOf = new OpenResponses()

/**
 * An onRequest hook that limits the number of `requests` per connection that wait for a response, since each holds a session, and with HTTP/2
 * also a body. Node.js has no such limit. Over HTTP/2, a request above the limit is answered with 429 and `body`. Over HTTP/1.1, the connection
 * is closed, because the response would wait behind all others. Node.js would then stop reading and not notice that the client has gone.
 */
export function limitRequests (body: object, requests = requestsOf): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async ({ raw }, reply) => {
    if (requests.add(connectionOf(raw), reply, MOST_REQUESTS)) return undefined
    if (!isHttp2(raw)) {
      reply.hijack()
      raw.socket.destroy()
      return reply
    }
    return await reply.code(429).header('cache-control', 'no-store').send(body)
  }
}

/** The text of the 429 response. */
export const TOO_MANY_REQUESTS = 'this connection has too many pending requests'
