import type { FastifyReply } from 'fastify'

/** 499 Client Closed Request: keeps requests that clients gave up out of the server's failures. */
export const CLIENT_GONE = 499

/** What is common to the responses of HTTP/1.1 and HTTP/2. Of the latter only the stream knows that it is destroyed. */
interface RawResponse {
  readonly destroyed?: boolean
  readonly stream?: { readonly destroyed: boolean } | null
  once (event: 'close', callback: () => void): unknown
}

/** True if the response is over, which is before its time if the client has gone. */
export function hasGone ({ raw }: FastifyReply): boolean {
  const { destroyed, stream } = raw as RawResponse
  return destroyed === true || stream?.destroyed === true
}

/** Calls back when the response is over: at once if it is already. */
export function whenResponseEnds (reply: FastifyReply, callback: () => void): void {
  if (hasGone(reply)) callback()
  else (reply.raw as RawResponse).once('close', callback)
}

/** A signal that aborts when the response is over. */
export function goneOf (reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  whenResponseEnds(reply, () => { gone.abort() })
  return gone.signal
}
