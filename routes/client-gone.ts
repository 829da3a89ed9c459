import type { FastifyReply } from 'fastify'

/** The status of an answer that nobody waits for: no log should take it for a failure of the server. */
export const CLIENT_GONE = 499

/** A signal that aborts when the response is over, which is before its time if the client has gone. */
export function goneOf ({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  if (raw.destroyed) gone.abort()
  else raw.once('close', () => { gone.abort() })
  return gone.signal
}
