import type { FastifyRequest } from 'fastify'
import type { Authenticator } from '../auth/authenticator.ts'
import type { FailedLogins } from '../auth/failed-logins.ts'
import type { Visitor } from '../cookie/visitor.ts'
import type { Deadlines } from '../deadlines.ts'
import type { Id } from '../protocol/id.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Realm } from '../realm/realm.ts'
import type { Transport } from '../transport/transport.ts'
import type { Traffic } from './traffic.ts'

/** What sessions need of the router. */
export interface SessionHost {
  readonly state: 'open' | 'shutting_down' | 'closed'
  /** How remote sessions end when the app closes: with their transport alone, or with GOODBYE. */
  readonly shutdownMode: 'close' | 'goodbye'
  /** Milliseconds for HELLO to come, for each AUTHENTICATE, and for an authenticator to decide. */
  readonly handshakeTimeout: number
  /** Milliseconds for a client to answer GOODBYE, or to take what it is owed when the app closes. */
  readonly shutdownTimeout: number
  /** Bytes that a session may have waiting for an authorizer before it is no longer read. */
  readonly parkedBytes: number
  /** Who has failed to log in how often. */
  readonly failedLogins: FailedLogins
  /** How many messages have come and gone. */
  readonly traffic: Traffic
  /** When sessions end whose logins do, in milliseconds since 1970. */
  readonly expiries: Deadlines
  /** When the time of requests is over that wait for their turn, in milliseconds as `performance.now` counts them. */
  readonly deadlines: Deadlines
  realm (name: Uri): Realm | undefined
  /** A random session id that no live session has. */
  claimId (): Id
  releaseId (id: Id): void
}

/** As much of a logger as sessions need. */
export interface SessionLog {
  debug (details: object, text: string): void
  info (details: object, text: string): void
  warn (details: object, text: string): void
  error (details: object, text: string): void
  /** A log whose lines all say this, too. */
  child (said: Record<string, unknown>): SessionLog
}

/** What all sessions of one connection share. */
export interface ConnectionContext {
  readonly transport: Transport
  readonly host: SessionHost
  /** The request that the connection came by, for authenticators that look at it. */
  readonly request: FastifyRequest | null
  /** The methods by which a client may come in here. */
  readonly authenticators: ReadonlyMap<string, Authenticator>
  /** True if HELLO may be answered by what the cookie's record holds. */
  readonly cookieLogin: boolean
  /** Who is behind the connection, or null where no cookie is tracked. */
  readonly visitor: Visitor | null
  readonly log: SessionLog
}
