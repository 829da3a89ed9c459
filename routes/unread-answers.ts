import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Router } from '../plugin/router.ts'
import { whenResponseEnds } from './client-gone.ts'
import { connectionOf, isHttp2 } from './connection-of.ts'
import { cancel } from './exchange.ts'

/** The octets of the answers that have been sent on a connection and are not yet read. */
const unread = new WeakMap<object, number>()

/**
 * An onSend hook that limits the octets of a connection's answers which the client has not read. Over HTTP/2, a connection can have many of
 * them, and Node.js buffers them all; one above the limit is reset, because the client cannot be told otherwise. A single answer always fits.
 * Over HTTP/1.1, only one is sent at a time.
 */
export function limitAnswers ({ bufferedBytes, logLimit }: {
  /** The maximum octets of unread answers. */
  readonly bufferedBytes: number
  readonly logLimit: Router['logLimit']
}): (request: FastifyRequest, reply: FastifyReply, payload: unknown) => Promise<unknown> {
  return async ({ raw, log }, reply, payload) => {
    if (!isHttp2(raw) || !(typeof payload === 'string' || payload instanceof Uint8Array)) return payload
    const connection = connectionOf(raw)
    // Octets: otherwise Node.js keeps the text as well.
    const octets = typeof payload === 'string' ? Buffer.from(payload) : payload
    const waiting = unread.get(connection) ?? 0
    if (waiting > 0 && waiting + octets.length > bufferedBytes) {
      logLimit.of(log).warn({ bufferedBytes: waiting }, 'a client does not read: an answer to it was dropped')
      cancel((raw as unknown as { stream: Parameters<typeof cancel>[0] }).stream)
      return ''
    }
    unread.set(connection, waiting + octets.length)
    whenResponseEnds(reply, () => { unread.set(connection, unread.get(connection)! - octets.length) })
    return octets
  }
}
