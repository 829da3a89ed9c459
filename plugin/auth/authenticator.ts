import type { FastifyRequest } from 'fastify'
import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import type { TlsChannel, TransportDetails } from '../transport/transport.ts'

/** Who a session is: what WELCOME announces, and what authorization asks for. */
export interface Principal {
  /** The realm that it is in. */
  readonly realm: Uri
  /** The name of who it is. */
  readonly authid: string
  /** Its role, whose permissions count. */
  readonly authrole: string
  /** The method that the identity was first proven by, such as `wampcra`. */
  readonly authmethod: string
  /** Who vouched: `static`, `function`, `cookie`, `in-process`. */
  readonly authprovider: string
  /** What the authenticator wants the client to know; WELCOME.Details.authextra. */
  readonly authextra?: Dict
  /** When its sessions end. No client is told. @default never */
  readonly expires?: Date | undefined
}

/** A client that wants to come in by one method. */
export interface Attempt {
  /** The realm that HELLO asks for, or null. */
  readonly realm: Uri | null
  /** The method that is tried, such as `ticket`. */
  readonly authmethod: string
  /** HELLO.Details.authid: a wish, never a proof. */
  readonly authid: string | undefined
  /** HELLO.Details.authrole: a wish, too. */
  readonly authrole: string | undefined
  /** HELLO.Details.authextra, `{}` if absent. */
  readonly authextra: Dict
  /** The id that the session will have. */
  readonly session: Id
  /** How its connection came. */
  readonly transport: TransportDetails
  /** The TLS channel, with the client's certificate; null where TLS ends in a proxy, and without TLS. Not for logs. */
  readonly tls: TlsChannel | null
  /** A name for this browser that stays across reconnects, or null where no cookie is tracked. */
  readonly pseudonym: string | null
  /**
   * The HTTP request that the connection came by, with what the app's hooks have put on it (`request.session`, `request.user`).
   * Null in process.
   */
  readonly request: FastifyRequest | null
  /** Aborts when the client gives up, leaves, or runs out of time. */
  readonly signal: AbortSignal
  /**
   * Sends CHALLENGE and waits for AUTHENTICATE; may be called again for a further round.
   * Rejects when the client leaves, or does not answer in time.
   */
  challenge (extra?: Dict): Promise<{ readonly signature: string, readonly extra: Dict }>
}

/** What an authenticator grants. */
export interface Grant {
  /** Who it is. */
  readonly authid: string
  /** A role of the realm. */
  readonly role: string
  /** @default the realm that HELLO asks for */
  readonly realm?: Uri
  /** @default the method that was tried */
  readonly authmethod?: string
  /** @default `static` for a configured method, `function` for a function */
  readonly authprovider?: string
  /** WELCOME.Details.authextra. */
  readonly extra?: Dict
  /**
   * When the session ends, with GOODBYE and `wamp.close.logout`: when a token or the session of the app does. Such a login is
   * attached to no cookie, which would outlive it. @default never
   */
  readonly expires?: Date | null | undefined
  /** Called when the client says GOODBYE with `wamp.close.logout`, before it is answered. It has `handshakeTimeout` for that. */
  readonly onLogout?: () => unknown
}

/**
 * Lets a client in by a grant, or refuses it by throwing a WampError, whose URI becomes the reason of the ABORT.
 * Anything else that it throws is `wamp.error.authentication_failed`: the client is not told what, the log is.
 */
export type Authenticator = (attempt: Attempt) => Grant | Promise<Grant>
