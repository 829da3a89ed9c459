import type { FastifyRequest } from 'fastify'
import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import type { TlsChannel, TransportDetails } from '../transport/transport.ts'

/** The identity of a session, as announced in WELCOME and used for authorization. */
export interface Principal {
  /** The realm of the session. */
  readonly realm: Uri
  /** The name of the user. */
  readonly authid: string
  /** The role, which determines the permissions. */
  readonly authrole: string
  /** The method that originally proved the identity, such as `wampcra`. */
  readonly authmethod: string
  /** The source of the identity: `static`, `function`, `cookie`, `in-process`. */
  readonly authprovider: string
  /** Information from the authenticator for the client: WELCOME.Details.authextra. */
  readonly authextra?: Dict
  /** The time when its sessions end. It is not sent to clients. @default never */
  readonly expires?: Date | undefined
}

/** A login attempt of a client by one method. */
export interface Attempt {
  /** The realm that HELLO requests, or null. */
  readonly realm: Uri | null
  /** The method of the attempt, such as `ticket`. */
  readonly authmethod: string
  /** HELLO.Details.authid, which is not verified. */
  readonly authid: string | undefined
  /** HELLO.Details.authrole, which is not verified. */
  readonly authrole: string | undefined
  /** HELLO.Details.authextra, `{}` if absent. */
  readonly authextra: Dict
  /** The id of the future session. */
  readonly session: Id
  /** The connection of the client. */
  readonly transport: TransportDetails
  /** The TLS channel, with the client's certificate. Null without TLS, and if TLS terminates in a proxy. Do not log it. */
  readonly tls: TlsChannel | null
  /** A name for this browser that is stable across reconnects, or null if cookies are not tracked. */
  readonly pseudonym: string | null
  /**
   * The HTTP request that opened the connection, including everything that the app's hooks have added (`request.session`, `request.user`).
   * Null for in-process sessions, and over RawSocket.
   */
  readonly request: FastifyRequest | null
  /** Aborted when the client gives up or disconnects, or the time runs out. */
  readonly signal: AbortSignal
  /** Sends CHALLENGE and waits for AUTHENTICATE. May be called again for another round. Rejects if the client disconnects or does not answer in time. */
  challenge (extra?: Dict): Promise<{ readonly signature: string, readonly extra: Dict }>
}

/** The identity that an authenticator grants. */
export interface Grant {
  /** The name of the user. */
  readonly authid: string
  /** A role of the realm. */
  readonly role: string
  /** The realm that the session joins. @default the realm that HELLO requests */
  readonly realm?: Uri
  /** The authmethod reported to clients. @default the method of the attempt */
  readonly authmethod?: string
  /** The authprovider reported to clients. @default `static` for a configured method, `function` for a function */
  readonly authprovider?: string
  /** WELCOME.Details.authextra. It is stored with the login of a cookie, and authorizers receive it. */
  readonly extra?: Dict
  /** A proof for this client only, such as a signature, which is added to WELCOME.Details.authextra. It is neither stored nor passed on. */
  readonly proof?: Dict
  /**
   * The time when the session ends, with GOODBYE and `wamp.close.logout`, for example when a token or a session of the app expires. Such a
   * login is not attached to a cookie, which would outlive it. @default never
   */
  readonly expires?: Date | null | undefined
  /** Called when the client sends GOODBYE with `wamp.close.logout`. GOODBYE is answered when the function has finished, at the latest after `handshakeTimeout`. */
  readonly onLogout?: () => unknown
}

/**
 * Grants an identity to a client, or rejects the login by throwing a WampError, whose URI becomes the reason of the ABORT. Any other error
 * is logged, and the client receives `wamp.error.authentication_failed`.
 */
export type Authenticator = (attempt: Attempt) => Grant | Promise<Grant>
