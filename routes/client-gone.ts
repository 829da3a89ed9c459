import type { FastifyReply } from 'fastify'
import { begin, spend } from '../plugin/work.ts'

/** 499 Client Closed Request: keeps requests aborted by clients out of the server errors. */
export const CLIENT_GONE = 499

/** The units of work for ending a pending response. */
const UNITS_OF_END = 400
/** The maximum number of them that wait for a turn to end. The rest ends at once, because clients may close connections faster than there are turns. */
const MOST_ENDING = 1000

/** The common interface of HTTP/1.1 and HTTP/2 responses. For HTTP/2, only the stream is marked as destroyed. */
interface RawResponse {
  readonly destroyed?: boolean
  readonly stream?: { readonly destroyed: boolean } | null
  once (event: 'close', callback: () => void): unknown
}

/** A connection of HTTP/1.1. */
interface Connection {
  readonly destroyed?: boolean
  once (event: 'close', callback: () => void): unknown
  on (event: 'pause', callback: () => void): unknown
  /** True while Node.js reads no further requests because of the responses that wait. It has no other way to ask, and has always had this one. */
  readonly _paused?: boolean
  destroy (): unknown
}

/** Ends each response that waits on a connection. */
const waiting = new WeakMap<Connection, Set<() => void>>()
/** The number of responses of closed connections that wait for their end. */
let ending = 0
/** The callbacks for the end of a response. With a listener for each, Node.js would warn of a leak. */
const callbacks = new WeakMap<RawResponse, Set<() => void>>()

/** True if the response is over, which includes that the client has disconnected. */
export function hasGone (reply: FastifyReply): boolean {
  const { destroyed, stream } = reply.raw as RawResponse
  return destroyed === true || stream?.destroyed === true || http1ConnectionOf(reply)?.destroyed === true
}

/**
 * Calls back when the response is over, or at once if it already is. Node.js does not report that the client has disconnected for responses
 * that wait behind others on their connection.
 */
export function whenResponseEnds (reply: FastifyReply, callback: () => void): void {
  if (hasGone(reply)) return callback()
  const raw = reply.raw as RawResponse
  const known = callbacks.get(raw)
  if (known !== undefined) {
    known.add(callback)
    return
  }
  const all = new Set([callback])
  callbacks.set(raw, all)
  const connection = http1ConnectionOf(reply)
  const others = connection === null ? null : waitingOn(connection)
  const end = (): void => {
    others?.delete(end)
    for (const tell of all) {
      all.delete(tell)
      tell()
    }
  }
  others?.add(end)
  if (connection?._paused === true) connection.destroy()
  raw.once('close', end)
}

/** A signal that is aborted when the response is over. */
export function signalOf (reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  whenResponseEnds(reply, () => { gone.abort() })
  return gone.signal
}

/** The connection of an HTTP/1.1 response, or null: each HTTP/2 stream reports its own end. */
function http1ConnectionOf ({ raw, request }: FastifyReply): Connection | null {
  return 'stream' in raw ? null : (request.raw.socket as Connection | undefined) ?? null
}

/**
 * A connection may have many: they end in turns, unless too many wait already. Node.js pauses a connection when too many octets of further
 * responses wait behind a pending one. It then does not see that the client has disconnected, so the connection is cut off.
 */
function waitingOn (connection: Connection): Set<() => void> {
  let ends = waiting.get(connection)
  if (ends !== undefined) return ends
  waiting.set(connection, ends = new Set())
  const all = ends
  // It also pauses for a body that is not read yet.
  connection.on('pause', () => { if (connection._paused === true && all.size > 0) connection.destroy() })
  connection.once('close', () => {
    if (ending + all.size > MOST_ENDING) for (const end of all) endOne(end)
    else endInTurns(all)
  })
  return ends
}

function endInTurns (all: Set<() => void>): void {
  let left = all.size
  ending += left
  begin({
    work () {
      const [next] = all
      if (next !== undefined) {
        left--
        ending--
        endOne(next)
        return true
      }
      // Node.js itself ends the first one.
      ending -= left
      return false
    }
  })
}

function endOne (end: () => void): void {
  spend(UNITS_OF_END)
  end()
}
