import type { IncomingMessage } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { preParsingAsyncHookHandler } from 'fastify'
import { LONGEST_TIMER } from '../plugin/longest-timer.ts'
import { hasGone } from './client-gone.ts'
import { cancel, hasArrived } from './exchange.ts'

/** How often `handshakeTimeout` a body may take to arrive. */
const HANDSHAKES_OF_BODY = 10

/** A request of HTTP/1.1 or HTTP/2. */
type Raw = IncomingMessage & { readonly stream?: ServerHttp2Stream }

/**
 * A preParsing hook that disconnects clients whose request bodies have not arrived after ten times `handshakeTimeout`, before they are processed.
 * Over HTTP/2, only the stream is reset. Fastify itself waits forever, unless its option `requestTimeout` is set, which has no effect over HTTP/2.
 */
export function limitBody (handshakeTimeout: number): preParsingAsyncHookHandler {
  // The payload passed to hooks may be another stream, such as a decompressed body.
  return async ({ raw }, reply, payload) => {
    // A stream of HTTP/2 that is over would not end the timer, which keeps the request in memory.
    if (raw.destroyed || hasGone(reply) || isComplete(raw)) return payload
    // An injected request whose body is not read never ends, and must not keep the process alive.
    const timer = setTimeout(() => { cut(raw) }, Math.min(HANDSHAKES_OF_BODY * handshakeTimeout, LONGEST_TIMER)).unref()
    raw.once('end', () => { clearTimeout(timer) }).once('close', () => { clearTimeout(timer) })
    return payload
  }
}

/** True if the body has arrived, or there is none. */
function isComplete ({ stream, complete, headers }: Raw): boolean {
  if (stream !== undefined) return hasArrived(stream)
  return complete || (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
}

function cut (raw: Raw): void {
  // Something that the handler does not read has not ended.
  if (isComplete(raw)) return
  if (raw.stream === undefined) raw.destroy()
  else cancel(raw.stream)
}
