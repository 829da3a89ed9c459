import type { FastifyRequest } from 'fastify'
import type { Authenticator } from '../auth/authenticator.ts'
import type { FailedLogins } from '../auth/failed-logins.ts'
import type { Visitor } from '../cookie/visitor.ts'
import type { Deadlines } from '../deadlines.ts'
import type { Dialect } from '../protocol/dialect.ts'
import type { Id } from '../protocol/id.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Realm } from '../realm/realm.ts'
import type { Transport } from '../transport/transport.ts'
import type { Kicks } from './kicks.ts'
import type { PendingLogins } from './pending-logins.ts'
import type { SessionLog } from './session-log.ts'
import type { Traffic } from './traffic.ts'

/** The part of the router that sessions use. */
export interface SessionHost {
  readonly state: 'open' | 'shutting_down' | 'closed'
  /** The URIs of refused logins and of the answer to GOODBYE. */
  readonly dialect: Dialect
  /** The end of remote sessions when the app closes: only the transport closes, or GOODBYE is sent first. */
  readonly shutdownMode: 'close' | 'goodbye'
  /** The time for HELLO, for each AUTHENTICATE, and for an authenticator to decide, in milliseconds. */
  readonly handshakeTimeout: number
  /** The time for a client to answer GOODBYE, or to read pending data when the app closes, in milliseconds. */
  readonly shutdownTimeout: number
  /** The number of bytes that may wait for an authorizer before the session is no longer read. */
  readonly parkedBytes: number
  /** The counts of failed logins. */
  readonly failedLogins: FailedLogins
  /** The kicks, which also affect logins in progress. */
  readonly kicks: Kicks
  /** The counts of received and sent messages. */
  readonly traffic: Traffic
  /** The deadlines of sessions whose logins expire, in milliseconds since 1970. */
  readonly expiries: Deadlines
  /** The deadlines of waiting requests, in milliseconds on the clock of `performance.now`. */
  readonly deadlines: Deadlines
  realm (name: Uri): Realm | undefined
  /** A random session id that no live session has. */
  claimId (): Id
  releaseId (id: Id): void
}

/** The parts that all sessions of a connection share. */
export interface ConnectionContext {
  readonly transport: Transport
  readonly host: SessionHost
  /** The upgrade request, for authenticators. */
  readonly request: FastifyRequest | null
  /** The authentication methods of the endpoint. */
  readonly authenticators: ReadonlyMap<string, Authenticator>
  /** True if the login of the cookie may answer HELLO. */
  readonly cookieLogin: boolean
  /** The visitor of the cookie, or null if cookies are not tracked. */
  readonly visitor: Visitor | null
  readonly log: SessionLog
  readonly logins: PendingLogins
}
