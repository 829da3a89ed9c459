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

/** Calls back when the response is over, or at once if it already is. */
export function whenResponseEnds (reply: FastifyReply, callback: () => void): void {
  if (hasGone(reply)) callback()
  else (reply.raw as RawResponse).once('close', callback)
}

/** A signal that is aborted when the response is over. */
export function goneOf (reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  whenResponseEnds(reply, () => { gone.abort() })
  return gone.signal
}
