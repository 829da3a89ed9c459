import type { FastifyReply } from 'fastify'

/** 499 Client Closed Request: keeps requests aborted by clients out of the server errors. */
export const CLIENT_GONE = 499

/** The common interface of HTTP/1.1 and HTTP/2 responses. For HTTP/2, only the stream is marked as destroyed. */
interface RawResponse {
  readonly destroyed?: boolean
  readonly stream?: { readonly destroyed: boolean } | null
  once (event: 'close', callback: () => void): unknown
}

/** True if the response is over, which includes that the client has disconnected. */
export function hasGone ({ raw }: FastifyReply): boolean {
  const { destroyed, stream } = raw as RawResponse
  return destroyed === true || stream?.destroyed === true
}

/** The callbacks for the end of a response. With a listener for each, Node.js would warn of a leak. */
const waiting = new WeakMap<RawResponse, (() => void)[]>()

/** Calls back when the response is over, or at once if it already is. */
export function whenResponseEnds (reply: FastifyReply, callback: () => void): void {
  if (hasGone(reply)) return callback()
  const raw = reply.raw as RawResponse
  const known = waiting.get(raw)
  if (known !== undefined) {
    known.push(callback)
    return
  }
  const callbacks = [callback]
  waiting.set(raw, callbacks)
  raw.once('close', () => { for (const tell of callbacks) tell() })
}

/** A signal that is aborted when the response is over. */
export function goneOf (reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  whenResponseEnds(reply, () => { gone.abort() })
  return gone.signal
}
