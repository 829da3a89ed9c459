import type { Dict } from '../protocol/message-options.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { WampError } from '../protocol/wamp-error.ts'
import { messageOf } from './client-error.ts'

/** How a connection ended, or why it could not be opened. */
export interface ConnectionEnd {
  /** The side that ended it: this client, the router (by a message), or the network. */
  readonly by: 'client' | 'router' | 'network'
  /** The URI of the GOODBYE or ABORT; `wamp.error.network_failure` if neither was received. */
  readonly reason: Uri
  /** A human-readable description. */
  readonly message: string
  /** The code of the WebSocket's close frame, or the status of the HTTP response that refused the upgrade, if known. */
  readonly code?: number | undefined
}

/** An end, and what follows from it. */
export interface End extends ConnectionEnd {
  /** Whether to connect again. */
  readonly next: 'retry' | 'stop'
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter?: number | undefined
  /** What the app threw. */
  readonly cause?: unknown
}

/** ABORT or GOODBYE. */
export interface Farewell {
  readonly reason: Uri
  readonly details: Dict
}

/** Close codes by which a server says that the same would happen again [RFC 6455, 7.4.1]. */
const hopeless = [1002, 1003, 1007, 1008, 1010]

/** Reasons to refuse a session that may be gone in a moment. */
const temporary: readonly Uri[] = [
  reasons.systemShutdown, reasons.limitExceeded, reasons.unavailable, reasons.timeout, reasons.networkFailure
]

/** The WebSocket was closed without a word of WAMP, or never opened. Close reasons that are URIs are taken as such. */
export function closedEnd (code = 1006, reason = ''): End {
  return {
    by: 'network',
    reason: /^wamp(\.\w+)+$/.test(reason) ? reason : reasons.networkFailure,
    message: `close code ${code}`,
    code,
    next: hopeless.includes(code) ? 'stop' : 'retry'
  }
}

/** The upgrade was answered with another HTTP status than 101. `Retry-After` is in seconds [RFC 9110, 10.2.3]. */
export function refusedUpgrade (status: number, retryAfter: string | undefined): End {
  return {
    by: 'network',
    reason: reasons.networkFailure,
    message: `HTTP ${status}`,
    code: status,
    next: status >= 500 || [408, 425, 429].includes(status) ? 'retry' : 'stop',
    retryAfter: Number(retryAfter) * 1000 || 0
  }
}

/** ABORT in place of WELCOME. A technical failure may pass, unless it is how the answer to a challenge was refused. */
export function refusedSession (farewell: Farewell, challenged: boolean): End {
  const { reason } = farewell
  const passes = temporary.includes(reason) || (reason === reasons.authenticationFailed && !challenged)
  return { ...endedByRouter(farewell), next: passes ? 'retry' : 'stop' }
}

/** GOODBYE or ABORT after WELCOME: final if the login has ended, or this client has broken the protocol. */
export function endedByRouter ({ reason, details: { message } }: Farewell): End {
  return { by: 'router', reason, message: typeof message === 'string' ? message : reason, next: reason === reasons.logout || reason === reasons.protocolViolation ? 'stop' : 'retry' }
}

/** This client ended it. `cause` says why: an error, or a text. */
export function endedByClient (reason: Uri, cause: unknown): End {
  return { by: 'client', reason, message: messageOf(cause), next: 'stop', cause }
}

/** An end as what `connect` rejects with. */
export function errorOf ({ reason, message, cause }: End): WampError {
  return new WampError(reason, { args: [message], cause })
}
